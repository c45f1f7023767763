//! Requests of one caller to the whole program.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;

use axum::body::Body;
use http::Request;

use super::contract::Contract;
use super::parts;
use super::stack;
use super::stack::Answered;
use super::stack::KEY;
use super::stack::Stack;

/// The four methods by their letter.
const METHODS: [(char, &str); 4] = [
    ('c', "/api/connection"),
    ('n', "/api/field/name"),
    ('v', "/api/field/value"),
    ('m', "/api/metric"),
];
/// Most requests of one input: more tell nothing more.
const MOST: usize = 8;

/// What the backend says to whatever it is asked; nothing told: that it has nothing.
type Said = Arc<Mutex<Option<(u16, Vec<u8>)>>>;

struct Whole {
    stack: Stack,
    contract: Contract,
    said: Said,
}

/// Takes a list of texts. One that begins with `c`, `n`, `v` or `m` is the body of a request to one of
/// the four methods, in which `{backend}` stands for the address of the backend; one that begins with
/// `=` is a status and the body that the backend answers from there on; another is a method, a path
/// and a body on lines of their own.
///
/// Nothing panics, each answer of the four methods is one that the API describes, with the key on it,
/// and the key is in no body.
///
/// # Panics
///
/// If that does not hold.
pub fn requests(data: &[u8]) {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    let whole = WHOLE.get_or_init(Whole::start);
    whole.say(None);
    let program = whole.stack.program();
    for text in parts::texts(data).iter().take(MOST) {
        let mut rest = text.chars();
        let first = rest.next();
        let rest = rest.as_str();
        if first == Some('=') {
            let (status, body) = rest.split_at_checked(3).unwrap_or_default();
            let status = status.parse().ok().filter(|it| (200..600).contains(it));
            whole.say(status.map(|it| (it, body.as_bytes().to_vec())));
            continue;
        }
        let method = METHODS.iter().find(|(letter, _)| Some(*letter) == first);
        let request = match method {
            Some((_, path)) => Some(whole.call(path, rest)),
            None => other(text),
        };
        let Some(request) = request else { continue };
        let answered = whole.stack.run(program.send(request));
        says_no_key(&answered);
        if let Some((_, path)) = method {
            let misfit = whole.contract.misfit(path, &answered);
            assert_eq!(misfit, None, "{path} {rest}");
        }
    }
    assert_eq!(program.panics(), 0);
}

impl Whole {
    fn start() -> Self {
        let said = Said::default();
        let saying = Arc::clone(&said);
        let stack = Stack::start(move |path, _| {
            let told = saying.lock().unwrap_or_else(PoisonError::into_inner);
            told.clone().unwrap_or_else(|| stack::nothing(path))
        });
        Self {
            stack,
            contract: Contract::new(),
            said,
        }
    }

    fn say(&self, said: Option<(u16, Vec<u8>)>) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = said;
    }

    fn call(&self, path: &str, body: &str) -> Request<Body> {
        let body = body.replace("{backend}", &self.stack.address().to_string());
        let request = Request::post(path).header("host", "localhost:9900");
        request.body(Body::from(body)).expect("is a request")
    }
}

/// A request that is no call, if it can be one at all.
fn other(text: &str) -> Option<Request<Body>> {
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let request = Request::builder().method(next()).uri(next());
    let request = request.header("host", "localhost:9900");
    request.body(Body::from(next().to_owned())).ok()
}

fn says_no_key(answered: &Answered) {
    let key = KEY.as_bytes();
    let has_key = answered.body.windows(key.len()).any(|it| it == key);
    assert!(!has_key, "{answered:?}");
}
