//! Requests made from the schemas of the API, and broken ones.
//!
//! Every text of a request holds a mark. What selects series has another than the rest: the texts of
//! failures name it, where the request could be understood (experience.md, "Error catalogue"). The
//! metric, the host, the role and the region have none.
#![expect(
    clippy::disallowed_types,
    reason = "what is made of a schema is a tree"
)]

use std::net::SocketAddr;

use super::PLANTED;
use super::contract::Contract;
use super::parts::Dice;
use super::plain::Map;
use super::plain::Value;

/// What stands in a text that selects series.
pub(super) const NAMED: &str = "NAMED";

/// Deepest that values are made; below it they are simple.
const DEPTH: usize = 8;
/// A day on which the backend has something to say, in milliseconds since 1970.
const THEN: u64 = 1_700_000_000_000;

/// Names without a mark.
const METRICS: [&str; 4] = [
    "up",
    "http_requests_total",
    "no_such_metric",
    "a metric: \"{}\"",
];
const VIRTUAL: [&str; 5] = [
    "__gauge__",
    "__counter__",
    "~",
    "__histogram__",
    "__summary__",
];
const LABELS: [&str; 4] = ["job", "http.status", "U__x", "__name__"];

/// Pieces that mean something to somebody on the way.
const PIECES: [&str; 24] = [
    "",
    "\"",
    "\\",
    "'",
    "`",
    "\n",
    "\r\n",
    "\u{0}",
    "{",
    "}",
    "${a}",
    "../",
    "%2e",
    "%",
    "é",
    "\u{202e}",
    "\u{feff}",
    "\u{1f600}",
    "http://",
    "[::1]",
    "5m",
    "1e9",
    ".*",
    "*",
];

/// Makes requests.
pub(super) struct Generator<'a> {
    contract: &'a Contract,
    backend: SocketAddr,
    dice: Dice,
    /// What is put into texts.
    mark: &'static str,
}

impl<'a> Generator<'a> {
    /// One for requests that lead to `backend`, mostly.
    pub(super) fn new(contract: &'a Contract, backend: SocketAddr, dice: Dice) -> Self {
        Self {
            contract,
            backend,
            dice,
            mark: PLANTED,
        }
    }

    /// The body of a request of the type `name`; one in three is broken.
    pub(super) fn body(&mut self, name: &str) -> Vec<u8> {
        let mut request = self.value(self.contract.schema(name), 0);
        if self.dice.percent(85) {
            self.lead_to_the_backend(&mut request);
        }
        if self.dice.percent(70) {
            self.ask_for_something(&mut request);
        }
        if self.dice.percent(20) {
            self.swap_a_value(&mut request, 0);
        }
        let mut text = serde_json::to_vec(&request).expect("a tree can be written");
        if self.dice.percent(15) {
            self.break_text(&mut text);
        }
        text
    }

    fn value(&mut self, schema: &'a Value, depth: usize) -> Value {
        let schema = self.contract.resolved(schema);
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            return self.dice.one(choices).clone();
        }
        for several in ["oneOf", "anyOf"] {
            if let Some(all) = schema.get(several).and_then(Value::as_array) {
                let chosen = self.dice.one(all);
                return self.value(chosen, depth);
            }
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => self.dice.one(kinds),
            kind => kind,
        };
        match kind.as_str() {
            Some("object") => self.object(schema, depth),
            Some("array") => {
                let count = if depth < DEPTH { self.dice.below(4) } else { 0 };
                let members = (0..count).map(|_| self.value(&schema["items"], depth + 1));
                Value::Array(members.collect())
            }
            Some("string") => self.text().into(),
            Some("boolean") => self.dice.percent(50).into(),
            Some("number" | "integer") => self.number(schema),
            Some("null") => Value::Null,
            _ => self.scalar(),
        }
    }

    fn object(&mut self, schema: &'a Value, depth: usize) -> Value {
        let mut members = Map::new();
        let required = schema["required"].as_array();
        let known = schema["properties"].as_object();
        // Of many keys few are used at once.
        let share = if known.is_some_and(|it| it.len() > 20) {
            6
        } else {
            40
        };
        for (name, schema) in known.into_iter().flatten() {
            let is_required = required.is_some_and(|all| all.iter().any(|it| it == name));
            if self.dice.percent(if is_required { 97 } else { share }) {
                let member = match name.as_str() {
                    "host" | "url" | "token_url" | "proxy_url" => self.shown().into(),
                    "role_arn" | "roleArn" => "arn:aws:iam::1:role/shown".into(),
                    "region_name" | "region" => "eu-shown-1".into(),
                    _ => self.member(name, |it| it.value(schema, depth + 1)),
                };
                members.insert(name.clone(), member);
            }
        }
        if self.dice.percent(5) {
            members.insert("unknownKey".to_owned(), self.scalar());
        }
        Value::Object(members)
    }

    /// Does something inside of the member `name`, which may be one that selects series.
    fn member<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.mark;
        if matches!(name, "conditions" | "field") {
            self.mark = NAMED;
        }
        let done = work(self);
        self.mark = outer;
        done
    }

    fn number(&mut self, schema: &Value) -> Value {
        let limit = |name| schema.get(name).and_then(Value::as_u64);
        match self.dice.below(8) {
            0 => limit("minimum").unwrap_or(0).into(),
            1 => limit("maximum").unwrap_or(u64::MAX).into(),
            2 => (-1).into(),
            3 => 1.5.into(),
            4 => 1e300.into(),
            5 => 60_000.0.into(),
            _ => (self.dice.number() % 100_000).into(),
        }
    }

    fn scalar(&mut self) -> Value {
        match self.dice.below(6) {
            0 => Value::Null,
            1 => true.into(),
            2 => 7.into(),
            3 => Value::Array(vec![self.text().into()]),
            4 => Value::Object(Map::from_iter([("x".to_owned(), self.text().into())])),
            _ => self.text().into(),
        }
    }

    /// A text with the mark in it.
    fn text(&mut self) -> String {
        let [before, after] = [(); 2].map(|()| *self.dice.one(&PIECES));
        let long = if self.dice.percent(1) { 3_000 } else { 1 };
        format!("{before}{}{}", self.mark, after.repeat(long))
    }

    /// A text that an answer may name.
    fn shown(&mut self) -> String {
        let piece = *self.dice.one(&PIECES);
        let scheme = *self.dice.one(&["http://", "https://", ""]);
        format!("{scheme}shown{piece}.example")
    }

    /// Makes the mirror ask the backend, and nobody else.
    fn lead_to_the_backend(&mut self, request: &mut Value) {
        let Some(details) = request["connectionDetails"].as_object_mut() else {
            return;
        };
        for name in [
            "url",
            "host",
            "port",
            "path_prefix",
            "connection",
            "proxy_url",
        ] {
            details.remove(name);
        }
        if self.dice.percent(80) {
            details.insert("url".to_owned(), format!("http://{}", self.backend).into());
        } else {
            details.insert("host".to_owned(), self.backend.ip().to_string().into());
            details.insert("port".to_owned(), self.backend.port().into());
        }
        // Most keys of a connection contradict others; then it is not asked at all.
        if self.dice.percent(70) {
            let kept = [
                "url",
                "host",
                "port",
                "profile",
                "dialect",
                "tilde_conditions",
                "headers",
            ];
            details.retain(|name, _| kept.contains(&name.as_str()));
        }
    }

    /// One metric, few labels, and a time that is not absurd.
    fn ask_for_something(&mut self, request: &mut Value) {
        let Some(query) = request["query"].as_object_mut() else {
            return;
        };
        let kind = *self.dice.one(&VIRTUAL);
        let metric = *self.dice.one(&METRICS);
        let mut conditions = vec![condition(kind, metric)];
        for label in LABELS.iter().take(self.dice.below(3)) {
            let value = self.member("conditions", Self::text);
            conditions.push(condition(label, &value));
        }
        query.insert("conditions".to_owned(), conditions.into());
        let length = self.dice.number() % 90_000_000;
        query.insert("startTime".to_owned(), THEN.into());
        query.insert("endTime".to_owned(), (THEN + length).into());
    }

    /// Puts something else in some place of the tree.
    fn swap_a_value(&mut self, value: &mut Value, depth: usize) {
        let goes_on = depth < DEPTH && (depth == 0 || self.dice.percent(80));
        match value {
            Value::Array(members) if !members.is_empty() && goes_on => {
                let at = self.dice.below(members.len());
                self.swap_a_value(&mut members[at], depth + 1);
            }
            Value::Object(members) if !members.is_empty() && goes_on => {
                let at = self.dice.below(members.len());
                if let Some((name, inner)) = members.iter_mut().nth(at) {
                    let name = name.clone();
                    self.member(&name, |it| it.swap_a_value(inner, depth + 1));
                }
            }
            _ => *value = self.scalar(),
        }
    }

    fn break_text(&mut self, text: &mut Vec<u8>) {
        for _ in 0..=self.dice.below(3) {
            let at = self.dice.below(text.len().max(1));
            match self.dice.below(7) {
                0 => text.truncate(at),
                1 if at < text.len() => drop(text.remove(at)),
                2 if at < text.len() => text[at] = self.dice.number().to_le_bytes()[0],
                3 => text.insert(at.min(text.len()), *self.dice.one(b"{}[]\",:\\\xff\0-e9")),
                4 => drop(text.splice(..0, *b"\xef\xbb\xbf")),
                5 => drop(text.splice(at.min(text.len()).., std::iter::repeat_n(b'[', 100))),
                _ => text.extend_from_within(at.min(text.len())..),
            }
        }
    }
}

fn condition(key: &str, value: &str) -> Value {
    let member = |name: &str, value: Value| (name.to_owned(), value);
    let value = Map::from_iter([member("value", value.into())]);
    let condition = [
        member("key", key.into()),
        member("value", Value::Object(value)),
    ];
    Value::Object(Map::from_iter(condition))
}
