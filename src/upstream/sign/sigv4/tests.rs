//! Known answers: each signature was computed by botocore 1.x, an independent implementation.

use std::time::Duration;

use super::*;
use crate::upstream::query_string::query_string;

const BASE: &str = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/";
const TOKEN: &str = "the/session+token==";
const FORM: &str = "application/x-www-form-urlencoded";

/// Every character that some canonicaliser treats in its own way.
const AWKWARD: &str =
    r#"sum by (job) (rate(http_requests_total{path=~"/a b+c%20\\d*~|ü'",x!=""}[5m])) * 2 & 1=1"#;

/// 2024-02-29T23:59:58Z
fn time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_709_251_198)
}

fn credentials(token: Option<&str>) -> Credentials {
    let token = token.map(str::to_owned);
    Credentials::new("AKIDEXAMPLE", "the secret of a test", token, None, "test")
}

fn awkward() -> String {
    query_string([("query", AWKWARD), ("time", "1700000000.001")])
}

#[track_caller]
fn check(unsigned: Unsigned<'_>, token: Option<&str>, signed_headers: &str, signature: &str) {
    let scope = Scope {
        region: "eu-west-1",
        service: "aps",
        time: time(),
    };
    let headers = sign(unsigned, &credentials(token), scope).unwrap();
    let header = |name: &str| {
        let found = headers.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.to_str().unwrap())
    };
    let expected = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240229/eu-west-1/aps/aws4_request, \
         SignedHeaders={signed_headers}, Signature={signature}"
    );
    assert_eq!(header("authorization"), Some(expected.as_str()));
    assert_eq!(header("x-amz-date"), Some("20240229T235958Z"));
    assert_eq!(header("x-amz-security-token"), token);
    assert_eq!(headers.len(), if token.is_some() { 3 } else { 2 });
    assert!(headers.iter().all(|(_, value)| value.is_sensitive()));
}

fn post<'a>(url: &'a str, body: &'a str) -> Unsigned<'a> {
    Unsigned {
        method: "POST",
        url,
        content_type: Some(FORM),
        body: body.as_bytes(),
    }
}

fn get(url: &str) -> Unsigned<'_> {
    Unsigned {
        method: "GET",
        url,
        content_type: None,
        body: b"",
    }
}

#[test]
fn a_post_signs_its_body_host_date_and_content_type() {
    let signature = "c8eadaebfa43e4d0bca93ae75b496903ddb72595ac74dec5d04c768004516524";
    let signed = "content-type;host;x-amz-date";
    let url = format!("{BASE}query");
    check(post(&url, &awkward()), None, signed, signature);
}

#[test]
fn a_post_with_a_session_signs_its_token_too() {
    let signature = "f117ff88b7293855c9fc9b9fe431a922dc6a65ace665ec2f2bdb041d13ba0790";
    let signed = "content-type;host;x-amz-date;x-amz-security-token";
    let url = format!("{BASE}query");
    check(post(&url, &awkward()), Some(TOKEN), signed, signature);
}

#[test]
fn a_get_signs_the_query_as_it_is_sent() {
    let signature = "855ec9e9c9a264cee80462c830d2b5aa2b1f63fc6af8e351321f778238161f1f";
    let url = format!("{BASE}query?{}", awkward());
    check(get(&url), None, "host;x-amz-date", signature);
}

#[test]
fn a_get_with_a_session_signs_its_token_too() {
    let signature = "9f3ceadba0a95fe9a3de872162af6cc96adf37e18a57f8a0af94c15fb53d43c2";
    let signed = "host;x-amz-date;x-amz-security-token";
    let url = format!("{BASE}query?{}", awkward());
    check(get(&url), Some(TOKEN), signed, signature);
}

#[test]
fn a_path_with_escapes_and_a_parameter_given_twice_are_signed() {
    let signature = "5946848bc30be304e6b27f6fe691370c380fe6f0286a4ed9e32bd6f50f779d47";
    let query = query_string([("match[]", "up{a=\"b\"}"), ("match[]", "a")]);
    let url = format!("{BASE}label/U__caf%C3%A9%2Fx/values?{query}");
    let signed = "host;x-amz-date;x-amz-security-token";
    check(get(&url), Some(TOKEN), signed, signature);
}

#[test]
fn a_call_without_parameters_is_signed() {
    let signature = "ca8632cccb6213845c284f2c4705c0c6d8e07a310d896622763e3a999bdc6beb";
    let signed = "host;x-amz-date;x-amz-security-token";
    let url = format!("{BASE}labels");
    check(get(&url), Some(TOKEN), signed, signature);
}

#[test]
fn a_port_belongs_to_the_signed_host() {
    let signature = "11fde9be379f2d958dd7a806bd659882ef88574d999435ebccfc374a0e8fa37a";
    let url = "http://127.0.0.1:19090/prefix/api/v1/query";
    let signed = "content-type;host;x-amz-date";
    check(post(url, "query=up"), None, signed, signature);
}

#[test]
fn a_credential_that_no_header_can_hold_is_an_error() {
    let scope = Scope {
        region: "eu-west-1",
        service: "aps",
        time: time(),
    };
    let signed = sign(get(BASE), &credentials(Some("line\nline")), scope);
    assert_eq!(signed, Err(Unsignable));
}
