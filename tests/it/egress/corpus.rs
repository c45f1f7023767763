//! The URLs of `tests/data/hostile_urls.jsonl`: one a line, with its class and the id of the failure
//! that it ends in.

use serde::Deserialize;

use crate::program::Program;

/// A URL that nobody honest writes.
#[derive(Debug, Deserialize)]
pub(super) struct Hostile {
    #[expect(dead_code, reason = "for the one who reads a failure")]
    class: String,
    url: String,
    /// The failure that it ends in.
    pub(super) id: String,
    /// Whether what it is depends on DNS.
    #[serde(default)]
    pub(super) dns: bool,
}

impl Hostile {
    /// The URL as a string of JSON.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(&self.url).unwrap()
    }
}

/// All of them, with the ports of `program` where a URL leads to the mirror itself.
pub(super) fn read(program: &Program) -> Vec<Hostile> {
    let text = include_str!("../../data/hostile_urls.jsonl");
    let lines = text.lines().map(|line| {
        let mut hostile: Hostile = serde_json::from_str(line).unwrap();
        let ports = [program.mirror(), program.admin()].map(|it| it.port().to_string());
        let [mirror, admin] = ports;
        let url = hostile.url.replace("{mirror}", &mirror);
        hostile.url = url.replace("{admin}", &admin);
        hostile
    });
    lines.collect()
}
