//! Callers in the file and in the environment.

use super::*;
use crate::caller::Caller;
use crate::caller::TokenDigest;
use crate::config::print::yaml;

const TOKEN: &str = "0123456789abcdef";

fn names(settings: &Settings) -> Vec<String> {
    let entries = settings.callers.entries.iter();
    entries.map(|entry| entry.name.to_string()).collect()
}

#[test]
fn the_example_of_the_chapter_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for token in ["token", "token-next"] {
        fs::write(folder.path().join(token), format!("{TOKEN}-{token}\n")).unwrap();
    }
    let example = "\
allowed_callers: [10.42.0.0/16]
trusted_proxies: [10.42.7.0/28]
callers:
  - name: stackstate-prod
    token_files: [token, token-next]
    connections: [prod-eu]
  - name: stackstate-lab
    tokens: [another-long-token]
    upstreams: ['https://*.lab.example.net']
connections: {prod-eu: {url: 'http://a'}}
";
    let path = folder.path().join("mirror.yaml");
    fs::write(&path, example).unwrap();
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    let environment = HashMap::new();
    let world = World {
        environment: &environment,
        random: zeros,
        cores: CORES,
        purpose: Purpose::Run,
        running: None,
    };
    let loaded = load(&flags, world).unwrap();
    assert_eq!(
        names(&loaded.settings),
        ["stackstate-prod", "stackstate-lab"]
    );
    let entry = &loaded.settings.callers.entries[0];
    assert_eq!(entry.tokens.as_ref().unwrap().len(), 2);
    let policy = &loaded.settings.connections.policy;
    let opens = |caller: &str, name| policy.opens(&Caller::Named(caller.into()), name);
    assert!(opens("stackstate-prod", "prod-eu"));
    assert!(!opens("stackstate-prod", "other"));
    assert!(!opens("stackstate-lab", "prod-eu"));
    // Both files are looked at for a rotation.
    let read: Vec<_> = loaded.files.paths().collect();
    for token in ["token", "token-next"] {
        assert!(read.contains(&folder.path().join(token).as_path()));
    }
}

#[test]
fn what_is_wrong_with_a_caller_is_told_at_its_place() {
    refuses_file(
        "callers:
- {}
- {name: A, tokens: [0123456789abcdef]}
- {name: a}
- {name: a, tokens: []}
- {name: a, tokens: [short]}
- {name: a, tokens: [0123456789abcdef, 0123456789abcdeg, 0123456789abcdeh]}
- {name: a, tokens: 0123456789abcdef}
- {name: a, tokens: [1234567890123456]}
- {name: a, token: 0123456789abcdef}
- {name: a, tokens: [0123456789abcdef], upstreams: ['https://*.com']}
- {name: a, tokens: [0123456789abcdef], connections: all}
- a
- {name: a, tokens: [0123456789abcdef], certificates: []}
- {name: a, tokens: [0123456789abcdef], token_files: []}
",
        &[
            "PM-5003: mirror.yaml:2:3: callers[0]: needs name",
            "PM-5003: mirror.yaml:3:10: callers[1].name: must be 1 to 63 of a-z, 0-9, dot, dash and underscore, the first a letter or digit",
            "PM-5003: mirror.yaml:4:3: callers[2]: proves nothing; needs tokens, token_files or certificates",
            "PM-5003: mirror.yaml:5:21: callers[3].tokens: proves nothing; name at least one, or leave it out",
            "PM-5003: mirror.yaml:6:22: callers[4].tokens: must be 16 to 512 bytes long",
            "PM-5003: mirror.yaml:7:3: callers[5]: has more tokens than two, the one in use and the next",
            "PM-5003: mirror.yaml:8:21: callers[6].tokens: must be a list",
            "PM-5003: mirror.yaml:9:22: callers[7].tokens: must be a string",
            "PM-5002: mirror.yaml:10:13: callers[8].token: unknown key; did you mean tokens",
            "PM-5003: mirror.yaml:11:53: callers[9].upstreams: may have * only as its whole first label, before at least two others",
            "PM-5003: mirror.yaml:12:54: callers[10].connections: must be a list",
            "PM-5003: mirror.yaml:13:3: callers[11]: must be a map",
            "PM-5003: mirror.yaml:14:55: callers[12].certificates: proves nothing; name at least one, or leave it out",
            "PM-5003: mirror.yaml:15:54: callers[13].token_files: proves nothing; name at least one, or leave it out",
        ],
    );
    let nowhere = Given {
        file: Some("callers: [{name: a, token_files: [nonexistent]}]"),
        ..Given::default()
    };
    let findings = nowhere.load().unwrap_err().findings;
    assert_eq!(findings[0].code, Code::UnusableFile);
    refuses_file(
        "callers: a",
        &["PM-5003: mirror.yaml:1:10: callers: must be a list"],
    );
    refuses_file(
        "callers:\n- {name: a, tokens: [0123456789abcdef]}\n- {name: a, tokens: [0123456789abcdeg]}",
        &["PM-5003: mirror.yaml:3:3: callers[1]: has the name of another caller"],
    );
    refuses_file(
        "callers: [{name: a, certificates: [a.example]}]",
        &[
            "PM-5003: mirror.yaml:1:36: callers[0].certificates: nobody is asked for a certificate; set tls.client_ca_file",
        ],
    );
    refuses_file(
        "callers: [{name: a, tokens: ['${NONE}']}]",
        &[
            "PM-5003: mirror.yaml:1:30: callers[0]: the variable NONE is not set; give it, or a default as ${NONE:-default}",
        ],
    );
}

#[test]
fn networks_are_told_at_their_place_and_a_list_admits_somebody() {
    refuses_file(
        "allowed_callers:\n- 10.0.0.0/8\n- 10.0.0.1/8\n- planted\ntrusted_proxies: 10.0.0.1\n",
        &[
            "PM-5003: mirror.yaml:3:3: allowed_callers: has bits set beyond its prefix",
            "PM-5003: mirror.yaml:4:3: allowed_callers: must be an address or a network such as 10.0.0.0/8",
            "PM-5003: mirror.yaml:5:18: trusted_proxies: must be a list",
        ],
    );
    let nobody = "admits nobody; list networks, or leave it out";
    refuses_file(
        "allowed_callers: []",
        &[&format!(
            "PM-5003: mirror.yaml:1:18: allowed_callers: {nobody}"
        )],
    );
    refuses(
        Given {
            variables: &[("MIRROR_ALLOWED_CALLERS", ",")],
            ..Given::default()
        },
        &[&format!("PM-5003: MIRROR_ALLOWED_CALLERS: {nobody}")],
    );
}

#[test]
fn one_variable_makes_the_caller_default() {
    let of = |variables| Given {
        variables,
        file: Some("callers: [{name: a, tokens: [0123456789abcdeg]}]"),
        ..Given::default()
    };
    assert_eq!(
        names(&settings(of(&[("CALLER_TOKEN", TOKEN)]))),
        ["a", "default"]
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, TOKEN).unwrap();
    let path = path.to_str().unwrap();
    let variable = [("CALLER_TOKEN_FILE", path)];
    let settings = settings(of(&variable));
    assert_eq!(names(&settings), ["a", "default"]);
    assert_eq!(
        settings.callers.entries[1].tokens.as_ref().unwrap().len(),
        1
    );
    let both = [("CALLER_TOKEN", TOKEN), ("CALLER_TOKEN_FILE", path)];
    refuses(
        of(&both),
        &["PM-5003: CALLER_TOKEN_FILE: cannot stand beside CALLER_TOKEN"],
    );
    refuses(
        of(&[("CALLER_TOKEN", "short")]),
        &["PM-5003: CALLER_TOKEN: must be 16 to 512 bytes long"],
    );
}

#[test]
fn a_token_of_the_environment_is_that_of_the_caller_in_the_file_which_says_what_it_may_use() {
    for proof in ["", ", tokens: [0123456789abcdeg]"] {
        let file = format!(
            "callers: [{{name: default{proof}, connections: [a]}}, {{name: b, tokens: [{LONG_KEY}]}}]"
        );
        let given = Given {
            variables: &[("CALLER_TOKEN", "of-the-environment")],
            file: Some(&file),
            ..Given::default()
        };
        let loaded = given.load().unwrap();
        assert_eq!(names(&loaded.settings), ["default", "b"]);
        let tokens = loaded.settings.callers.entries[0].tokens.as_ref().unwrap();
        let token = Secret::new("of-the-environment".to_owned());
        assert_eq!(*tokens, [TokenDigest::new(&token).unwrap()]);
        let policy = &loaded.settings.connections.policy;
        let default = Caller::Named("default".into());
        assert!(policy.opens(&default, "a") && !policy.opens(&default, "b"));
    }
}

/// The texts of the warnings.
#[track_caller]
fn warns(file: &str, expected: &[&str]) {
    let given = Given {
        file: Some(file),
        ..Given::default()
    };
    let loaded = given.load().unwrap();
    assert_eq!(printed(&loaded.warnings), expected, "{file}");
}

#[test]
fn what_can_be_used_and_should_not_stay_is_warned_about() {
    let two = "0123456789abcdeg, 0123456789abcdeg";
    warns(&format!("callers: [{{name: a, tokens: [{two}]}}]"), &[]);
    warns(
        "callers:\n- {name: a, tokens: [0123456789abcdef]}\n- {name: b, tokens: [0123456789abcdef]}",
        &[
            "PM-5003: mirror.yaml:3:22: callers[1].tokens: is a token of another caller too; the first whose proofs hold counts",
        ],
    );
    warns(
        "api_key: 0123456789abcdef\ncallers: [{name: a, tokens: [0123456789abcdef]}]",
        &[
            "PM-5003: mirror.yaml:2:30: callers[0].tokens: is the mirror key too, so one leak opens both directions; choose another",
        ],
    );
    warns(
        "callers: [{name: a, tokens: [0123456789abcdeg], connections: [prod]}]",
        &["PM-5003: mirror.yaml:1:63: callers[0].connections: no connection has this name"],
    );
    let upstream = |of_caller: &str| {
        format!(
            "callers: [{{name: a, tokens: [0123456789abcdeg], upstreams: ['{of_caller}']}}]\n\
             policy: {{allowed_upstreams: ['http://a/b', 'https://*.x.example']}}\n\
             connections: {{c: {{url: 'http://c'}}}}"
        )
    };
    for listed in [
        "http://a/b",
        "http://a/b/c",
        "https://a.x.example",
        "https://*.x.example/d",
        "http://c",
    ] {
        warns(&upstream(listed), &[]);
    }
    for unlisted in [
        "http://a",
        "http://d",
        "https://*.a.x.example",
        "http://*.x.example",
        "https://*.c.example",
    ] {
        warns(
            &upstream(unlisted),
            &[
                "PM-5003: mirror.yaml:1:61: callers[0].upstreams: policy.allowed_upstreams does not list all of this; only what it lists is reached",
            ],
        );
    }
}

#[test]
fn callers_are_printed_without_their_tokens_and_read_again() {
    let given = |file: &str, variables| {
        let loaded = Given {
            file: Some(file),
            secret: Some(LONG_KEY),
            variables,
            ..Given::default()
        };
        loaded.load().unwrap()
    };
    let loaded = given(
        "callers:\n- {name: a, tokens: [planted-planted-1, planted-planted-2], upstreams: ['http://a']}\n- {name: b, token_files: [key], connections: []}\n",
        &[("CALLER_TOKEN", "planted-planted-3")],
    );
    let text = yaml(&loaded.account, true);
    assert!(!text.contains("planted"), "{text}");
    assert!(text.contains("- name: default"), "{text}");
    assert!(text.contains("# env CALLER_TOKEN"), "{text}");
    let again = given(&text.replace("<redacted>", "put-back-put-back"), &[]);
    assert_eq!(names(&again.settings), names(&loaded.settings));
    let grants = |loaded: &Loaded| format!("{:?}", loaded.settings.connections.policy.grants);
    assert_eq!(grants(&again), grants(&loaded));
    // With the variable still there it is the same caller, and no second one.
    let whole = text.replace("<redacted>", "put-back-put-back");
    let twice = given(&whole, &[("CALLER_TOKEN", "planted-planted-3")]);
    assert_eq!(names(&twice.settings), names(&loaded.settings));
}
