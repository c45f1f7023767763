//! The whole way of a signed query: a backend and an STS that do as they are told, on a clock that
//! stands at 2023-11-14T22:13:20Z.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use futures_util::future::join_all;
use url::Url;

use super::*;
use crate::connections::auth::Authentication;
use crate::connections::auth::Aws;
use crate::connections::auth::AwsBlock;
use crate::connections::auth::AwsKeys;
use crate::connections::auth::SecretSource;
use crate::limits::Size;
use crate::record::Depth;
use crate::record::Notice;
use crate::record::Recorder;
use crate::secret::Secret;
use crate::time::UnixMillis;
use crate::upstream::AwsError;
use crate::upstream::Cause;
use crate::upstream::CredentialError;
use crate::upstream::UpstreamError;
use server::Seen;

const ROLE: &str = "arn:aws:iam::1:role/amp";

/// STS, a backend, and us in front of both.
struct Cloud {
    sts: Server,
    rig: Rig,
}

impl Cloud {
    async fn new(
        sts: impl IntoIterator<Item = Step>,
        backend: impl IntoIterator<Item = Step>,
        change: impl FnOnce(&mut Aws),
    ) -> Self {
        let sts = Server::start(sts).await;
        let mut block = block();
        block.sts_endpoint = Some(Url::parse(&sts.url).unwrap());
        change(&mut block);
        let rig = Rig::with(backend, Progress::default(), |connection| {
            connection.authentication = Authentication::Aws(Box::new(block));
        });
        Self {
            rig: rig.await,
            sts,
        }
    }

    async fn ask(&self) -> Result<Option<f64>, UpstreamError> {
        ask(&self.rig.upstream).await
    }

    fn counted(&self, line: &str) -> bool {
        self.rig.instruments.encode().contains(line)
    }

    /// What STS was asked, one call after the other.
    fn asked(&self) -> Vec<Seen> {
        self.sts.seen()
    }

    /// Who signed the calls to the backend: key id and region.
    fn signers(&self) -> Vec<String> {
        let seen = self.rig.server.seen();
        seen.iter().map(|seen| signer(&seen.head)).collect()
    }
}

async fn ask(upstream: &Upstream) -> Result<Option<f64>, UpstreamError> {
    let cx = lasting(30_000);
    upstream.value(&cx, "1+1", UnixMillis::new(0), &[]).await
}

/// `key/date/region/service` of a signature; headers are in lower case.
fn signer(head: &str) -> String {
    let (_, rest) = head.split_once("credential=").unwrap_or_default();
    let (scope, _) = rest.split_once("/aws4_request").unwrap_or_default();
    scope.to_owned()
}

fn block() -> Aws {
    let secret = |text: &str| Secret::new(text.to_owned());
    Aws {
        block: AwsBlock::Aws,
        role_arn: Some(ROLE.to_owned()),
        external_id: Some(secret("external")),
        role_session_name: "name".to_owned(),
        session_length: Duration::from_secs(7200),
        keys: Some(AwsKeys {
            id: secret("GIVEN"),
            secret: SecretSource::Inline(secret("given secret")),
            session_token: None,
        }),
        region: Some("eu-west-1".to_owned()),
        service: "aps".to_owned(),
        profile: None,
        sts_region: None,
        use_fips_sts_endpoint: false,
        sts_endpoint: None,
        web_identity_token_file: None,
    }
}

/// A session of an hour, from an action of STS.
fn session(action: &str, key: &str) -> Step {
    let body = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
         <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>assumed secret</SecretAccessKey>\
         <SessionToken>the-session-token</SessionToken>\
         <Expiration>2023-11-14T23:13:20Z</Expiration></Credentials>\
         </{action}Result></{action}Response>"
    );
    Step::Answer(server::answer(
        "200 OK",
        "Content-Type: text/xml\r\n",
        &body,
    ))
}

fn assumed() -> Step {
    session("AssumeRole", "ASSUMED")
}

fn refused(status: &str, fields: &str, code: &str, text: &str) -> Step {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender\
         </Type><Code>{code}</Code><Message>{text}</Message></Error><RequestId>r</RequestId>\
         </ErrorResponse>"
    );
    let fields = format!("Content-Type: text/xml\r\n{fields}");
    Step::Answer(server::answer(status, &fields, &body))
}

fn denied(status: &str, fields: &str, message: &str) -> Step {
    let fields = format!("Content-Type: application/json\r\n{fields}");
    let body = format!(r#"{{"message":"{message}"}}"#);
    Step::Answer(server::answer(status, &fields, &body))
}

fn two() -> Step {
    ok(TWO)
}

#[tokio::test]
async fn a_role_is_assumed_once_and_its_session_signs() {
    let cloud = Cloud::new([assumed()], [two(), two()], |_| ()).await;
    assert_eq!(cloud.ask().await, Ok(Some(2.0)));
    assert_eq!(cloud.ask().await, Ok(Some(2.0)));
    assert_eq!(cloud.signers(), ["assumed/20231114/eu-west-1/aps"; 2]);
    let [asked] = &cloud.asked()[..] else {
        panic!("{:?}", cloud.asked());
    };
    assert_eq!(signer(&asked.head), "given/20231114/eu-west-1/sts");
    for part in [
        "Action=AssumeRole&",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Famp",
        "RoleSessionName=name",
        "ExternalId=external",
        "DurationSeconds=7200",
    ] {
        assert!(asked.body.contains(part), "{part} in {}", asked.body);
    }
    let [first, _] = &cloud.rig.server.seen()[..] else {
        panic!("two queries");
    };
    assert!(
        first
            .head
            .contains("x-amz-security-token: the-session-token")
    );
    let signed = "signedheaders=content-type;host;x-amz-date;x-amz-security-token,";
    assert!(first.head.contains(signed), "{}", first.head);
}

#[tokio::test]
async fn a_thousand_first_queries_ask_sts_once() {
    let backend = (0..1_000).map(|_| two());
    let mut cloud = Cloud::new([assumed()], backend, |_| ()).await;
    let size = Size {
        slots: 1_000,
        waiting: 0,
        is_shared: false,
    };
    cloud.rig.upstream = cloud.rig.upstream.with_size(size);
    let answers = join_all((0..1_000).map(|_| cloud.ask())).await;
    // A thousand connections at once can be too many for a busy machine: that is no matter of
    // sessions, and the real program is asked for a thousand answers by tests/connections.
    let is_crowded = |error: &UpstreamError| {
        matches!(
            error,
            UpstreamError::Connect { .. } | UpstreamError::Open { .. } | UpstreamError::Busy { .. }
        )
    };
    let bad = answers.iter().find(|answer| match answer {
        Ok(value) => *value != Some(2.0),
        Err(error) => !is_crowded(error),
    });
    assert_eq!(bad, None);
    assert!(answers.iter().filter(|answer| answer.is_ok()).count() > 100);
    assert_eq!(cloud.asked().len(), 1);
}

#[tokio::test]
async fn keys_without_a_role_sign_themselves() {
    let cloud = Cloud::new([], [two()], |block| block.role_arn = None).await;
    cloud.ask().await.unwrap();
    assert_eq!(cloud.signers(), ["given/20231114/eu-west-1/aps"]);
}

#[tokio::test]
async fn a_session_that_assumes_a_role_asks_for_an_hour_at_most() {
    let cloud = Cloud::new([assumed()], [two()], |block| {
        block.block = AwsBlock::Sigv4;
        let token = SecretSource::Inline(Secret::new("given-token".to_owned()));
        block.keys.as_mut().unwrap().session_token = Some(token);
    });
    let cloud = cloud.await;
    cloud.ask().await.unwrap();
    let asked = cloud.asked();
    assert!(asked[0].body.contains("DurationSeconds=3600"));
    assert!(asked[0].head.contains("x-amz-security-token: given-token"));
}

#[tokio::test]
async fn a_web_identity_token_goes_first_and_unsigned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, "the-web-token\n").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let steps = [session("AssumeRoleWithWebIdentity", "BYTOKEN")];
    let cloud = Cloud::new(steps, [two()], |block| {
        block.keys = None;
        block.external_id = None;
        block.web_identity_token_file = Some(path);
    });
    let cloud = cloud.await;
    cloud.ask().await.unwrap();
    let asked = cloud.asked();
    assert!(asked[0].body.contains("WebIdentityToken=the-web-token&"));
    assert!(!asked[0].head.contains("authorization:"));
    assert_eq!(cloud.signers(), ["bytoken/20231114/eu-west-1/aps"]);
}

#[tokio::test]
async fn a_token_that_cannot_be_read_is_named_by_its_key() {
    let cloud = Cloud::new([], [], |block| {
        block.keys = None;
        block.external_id = None;
        block.web_identity_token_file = Some("/nowhere/token".into());
    });
    let Err(UpstreamError::Credentials { source, .. }) = cloud.await.ask().await else {
        panic!("there are credentials");
    };
    assert!(
        matches!(&source, CredentialError::File { key, .. } if key == "aws.web_identity_token_file"),
        "{source:?}"
    );
}

#[tokio::test]
async fn an_unknown_key_is_tried_in_the_first_region_once() {
    for code in ["InvalidClientTokenId", "RegionDisabledException"] {
        let steps = [refused("403 Forbidden", "", code, ""), assumed()];
        let cloud = Cloud::new(steps, [two()], |_| ()).await;
        cloud.ask().await.unwrap();
        let regions: Vec<_> = cloud.asked().iter().map(|it| signer(&it.head)).collect();
        let expected = [
            "given/20231114/eu-west-1/sts",
            "given/20231114/us-east-1/sts",
        ];
        assert_eq!(regions, expected);
        assert_eq!(cloud.signers(), ["assumed/20231114/eu-west-1/aps"]);
    }
}

#[tokio::test]
async fn a_length_that_is_refused_becomes_an_hour() {
    let steps = [
        refused("400 Bad Request", "", "ValidationError", ""),
        assumed(),
    ];
    let cloud = Cloud::new(steps, [two()], |_| ()).await;
    cloud.ask().await.unwrap();
    assert!(cloud.asked()[1].body.contains("DurationSeconds=3600"));
}

#[tokio::test]
async fn a_refusal_of_sts_is_told_with_its_code_and_remembered() {
    let steps = [refused(
        "403 Forbidden",
        "",
        "AccessDenied",
        "not authorized",
    )];
    let cloud = Cloud::new(steps, [], |_| ()).await;
    let expected = CredentialError::Aws(AwsError::RoleRefused {
        role: ROLE.to_owned(),
        code: "AccessDenied".to_owned(),
    });
    for _ in 0..2 {
        let Err(UpstreamError::Credentials { source, .. }) = cloud.ask().await else {
            panic!("there are credentials");
        };
        assert_eq!(source, expected);
    }
    assert_eq!(cloud.asked().len(), 1);
    assert!(cloud.counted(r#"credential_refresh_total{backend="other",result="refused"} 1"#));
}

#[tokio::test]
async fn a_passing_failure_of_sts_is_repeated_once() {
    let failing = || refused("503 Unavailable", "", "ServiceUnavailable", "later");
    let cloud = Cloud::new([failing(), assumed()], [two()], |_| ()).await;
    assert_eq!(cloud.ask().await, Ok(Some(2.0)));
    assert_eq!(cloud.asked().len(), 2);

    let cloud = Cloud::new([failing(), failing(), assumed()], [], |_| ()).await;
    let error = cloud.ask().await.unwrap_err();
    let expected = CredentialError::Endpoint {
        service: "STS".to_owned(),
        reason: "ServiceUnavailable".to_owned(),
    };
    let host = cloud.rig.server.host();
    let source = expected;
    assert_eq!(error, UpstreamError::Credentials { host, source });
    assert_eq!(cloud.asked().len(), 2);
}

#[tokio::test]
async fn a_connection_test_asks_for_itself() {
    let no = || refused("403 Forbidden", "", "AccessDenied", "");
    let cloud = Cloud::new([assumed(), no()], [two(), two()], |_| ()).await;
    cloud.ask().await.unwrap();
    let testing = cloud.rig.upstream.clone().for_testing();
    ask(&testing).await.unwrap_err();
    ask(&testing).await.unwrap_err();
    assert_eq!(cloud.asked().len(), 2);
    cloud.ask().await.unwrap();
}

#[tokio::test]
async fn a_token_that_has_expired_is_renewed_and_the_call_repeated() {
    let over = "The security token included in the request is expired";
    let backend = [denied("403 Forbidden", "", over), two()];
    let steps = [assumed(), session("AssumeRole", "RENEWED")];
    let cloud = Cloud::new(steps, backend, |_| ()).await;
    assert_eq!(cloud.ask().await, Ok(Some(2.0)));
    let expected = [
        "assumed/20231114/eu-west-1/aps",
        "renewed/20231114/eu-west-1/aps",
    ];
    assert_eq!(cloud.signers(), expected);
}

#[tokio::test]
async fn a_key_that_was_exchanged_is_read_again_when_its_signature_is_refused() {
    let mounted = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(mounted.path(), "old secret").unwrap();
    let backend = [two(), denied("403 Forbidden", "", "no"), two()];
    let cloud = Cloud::new([], backend, |block| {
        block.role_arn = None;
        block.keys.as_mut().unwrap().secret = SecretSource::File(mounted.path().to_owned());
    })
    .await;
    cloud.ask().await.unwrap();
    std::fs::write(mounted.path(), "the new secret").unwrap();
    assert_eq!(cloud.ask().await, Ok(Some(2.0)));
    assert_eq!(cloud.signers().len(), 3);
}

#[tokio::test]
async fn a_given_session_that_has_expired_is_over() {
    let over = "The security token included in the request is expired";
    let cloud = Cloud::new([], [denied("403 Forbidden", "", over)], |block| {
        let token = SecretSource::Inline(Secret::new("given-token".to_owned()));
        block.keys.as_mut().unwrap().session_token = Some(token);
    });
    let Err(UpstreamError::Credentials { source, .. }) = cloud.await.ask().await else {
        panic!("it was accepted");
    };
    assert_eq!(source, CredentialError::Aws(AwsError::Expired));
}

#[tokio::test]
async fn f15_a_backend_whose_clock_is_ahead_is_signed_for_at_its_time() {
    let date = "Date: Tue, 14 Nov 2023 22:28:20 GMT\r\n";
    let over = "Signature expired: 20231114T221320Z is now earlier than 20231114T222320Z";
    let backend = [denied("403 Forbidden", date, over), two(), two()];
    let cloud = Cloud::new([assumed()], backend, |_| ()).await;
    assert_eq!(cloud.ask().await, Ok(Some(2.0)));
    // What was learned before holds for this one, and whoever looks on is told.
    let recorder = Arc::new(Recorder::new(Depth::Brief));
    let cx = lasting(30_000).recorded_by(Some(Arc::clone(&recorder)));
    let asked = cloud
        .rig
        .upstream
        .value(&cx, "1+1", UnixMillis::new(0), &[]);
    assert_eq!(asked.await, Ok(Some(2.0)));
    assert_eq!(recorder.take().notices, [Notice::ClockCorrected]);
    let seen = cloud.rig.server.seen();
    let dates = ["20231114t221320z", "20231114t222820z", "20231114t222820z"];
    for (seen, date) in seen.iter().zip(dates) {
        let field = format!("x-amz-date: {date}");
        assert!(seen.head.contains(&field), "{field} in {}", seen.head);
    }
    assert!(cloud.counted(r#"clock_skew_seconds{backend="other"} 901"#));
}

#[tokio::test]
async fn a_small_skew_is_told_and_not_repeated() {
    let date = "Date: Tue, 14 Nov 2023 22:15:20 GMT\r\n";
    let backend = [denied("403 Forbidden", date, "Signature expired: x")];
    let cloud = Cloud::new([assumed()], backend, |_| ()).await;
    let Err(UpstreamError::Credentials { source, .. }) = cloud.ask().await else {
        panic!("it was accepted");
    };
    let expected = CredentialError::Aws(AwsError::Skewed { seconds: 121 });
    assert_eq!(source, expected);
}

#[tokio::test]
async fn an_sts_whose_clock_is_behind_is_asked_again_at_its_time() {
    let date = "Date: Tue, 14 Nov 2023 21:58:20 GMT\r\n";
    let early = "Signature not yet current: 20231114T221320Z is still later than x";
    let steps = [
        refused("403 Forbidden", date, "SignatureDoesNotMatch", early),
        assumed(),
    ];
    let cloud = Cloud::new(steps, [two()], |_| ()).await;
    cloud.ask().await.unwrap();
    let asked = cloud.asked();
    assert!(asked[1].head.contains("x-amz-date: 20231114t215820z"));
}

#[tokio::test]
async fn what_the_identity_lacks_is_told() {
    let lacks = "User: u is not authorized to perform: aps:QueryMetrics on resource: w";
    let cloud = Cloud::new([assumed()], [denied("403 Forbidden", "", lacks)], |_| ()).await;
    let Err(UpstreamError::Unauthorised { by, cause, .. }) = cloud.ask().await else {
        panic!("it was accepted");
    };
    assert_eq!(by.to_string(), "aws, eu-west-1, aps");
    let action = Some("aps:QueryMetrics".to_owned());
    assert_eq!(cause, Some(Cause::Permission { action }));
}

#[tokio::test]
async fn throttling_that_comes_as_a_400_is_repeated() {
    let fields = "x-amzn-errortype: ThrottlingException\r\n";
    let backend = [denied("400 Bad Request", fields, "slow down"), two()];
    let cloud = Cloud::new([assumed()], backend, |_| ()).await;
    assert_eq!(cloud.ask().await, Ok(Some(2.0)));
}

#[tokio::test]
async fn a_refused_query_is_told_in_the_words_of_aws() {
    let backend = [denied("422 Unprocessable Entity", "", "too many samples")];
    let cloud = Cloud::new([assumed()], backend, |_| ()).await;
    let Err(UpstreamError::Refused { message, .. }) = cloud.ask().await else {
        panic!("it was accepted");
    };
    assert_eq!(message.as_str(), "too many samples");
}

#[tokio::test]
async fn a_get_is_signed_as_it_is_sent() {
    let cloud = Cloud::new([], [two()], |block| block.role_arn = None).await;
    let mut connection = connection(&cloud.rig.server.url);
    connection.http_method = HttpMethod::Get;
    let block = Aws {
        role_arn: None,
        ..block()
    };
    connection.authentication = Authentication::Aws(Box::new(block));
    let upstream = Upstreams::of(Arc::default()).open_new(&connection);
    ask(&upstream).await.unwrap();
    let [seen] = &cloud.rig.server.seen()[..] else {
        panic!("one query");
    };
    assert!(seen.line.starts_with("GET /api/v1/query?query=1%2B1&"));
    assert!(seen.head.contains("signedheaders=host;x-amz-date,"));
}
