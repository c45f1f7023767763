//! What a connection test has to show: each step with its time, and what should be known.

use std::time::Duration;

use crate::failures::Failure;
use crate::failures::Id;
use crate::record::Step;

/// How far a connection test came.
#[derive(Debug, Default)]
pub struct Ladder {
    /// The steps, in order; those after a failed one were not reached.
    pub rungs: Vec<Rung>,
    /// Why the connection cannot be used, if it cannot.
    pub failure: Option<Failure>,
}

/// One step of a connection test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Which.
    pub step: Step,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, where that was measured.
    pub took: Option<Duration>,
    /// What was found, for the eye.
    pub remark: Option<String>,
    /// What can be used and should be known. It names keys, never values.
    pub warnings: Vec<String>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Passed,
    /// This connection has no such step.
    NotNeeded,
    /// Here the connection cannot be used.
    Failed,
    /// A step before it failed.
    NotReached,
}

impl Ladder {
    /// `step` was climbed.
    pub(super) fn pass(&mut self, step: Step, took: Option<Duration>) -> &mut Rung {
        self.add(step, Outcome::Passed, took)
    }

    /// There is no such step.
    pub(super) fn pass_over(&mut self, step: Step) {
        self.add(step, Outcome::NotNeeded, None);
    }

    /// The test ends at `step`, which may be one that had seemed to be climbed: some peers say what
    /// they want only when they are asked.
    pub(super) fn fail(&mut self, step: Step, took: Option<Duration>, failure: Failure) {
        self.rungs.retain(|rung| rung.step < step);
        let failed = self.add(step, Outcome::Failed, took);
        // What the text of the failure does not tell its caller, whoever sees the steps may know.
        if failure.id == Id::NoConnection {
            failed.remark = Some(failure.cause.clone());
        }
        for later in Step::ALL.into_iter().filter(|later| *later > step) {
            self.add(later, Outcome::NotReached, None);
        }
        self.failure = Some(failure);
    }

    fn add(&mut self, step: Step, outcome: Outcome, took: Option<Duration>) -> &mut Rung {
        self.rungs.push(Rung {
            step,
            outcome,
            took,
            remark: None,
            warnings: Vec::new(),
        });
        self.rungs.last_mut().expect("one was pushed")
    }
}

/// The step that a failure with `id` belongs to, if it ended a test that had come to `phase`.
pub(super) fn step_of(id: Id, phase: Step) -> Step {
    match id {
        Id::InvalidRequest | Id::InvalidDetails | Id::NoRegion => Step::Details,
        Id::NotListed
        | Id::Forbidden
        | Id::NotAllowed
        | Id::FilesNotAllowed
        | Id::UnknownConnection => Step::Allowed,
        Id::Unresolved => Step::Name,
        Id::Unreachable => Step::Connect,
        Id::Tls => Step::Tls,
        Id::NoAwsCredentials
        | Id::RoleRefused
        | Id::NoCredentials
        | Id::SessionOver
        | Id::UnusableFile => Step::Credentials,
        // Query and labels may be granted apart from each other.
        Id::Unauthorised | Id::Skewed if phase < Step::Data => Step::Authorisation,
        _ => phase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    fn outcomes(ladder: &Ladder) -> Vec<(Step, Outcome)> {
        let rungs = ladder.rungs.iter();
        rungs.map(|rung| (rung.step, rung.outcome)).collect()
    }

    #[test]
    fn a_step_that_only_seemed_to_be_climbed_is_where_the_test_ends() {
        let mut ladder = Ladder::default();
        for step in [
            Step::Details,
            Step::Allowed,
            Step::Name,
            Step::Connect,
            Step::Tls,
        ] {
            ladder.pass(step, None);
        }
        ladder.fail(Step::Tls, None, failures::internal("x"));
        let found = outcomes(&ladder);
        assert_eq!(found[4], (Step::Tls, Outcome::Failed));
        assert_eq!(found[5], (Step::Credentials, Outcome::NotReached));
        assert_eq!(found.len(), Step::ALL.len());
    }

    #[test]
    fn labels_that_are_refused_are_another_step_than_a_query_that_is() {
        assert_eq!(step_of(Id::Unauthorised, Step::Query), Step::Authorisation);
        assert_eq!(step_of(Id::Unauthorised, Step::Data), Step::Data);
        assert_eq!(step_of(Id::Refused, Step::Data), Step::Data);
        assert_eq!(step_of(Id::Tls, Step::Query), Step::Tls);
    }
}
