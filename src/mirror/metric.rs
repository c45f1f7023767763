//! The points of one metric.

use std::sync::Arc;

use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::failures::Subject;
use crate::instruments::AnswerResult;
use crate::mirror::Finished;
use crate::mirror::Mirror;
use crate::mirror::Opened;
use crate::mirror::answers::Asked;
use crate::mirror::answers::Given;
use crate::mirror::answers::Unanswered;
use crate::mirror::recorded;
use crate::options::Profile;
use crate::protocol::metric::MetricsRequest;
use crate::record::Arrival;
use crate::record::Served;
use crate::translate;

/// The points of a metric, and the profile that they were made by.
#[derive(Debug)]
pub struct MetricAnswer {
    /// The points.
    pub finished: Arc<Finished>,
    /// For the `X-Mirror-Profile` header.
    pub profile: Profile,
    /// How many backend calls it took, those of others that it waited for left out.
    pub calls: u32,
    /// For the `X-Mirror-Result` header.
    pub served: Served,
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
        let (now, freshness) = (arrival.now, arrival.freshness);
        recorded::metric(&arrival, request);
        let Opened { cx, upstream, .. } = self.open(
            configured,
            caller,
            arrival,
            &request.connection_details,
            request.request_timeout,
        )?;
        let connection = upstream.connection();
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
        let Given { served, answer } = self
            .answers
            .answer(Asked {
                cx: &cx,
                upstream: &upstream,
                plan: &plan,
                freshness,
                ttl: configured.answer_ttl,
            })
            .await;
        self.instruments.answer(label(served));
        let failed = |unanswered: &Unanswered| match unanswered {
            Unanswered::Fetch(error) => {
                let subject = Subject {
                    metric: &plan.subject.name,
                    selection: &plan.subject.shown,
                    host: upstream.host(),
                    deadline: connection.timeout,
                    profile,
                };
                failures::fetch(error, subject)
            }
            Unanswered::Crowded => failures::crowded(profile),
            Unanswered::Broken => failures::internal(&cx.request_id),
        };
        match answer {
            Ok(finished) => Ok(MetricAnswer {
                finished,
                profile,
                calls: match served {
                    Served::Miss { calls } | Served::Bypass { calls, .. } => calls,
                    Served::Hit { .. } | Served::Joined { .. } => cx.calls(),
                },
                served,
            }),
            Err(unanswered) => Err(Failure {
                served: Some(served),
                ..failed(&unanswered)
            }),
        }
    }
}

fn label(served: Served) -> AnswerResult {
    match served {
        Served::Miss { .. } => AnswerResult::Miss,
        Served::Hit {
            is_negative: false, ..
        } => AnswerResult::Hit,
        Served::Hit {
            is_negative: true, ..
        } => AnswerResult::NegativeHit,
        Served::Joined { .. } => AnswerResult::Joined,
        Served::Bypass { .. } => AnswerResult::Bypass,
    }
}
