//! No request breaks it: 10,000 generated and broken calls per change, a million with `FULL=1`
//! (security.md, "Shown by").

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use axum::body::Body;
use http::Request;
use tokio::task::JoinSet;

use super::PLANTED;
use super::contract::Contract;
use super::generate::Generator;
use super::generate::NAMED;
use super::parts::Dice;
use super::stack;
use super::stack::KEY;
use super::stack::Program;
use super::stack::Stack;

/// How many are on their way at the same time.
const AT_ONCE: u64 = 16;
/// Each method and the type of its requests; metrics have the most to go wrong.
const METHODS: [(&str, &str); 5] = [
    ("/api/connection", "TestConnectionRequest"),
    ("/api/field/name", "FieldNamesRequest"),
    ("/api/field/value", "FieldValuesRequest"),
    ("/api/metric", "MetricsRequest"),
    ("/api/metric", "MetricsRequest"),
];

/// The failures of requests that are not understood: they name a path and an expectation.
const NAMELESS: [&str; 4] = ["PM-1001", "PM-1002", "PM-1008", "PM-9001"];

/// What a backend says, good and bad: by the path, and by what it is asked.
fn say(path: &str, form: &[u8]) -> (u16, Vec<u8>) {
    let mut dice = Dice::of(form);
    if dice.percent(70) {
        return something(path);
    }
    let (status, body) = dice.one(&[
        (200, r#"{"status":"success","data":{}}"#),
        (200, r#"{"status":"success","data":null}"#),
        (
            200,
            r#"{"status":"error","errorType":"execution","error":"no"}"#,
        ),
        (200, "<html>"),
        (200, ""),
        (302, ""),
        (
            400,
            r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#,
        ),
        (401, "who are you"),
        (403, r#"{"message":"Forbidden"}"#),
        (404, "404 page not found"),
        (
            422,
            r#"{"status":"error","errorType":"execution","error":"too many samples"}"#,
        ),
        (429, "slow down"),
        (500, "oops"),
        (
            503,
            r#"{"status":"error","errorType":"timeout","error":"late"}"#,
        ),
    ]);
    (*status, body.as_bytes().to_vec())
}

fn something(path: &str) -> (u16, Vec<u8>) {
    let series = r#"{"metric":{"__name__":"up","job":"a"},"#;
    let data = match path.rsplit('/').next() {
        Some("query_range") => {
            let values = r#""values":[[1700000000,"1"],[1700000060,"NaN"],[1700000120.5,"+Inf"]]}"#;
            format!(r#"{{"resultType":"matrix","result":[{series}{values}]}}"#)
        }
        Some("query") => {
            format!(r#"{{"resultType":"vector","result":[{series}"value":[1700000000,"15"]}}]}}"#)
        }
        Some("series") => r#"[{"__name__":"up","job":"a"}]"#.to_owned(),
        Some("labels" | "values") => r#"["__name__","job","a"]"#.to_owned(),
        _ => return stack::nothing(path),
    };
    let body = format!(r#"{{"status":"success","data":{data}}}"#);
    (200, body.into_bytes())
}

/// Sends `count` requests, the first of which has the number `first`; how many were answered with 200.
async fn send(
    program: Program,
    contract: Arc<Contract>,
    stack: Arc<Stack>,
    first: u64,
    count: u64,
) -> u64 {
    let mut successes = 0;
    for number in first..first + count {
        let mut dice = Dice::new(number);
        let (path, kind) = *dice.one(&METHODS);
        let body = Generator::new(&contract, stack.address(), dice).body(kind);
        let shown = String::from_utf8_lossy(&body).into_owned();
        let request = Request::post(path).header("host", "localhost:9900");
        let answered = program.send(request.body(Body::from(body)).unwrap()).await;
        let misfit = contract.misfit(path, &answered);
        assert_eq!(misfit, None, "request {number}: {path} {shown}");
        let mut text = String::from_utf8_lossy(&answered.body).into_owned();
        let mut code = "";
        for (name, value) in &answered.head {
            match (name.as_str(), value.to_str().unwrap()) {
                ("x-mirror-api-key", _) => {}
                ("x-mirror-error", value) => code = value,
                (_, value) => text.push_str(value),
            }
        }
        assert!(
            !text.contains(PLANTED),
            "request {number}: {path} {shown}\n{text}"
        );
        assert!(
            !text.contains(KEY),
            "request {number}: {path} {shown}\n{text}"
        );
        let names_nothing = NAMELESS.contains(&code) && text.contains(NAMED);
        assert!(!names_nothing, "request {number}: {path} {shown}\n{text}");
        successes += u64::from(answered.status == 200 && path != "/api/connection");
    }
    successes
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the switch of whoever runs the tests"
)]
fn no_request_breaks_it_and_no_value_of_one_is_said_again() {
    let is_full = std::env::var_os("FULL").is_some_and(|it| it == "1");
    let requests: u64 = if is_full { 1_000_000 } else { 10_000 };
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    let stack = Arc::new(Stack::start(move |path, form| {
        counted.fetch_add(1, Ordering::Relaxed);
        say(path, form)
    }));
    let contract = Arc::new(Contract::new());
    let program = stack.program();
    let successes = stack.run(async {
        let mut senders = JoinSet::new();
        let count = requests / AT_ONCE;
        for first in (0..AT_ONCE).map(|it| it * count) {
            let (contract, stack) = (Arc::clone(&contract), Arc::clone(&stack));
            senders.spawn(send(program.clone(), contract, stack, first, count));
        }
        senders.join_all().await.into_iter().sum::<u64>()
    });
    assert_eq!(program.panics(), 0);
    // What never gets anywhere shows nothing.
    assert!(successes > requests / 20, "{successes} successes");
    assert!(
        asked.load(Ordering::Relaxed) > requests / 5,
        "{asked:?} calls"
    );
}
