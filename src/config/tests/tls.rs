//! `tls`: which files belong together, and what must be in them.

use rcgen::generate_simple_self_signed;

use super::*;

/// A folder with a certificate, its key, and the key of another one.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = || generate_simple_self_signed(vec!["mirror.example".to_owned()]).unwrap();
    let (ours, other) = (made(), made());
    for (name, text) in [
        ("cert.pem", ours.cert.pem()),
        ("cert.key", ours.signing_key.serialize_pem()),
        ("other.key", other.signing_key.serialize_pem()),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// What becomes of `tls` in a file beside those, or of variables.
fn load_tls(
    tls: &str,
    variables: &[(&str, &str)],
    purpose: Purpose,
) -> Result<Loaded, ConfigError> {
    let folder = folder();
    let path = folder.path().join("mirror.yaml");
    fs::write(&path, format!("tls: {tls}")).unwrap();
    let absolute: Vec<(&str, String)> = variables
        .iter()
        .map(|(name, file)| (*name, folder.path().join(file).display().to_string()))
        .collect();
    let environment: HashMap<&str, &str> = absolute
        .iter()
        .map(|(name, path)| (*name, path.as_str()))
        .collect();
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    let world = World {
        environment: &environment,
        random: zeros,
        cores: CORES,
        purpose,
        running: None,
    };
    load(&flags, world)
}

fn tls_of(tls: &str, variables: &[(&str, &str)]) -> Option<ServerTls> {
    load_tls(tls, variables, Purpose::Run).unwrap().settings.tls
}

#[track_caller]
fn refuses(tls: &str, expected: &str) {
    let error = load_tls(tls, &[], Purpose::Run).unwrap_err();
    let findings: Vec<String> = error
        .findings
        .iter()
        .map(|it| format!("{}: {}", it.code, it.text))
        .collect();
    assert_eq!(findings, [expected], "{tls}");
}

const PAIR: &str = "cert_file: cert.pem, key_file: cert.key";
const VARIABLES: [(&str, &str); 2] = [
    ("MIRROR_TLS_CERT_FILE", "cert.pem"),
    ("MIRROR_TLS_KEY_FILE", "cert.key"),
];

#[test]
fn a_certificate_and_its_key_make_tls() {
    assert_eq!(tls_of("{}", &[]), None);
    let tls = tls_of(&format!("{{{PAIR}}}"), &[]).unwrap();
    assert!(!tls.needs_certificate());
    assert!(tls_of("{}", &VARIABLES).is_some());
    // The environment goes before the file.
    let broken = "{cert_file: none, key_file: none}";
    assert!(tls_of(broken, &VARIABLES).is_some());
    let tls = tls_of(&format!("{{{PAIR}, client_ca_file: cert.pem}}"), &[]).unwrap();
    assert!(tls.needs_certificate());
    let [cert, key] = VARIABLES;
    let client_ca = ("MIRROR_TLS_CLIENT_CA_FILE", "cert.pem");
    let tls = tls_of("{}", &[cert, key, client_ca]).unwrap();
    assert!(tls.needs_certificate());
}

#[test]
fn what_is_missing_or_unfit_is_named() {
    refuses(
        "{cert_file: cert.pem}",
        "PM-5003: needs tls.key_file as well",
    );
    refuses(
        "{key_file: cert.key}",
        "PM-5003: needs tls.cert_file as well",
    );
    refuses(
        "{client_ca_file: cert.pem}",
        "PM-5003: needs tls.cert_file and tls.key_file as well",
    );
    refuses(
        "{cert_file: cert.pem, key_file: other.key}",
        "PM-5007: it does not belong to the certificate",
    );
    refuses(
        "{cert_file: cert.key, key_file: cert.key}",
        "PM-5007: it holds no certificate",
    );
    refuses(
        &format!("{{{PAIR}, client_ca_file: cert.key}}"),
        "PM-5007: it holds no certificate",
    );
    refuses(
        "{cert_files: cert.pem}",
        "PM-5002: unknown key; did you mean cert_file",
    );
}

#[test]
fn a_check_without_files_reads_none() {
    let loaded = load_tls(
        "{cert_file: none.pem, key_file: none.key}",
        &[],
        Purpose::RunWithoutFiles,
    );
    assert_eq!(loaded.unwrap().settings.tls, None);
}

/// What is warned about, beyond loopback, where `more` stands beside `tls`.
#[track_caller]
fn warnings(tls: &str, more: &str) -> Vec<String> {
    let text = format!("{{{tls}}}\nlisten: 0.0.0.0\napi_key: {LONG_KEY}\n{more}");
    let loaded = load_tls(&text, &[], Purpose::Run).unwrap();
    loaded.warnings.into_iter().map(|it| it.text).collect()
}

#[test]
fn tokens_in_clear_are_warned_about_beyond_loopback() {
    let tokens = "callers: [{name: a, tokens: [0123456789abcdeg]}]";
    let in_clear = warnings("", tokens);
    assert_eq!(in_clear.len(), 1, "{in_clear:?}");
    assert!(in_clear[0].starts_with("tokens of callers travel in clear"));
    assert_eq!(warnings(PAIR, tokens), [""; 0]);
    let loopback = load_tls(&format!("{{}}\n{tokens}"), &[], Purpose::Run);
    assert_eq!(loopback.unwrap().warnings, []);
}

#[test]
fn an_authority_of_callers_is_a_wall_and_their_certificates_tell_them_apart() {
    let with_ca = format!("{PAIR}, client_ca_file: cert.pem");
    assert_eq!(warnings(&with_ca, ""), [""; 0]);
    let named = "callers: [{name: a, certificates: [a.example]}]";
    assert_eq!(warnings(&with_ca, named), [""; 0]);
    // TLS alone lets everybody in.
    let open = format!("{{{PAIR}}}\nlisten: 0.0.0.0\napi_key: {LONG_KEY}\n");
    let error = load_tls(&open, &[], Purpose::Run).unwrap_err();
    assert_eq!(error.findings[0].code, Code::NoWall);
}
