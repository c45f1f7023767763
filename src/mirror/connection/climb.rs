//! The steps of a connection test from the backend's name on.

use std::time::Instant;

use crate::connections::auth::Authentication;
use crate::failures;
use crate::failures::Failure;
use crate::mirror::Opened;
use crate::mirror::ladder;
use crate::mirror::ladder::Ladder;
use crate::mirror::ladder::Rung;
use crate::options::Dialect;
use crate::options::Profile;
use crate::probe::Prober;
use crate::record::Step;
use crate::time::Millis;
use crate::time::UnixMillis;
use crate::upstream::UpstreamError;

/// A test that has come to the backend.
pub(super) struct Climb<'a> {
    opened: Opened,
    ladder: &'a mut Ladder,
    /// When the request arrived, on both clocks.
    started: Instant,
    now: UnixMillis,
    /// The part of the way that is being gone, and since when.
    phase: Step,
    began: Instant,
}

impl<'a> Climb<'a> {
    /// Nothing climbed yet.
    pub(super) fn new(
        opened: Opened,
        ladder: &'a mut Ladder,
        started: Instant,
        now: UnixMillis,
    ) -> Self {
        Self {
            opened: Opened {
                cx: opened.cx.with_notes(),
                upstream: opened.upstream.for_testing(),
                ..opened
            },
            ladder,
            started,
            now,
            phase: Step::Connect,
            began: Instant::now(),
        }
    }

    pub(super) fn profile(&self) -> Profile {
        self.opened.upstream.connection().options.profile
    }

    /// By how much the backend's clock is ahead of ours, if it has told its time.
    pub(super) fn skew(&self) -> Option<Millis> {
        let (date, at) = self.opened.cx.date()?;
        let ours = self.now + at.saturating_duration_since(self.started).into();
        Some(date.since(ours))
    }

    /// Ends the test.
    pub(super) fn fail(mut self, failure: Failure) {
        let step = failure.step;
        let step = step.unwrap_or_else(|| ladder::step_of(failure.id, self.phase));
        // Steps that were climbed within the call that failed.
        let last = self.ladder.rungs.last().map(|rung| rung.step);
        for between in Step::ALL {
            if last.is_some_and(|last| between > last) && between < step {
                self.pass_measured(between);
            }
        }
        let took = self.opened.cx.time(step);
        let took = took.unwrap_or_else(|| self.began.elapsed());
        tracing::info!(step = step.as_str(), "the connection test ends here");
        self.ladder.fail(step, Some(took), failure);
    }

    /// Climbs every step.
    pub(super) async fn all_the_way(&mut self, prober: &Prober) -> Result<(), UpstreamError> {
        self.opened.upstream.reach(&self.opened.cx).await?;
        for step in [Step::Name, Step::Connect, Step::Tls] {
            self.pass_measured(step);
        }
        self.query().await?;
        self.data().await?;
        self.clock();
        self.flavour(prober).await;
        Ok(())
    }

    async fn query(&mut self) -> Result<(), UpstreamError> {
        self.begin(Step::Query);
        let Opened { cx, upstream, .. } = &self.opened;
        let value = upstream.value(cx, "1+1", self.now, &[]).await?;
        if value != Some(2.0) {
            return Err(upstream.miscalculates());
        }
        for step in [Step::Credentials, Step::Authorisation] {
            self.pass_measured(step);
        }
        self.pass(Step::Query);
        Ok(())
    }

    /// Asked for besides the query, since they can be granted apart (Amazon has an action for each).
    async fn data(&mut self) -> Result<(), UpstreamError> {
        self.begin(Step::Data);
        let Opened { cx, upstream, .. } = &self.opened;
        let since = self.now - Millis::MINUTE.times(5);
        let names = upstream.label_names(cx, &[], Some(since), Some(self.now));
        let warning = match names.await {
            Ok(labels) if labels.values.is_empty() => {
                Some("the backend has no series in the last 5 minutes".to_owned())
            }
            Ok(_) => None,
            Err(UpstreamError::Status {
                status: status @ (404 | 405 | 501),
                ..
            }) => Some(format!("the backend does not list labels ({status})")),
            Err(error) => return Err(error),
        };
        self.pass(Step::Data).warnings.extend(warning);
        Ok(())
    }

    fn clock(&mut self) {
        self.begin(Step::Clock);
        let skew = self.skew();
        let clock = self.ladder.pass(Step::Clock, None);
        match skew {
            Some(skew) if failures::is_skewed(skew) => clock.warnings.push(failures::skew(skew)),
            Some(_) => {}
            None => clock.remark = Some("the backend tells no time".to_owned()),
        }
    }

    /// What kind of engine it is. That is never a reason to fail.
    async fn flavour(&mut self, prober: &Prober) {
        self.begin(Step::Flavour);
        let Opened { cx, upstream, .. } = &self.opened;
        let probed = prober.dialect(cx, upstream).await;
        let version = upstream.version(cx).await.ok().flatten();
        let set = upstream.connection().options.dialect;
        let flavour = self.pass(Step::Flavour);
        match probed {
            Ok(dialect) => {
                let says = version.map(|text| format!("; says version {}", text.as_str()));
                flavour.remark = Some(format!("{}{}", name(dialect), says.unwrap_or_default()));
                if let Some(set) = set.filter(|set| *set != dialect) {
                    flavour
                        .warnings
                        .push(format!("dialect is set to {}", name(set)));
                }
            }
            Err(error) => flavour.warnings.push(format!("dialect unknown: {error}")),
        }
    }

    fn begin(&mut self, phase: Step) {
        self.phase = phase;
        self.began = Instant::now();
    }

    fn pass(&mut self, step: Step) -> &mut Rung {
        self.ladder.pass(step, Some(self.began.elapsed()))
    }

    /// A step of which the call itself noted the time; without one there was no such step.
    fn pass_measured(&mut self, step: Step) {
        let Some(took) = self.opened.cx.time(step) else {
            return self.ladder.pass_over(step);
        };
        let rung = self.ladder.pass(step, Some(took));
        if step == Step::Credentials {
            rung.remark = identity(&self.opened.upstream.connection().authentication);
        }
    }
}

/// As whom the backend is asked, without anything that is secret.
fn identity(authentication: &Authentication) -> Option<String> {
    Some(match authentication {
        Authentication::None => return None,
        Authentication::Basic(_) => "basic_auth".to_owned(),
        Authentication::Authorization(_) => "authorization".to_owned(),
        Authentication::OAuth2(oauth2) => format!("oauth2, client {}", oauth2.client_id),
        Authentication::Aws(aws) => {
            let source = match &aws.keys {
                Some(_) => "keys of the connection",
                None => "the mirror's own identity",
            };
            // A session that was given is used as it is.
            let is_session = aws
                .keys
                .as_ref()
                .is_some_and(|it| it.session_token.is_some());
            match aws.role_arn.as_ref().filter(|_| !is_session) {
                Some(role) => format!("{role}, assumed with {source}"),
                None => source.to_owned(),
            }
        }
    })
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::PromqlOpen => "promql-open",
        Dialect::PromqlClosed => "promql-closed",
        Dialect::Metricsql => "metricsql",
    }
}
