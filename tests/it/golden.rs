//! The golden folders: a request, each call that it causes with its answer, and the response.
//!
//! `tests/golden/<method>/<claim>/` holds `request.json`, `call-1.txt`, `answer-1.json`, …, and
//! `response.json`. In a request `{backend}` stands for the URL of the backend. A call is the HTTP
//! method and the path, then the parameters sorted by name; what depends on the clock is `*`. An
//! answer with a status other than 200 is named for it: `answer-2.422.json`.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it golden` rewrites calls and responses; the difference is
//! then to be reviewed against the chapter that decides it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::fake_backend::Call;
use crate::harness::KEY;
use crate::harness::Mirror;
use crate::harness::Reply;
use crate::json;

/// A folder as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
struct Folder {
    request: String,
    /// The calls with their answers: text, status, body.
    calls: Vec<(String, u16, String)>,
    response: String,
}

impl Folder {
    /// Reads the folder and uses up every file of it. In an update only the request and the answers
    /// must be there.
    fn read(path: &Path, is_update: bool) -> Result<Self, String> {
        let mut files: BTreeMap<String, String> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        let mut take = |name: &str| match files.remove(name) {
            None if !is_update => Err(format!("{name} is missing")),
            text => Ok(text.unwrap_or_default()),
        };
        let mut folder = Self {
            request: take("request.json")?,
            response: take("response.json")?,
            calls: Vec::new(),
        };
        for number in 1.. {
            let prefix = format!("answer-{number}.");
            let Some(name) = files.keys().find(|name| name.starts_with(&prefix)).cloned() else {
                break;
            };
            let status = name.trim_start_matches(&prefix).split('.').next().unwrap();
            let answer = files.remove(&name).unwrap();
            let call = match files.remove(&format!("call-{number}.txt")) {
                None if !is_update => return Err(format!("call-{number}.txt is missing")),
                call => call.unwrap_or_default(),
            };
            folder
                .calls
                .push((call, status.parse().unwrap_or(200), answer));
        }
        match files.keys().next() {
            Some(name) => Err(format!("{name} is left over")),
            None => Ok(folder),
        }
    }

    fn write(&self, path: &Path) {
        for (at, (call, ..)) in self.calls.iter().enumerate() {
            fs::write(path.join(format!("call-{}.txt", at + 1)), call).unwrap();
        }
        fs::write(path.join("response.json"), &self.response).unwrap();
    }
}

/// What the backend answers from: which calls were met, and what else was asked.
#[derive(Default)]
struct Script {
    folder: Folder,
    met: Vec<bool>,
    unexpected: Vec<String>,
}

impl Script {
    /// The answer of the first call of that text that was not met yet. In an update a call that is
    /// new takes the place of the first that was not met.
    fn answer(&mut self, text: String, is_update: bool) -> Answer {
        let unmet = |at: &usize| !self.met[*at];
        let places = || (0..self.met.len()).filter(unmet);
        let found = places()
            .find(|at| self.folder.calls[*at].0 == text)
            .or_else(|| places().next().filter(|_| is_update));
        let Some(at) = found else {
            self.unexpected.push(text);
            return Answer::status(500, "{}");
        };
        self.met[at] = true;
        self.folder.calls[at].0 = text;
        let (_, status, body) = &self.folder.calls[at];
        Answer::status(*status, body.as_str())
    }
}

/// A call as the folder tells it.
fn call_text(call: &Call, method: &str) -> String {
    // Only the connection test asks for something relative to now.
    let is_masked = |name: &str| {
        name == "timeout" || (method == "connection" && ["start", "end", "time"].contains(&name))
    };
    let mut parameters = call.parameters.clone();
    parameters.sort_by(|a, b| a.0.cmp(&b.0));
    let mut text = format!("{} {}\n", call.method, call.path);
    for (name, value) in parameters {
        let value = if is_masked(&name) {
            "*".to_owned()
        } else {
            value.replace('\n', "\\n")
        };
        text.push_str(&format!("{name}={value}\n"));
    }
    text
}

/// The folders of a method.
pub(crate) fn folders(method: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(method);
    let entries = fs::read_dir(&root).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// The request and the response of a folder, and the backend that it needs.
pub(crate) fn staged(method: &str, path: &Path) -> (String, String, Backend) {
    let folder = Folder::read(path, false).unwrap();
    let script = Mutex::new(Script {
        met: vec![false; folder.calls.len()],
        folder: folder.clone(),
        unexpected: Vec::new(),
    });
    let of = method.to_owned();
    let backend =
        Backend::start(move |call| script.lock().unwrap().answer(call_text(call, &of), false));
    (folder.request, folder.response, backend)
}

/// Plays one folder; what does not agree, as text.
fn play(method: &str, path: &Path, is_update: bool) -> Result<(), String> {
    let folder = Folder::read(path, is_update)?;
    let script = Arc::new(Mutex::new(Script {
        met: vec![false; folder.calls.len()],
        folder: folder.clone(),
        unexpected: Vec::new(),
    }));
    let playing = Arc::clone(&script);
    let of = method.to_owned();
    let backend = Backend::start(move |call| {
        playing
            .lock()
            .unwrap()
            .answer(call_text(call, &of), is_update)
    });
    let mirror = Mirror::start();
    let route = match method {
        "connection" => "/api/connection",
        "field_names" => "/api/field/name",
        "field_values" => "/api/field/value",
        _ => "/api/metric",
    };
    let reply = mirror.post(route, &folder.request.replace("{backend}", &backend.url()));

    let script = script.lock().unwrap();
    if let Some(text) = script.unexpected.first() {
        return Err(format!("the backend was asked what no file tells:\n{text}"));
    }
    if let Some(at) = script.met.iter().position(|met| !met) {
        return Err(format!(
            "call-{} was not made:\n{}",
            at + 1,
            script.folder.calls[at].0
        ));
    }
    let response = json::pretty(&reply.body)
        .replace(&backend.url(), "{backend}")
        .replace(&backend.host(), "{host}");
    check_head(method, &folder.request, &reply)?;
    if is_update {
        Folder {
            response,
            ..script.folder.clone()
        }
        .write(path);
    } else if response != folder.response {
        return Err(format!(
            "answered\n{response}\ninstead of\n{}",
            folder.response
        ));
    }
    Ok(())
}

/// What holds for the head of every answer (mirror-api.md, "Failures" and "The key").
fn check_head(method: &str, request: &str, reply: &Reply) -> Result<(), String> {
    let is_failure = reply.body.contains("Error\"");
    let status = if is_failure && method != "connection" {
        500
    } else {
        200
    };
    let id = reply.header("x-mirror-error");
    let profile = (!is_failure && method == "metric").then(|| {
        if request.contains("\"legacy\"") {
            "legacy"
        } else {
            "exact"
        }
    });
    let named = json::text_of(&reply.body, "details").map(|details| {
        let id = details.rsplit_once('[').map_or("", |(_, id)| id);
        id.strip_suffix(']').unwrap_or_default()
    });
    let claims = [
        ("the status", reply.status == status),
        ("the key", reply.header("x-mirror-api-key") == Some(KEY)),
        ("the error id", id.is_some() == is_failure),
        (
            "the error id in the details",
            named.is_none() || id == named,
        ),
        (
            "the profile",
            profile.is_none() || reply.header("x-mirror-profile") == profile,
        ),
    ];
    match claims.iter().find(|(_, holds)| !holds) {
        Some((claim, _)) => Err(format!("{claim} is not right: {reply:?}")),
        None => Ok(()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is told so by who runs it"
)]
fn is_update() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Plays every folder of a method.
#[track_caller]
fn play_all(method: &str) {
    let is_update = is_update();
    let folders = folders(method);
    assert!(!folders.is_empty(), "no folder of {method}");
    let failed: Vec<String> = folders
        .iter()
        .filter_map(|path| {
            let finding = play(method, path, is_update).err()?;
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            Some(format!("{}: {finding}", name.display()))
        })
        .collect();
    let count = failed.len();
    assert!(
        failed.is_empty(),
        "{count} of {}\n{}",
        folders.len(),
        failed.join("\n")
    );
}

#[test]
fn connection() {
    play_all("connection");
}

#[test]
fn field_names() {
    play_all("field_names");
}

#[test]
fn field_values() {
    play_all("field_values");
}

#[test]
fn metric() {
    play_all("metric");
}

#[test]
fn a_folder_with_a_missing_or_left_over_file_fails() {
    let files = [
        "request.json",
        "call-1.txt",
        "answer-1.json",
        "response.json",
    ];
    let read = |files: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "{}").unwrap();
        }
        Folder::read(folder.path(), false).map(drop)
    };
    assert_eq!(read(&files), Ok(()));
    for missing in files {
        let rest: Vec<&str> = files.into_iter().filter(|file| *file != missing).collect();
        assert!(read(&rest).is_err(), "without {missing}");
    }
    for extra in ["call-2.txt", "answer-3.json", "notes.txt"] {
        assert!(
            read(&[&files[..], &[extra]].concat()).is_err(),
            "with {extra}"
        );
    }
}

#[test]
fn an_answer_can_have_a_status_and_a_call_is_met_once() {
    let mut script = Script {
        folder: Folder {
            calls: vec![
                ("a".to_owned(), 422, "x".to_owned()),
                ("a".to_owned(), 200, "y".to_owned()),
            ],
            ..Folder::default()
        },
        met: vec![false; 2],
        unexpected: Vec::new(),
    };
    let status = |answer| match answer {
        Answer::Body { status, .. } => status,
        Answer::Bytes(_) | Answer::Stream(_) | Answer::Silence => 0,
    };
    let statuses: Vec<u16> = ["a", "b", "a", "a"]
        .map(|text| status(script.answer(text.to_owned(), false)))
        .into();
    assert_eq!(statuses, [422, 500, 200, 500]);
    assert_eq!(script.unexpected, ["b", "a"]);
}
