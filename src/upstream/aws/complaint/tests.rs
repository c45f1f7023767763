use super::*;
use crate::secret::Secret;

const FORBIDDEN: u16 = 403;

fn read(errortype: Option<&str>, body: &str) -> Complaint {
    let mut headers = HeaderMap::new();
    if let Some(errortype) = errortype {
        headers.insert("x-amzn-errortype", errortype.parse().unwrap());
    }
    Complaint::read(&headers, body.as_bytes(), &Secrets::default())
}

#[track_caller]
fn check(status: u16, errortype: Option<&str>, body: &str, expected: &Meaning) {
    let status = StatusCode::from_u16(status).unwrap();
    assert_eq!(&read(errortype, body).meaning(status), expected);
}

#[test]
fn the_gateways_message_is_read() {
    let body = r#"{"message":"The security token included in the request is expired"}"#;
    check(FORBIDDEN, None, body, &Meaning::Session { is_over: true });
    let body = r#"{"Message":"The security token included in the request is invalid."}"#;
    check(FORBIDDEN, None, body, &Meaning::Session { is_over: false });
}

#[test]
fn aws_json_is_read_with_its_code_in_the_body_or_the_header() {
    let body = r#"{"__type":"com.amazonaws.aps#ThrottlingException","message":"slow down"}"#;
    check(400, None, body, &Meaning::Throttled);
    let body = r#"{"code":"ExpiredTokenException","message":null}"#;
    check(FORBIDDEN, None, body, &Meaning::Session { is_over: true });
    let errortype = "AccessDeniedException:http://internal.amazon.com/coral/";
    check(FORBIDDEN, Some(errortype), "{}", &Meaning::Permission(None));
    let unknown = Meaning::Session { is_over: false };
    check(FORBIDDEN, Some("UnrecognizedClientException"), "", &unknown);
}

#[test]
fn prometheus_json_is_read() {
    let body = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
    check(400, None, body, &Meaning::Other);
    assert_eq!(read(None, body).message.as_str(), "parse error");
}

#[test]
fn a_query_that_is_repeated_cannot_pass_for_a_reason() {
    let body = r#"{"status":"error","errorType":"bad_data","error":"parse error in {a=\"the security token is expired, rate exceeded\"}"}"#;
    check(400, None, body, &Meaning::Other);
    let body = r#"{"message":"signature expired, rate exceeded"}"#;
    check(422, None, body, &Meaning::Other);
}

#[test]
fn plain_text_is_read() {
    check(429, None, "Rate exceeded", &Meaning::Throttled);
    check(FORBIDDEN, None, "no", &Meaning::Other);
    check(500, None, "oops", &Meaning::Other);
    check(FORBIDDEN, None, "", &Meaning::Other);
}

#[test]
fn the_code_goes_before_the_status() {
    check(400, Some("ThrottlingException"), "", &Meaning::Throttled);
    check(
        400,
        Some("TooManyRequestsException"),
        "",
        &Meaning::Throttled,
    );
    check(
        429,
        Some("AccessDeniedException"),
        "",
        &Meaning::Permission(None),
    );
    check(429, None, "", &Meaning::Throttled);
}

#[test]
fn the_missing_action_is_named() {
    for action in [
        "aps:QueryMetrics",
        "aps:GetLabels",
        "aps:GetSeries",
        "aps:GetMetricMetadata",
    ] {
        let body = format!(
            r#"{{"message":"User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: {action} on resource: arn:aws:aps:eu-west-1:1:workspace/ws-1 because no identity-based policy allows it"}}"#
        );
        let expected = Meaning::Permission(Some(action.to_owned()));
        check(FORBIDDEN, Some("AccessDeniedException"), &body, &expected);
    }
    let hostile = r#"{"message":"not authorized to perform: <script> on"}"#;
    check(FORBIDDEN, None, hostile, &Meaning::Permission(None));
}

#[test]
fn a_wrong_time_is_told_from_a_wrong_signature() {
    let expired = r#"{"message":"Signature expired: 20240229T235958Z is now earlier than 20240301T000958Z (20240301T001458Z - 5 min.)"}"#;
    check(
        FORBIDDEN,
        Some("InvalidSignatureException"),
        expired,
        &Meaning::Time,
    );
    check(400, None, expired, &Meaning::Time);
    let early = r#"{"message":"Signature not yet current: 20240229T235958Z is still later than 20240229T234458Z"}"#;
    check(
        FORBIDDEN,
        Some("SignatureDoesNotMatch"),
        early,
        &Meaning::Time,
    );
    check(400, Some("RequestExpired"), "", &Meaning::Time);
    let wrong = r#"{"message":"The request signature we calculated does not match the signature you provided."}"#;
    check(FORBIDDEN, None, wrong, &Meaning::Signature);
    check(
        FORBIDDEN,
        Some("InvalidSignatureException"),
        "",
        &Meaning::Signature,
    );
}

#[test]
fn the_repeated_request_is_cut_off_with_its_token() {
    let body = concat!(
        r#"{"message":"The request signature we calculated does not match. "#,
        r"The Canonical String for this request should have been\n'POST\n/workspaces/ws-1/api/v1/query\n\n",
        r#"host:h\nx-amz-date:d\nx-amz-security-token:THE-TOKEN\n\nhost;x-amz-date\nabc'"}"#
    );
    let complaint = read(None, body);
    let kept = "The request signature we calculated does not match. The";
    assert_eq!(complaint.message.as_str(), kept);
    assert!(!format!("{complaint:?}").contains("THE-TOKEN"));
}

#[test]
fn what_cannot_be_a_code_is_none() {
    assert_eq!(code("a.b#ExpiredToken"), Some("ExpiredToken".to_owned()));
    assert_eq!(code("Expired Token"), None);
    assert_eq!(code(""), None);
    assert_eq!(code(&"a".repeat(65)), None);
    assert_eq!(code("\u{202e}x"), None);
}

#[test]
fn a_message_of_aws_is_passed_on_and_a_login_page_is_not() {
    #[track_caller]
    fn said(body: &str, expected: Option<&str>) {
        let text = text(&HeaderMap::new(), body.as_bytes(), &Secrets::default());
        assert_eq!(text.as_deref(), expected);
    }
    said(
        r#"{"message":"too many samples"}"#,
        Some("too many samples"),
    );
    said("{}", None);
    said("<html>log in</html>", None);
}

#[test]
fn a_code_that_is_what_was_shown_is_none() {
    let token = "SessionTokenOfACall";
    let mut secrets = Secrets::default();
    secrets.add(&Secret::new(token.to_owned()));
    let mut headers = HeaderMap::new();
    headers.insert("x-amzn-errortype", token.parse().unwrap());
    let code =
        |headers: &HeaderMap, body: &str| Complaint::read(headers, body.as_bytes(), &secrets).code;
    assert_eq!(code(&headers, "{}"), None);
    let body = format!(r#"{{"__type": "a#{token}", "message": "no"}}"#);
    assert_eq!(code(&HeaderMap::new(), &body), None);
    for other in ["AccessDenied", "AuthorizationError"] {
        headers.insert("x-amzn-errortype", other.parse().unwrap());
        assert_eq!(code(&headers, "{}").as_deref(), Some(other));
    }
}

#[test]
fn a_secret_is_hidden_before_the_text_is_cut() {
    let token = "T".repeat(700);
    let mut secrets = Secrets::default();
    secrets.add(&Secret::new(token.clone()));
    for before in [0, 400, 500, 600] {
        let body = format!(
            r#"{{"message":"{} bad token {token}"}}"#,
            "x".repeat(before)
        );
        let said = text(&HeaderMap::new(), body.as_bytes(), &secrets).unwrap();
        assert!(!said.contains('T'), "{before}: {said}");
    }
}
