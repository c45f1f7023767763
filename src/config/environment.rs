//! The environment, asked by name.

use std::collections::HashMap;

/// Where variables come from.
pub trait Environment: Sync {
    /// The value of the variable `name`. `None`: it is not set, or empty, which means the same.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    fn variable(&self, name: &str) -> Option<String> {
        // What is not UTF-8 is passed on with replacement characters, which no setting accepts.
        let value = std::env::var_os(name)?;
        Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
    }
}

impl Environment for HashMap<&str, &str> {
    fn variable(&self, name: &str) -> Option<String> {
        let value = self.get(name).filter(|value| !value.is_empty())?;
        Some((*value).to_owned())
    }
}
