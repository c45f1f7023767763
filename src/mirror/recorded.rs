//! What the record is told of a request before its backend is asked: stages 1, 2 and 4.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cache::Turn;
use crate::connections::Connection;
use crate::connections::Warning;
use crate::failures;
use crate::fetch;
use crate::mirror::Opened;
use crate::options::Dialect;
use crate::options::Profile;
use crate::options::QueryOptions;
use crate::options::TildeConditions;
use crate::protocol::MirrorMethod;
use crate::protocol::RawDetails;
use crate::protocol::condition::Condition;
use crate::protocol::field_names::FieldNamesRequest;
use crate::protocol::field_values::FieldValuesRequest;
use crate::protocol::metric::MetricsRequest;
use crate::record::Arrival;
use crate::record::Context;
use crate::record::Notice;
use crate::record::Recorded;
use crate::record::stages::AggregationShown;
use crate::record::stages::Became as Shown;
use crate::record::stages::ConditionStage;
use crate::record::stages::ConnectionShown;
use crate::record::stages::DefaultShown;
use crate::record::stages::PlanStage;
use crate::record::stages::REDACTED;
use crate::record::stages::RequestStage;
use crate::time::UnixMillis;
use crate::translate::Facts;
use crate::translate::Plan;
use crate::translate::Question;
use crate::translate::became;
use crate::translate::became::Became;
use crate::translate::conditions::Kind;
use crate::translate::plan::ObservationsRead;
use crate::translate::plan::Read;
use crate::translate::plan::Reduction;
use crate::translate::plan::Several;

/// Writes down what a metric request asks.
pub(super) fn metric(arrival: &Arrival, request: &MetricsRequest) {
    arrival.record(|recorded| {
        let query = &request.query;
        recorded.stages.request = Some(RequestStage {
            kind: MirrorMethod::Metric.request(),
            method: MirrorMethod::Metric.name(),
            start: Some(query.start_time.get()),
            end: Some(query.end_time.get()),
            limit: query.limit,
            aggregation: query.aggregation.as_ref().map(|it| AggregationShown {
                method: it.method.map(|method| method.name().to_owned()),
                bucket_ms: it.bucket_size.map(crate::time::Millis::get),
            }),
            ..RequestStage::default()
        });
    });
}

/// Writes down what a request for field names asks.
pub(super) fn field_names(arrival: &Arrival, request: &FieldNamesRequest) {
    arrival.record(|recorded| {
        let query = &request.query;
        recorded.stages.request = Some(RequestStage {
            kind: MirrorMethod::FieldNames.request(),
            method: MirrorMethod::FieldNames.name(),
            start: query.start_time.map(UnixMillis::get),
            end: query.end_time.map(UnixMillis::get),
            limit: query.limit,
            ..RequestStage::default()
        });
    });
}

/// Writes down what a request for the values of a field asks.
pub(super) fn field_values(arrival: &Arrival, request: &FieldValuesRequest) {
    arrival.record(|recorded| {
        let query = &request.query;
        recorded.stages.request = Some(RequestStage {
            kind: MirrorMethod::FieldValues.request(),
            method: MirrorMethod::FieldValues.name(),
            start: query.start_time.map(UnixMillis::get),
            end: query.end_time.map(UnixMillis::get),
            limit: query.limit,
            field: Some(query.field_name.clone()),
            prefix: query.prefix.clone(),
            offset: query.offset,
            ..RequestStage::default()
        });
    });
}

/// Writes down which connection it is.
pub(super) fn connection(opened: &Opened, details: &RawDetails, timeout: Option<u64>) {
    let Opened { cx, upstream, .. } = opened;
    let (connection, warnings) = (upstream.connection(), opened.warnings());
    cx.note(|recorded| {
        recorded.alias.clone_from(&connection.name);
        upstream.host().clone_into(&mut recorded.host);
        connection.url.url().as_str().clone_into(&mut recorded.url);
        for warning in warnings {
            match warning {
                Warning::UnknownKey { .. } | Warning::MoreUnknownKeys => {
                    recorded.notice(Notice::UnknownKey(format!("{warning}.")));
                }
                Warning::TenantHeaderDropped => recorded.notice(Notice::HeaderDropped),
                _ => {}
            }
        }
    });
    cx.record(|recorded| {
        let request = recorded.stages.request.get_or_insert_default();
        request.profile = Some(profile(connection.options.profile));
        request.connection = Some(ConnectionShown {
            alias: connection.name.clone(),
            host: upstream.host().to_owned(),
            form: form(details),
        });
        request.warnings = warnings.iter().map(ToString::to_string).collect();
        request.ignored = (warnings.iter())
            .filter_map(|warning| match warning {
                Warning::UnknownKey { written, .. } => Some(written.clone()),
                _ => None,
            })
            .collect();
        request.defaults = defaults(connection, timeout);
    });
}

/// How a connection is given.
fn form(details: &RawDetails) -> &'static str {
    #[derive(Deserialize)]
    struct Keys {
        connection: Option<IgnoredAny>,
        url: Option<IgnoredAny>,
    }
    match serde_json::from_str(details.text()) {
        Ok(Keys {
            connection: Some(_),
            ..
        }) => "connection",
        Ok(Keys { url: Some(_), .. }) => "url",
        _ => "host",
    }
}

fn defaults(connection: &Connection, timeout: Option<u64>) -> Vec<DefaultShown> {
    let plain = QueryOptions::default();
    let options = &connection.options;
    let seconds = connection.timeout.as_secs_f64().to_string();
    let timeout = timeout
        .is_none()
        .then_some(("request_timeout_seconds", seconds));
    let limit = (options.max_points == plain.max_points)
        .then(|| ("max_points", options.max_points.to_string()));
    let steps = (options.max_steps == plain.max_steps)
        .then(|| ("max_steps", options.max_steps.to_string()));
    [timeout, limit, steps]
        .into_iter()
        .flatten()
        .map(|(key, value)| DefaultShown { key, value })
        .collect()
}

/// Writes down what became of the conditions of a metric query.
pub(super) fn metric_conditions(cx: &Context, all: &[Condition], options: &QueryOptions) {
    classified(cx, all, options);
    cx.record(|recorded| {
        let became = became::of_metric(all, options);
        conditions(recorded, all, became, options.profile);
    });
    let is_tilde = |it: &Condition| Kind::of(&it.key) == Some(Kind::Promql);
    let is_appended = options.profile == Profile::Exact
        && options.tilde_conditions == TildeConditions::Apply
        && all.len() > 1
        && all.iter().any(is_tilde);
    if is_appended {
        cx.note(|recorded| recorded.notice(Notice::Appended(all.len() - 1)));
    }
}

/// The same of a lookup, which leaves out the condition on the label `asked`.
pub(super) fn lookup_conditions(
    cx: &Context,
    all: &[Condition],
    asked: Option<&str>,
    options: &QueryOptions,
) {
    classified(cx, all, options);
    cx.record(|recorded| {
        let became = became::of_lookup(all, asked, options);
        conditions(recorded, all, became, options.profile);
    });
}

fn classified(cx: &Context, all: &[Condition], options: &QueryOptions) {
    if options.classified_labels.is_empty() {
        return;
    }
    cx.note(|recorded| {
        let all = all.iter().enumerate();
        let hidden = all.filter(|(_, it)| options.classified_labels.contains(&it.key));
        recorded.classified = hidden.map(|(index, _)| index).collect();
    });
}

fn conditions(recorded: &mut Recorded, all: &[Condition], became: Vec<Became>, profile: Profile) {
    let mut stages = Vec::with_capacity(all.len());
    for (index, (condition, became)) in all.iter().zip(became).enumerate() {
        let (became, text, error) = match became {
            Became::Metric(text) => (Shown::Metric, Some(text), None),
            Became::Matcher(text) => (Shown::Matcher, Some(text), None),
            Became::Appended(text) => (Shown::Appended, Some(text), None),
            Became::LeftOut => (Shown::LeftOut, None, None),
            Became::Refused(error) => {
                let failure = failures::translate(&error, profile);
                (Shown::Refused, None, Some(failure.id.code()))
            }
        };
        let is_hidden = recorded.classified.contains(&index);
        let hide = |text: String| if is_hidden { REDACTED.to_owned() } else { text };
        let (kind, value) = condition.value.described();
        stages.push(ConditionStage {
            index,
            key: condition.key.clone(),
            kind,
            value: hide(value),
            became,
            text: text.map(hide),
            error,
        });
    }
    recorded.stages.conditions = stages;
}

/// Writes down whether a list was one that is remembered, or that somebody else asked for.
pub(super) fn remembered(cx: &Context, turn: &Turn<'_>) {
    if !turn.has_led() {
        cx.note(|recorded| recorded.cached += 1);
    }
}

/// Writes down that lists are asked for.
pub(super) fn lists(cx: &Context, kind: &'static str) {
    cx.record(|recorded| {
        recorded.stages.plan = Some(PlanStage {
            kind,
            strategy: "lists",
            chunks: 1,
            deadline_ms: deadline(cx),
            ..PlanStage::default()
        });
    });
}

/// Writes down what was decided.
pub(super) fn plan(
    cx: &Context,
    all: &[Condition],
    options: &QueryOptions,
    question: &Question,
    plan: &Plan,
    facts: Facts,
) {
    let chunks = fetch::chunks(plan);
    cx.note(|recorded| {
        if let Some(window) = plan.rate_window.filter(|window| window.is_widened) {
            recorded.notice(Notice::WidenedWindow(window.interval.times(4).get()));
        }
        if let Some(delay) = plan.held_back {
            recorded.notice(Notice::HeldBack(delay.get()));
        }
        if chunks > 1 {
            recorded.notice(Notice::Split(chunks));
        }
    });
    cx.record(|recorded| {
        recorded.combine = question.combining();
        // Only for who looks on: that one matches is more likely than not, and nobody can tell.
        let is_pushed_down = matches!(plan.read, Read::Range(_));
        if is_pushed_down && !question.needs_one_series() && plan.several == Several::Refuse {
            recorded.notice(Notice::CombinedThere);
        }
        let from = match options.scrape_interval {
            Some(_) => Some("configured"),
            None => recorded.interval_from,
        };
        let mut stage = PlanStage {
            kind: kind(all),
            strategy: "pushed_down",
            dialect: (options.profile == Profile::Exact).then(|| dialect(facts.dialect)),
            chunks,
            rate_window_ms: plan.rate_window.map(|window| window.length.get()),
            rate_window_why: plan.rate_window.map(|window| match window.is_widened {
                true => "one scrape interval wider than the bucket, and four where that is empty",
                false => "the samples that the bucket's increments need",
            }),
            scrape_interval_ms: plan.rate_window.map(|window| window.interval.get()),
            scrape_interval_from: plan.rate_window.and(from),
            deadline_ms: deadline(cx),
            assumed: std::mem::take(&mut recorded.assumed),
            ..PlanStage::default()
        };
        read(&mut stage, &plan.read);
        reduction(&mut stage, &plan.reduction);
        recorded.stages.plan = Some(stage);
    });
}

fn deadline(cx: &Context) -> u64 {
    u64::try_from(cx.deadline.length().as_millis()).unwrap_or(u64::MAX)
}

fn read(stage: &mut PlanStage, read: &Read) {
    match read {
        Read::Nothing | Read::Missing => stage.chunks = 0,
        Read::Range(range) => {
            let instants = range.instants;
            stage.step_ms = Some(instants.step.get());
            stage.first = Some(instants.first.get());
            stage.last = Some(instants.last.get());
            stage.instants = Some(fetch::count(instants));
        }
        Read::Samples(samples) | Read::Observations(ObservationsRead { samples, .. }) => {
            stage.strategy = "raw_samples";
            stage.first = Some(samples.range.start.get());
            stage.last = Some(samples.range.end.get());
        }
        Read::Computed(computed) => {
            let samples = &computed.samples;
            stage.strategy = "raw_samples";
            stage.first = Some(samples.range.start.get());
            stage.last = Some(samples.range.end.get());
        }
        Read::Legacy(legacy) => {
            stage.first = Some(legacy.start * 1_000);
            stage.last = Some(legacy.end * 1_000);
            stage.step_ms = Some(legacy.step * 1_000);
        }
    }
}

fn reduction(stage: &mut PlanStage, reduction: &Reduction) {
    match reduction {
        Reduction::Points | Reduction::Rates { .. } => {}
        Reduction::Buckets { grid, .. } | Reduction::Fold { grid, .. } => {
            let width = grid.width.get();
            let buckets = grid.last_end.since(grid.first_end).get() / width + 1;
            stage.buckets = Some(if stage.chunks == 0 { 0 } else { buckets });
            stage.bucket_ms = Some(width);
            stage.first = Some(grid.first_start().get());
            stage.last = Some(grid.last_end.get());
        }
        Reduction::Legacy { bucket, .. } => stage.bucket_ms = bucket.map(crate::time::Millis::get),
    }
}

fn kind(all: &[Condition]) -> &'static str {
    match all.iter().find_map(|condition| Kind::of(&condition.key)) {
        Some(Kind::Counter) => "counter",
        Some(Kind::Gauge) => "gauge",
        Some(Kind::Histogram) => "histogram",
        Some(Kind::Summary) => "summary",
        Some(Kind::Promql) => "promql",
        None => "none",
    }
}

const fn profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Exact => "exact",
        Profile::Legacy => "legacy",
    }
}

const fn dialect(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::PromqlOpen => "promql-open",
        Dialect::PromqlClosed => "promql-closed",
        Dialect::Metricsql => "metricsql",
    }
}
