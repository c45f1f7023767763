//! A distinct value in every place that holds a secret, everything logged: none of them comes out,
//! however it is written.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::aws;
use crate::aws::{ROLE, STATIC, TEMPORARY, named};
use crate::command::run;
use crate::heard;
use crate::mirror::KEY;
use crate::nginx::{PASSWORD, TOKEN_ONE, TOKEN_TWO, USER};
use crate::peer::Peer;
use crate::pki::CA;
use crate::rig::{CLIENT_SECRET, Rig};
use crate::setup::Setup;

crate::cases![
    no_planted_secret_comes_out,
    nothing_that_an_operator_is_shown_holds_a_secret,
    nothing_that_the_whole_run_said_holds_a_secret,
];

/// Every planted value begins so and goes on with its place; the characters differ between all
/// the ways to write them.
fn canary(place: &str) -> String {
    format!("cAnary/{place}+\"=\\ü")
}

/// The same where only visible ASCII can stand: a header, a URL, an environment variable.
fn plain(place: &str) -> String {
    format!("cAnary-{place}+=/")
}

fn no_planted_secret_comes_out(rig: &Rig) {
    let mut planted: Vec<String> = Vec::new();
    let mut plant = |value: String| {
        planted.push(value.clone());
        json!(value)
    };
    let details = requests(rig, &mut plant);
    let setup = setup(rig, &mut plant);
    let config = setup.write_config().display().to_string();
    let environment = [
        ("API_KEY", KEY.to_owned()),
        ("AWS_ACCESS_KEY_ID", plain("own-id")),
        ("AWS_SECRET_ACCESS_KEY", text(&plant(plain("own-secret")))),
        ("AWS_SESSION_TOKEN", text(&plant(plain("own-token")))),
        ("IN_ENVIRONMENT", text(&plant(canary("environment")))),
        ("AWS_ENDPOINT_URL_STS", rig.sts.url.clone()),
        ("MIRROR_LOG_LEVEL", "trace".to_owned()),
    ];
    let mut setup = setup;
    for (name, value) in &environment {
        setup = setup.env(name, value.as_str());
    }
    let running = setup.start();

    let mut out = String::new();
    let names = [
        "basic",
        "bearer",
        "oauth2",
        "header",
        "own",
        "role",
        "environment",
        "tls",
        "host",
        "parameters",
        "token",
    ];
    for details in details.iter().cloned().chain(names.map(named)) {
        for asked in [running.test(&details), running.query(&details).map(drop)] {
            writeln!(out, "{asked:?}").unwrap();
        }
        if let Err(failed) = running.mirror.values(&details, "text") {
            writeln!(out, "{failed:?}").unwrap();
        }
    }
    out.push_str(&running.metrics());
    out.push_str(&running.mirror.process.words());
    let given: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    for arguments in [
        &["print-config", "--config", &config][..],
        &["print-config", "--config", &config, "--origin"],
        &["check-config", &config],
        &["test-connection", "-c", "basic", "--config", &config],
        &["test-connection", "-c", "role", "--config", &config],
    ] {
        let ended = run(arguments, &given);
        out.push_str(&ended.stdout);
        out.push_str(&ended.stderr);
    }

    assert!(out.contains("was shown"), "no backend repeated anything");
    // The key is on every answer by design, but nowhere else.
    planted.push(KEY.to_owned());
    assert!(planted.len() >= 20, "{} were planted", planted.len());
    assert!(out.len() > 10_000, "nothing was logged");
    for secret in &planted {
        absent(&out, secret);
    }
}

/// With callers and a console that prove themselves: what the debug routes, the tap and a bundle for
/// support show of good requests, bad ones and those of strangers.
fn nothing_that_an_operator_is_shown_holds_a_secret(rig: &Rig) {
    let mut planted: Vec<String> = Vec::new();
    let mut plant = |value: String| {
        planted.push(value.clone());
        json!(value)
    };
    let caller = text(&plant(plain("token-of-a-caller")));
    let next = text(&plant(plain("the-next-token")));
    let console = text(&plant(plain("token-of-the-console")));
    let guessed = text(&plant(plain("guessed-by-a-stranger")));
    let mut asked = requests(rig, &mut plant);
    let setup = setup(rig, &mut plant)
        .file("caller", &caller)
        .file("caller-next", &next)
        .file("console", &console)
        .section(
            "callers",
            json!([{"name": "stackstate", "token_files": ["caller", "caller-next"]}]),
        )
        .section("console", json!({"token_file": "console"}))
        .env("API_KEY", KEY)
        .env("IN_ENVIRONMENT", text(&plant(canary("environment"))))
        .env("AWS_ACCESS_KEY_ID", plain("own-id"))
        .env("AWS_SECRET_ACCESS_KEY", text(&plant(plain("own-secret"))))
        .env("AWS_ENDPOINT_URL_STS", rig.sts.url.clone());
    let (config, token_file) = (setup.write_config(), setup.path("console"));
    let running = setup.start();
    asked.extend(["basic", "bearer", "oauth2", "header", "environment", "tls"].map(named));

    let mut out = String::new();
    let mut post = |url: String, token: &str, body: &Value| {
        let post = running.mirror.client.post(&url);
        let post = post.header("Authorization", format!("Bearer {token}"));
        let mut answer = post.send(body.to_string().as_bytes()).unwrap();
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().unwrap();
        writeln!(out, "{url} {status} {text}").unwrap();
        status
    };
    let (mirror, admin) = (&running.mirror.url, &running.mirror.admin);
    let details = asked.into_iter().enumerate().map(|(number, mut details)| {
        // Either of the two, as during a rotation.
        details["token"] = json!(if number % 2 == 0 { &caller } else { &next });
        details
    });
    let mut accepted = 0;
    for details in details {
        let mut stranger = details.clone();
        stranger["token"] = json!(guessed);
        let condition = |key: &str, value: &str| json!({"_type": "EqualityCondition", "key": key, "value": {"_type": "StringValue", "value": value}});
        let request = |details: &Value| {
            json!({"_type": "MetricsRequest", "connectionDetails": details, "query": {
                "_type": "MetricsQuery", "startTime": 1_700_000_000_000_i64, "endTime": 1_700_000_060_000_i64,
                "conditions": [condition("__gauge__", "nothing_of_this_name")],
            }})
        };
        let status = post(format!("{mirror}/api/metric"), "", &request(&stranger));
        assert_eq!(status, 401);
        let status = post(format!("{mirror}/api/metric"), "", &request(&details));
        accepted += i32::from(status != 401);
        let test = json!({"_type": "TestConnectionRequest", "connectionDetails": details});
        post(format!("{mirror}/api/connection"), "", &test);
        let inside = json!({"request": request(&details)});
        for route in ["explain", "diagnose"] {
            post(format!("{admin}/debug/{route}"), &console, &inside);
        }
        post(
            format!("{admin}/debug/connection"),
            &console,
            &json!({"request": test}),
        );
        let complete =
            json!({"connection_details": details, "what": "metrics", "limit": 9, "prefix": ""});
        post(format!("{admin}/debug/complete"), &console, &complete);
    }
    assert!(accepted > 10, "{accepted}");
    assert_eq!(
        post(format!("{admin}/debug/explain"), &guessed, &json!({})),
        401
    );

    let mut get = |path: &str| {
        let get = running.mirror.client.get(format!("{admin}{path}"));
        let get = get.header("Authorization", format!("Bearer {console}"));
        let text = get.call().unwrap().body_mut().read_to_string().unwrap();
        writeln!(out, "{path} {text}").unwrap();
        text
    };
    get("/debug/status");
    get("/metrics");
    let list: Value = serde_json::from_str(&get("/debug/requests")).unwrap();
    let entries = list["entries"].as_array().unwrap();
    assert!(entries.len() > 20, "{} are kept", entries.len());
    for entry in entries {
        let one = get(&format!(
            "/debug/requests/{}",
            entry["id"].as_str().unwrap()
        ));
        assert!(one.contains("\"connection_had_secrets\":"), "{one}");
    }
    let config = config.display().to_string();
    let bundle = running
        .folder
        .path()
        .join("bundle.json")
        .display()
        .to_string();
    let environment = [("API_KEY", KEY), ("IN_ENVIRONMENT", "cAnary-of-a-command")];
    for arguments in [
        &[
            "support-bundle",
            "--config",
            &config,
            "--admin-url",
            admin,
            "--token-file",
            &token_file,
            "--file",
            &bundle,
        ][..],
        &["replay", &bundle],
    ] {
        let ended = run(arguments, &environment);
        out.push_str(&ended.stdout);
        out.push_str(&ended.stderr);
    }
    let bundled = std::fs::read_to_string(&bundle).unwrap();
    let whole: Value = serde_json::from_str(&bundled).unwrap();
    let bundled_requests = whole["requests"].as_array().unwrap().len();
    // Those of the last fifty.
    assert_eq!(bundled_requests, entries.len().min(50));
    assert!(bundled.contains("token_files"), "no settings");
    out.push_str(&bundled);
    out.push_str(&running.mirror.process.words());

    planted.extend([KEY, "cAnary-of-a-command"].map(str::to_owned));
    assert!(planted.len() >= 25, "{} were planted", planted.len());
    for secret in &planted {
        absent(&out, secret);
    }
}

/// Runs last: whatever the cases before it were about, each of their processes was listened to.
fn nothing_that_the_whole_run_said_holds_a_secret(rig: &Rig) {
    // A case of its own keeps this from having nothing to search when it is asked for alone.
    let running = rig.with_identity().start();
    running.query(&rig.assuming(&STATIC, ROLE)).unwrap();
    running.query(&rig.amp(TEMPORARY.block())).unwrap();
    drop(running);
    let said = heard::all();
    assert!(said.contains("mirror_requests_total"), "no metrics");
    assert!(said.contains("\"listening\""), "no log");
    let secrets = secrets(rig);
    assert!(secrets.len() >= 20, "{}", secrets.len());
    for secret in &secrets {
        absent(&said, secret);
    }
}

/// Every secret that the cases use, and those that the peers have given out since the start.
fn secrets(rig: &Rig) -> Vec<String> {
    let keys = aws::ALL
        .iter()
        .flat_map(|key| [Some(key.secret), key.token]);
    let known = [PASSWORD, TOKEN_ONE, TOKEN_TWO, CLIENT_SECRET, KEY];
    let known = keys.flatten().chain(known).map(str::to_owned);
    let issued = [&rig.sts, &rig.oauth2, &rig.identity].map(sample);
    let private = rig.pki.keys();
    known
        .chain(issued.into_iter().flatten())
        .chain(private)
        .collect()
}

/// Of what a peer has given out a hundred at most, from the first to the last: they are all alike.
fn sample(peer: &Peer) -> Vec<String> {
    let all = peer.issued();
    let every = all.len().div_ceil(100).max(1);
    all.into_iter().step_by(every).collect()
}

/// No spelling of `secret` stands in `text`.
#[track_caller]
fn absent(text: &str, secret: &str) {
    for written in spellings(secret) {
        if let Some(at) = text.find(&written) {
            let before = text[..at].char_indices().rev();
            let from = before.take(200).last().map_or(0, |(at, _)| at);
            panic!("{secret} came out as {written}:\n{}", &text[from..at]);
        }
    }
}

/// Details as requests carry them, all of them refused or unanswered by somebody.
fn requests(rig: &Rig, plant: &mut impl FnMut(String) -> Value) -> Vec<Value> {
    let ca = rig.pki.read(&format!("{CA}.pem"));
    let mut all = vec![
        json!({"url": rig.nginx.url("basic"), "basic_auth": {"username": USER, "password": plant(canary("basic"))}}),
        json!({"url": rig.nginx.url("bearer"), "bearer_token": plant(plain("bearer"))}),
        json!({"url": rig.nginx.url("bearer"), "authorization": {"type": "X", "credentials": plant(plain("authorization"))}}),
        json!({"url": rig.nginx.url("tenant"), "headers": {"X-Token": plant(plain("header"))}}),
        json!({"url": rig.nginx.url("open"), "query_parameters": {"token": plant(canary("parameter"))}}),
        json!({"url": rig.nginx.url("open"), "token": plant(plain("caller-token"))}),
        // A backend that says what it was shown.
        json!({"url": rig.nginx.url("repeating"), "basic_auth": {"username": USER, "password": plant(canary("repeated-basic"))}}),
        json!({"url": rig.nginx.url("repeating"), "bearer_token": plant(plain("repeated-bearer"))}),
        json!({"url": rig.nginx.url("repeating"), "headers": {"X-Token": plant(plain("repeated-header"))}}),
        json!({"url": rig.nginx.url("repeating"), "http_method": "GET", "query_parameters": {"token": plant(canary("repeated-parameter"))}}),
        json!({"url": rig.oauth2.url, "oauth2": {
            "client_id": "mirror", "client_secret": plant(canary("client-secret")),
            "token_url": format!("{}/token", rig.oauth2.url),
            "endpoint_params": {"password": plant(canary("endpoint-parameter"))},
        }}),
        json!({"url": rig.nginx.tls_url("mtls", "open"), "tls_config": {
            "ca": ca, "cert": rig.pki.read("client-one.pem"), "key": plant(rig.pki.read("client-one.key")),
        }}),
        // Documents that are wrong, with a secret where the error is.
        json!({"url": rig.nginx.url("basic"), "basic_auth": {"usrname": plant(canary("misspelt"))}}),
        json!({"url": rig.nginx.url("basic"), "aws": plant(canary("a-string-for-a-block"))}),
        json!({"url": rig.nginx.url("basic"), "bearer_token": [plant(canary("a-list"))]}),
    ];
    let user = plain("in-the-url");
    let encoded = percent(&user);
    plant(user);
    all.push(
        json!({"url": rig.nginx.url("basic").replace("http://", &format!("http://u:{encoded}@"))}),
    );
    for role in [json!(null), json!(ROLE)] {
        let mut details = rig.amp(json!({
            "aws_access_key_id": "KEY-STATIC",
            "aws_secret_access_key": plant(canary(&format!("secret-{}", role.is_null()))),
            "external_id": plant(format!("cAnary-external-{}", role.is_null())),
            "role_arn": role,
        }));
        all.push(details.clone());
        // With a token the backend repeats it in what it answers.
        details["aws"]["aws_session_token"] = plant(plain(&format!("token-{}", role.is_null())));
        all.push(details);
    }
    all
}

fn setup(rig: &Rig, plant: &mut impl FnMut(String) -> Value) -> Setup {
    let file = text(&plant(plain("file")));
    let password = text(&plant(canary("password-file")));
    let named_role =
        json!({"role_arn": ROLE, "external_id": plant("cAnary-named-external".to_owned())});
    let oauth2 = json!({
        "client_id": "mirror", "client_secret_file": "password",
        "token_url": format!("{}/token", rig.oauth2.url),
    });
    let tls = json!({"ca": rig.pki.read("ca.pem"), "cert": rig.pki.read("client-two.pem"), "key": plant(rig.pki.read("client-two.key"))});
    // With a user where no scheme says that it is a URL, and where a name sounds like no secret.
    let user = plain("in-the-host");
    let host = format!("u:{}@127.0.0.1", percent(&user));
    plant(user);
    let url = rig.nginx.url("");
    let port = url.trim_end_matches('/').rsplit(':').next();
    let port: u16 = port.unwrap().parse().unwrap();
    let mut token = oauth2.clone();
    token["endpoint_params"] = json!({"files": plant(canary("an-endpoint-parameter"))});
    let parameters = json!({"sig": plant(canary("a-parameter"))});
    Setup::new()
        .connection("host", json!({"host": host, "port": port}))
        .connection("parameters", json!({"url": rig.nginx.url("open"), "query_parameters": parameters}))
        .connection("token", json!({"url": rig.oauth2.url, "oauth2": token}))
        .file("token", &file)
        .file("password", &password)
        .connection("basic", json!({"url": rig.nginx.url("basic"), "basic_auth": {"username": USER, "password_file": "password"}}))
        .connection("bearer", json!({"url": rig.nginx.url("bearer"), "bearer_token_file": "token"}))
        .connection("oauth2", json!({"url": rig.oauth2.url, "oauth2": oauth2}))
        .connection("header", json!({"url": rig.nginx.url("tenant"), "headers": {"X-Token": plant(plain("named-header"))}}))
        .connection("own", rig.amp(json!({})))
        .connection("role", rig.amp(named_role))
        .connection("tls", json!({"url": rig.nginx.tls_url("mtls", "open"), "tls_config": tls}))
        .connection("environment", json!({"url": rig.nginx.url("basic"), "basic_auth": {"username": USER, "password": "${IN_ENVIRONMENT}"}}))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// As it is, in JSON, percent-encoded, in hex, and in base64 wherever it begins.
fn spellings(secret: &str) -> Vec<String> {
    // Of a key in PEM one line in the middle is enough, and no other key has it.
    let secret = match secret.lines().nth(1) {
        Some(line) => line,
        None => secret,
    };
    let quoted = json!(secret).to_string();
    let hex = secret
        .bytes()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let mut all = vec![
        secret.to_owned(),
        quoted.trim_matches('"').to_owned(),
        secret.escape_debug().to_string(),
        percent(secret),
        percent(secret).to_ascii_lowercase(),
        hex.to_ascii_uppercase(),
        hex,
    ];
    for skipped in 0..3.min(secret.len()) {
        // Three alignments; the ends, which depend on the neighbours, are left out.
        let inner = base64(&secret.as_bytes()[skipped..]);
        all.push(inner.replace('+', "-").replace('/', "_"));
        all.push(inner);
    }
    all
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |out, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            out + &char::from(byte).to_string()
        }
        _ => out + &format!("%{byte:02X}"),
    })
}

/// Whole groups of three only, so that nothing hangs on what follows.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks_exact(3) {
        let bits = group
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            out.push(char::from(DIGITS[bits >> shift & 63]));
        }
    }
    out
}
