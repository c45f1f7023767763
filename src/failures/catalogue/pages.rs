//! What each id means, how it comes about and how it is mended: one table, printed by `error` and
//! `errors`, from which the pages in `docs/errors` are made (experience.md, "Errors").
//!
//! Longer than other files because it is one table; ids are never reused.

use std::fmt::Write as _;

use crate::failures::Id;

/// Where an id is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `MetricStoreConnectionError`
    Connection,
    /// `MetricNotFoundError`
    NotFound,
    /// `UnsupportedFieldTypeError`
    Unsupported,
    /// `RemoteMirrorError` about the request itself.
    Validation,
    /// `RemoteMirrorError` with a summary of its own.
    Remote,
    /// An answer of `diagnose`, never a failure.
    Finding,
    /// At start, at a reload, and on the command line.
    Start,
    /// Told beside an answer.
    Notice,
}

impl Class {
    const fn text(self) -> &'static str {
        match self {
            Self::Connection => "failure, `MetricStoreConnectionError`",
            Self::NotFound => "failure, `MetricNotFoundError`",
            Self::Unsupported => "failure, `UnsupportedFieldTypeError`",
            Self::Validation => "failure, `RemoteMirrorError` (\"Request validation errors.\")",
            Self::Remote => "failure, `RemoteMirrorError`",
            Self::Finding => "finding of `diagnose`",
            Self::Start => "at start, at a reload, on the command line",
            Self::Notice => "notice",
        }
    }
}

/// The page of one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its number.
    pub number: u16,
    /// Where it is met.
    pub class: Class,
    /// The first sentence, with `{…}` where values stand.
    pub sentence: &'static str,
    /// The one thing to do.
    pub fix: &'static str,
    /// How it happens.
    pub how: &'static str,
    /// How it is mended, at more length.
    pub mend: &'static str,
}

use Class::{Connection, Finding, NotFound, Notice, Remote, Start, Unsupported, Validation};

type Row = (
    u16,
    Class,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (1001, Validation, "The body is not valid JSON at line {l}, column {c}.", "Compare it with /openapi.json.",
     "The body is cut short, has a key twice in one object, is not UTF-8, or nests deeper than 64 levels.",
     "Send the request as StackState sends it. A proxy that rewrites bodies is the usual suspect."),
    (1002, Validation, "{path}: {expectation}.", "Correct that field.",
     "A member of the request is missing, has another type, or lies outside its range.",
     "The path says which member, the text what must stand there; /openapi.json has the whole schema."),
    (1003, NotFound, "One of [...] is required. / Multiple values for [...].", "Keep exactly one.",
     "A query names its metric by one of the virtual fields __gauge__, __counter__, __histogram__, __summary__ and ~. There was none, several, or one without a text.",
     "Add one of them as a condition, or remove all but one."),
    (1004, Unsupported, "The type {type} is not supported here.", "Use another value type.",
     "The value of a condition has a `_type` that the mirror does not know.",
     "Use StringValue, DoubleValue, BooleanValue or InSetValue."),
    (1005, Unsupported, "The type {kind} is not supported here.", "Use __histogram__ for histograms.",
     "The metric is of a kind that this query cannot read, for example a native histogram read as a gauge.",
     "Choose the virtual field that belongs to the metric, or write a query with ~."),
    (1006, Validation, "Condition {key} cannot be used here: {reason}.", "Remove or correct it.",
     "A key or a set is empty, `__name__` stands beside a virtual field, or `le` beside __histogram__.",
     "The virtual field names the metric already, and the kind decides about its inner label: remove the condition."),
    (1007, Remote, "Cannot add {keys} to this query.", "Put the matchers into the query, or set `tilde_conditions: ignore`.",
     "Conditions beside ~ are added to every selector of its text. This text does not parse as PromQL, or the connection rejects such conditions.",
     "Write the matchers into the query itself. With `tilde_conditions: ignore` they are left out and the text goes out as it is."),
    (1008, Validation, "connectionDetails.{path}: {expectation}.", "Correct the connection details.",
     "The connection details contradict themselves, hold a key that is nearly a known one, or a block that is not supported.",
     "`prometheus-mirror schema connection-details` prints what may stand there; `test-connection` tries it."),
    (1009, Remote, "No such aggregation method.", "Use one of the 14.",
     "`aggregation.method` is none of the methods of the Mirror API. Under `profile: legacy` some methods never worked.",
     "Use MEAN, MAX, MIN, SUM, EVENT_COUNT, SUM_NO_ZEROS, EVENT_COUNT_NO_ZEROS or PERCENTILE_25, 50, 75, 90, 95, 98, 99."),
    (1010, Remote, "No such path. / Use POST. / The body is over 1 MiB.", "Compare the data source URL.",
     "The call is none of the four of the Mirror API: another path or HTTP method, a body that is too large or coded.",
     "The data source URL in StackState must end before /api/…, with nothing in between that rewrites paths."),
    (2001, Remote, "{n} series match {selector}; they differ in ['pod'].", "Add {label} = {value}.",
     "The query needs one series: raw points, a percentile of a summary, or a connection with `multiple_series: error`.",
     "Add a condition on one of the labels that differ, aggregate over buckets, or combine the series with a ~ query such as sum(…)."),
    (2002, NotFound, "No series matches {selector}.", "Compare the metric name and each condition with the backend.",
     "Nothing in the range, a day wider on both sides, has this name and these labels.",
     "`prometheus-mirror diagnose` with the same conditions tells which of them is wrong and what is nearest."),
    (2003, Finding, "The series exist, but none has a sample in the window.", "Choose another time range.",
     "The series are there, before or after what was asked for.",
     "Choose a range that holds data, or see why the target was not scraped in it."),
    (2004, Finding, "Every sample in the window is NaN.", "Look at what exposes the metric.",
     "The exporter divides zero by zero, or has nothing to tell: each sample is Not-a-Number.",
     "With `nan_interpretation: zero` such buckets are 0, with `none` there are no points."),
    (2005, Finding, "The last sample is of {time}.", "Look at the target.",
     "The series had data and has no more: the target is gone, its scrape fails, or a label changed.",
     "Look at the targets page of the backend; if the pod was replaced, leave its name out of the conditions."),
    (2006, Remote, "Series differ in [...]; {n} samples exceed {b}.", "Add a condition.",
     "A percentile over several series pools their raw samples, and there are more than the budget allows.",
     "Add a condition, shorten the range, enlarge the bucket, or raise `raw_budget`."),
    (2007, Remote, "{metric} exposes only {list}.", "Choose one of them.",
     "A summary holds quantiles that the application computed; others cannot be made of them.",
     "Use a percentile that is exposed, or a histogram."),
    (2008, Finding, "A bucket holds fewer than two samples: one comes every {interval}.", "Use buckets of at least {bucket}.",
     "A rate needs two samples in its window; the scrape interval is too long for the buckets asked for.",
     "Enlarge the bucket, or scrape more often."),
    (2009, Finding, "{metric} is a {type}, asked for as a {kind}.", "Use {field}.",
     "The metadata of the backend name another kind than the virtual field does.",
     "Use the virtual field that belongs to the type: a counter read as a gauge only ever rises."),
    (2010, Finding, "There are data, but only outside the window.", "Choose a range that ends now.",
     "The range lies before the first or after the last sample. Times in seconds instead of milliseconds lie in 1970.",
     "Send times in milliseconds since 1970 and compare the retention of the backend."),
    (3000, Connection, "No usable connection to {host}:{port}.", "Ask the operator; the log has it.",
     "The cause is one that only the operator of the mirror may learn.",
     "Look for this id in the mirror's log: the reason stands beside it."),
    (3001, Connection, "{host} cannot be resolved: {reason}.", "Check the name as the mirror sees it.",
     "The name does not exist where the mirror runs. In a container `localhost` is the container.",
     "Use the name of the service as seen from the mirror's pod or host, and check its resolver."),
    (3002, Connection, "{host}:{port} cannot be reached: {reason}.", "Check port and listen address.",
     "Nothing listens there, or a firewall or network policy is in between.",
     "Try the address from the mirror's host; a backend that listens on 127.0.0.1 is not seen from elsewhere."),
    (3003, Connection, "TLS with {host} failed: {reason}.", "Set `tls_config.ca` or `server_name`.",
     "The certificate is not trusted, has another name, is over, or the port does not speak TLS.",
     "Give the authority in `tls_config.ca`, the name in `tls_config.server_name`, or use http:// where there is no TLS."),
    (3004, Connection, "{host} answered {status} to {authentication}.", "Check the credentials.",
     "The backend, or a proxy before it, does not accept who asks (401), or not what is asked (403).",
     "Check user, token and tenant; on AWS the role needs aps:QueryMetrics, aps:GetLabels, aps:GetSeries and aps:GetMetricMetadata."),
    (3005, Connection, "{host} did not answer within {t} s ({phase}).", "Shorten the range or raise `request_timeout_seconds`.",
     "The backend is overloaded, the query is heavy, or packets are dropped on the way.",
     "If the phase is the connect, look at the network; if it is the answer, ask for less or allow more time."),
    (3006, Remote, "The backend refused the query: {message}.", "Correct it.",
     "The backend answered 400 or 422: the text of a ~ query is wrong, or it exceeds a limit of the backend.",
     "The message is the backend's own; try the query there."),
    (3007, Remote, "{host} is throttling.", "Poll less, or raise its quota.",
     "The backend answered 429.",
     "Fewer or longer intervals in StackState, larger buckets, or a higher quota at the backend."),
    (3008, Connection, "The connection to {host} broke after {n} bytes.", "Look at a proxy between.",
     "The connection was reset or ended within an answer.",
     "Compare the limits of proxies on the way; look whether the backend was restarted or killed."),
    (3009, Connection, "{host} answered {status}.", "Look at the backend's log.",
     "A status without a reason that Prometheus would give: an overloaded or wrongly routed backend.",
     "404 usually means a wrong base URL, 5xx a fault behind it."),
    (3010, Remote, "{host} answered {media type}, not Prometheus JSON.", "Give the API's base URL; no login page.",
     "What answers is a login page, a user interface or another program.",
     "The URL must be the one below which /api/v1/query lies; give credentials if a login page came."),
    (3011, Remote, "The answer exceeds {limit}.", "Narrow it or enlarge the bucket.",
     "The answer has more bytes, series or samples than the mirror reads.",
     "Add conditions, shorten the range, or enlarge the bucket."),
    (3012, Remote, "{host} moved the evaluation times.", "Turn off step alignment in its query frontend.",
     "A query frontend rounds start and end of range queries, so that values belong to other buckets.",
     "In Thanos: --no-query-range.align-range-with-step; in Mimir and Cortex: align_queries_with_step: false."),
    (3013, Remote, "The backend refuses even one bucket: {message}.", "Add a condition.",
     "The query was split down to its smallest part, and that is still too much for the backend.",
     "Add conditions, or raise the limit that the message names."),
    (3014, Connection, "{host} failed {n} times in a row, last {id}; next try in {t} s.", "Cure {id}.",
     "After several failures the backend is left alone for a while.",
     "The page of the last id says what to do; the next try comes by itself."),
    (3015, Connection, "{host} redirects to {origin}; redirects are not followed.", "Configure the final URL.",
     "The URL is one that moves elsewhere, often from http to https or to a login.",
     "Use the final URL. Redirects are never followed, since they would carry credentials to another host."),
    (3016, Remote, "This backend cannot match {label}.", "Choose another label.",
     "The label has a name with characters that only Prometheus 3 and later can quote.",
     "Use another label, or a newer backend."),
    (3017, Remote, "{host} needs more than {t} s for this range.", "Shorten it or enlarge the bucket.",
     "The backend answers, but too slowly for even one complete point.",
     "Shorten the range, enlarge the bucket, or raise `request_timeout_seconds`."),
    (4001, Connection, "No AWS credentials found; tried {providers}.", "Give the pod a role, or keys.",
     "The connection wants to be signed for AWS, and the mirror has no identity there.",
     "Give the pod a role (IRSA or Pod Identity), the instance a profile, or the connection a named one. The chart's \
      network policy lets a pod out to Pod Identity with `networkPolicy.podIdentity`, and to the instance's \
      metadata with a rule in `networkPolicy.egress`."),
    (4002, Connection, "AWS refused to assume {arn}: {code}.", "Check trust policy and external id.",
     "The role does not trust the mirror's identity, or wants another external id.",
     "The trust policy of the role must name the mirror's identity, and sts:ExternalId if it asks for one."),
    (4003, Connection, "{service} did not answer: {reason}.", "Check endpoint and route.",
     "STS, a token endpoint or a credential endpoint cannot be reached or failed.",
     "Check the route to it from the mirror's host, and the endpoint's own log. In the chart Pod Identity needs \
      `networkPolicy.podIdentity`."),
    (4004, Connection, "The session token given has expired and cannot be renewed.", "Use `role_arn`.",
     "The connection details hold temporary keys, which end after hours.",
     "Let the mirror assume a role by `role_arn`: it renews the session by itself."),
    (4005, Validation, "No region known for {host}.", "Set `region_name`.",
     "A signature is for one region, and neither the details nor the host name tell it.",
     "Set `region_name` in the connection details."),
    (4006, Connection, "The clocks differ by {n} s.", "Synchronise the mirror's host.",
     "Signatures hold for some minutes only, and the mirror's clock is wrong by more.",
     "Run a time service on the mirror's host."),
    (4007, Connection, "{key}: the file cannot be used: {reason}.", "Check mount and mode.",
     "A file with a secret or a certificate is missing, empty, too large or not readable.",
     "Check that the secret is mounted and that the mirror's user may read it."),
    (5001, Start, "{file}:{line}:{column}: the file cannot be read.", "Correct the file.",
     "The configuration file is missing, not readable or no YAML.",
     "`check-config` prints every place; `schema config` is for editors."),
    (5002, Start, "There is no setting {key}.", "Use the nearest key.",
     "A key of the configuration file or a variable is unknown, usually misspelt.",
     "The text names the nearest key; `print-config --defaults` prints them all."),
    (5003, Start, "{setting}: {expectation}.", "Correct the value.",
     "A value does not fit, or contradicts another.",
     "`print-config --origin` shows which layer a value comes from."),
    (5004, Start, "Nothing limits who may call or what may be reached.", "Set callers or upstreams, or listen on 127.0.0.1.",
     "The mirror is to listen beyond this machine and would carry anybody anywhere.",
     "Set `callers` or `allowed_callers`, or `policy.allowed_upstreams` or `connections`."),
    (5005, Start, "The key is a well-known or a short one.", "Choose another key.",
     "The key is one that stands in documentation, or is shorter than 16 bytes, or is missing.",
     "Generate one, for example with `openssl rand -hex 32`, and give it to StackState too."),
    (5006, Start, "{address} cannot be listened on.", "Choose another port or stop what has it.",
     "Another program has the port, or the address is none of this machine.",
     "Look who listens there, and set `port`, `admin_port` or `listen`."),
    (5007, Start, "{setting}: the file cannot be used.", "Check path and mode.",
     "A file that a setting names is missing, not readable, or holds something else.",
     "`check-config` reads every file; with --offline it leaves them."),
    (6001, Remote, "This caller is not accepted.", "See below what a caller has to prove.",
     "The caller's address, token or certificate is none that the mirror knows. The text is the same for each.",
     "Compare `allowed_callers`, `callers` and `trusted_proxies` with where StackState calls from; the log names what was missing."),
    (6002, Connection, "{host} is not an upstream this mirror may reach.", "List it.",
     "`policy.allowed_upstreams` does not list the host, or only named connections may be used.",
     "The operator adds the host, or a connection with a name."),
    (6003, Connection, "{host} has an address that is never reached.", "Use another.",
     "The name resolves to a metadata service, a link-local or another special address.",
     "Use the backend's real address; this guard cannot be turned off for metadata services."),
    (6004, Connection, "{what} may not be used towards {host}.", "Allow it, or give other credentials.",
     "A request wants the mirror's own identity, a role, or credentials where the policy does not allow them.",
     "The operator allows it in `policy`, or the connection gives other credentials."),
    (6005, Validation, "connectionDetails.{path}: files are not allowed here.", "Use a named connection.",
     "A request names a file of the mirror's host.",
     "Make a named connection in the configuration; or let requests name files below `policy.secrets_dir`."),
    (6006, Connection, "No connection of this name is open to this caller.", "Compare the mirror's configuration.",
     "The name is unknown, or not for this caller; the text is the same for both.",
     "Compare the name with `connections`, and with what the caller's entry of `callers` lists."),
    (6007, Remote, "The mirror is at its limit of {requests, waiters or memory}.", "Add a replica.",
     "More is asked at once than the limits allow.",
     "Add a replica, or raise the limits if the host has room; /metrics tells which was met."),
    (6008, Remote, "The mirror is shutting down.", "Ask again.",
     "The request came while the program ended.",
     "Ask again: another replica, or the next start, answers."),
    (6009, Validation, "{what} is {n}; the limit is {m}.", "Ask for less.",
     "A size or a count is over a fixed limit.",
     "Fewer or shorter conditions, a shorter query."),
    (7001, Notice, "The answer was cut by the limit.", "Raise the limit or shorten the range.",
     "There are more points than `limit` or `max_points`.", "What is there is a complete prefix; ask for the rest from its end."),
    (7002, Notice, "The answer was cut by the deadline.", "Shorten the range or allow more time.",
     "The backend was too slow for the whole range.", "What is there is a complete prefix; raise `request_timeout_seconds` for more."),
    (7003, Notice, "NaN was replaced or dropped.", "See `nan_interpretation`.",
     "Samples are Not-a-Number, which the Mirror API cannot carry.", "`nan_interpretation` chooses between 0 and no point."),
    (7004, Notice, "{n} series were combined.", "Add a condition for one of them.",
     "Several series match; their samples are pooled, their rates added.", "Add a condition if one is meant; `multiple_series: error` makes it a failure."),
    (7005, Notice, "The rate window was widened to {window}.", "Enlarge the bucket or scrape more often.",
     "A bucket holds fewer than two samples.", "Larger buckets make the rate exact for each of them."),
    (7006, Notice, "The range was split into {n} calls.", "Nothing.",
     "The range has more instants or more time than one call may have.", "Nothing is to be done; larger buckets need fewer calls."),
    (7007, Notice, "Conditions were added to the ~ query.", "Nothing.",
     "Conditions beside ~ restrict each of its selectors.", "`tilde_conditions` chooses."),
    (7008, Notice, "The newest buckets were held back.", "Nothing.",
     "Data that are still arriving would change a point after it was given.", "`settle_delay` chooses how long."),
    (7009, Notice, "The backend warns: {text}.", "Look at the backend.",
     "The backend answered with warnings, for example that a store is missing.", "The text is the backend's own."),
    (7010, Notice, "A clock was corrected by {n} s.", "Synchronise the mirror's host.",
     "AWS told that the mirror's clock is wrong; signatures follow that of AWS.", "Run a time service on the mirror's host."),
    (7011, Notice, "The connection details have an unknown key.", "Compare it.",
     "A key that no setting has was ignored.", "`schema connection-details` prints what may stand there."),
    (7012, Notice, "The scrape interval was assumed to be {interval}.", "Set `scrape_interval_ms`.",
     "Too few samples to measure it.", "Set `scrape_interval_ms` in the connection details."),
    (7013, Notice, "An infinity was skipped.", "See `inf_interpretation`.",
     "A sample is infinite, which the Mirror API cannot carry.", "`inf_interpretation: max` makes it the largest number."),
    (7014, Notice, "A counter started anew.", "Nothing.",
     "The process behind it was restarted; the rate counts from zero.", "Nothing is to be done."),
    (7015, Notice, "A header was dropped for AWS.", "Remove it from the connection.",
     "A header of the connection would break the signature.", "Remove it: AWS reads no tenant header."),
    (9001, Remote, "Internal error {request id}.", "Report that id with the log.",
     "A bug of the mirror.", "The log has the place under this request id; other requests go on."),
];

/// The pages of all ids, in ascending order.
pub fn pages() -> impl Iterator<Item = Page> {
    ROWS.iter()
        .map(|(number, class, sentence, fix, how, mend)| Page {
            number: *number,
            class: *class,
            sentence,
            fix,
            how,
            mend,
        })
}

/// The page of the id that is written `PM-2001`, `pm-2001` or `2001`.
#[must_use]
pub fn page(id: &str) -> Option<Page> {
    let number = match id.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("PM-") => &id[3..],
        _ => id,
    };
    let number: u16 = number.parse().ok()?;
    pages().find(|page| page.number == number)
}

impl Id {
    /// The page of a failure.
    ///
    /// # Panics
    ///
    /// Never: a test sees to it that each has one.
    #[must_use]
    pub fn page(self) -> Page {
        page(self.code()).expect("each id has a page")
    }
}

impl Page {
    /// The id, as `PM-2001`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("PM-{}", self.number)
    }

    /// The page as Markdown, as it lies in `docs/errors`.
    #[must_use]
    pub fn markdown(&self) -> String {
        let Self {
            class,
            sentence,
            fix,
            how,
            mend,
            ..
        } = self;
        let (id, class) = (self.id(), class.text());
        format!(
            "# {id}\n\n> {sentence}\n\n*{class}*\n\n**First to try:** {fix}\n\n\
             ## How it happens\n\n{how}\n\n## How to fix it\n\n{mend}\n"
        )
    }
}

/// The list of all ids as a Markdown table, as it lies in `docs/errors/README.md`.
#[must_use]
pub fn index() -> String {
    let mut text = "# Errors, findings and notices\n\n\
                    Made from the catalogue in the code: `prometheus-mirror errors --markdown`.\n\n\
                    | id | first sentence | first to try |\n| --- | --- | --- |\n"
        .to_owned();
    for page in pages() {
        let id = page.id();
        let _ = writeln!(
            text,
            "| [{id}]({id}.md) | {} | {} |",
            page.sentence, page.fix
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_is_without_a_page_and_none_has_two() {
        for id in Id::ALL {
            assert_eq!(id.page().id(), id.code());
        }
        let numbers: Vec<u16> = pages().map(|page| page.number).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_page_is_found_however_its_id_is_written() {
        for id in ["PM-2001", "pm-2001", "2001"] {
            assert_eq!(page(id).unwrap().number, 2001);
        }
        for id in ["", "PM-", "PM-2000", "é1", "20010"] {
            assert_eq!(page(id), None);
        }
    }

    #[test]
    fn each_part_of_a_page_is_a_sentence_of_one_line() {
        for page in pages() {
            for text in [page.sentence, page.fix, page.how, page.mend] {
                assert!(
                    text.ends_with('.') && !text.contains('\n'),
                    "{}: {text}",
                    page.id()
                );
            }
        }
    }
}
