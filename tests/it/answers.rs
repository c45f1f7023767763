//! Answers that callers share, and that they must not (performance.md, "Coalescing" and "The
//! micro-cache of finished answers"), on the real stack.

use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::fake_backend::Call;
use crate::gateway::Answered;
use crate::gateway::Ask;
use crate::gateway::Gateway;
use crate::gateway::peer;
use crate::gateway::post;

/// Keeps an answer for as long as a test may take on a busy machine.
const SETTINGS: &str = "answer_ttl: 5s";
const PATIENCE: Duration = Duration::from_secs(60);

/// A backend may go on.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let (lock, changed) = &*self.0;
        let closed = |is_open: &mut bool| !*is_open;
        drop(changed.wait_timeout_while(lock.lock().unwrap(), PATIENCE, closed));
    }
}

/// A query for one bucket of a minute, asked at `start`; `more` are further connection details.
fn query(backend: &Backend, more: &str, start: i64) -> String {
    let (url, end) = (backend.url(), start + 120_000);
    format!(
        r#"{{"_type":"MetricsRequest","connectionDetails":{{"url":"{url}","dialect":"promql-open","scrape_interval_ms":1000{more}}},
        "query":{{"_type":"MetricsQuery","conditions":[{{"_type":"EqualityCondition","key":"__gauge__","value":{{"_type":"StringValue","value":"m"}}}}],
        "aggregation":{{"_type":"Aggregation","method":"MAX","bucketSizeMillis":60000}},
        "startTime":{start},"endTime":{end},"limit":100}}}}"#
    )
}

/// Two buckets lie within two minutes from here on, and the next minute begins a minute later.
const START: i64 = 1_699_999_200_000;

/// A value at the first evaluation time that was asked for.
fn matrix(call: &Call, value: &str) -> String {
    let start = call.parameters.iter().find(|(name, _)| name == "start");
    let (_, start) = start.expect("a range query");
    format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"__name__":"m"}},"values":[[{start},"{value}"]]}}]}}}}"#
    )
}

fn ask(gateway: &Gateway, body: &str) -> Answered {
    gateway.ask(&peer("127.0.0.1"), &post("/api/metric", body))
}

fn result(answered: &Answered) -> &str {
    answered.header("x-mirror-result").unwrap_or_default()
}

#[test]
fn a_thousand_who_ask_at_once_cost_one_call() {
    let gate = Gate::default();
    let held = gate.clone();
    let backend = Backend::start(move |call| {
        held.pass();
        Answer::json(matrix(call, "7"))
    });
    let gateway = Gateway::new("answer_ttl: 0", &[]);
    let body = query(&backend, "", START);
    let answers = thread::scope(|scope| {
        let ask = || scope.spawn(|| ask(&gateway, &body));
        let asking: Vec<_> = (0..1_000).map(|_| ask()).collect();
        // Each is in flight as soon as its head was read, and its plan needs no call.
        while gateway.metric("mirror_in_flight{scope=\"global\"}") < 1_000 {
            thread::yield_now();
        }
        gate.open();
        let joined = asking.into_iter().map(|it| it.join().unwrap());
        joined.collect::<Vec<_>>()
    });
    assert_eq!(backend.calls().len(), 1);
    assert!(
        answers
            .iter()
            .all(|it| it.status == 200 && it.body == answers[0].body)
    );
    let misses = answers.iter().filter(|it| result(it) == "miss; calls=1");
    assert_eq!(misses.count(), 1);
    assert_eq!(
        gateway.metric("mirror_answers_total{result=\"joined\"}"),
        999
    );
}

#[test]
fn the_time_of_a_backend_is_not_the_mirrors_own_whoever_asked_it() {
    let never = Gate::default();
    let backend = Backend::start(move |call| {
        let (lock, changed) = &*never.0;
        let takes = Duration::from_millis(300);
        drop(changed.wait_timeout_while(lock.lock().unwrap(), takes, |is_open| !*is_open));
        Answer::json(matrix(call, "7"))
    });
    let gateway = Gateway::new("answer_ttl: 0", &[]);
    let body = query(&backend, "", START);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(ask(&gateway, &body).status, 200));
        }
    });
    let within = |what: &str| {
        let name = format!("mirror_{what}_seconds_bucket{{le=\"0.25\",method=\"metric\"}}");
        gateway.metric(&name)
    };
    assert_eq!((within("request_duration"), within("overhead")), (0, 3));
}

#[test]
fn who_shares_an_answer_is_told_what_was_seen_of_it() {
    let backend = Backend::start(|call| Answer::json(matrix(call, "NaN")));
    let gateway = Gateway::new(SETTINGS, &[]);
    let body = query(&backend, "", START);
    for (served, seen) in [("miss", 1), ("hit", 2)] {
        let answer = ask(&gateway, &body);
        assert!(result(&answer).starts_with(served), "{answer:?}");
        let notices = gateway.metric("mirror_notices_total{code=\"PM-7003\"}");
        assert_eq!(notices, seen, "{served}");
    }
}

#[test]
fn a_call_under_way_goes_on_for_who_has_longer() {
    // Deaf to the time it is given, as some queries make a backend (reliability.md, "One deadline").
    let (begun, has_begun) = mpsc::channel();
    let backend = Backend::start(move |call| {
        begun.send(()).unwrap();
        thread::park_timeout(Duration::from_secs(3));
        Answer::json(matrix(call, "7"))
    });
    let gateway = Gateway::new(SETTINGS, &[]);
    let timed = |seconds| {
        query(
            &backend,
            &format!(r#","request_timeout_seconds":{seconds}"#),
            START,
        )
    };
    thread::scope(|scope| {
        let hurried = scope.spawn(|| ask(&gateway, &timed(2)));
        has_begun.recv_timeout(PATIENCE).unwrap();
        let patient = ask(&gateway, &timed(30));
        assert_eq!(patient.status, 200, "{patient:?}");
        assert!(result(&patient).starts_with("joined; "), "{patient:?}");
        assert_eq!(hurried.join().unwrap().code(), Some("PM-3005"));
    });
    assert_eq!(backend.calls().len(), 1);
}

#[test]
fn the_room_for_answers_follows_a_reload() {
    let backend = Backend::start(|call| Answer::json(matrix(call, "7")));
    let gateway = Gateway::new(SETTINGS, &[]);
    let asked = || result(&ask(&gateway, &query(&backend, "", START))).to_owned();
    assert_eq!(asked(), "miss; calls=1");
    assert!(asked().starts_with("hit"));
    gateway.reload(&format!("{SETTINGS}\nanswer_cache: 0"));
    for _ in 0..2 {
        assert_eq!(asked(), "miss; calls=1");
    }
}

#[test]
fn to_wait_for_anothers_call_is_no_time_of_the_mirror() {
    let (begun, has_begun) = mpsc::channel();
    let backend = Backend::start(move |call| {
        begun.send(()).unwrap();
        thread::park_timeout(Duration::from_secs(3));
        if call.path.ends_with("/query_range") {
            return Answer::json(matrix(call, "7"));
        }
        Answer::json(r#"{"status":"success","data":["a"]}"#)
    });
    let gateway = Gateway::new(SETTINGS, &[]);
    let values = format!(
        r#"{{"connectionDetails":{{"url":"{}","dialect":"promql-open","scrape_interval_ms":1000}},
        "query":{{"conditions":[],"field":{{"fieldName":"job"}},"limit":10}}}}"#,
        backend.url()
    );
    let metric = query(&backend, "", START);
    for (path, method, body) in [
        ("/api/metric", "metric", &metric),
        ("/api/field/value", "field_value", &values),
    ] {
        let asks = || gateway.ask(&peer("127.0.0.1"), &post(path, body));
        thread::scope(|scope| {
            let first = scope.spawn(asks);
            has_begun.recv_timeout(PATIENCE).unwrap();
            assert_eq!(asks().status, 200);
            assert_eq!(first.join().unwrap().status, 200);
        });
        let page = gateway.app.instruments.encode();
        let own = format!(r#"mirror_overhead_seconds_bucket{{le="1.0",method="{method}"}} 2"#);
        assert!(page.contains(&own), "{page}");
    }
    assert_eq!(backend.calls().len(), 2);
}

#[test]
fn one_bucket_is_one_call_and_the_next_another() {
    let backend = Backend::start(|call| Answer::json(matrix(call, "7")));
    let gateway = Gateway::new(SETTINGS, &[]);
    let first = ask(&gateway, &query(&backend, "", START + 1));
    assert_eq!((first.status, result(&first)), (200, "miss; calls=1"));
    for jitter in [2, 17_000, 59_999] {
        let answered = ask(&gateway, &query(&backend, "", START + jitter));
        assert!(
            result(&answered).starts_with("hit; age_ms="),
            "{answered:?}"
        );
        assert_eq!(answered.body, first.body);
    }
    let answered = ask(&gateway, &query(&backend, "", START + 60_001));
    assert_eq!(result(&answered), "miss; calls=1");
    assert_eq!(backend.calls().len(), 2);
}

#[test]
fn a_caller_who_wants_a_new_one_gets_it() {
    let backend = Backend::start(|call| Answer::json(matrix(call, "7")));
    let gateway = Gateway::new(SETTINGS, &[]);
    let body = query(&backend, "", START);
    let with = |value| {
        let mut asked: Ask<'_> = post("/api/metric", &body);
        asked.headers.push(("cache-control", value));
        gateway.ask(&peer("127.0.0.1"), &asked)
    };
    let unkept = with("no-store");
    assert_eq!(result(&unkept), "bypass; reason=no-store; calls=1");
    assert_eq!(result(&ask(&gateway, &body)), "miss; calls=1");
    assert_eq!(
        result(&with("no-cache")),
        "bypass; reason=no-cache; calls=1"
    );
    assert!(result(&ask(&gateway, &body)).starts_with("hit;"));
    assert_eq!(backend.calls().len(), 3);
}

#[test]
fn a_reload_finds_nothing_of_the_old_configuration() {
    let backend = Backend::start(|call| Answer::json(matrix(call, "7")));
    let gateway = Gateway::new(SETTINGS, &[]);
    let body = query(&backend, "", START);
    assert_eq!(result(&ask(&gateway, &body)), "miss; calls=1");
    gateway.reload(SETTINGS);
    assert_eq!(result(&ask(&gateway, &body)), "miss; calls=1");
}

#[test]
fn what_the_backend_restricts_is_not_kept() {
    #[track_caller]
    fn check(answer: impl Fn(&Call) -> Answer + Send + Sync + 'static, reason: &str, status: u16) {
        let backend = Backend::start(answer);
        let gateway = Gateway::new(SETTINGS, &[]);
        let body = query(&backend, "", START);
        for _ in 0..2 {
            let answered = ask(&gateway, &body);
            assert_eq!(answered.status, status);
            assert!(result(&answered).starts_with("miss;"), "{answered:?}");
        }
        let name = format!("mirror_answers_not_stored_total{{reason=\"{reason}\"}}");
        assert_eq!(gateway.metric(&name), 2);
    }
    let with = |member: &'static str| {
        move |call: &Call| Answer::json(matrix(call, "7").replacen('{', &format!("{{{member},"), 1))
    };
    check(with(r#""warnings":["w"]"#), "warned", 200);
    check(with(r#""isPartial":true"#), "warned", 200);
    let no_store = |call: &Call| Answer::Body {
        status: 200,
        headers: vec![("cache-control", "max-age=0, no-store".to_owned())],
        body: matrix(call, "7").into_bytes(),
    };
    check(no_store, "no_store", 200);
    check(|_| Answer::status(403, "{}"), "failure", 500);
    let refusal = r#"{"status":"error","errorType":"execution","error":"e"}"#;
    check(move |_| Answer::status(422, refusal), "failure", 500);
}

#[test]
fn refusals_that_would_come_again_are_kept() {
    let refusal = r#"{"status":"error","errorType":"bad_data","error":"e"}"#;
    let backend = Backend::start(move |_| Answer::status(400, refusal));
    let gateway = Gateway::new(SETTINGS, &[]);
    let body = query(&backend, "", START);
    let first = ask(&gateway, &body);
    assert_eq!(
        (first.code(), result(&first)),
        (Some("PM-3006"), "miss; calls=1")
    );
    let second = ask(&gateway, &body);
    assert_eq!((second.code(), &second.body), (first.code(), &first.body));
    assert!(result(&second).starts_with("hit; negative; age_ms="));
    assert_eq!(backend.calls().len(), 1);
}

#[test]
fn a_body_cut_anywhere_is_never_kept() {
    let call = Call {
        method: String::new(),
        path: String::new(),
        parameters: vec![("start".to_owned(), "1699999260.000".to_owned())],
        headers: Vec::new(),
    };
    let whole = matrix(&call, "7");
    let size = whole.len();
    let cut = Arc::new(Mutex::new(0_usize));
    let at = Arc::clone(&cut);
    let backend = Backend::start(move |_| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n");
        let at = *at.lock().unwrap();
        Answer::Bytes([head.as_bytes(), &whole.as_bytes()[..at]].concat())
    });
    let gateway = Gateway::new(SETTINGS, &[]);
    // A deadline too short for repeats after waits keeps this quick.
    let body = query(&backend, r#","timeout":"1s""#, START);
    for length in 0..size {
        // Each below a path of its own, which is a backend of its own: none fails so often that its
        // breaker opens.
        let body = body.replace(&backend.url(), &format!("{}/{length}", backend.url()));
        for (cut_at, status) in [(length, 500), (size, 200)] {
            *cut.lock().unwrap() = cut_at;
            let answered = ask(&gateway, &body);
            assert_eq!(answered.status, status, "{length}: {answered:?}");
            assert!(
                result(&answered).starts_with("miss;"),
                "{length}: {answered:?}"
            );
        }
        assert!(result(&ask(&gateway, &body)).starts_with("hit;"));
    }
}

#[test]
fn two_credentials_never_meet() {
    let backend = Backend::start(|call| {
        let proof = call.header("authorization").unwrap_or_default();
        let value = if proof == "Bearer one" { "1" } else { "2" };
        Answer::json(matrix(call, value))
    });
    let gateway = Gateway::new(SETTINGS, &[]);
    let of = |who| {
        let more = format!(r#","authorization":{{"credentials":"{who}"}}"#);
        query(&backend, &more, START)
    };
    let bodies = ["one", "two"].map(of);
    thread::scope(|scope| {
        for at in 0..8 {
            let (gateway, bodies) = (&gateway, &bodies);
            scope.spawn(move || {
                for round in 0..625_usize {
                    let who = (at + round * 7 / 3) % 2;
                    let answered = ask(gateway, &bodies[who]);
                    let own = format!("[[{}.0,", who + 1);
                    assert!(answered.body.contains(&own), "{answered:?}");
                }
            });
        }
    });
}
