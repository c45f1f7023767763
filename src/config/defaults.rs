//! `defaults`: what holds where connection details say nothing.

use std::time::Duration;

use super::error::{Code, Finding};
use super::reader::Reader;
use super::setting;
use crate::connections::Defaults;
use crate::connections::details::options;
use crate::connections::details::options::Applied;
use crate::connections::details::timeout;

impl Reader<'_> {
    /// What holds where connection details say nothing.
    pub(super) fn defaults(&mut self) -> Defaults {
        let mut defaults = Defaults::default();
        if let Some((seconds, origin)) =
            self.value_with_origin(&setting::TIMEOUT, |given| given.seconds())
        {
            defaults.timeout = timeout::clamped(seconds);
            if Duration::try_from_secs_f64(seconds) != Ok(defaults.timeout) {
                let holds = defaults.timeout.as_secs();
                let text = format!("outside of 1 to 60 seconds; {holds} s is used");
                self.warnings
                    .push(Finding::new(Code::BadValue, origin, text));
            }
        }
        for setting in setting::query_options() {
            let options = &mut defaults.options;
            let applied = self.value_with_origin(&setting, |given| {
                options::apply(setting.key, given, options)
            });
            if let Some((Some(Applied::CeilingKept(_)), origin)) = applied {
                let text = "can only be lowered; the ceiling stays what it is";
                self.warnings
                    .push(Finding::new(Code::BadValue, origin, text));
            }
        }
        defaults
    }
}
