//! The points of one metric.

use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::failures::Subject;
use crate::fetch;
use crate::instruments::DropReason;
use crate::mirror::Mirror;
use crate::mirror::Opened;
use crate::mirror::recorded;
use crate::options::Profile;
use crate::protocol::metric::MetricsRequest;
use crate::protocol::telemetry::Telemetry;
use crate::record::Arrival;
use crate::translate;

/// The points of a metric, and the profile that they were made by.
#[derive(Debug)]
pub struct MetricAnswer {
    /// The points.
    pub telemetry: Telemetry,
    /// For the `X-Mirror-Profile` header.
    pub profile: Profile,
    /// How many backend calls it took.
    pub calls: u32,
}

impl Mirror {
    /// The points of one metric.
    ///
    /// # Errors
    ///
    /// The failure to answer with.
    pub async fn metric(
        &self,
        configured: &Configured,
        caller: &Caller,
        arrival: Arrival,
        request: &MetricsRequest,
    ) -> Result<MetricAnswer, Failure> {
        let now = arrival.now;
        recorded::metric(&arrival, request);
        let Opened {
            cx,
            connection,
            upstream,
            ..
        } = self.open(
            configured,
            caller,
            arrival,
            &request.connection_details,
            request.request_timeout,
        )?;
        let options = &connection.options;
        let profile = options.profile;
        let untranslated = |error| failures::translate(&error, profile);

        recorded::metric_conditions(&cx, &request.query.conditions, options);
        let question = translate::question(&request.query, options, now).map_err(untranslated)?;
        let facts = self
            .prober
            .facts(&cx, &upstream, &question, options)
            .await
            .map_err(|error| failures::upstream(&error, profile))?;
        let plan = translate::plan(&question, facts).map_err(untranslated)?;
        recorded::plan(
            &cx,
            &request.query.conditions,
            options,
            &question,
            &plan,
            facts,
        );
        let fetched = fetch::run(&cx, &upstream, &plan).await.map_err(|error| {
            let subject = Subject {
                metric: &plan.subject.name,
                selection: &plan.subject.shown,
                host: upstream.host(),
                deadline: connection.timeout,
                profile,
            };
            failures::fetch(&error, subject)
        })?;
        let dropped = fetched.dropped;
        self.instruments
            .points_dropped(DropReason::Nan, dropped.nan_dropped);
        self.instruments
            .points_dropped(DropReason::Infinite, dropped.infinity_dropped);
        Ok(MetricAnswer {
            telemetry: fetched.telemetry,
            profile,
            calls: cx.calls(),
        })
    }
}
