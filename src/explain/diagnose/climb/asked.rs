//! The calls of a diagnosis, each within its budget, and the account of them.

use std::time::Instant;

use super::{Climb, Ended, Step, millis};
use crate::explain::diagnose::answer::{CALLS_ALLOWED, Certainty, Finding, Probe, Probed};
use crate::failures::Failure;
use crate::limits;
use crate::series::Labels;
use crate::time::UnixMillis;

impl Climb<'_> {
    pub(super) fn has_calls(&mut self) -> Step<()> {
        if self.probing.calls() < CALLS_ALLOWED && self.probing.has_time(Instant::now()) {
            return Ok(());
        }
        Err(Ended)
    }

    pub(super) async fn value(
        &mut self,
        probe: Probe,
        query: &str,
        at: UnixMillis,
    ) -> Step<Option<f64>> {
        let found = self.ask(probe, query, at).await?;
        Ok(found.first().map(|(_, value)| *value))
    }

    pub(super) async fn ask(
        &mut self,
        probe: Probe,
        query: &str,
        at: UnixMillis,
    ) -> Step<Vec<(Labels, f64)>> {
        self.has_calls()?;
        let began = Instant::now();
        // What asks about a selector is longer than it, and may ask for it more than once.
        if query.len() > limits::PROMQL_TEXT {
            let most = limits::PROMQL_TEXT >> 10;
            let text = format!("not asked: the query would be longer than {most} KiB");
            self.note(probe, false, text, None, began);
            return Err(Ended);
        }
        match self.probing.vector(query, at).await {
            Ok(found) => {
                self.note(probe, true, String::new(), Some(query), began);
                Ok(found)
            }
            Err(failure) => {
                self.fail(probe, Some(query), began, &failure);
                Err(Ended)
            }
        }
    }

    pub(super) async fn list(
        &mut self,
        probe: Probe,
        label: &str,
        selector: Option<&crate::promql::Selector>,
    ) -> Step<Vec<String>> {
        self.has_calls()?;
        let began = Instant::now();
        let around = self.around();
        match self.probing.values(label, selector, around).await {
            Ok(values) => Ok(values),
            Err(failure) => {
                self.fail(probe, None, began, &failure);
                Err(Ended)
            }
        }
    }

    /// Says what the last probe found.
    pub(super) fn told(&mut self, ok: bool, text: String) {
        if let Some(probed) = self.probes.last_mut() {
            probed.ok = ok;
            probed.text = text;
        }
    }

    pub(super) fn note(
        &mut self,
        probe: Probe,
        ok: bool,
        text: String,
        query: Option<&str>,
        began: Instant,
    ) {
        self.probes.push(Probed {
            probe,
            ok,
            text,
            query: query.map(str::to_owned),
            ms: millis(began),
            error: None,
        });
    }

    /// A call failed: that is the cause, if nothing was found yet.
    pub(super) fn fail(
        &mut self,
        probe: Probe,
        query: Option<&str>,
        began: Instant,
        failure: &Failure,
    ) {
        let details = failure.details();
        let id = failure.id.code();
        let text = details
            .strip_suffix(&format!(" [{id}]"))
            .unwrap_or(&details);
        self.probes.push(Probed {
            probe,
            ok: false,
            text: text.to_owned(),
            query: query.map(str::to_owned),
            ms: millis(began),
            error: Some(id.into()),
        });
        self.findings.push(Finding {
            id: id.to_owned(),
            certainty: Certainty::Certain,
            probe,
            text: text.to_owned(),
            fix: failure.id.page().fix.to_owned(),
            nearest: Vec::new(),
            attempt: None,
        });
    }
}
