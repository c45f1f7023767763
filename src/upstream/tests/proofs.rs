//! What is shown to backends, and what becomes of a refusal (row 13 of the fault matrix).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tempfile::TempDir;

use super::server::{Step, answer, error};
use super::tls::inline;
use super::{Rig, TWO, lasting, ok};
use crate::connections::Connection;
use crate::connections::Header;
use crate::connections::auth::Authentication;
use crate::connections::auth::Authorization;
use crate::connections::auth::AuthorizationBlock;
use crate::connections::auth::Basic;
use crate::connections::auth::SecretSource;
use crate::secret::Secret;
use crate::time::UnixMillis;
use crate::upstream::CredentialError;
use crate::upstream::ProvedBy;
use crate::upstream::Scrubbed;
use crate::upstream::UpstreamError;
use crate::upstream::body::Progress;

async fn rig(steps: impl IntoIterator<Item = Step>, change: impl FnOnce(&mut Connection)) -> Rig {
    Rig::with(steps, Progress::default(), change).await
}

async fn ask(rig: &Rig) -> Result<Option<f64>, UpstreamError> {
    let at = UnixMillis::new(0);
    rig.upstream.value(&lasting(30_000), "1+1", at, &[]).await
}

fn unauthorised() -> Step {
    Step::Answer(answer("401 Unauthorized", "WWW-Authenticate: x\r\n", "no"))
}

fn basic(password: SecretSource) -> Authentication {
    Authentication::Basic(Basic {
        username: inline("Aladdin"),
        password: Some(password),
    })
}

fn authorization(scheme: &str, credentials: SecretSource) -> Authentication {
    Authentication::Authorization(Authorization {
        block: AuthorizationBlock::BearerToken,
        scheme: scheme.to_owned(),
        credentials,
    })
}

/// A secret in a file.
struct Mounted(TempDir);

impl Mounted {
    fn new(text: &str) -> Self {
        let mounted = Self(TempDir::new().unwrap());
        mounted.write(text);
        mounted
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("secret")
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
        fs::set_permissions(self.path(), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn source(&self) -> SecretSource {
        SecretSource::File(self.path())
    }
}

/// Checks that a call over a connection as `change` makes it has the header `expected`.
async fn sends(change: impl FnOnce(&mut Connection), expected: &str) {
    let rig = rig([ok(TWO)], change).await;
    assert_eq!(ask(&rig).await, Ok(Some(2.0)));
    let seen = rig.server.seen().remove(0);
    let line = format!("{expected}\r\n").to_ascii_lowercase();
    assert_eq!(seen.head.matches(&line).count(), 1, "{}", seen.head);
}

fn header(name: &str, value: &str, is_secret: bool) -> Header {
    Header {
        name: name.to_owned(),
        value: inline(value),
        is_secret,
    }
}

#[tokio::test]
async fn each_block_makes_its_header() {
    sends(
        |it| it.authentication = basic(inline("open sesame")),
        "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    )
    .await;
    sends(
        |it| it.authentication = authorization("Bearer", inline("s3cret")),
        "Authorization: Bearer s3cret",
    )
    .await;
    sends(
        |it| it.authentication = authorization("Token", inline("s3cret")),
        "Authorization: Token s3cret",
    )
    .await;
    sends(
        |it| it.headers.push(header("x-scope-orgid", "team-a", false)),
        "X-Scope-OrgID: team-a",
    )
    .await;
}

#[tokio::test]
async fn an_absent_password_is_empty() {
    let block = Basic {
        username: inline("Aladdin"),
        password: None,
    };
    sends(
        |it| it.authentication = Authentication::Basic(block),
        "Authorization: Basic QWxhZGRpbjo=",
    )
    .await;
}

#[tokio::test]
async fn a_connection_without_a_block_shows_nothing() {
    let rig = Rig::new([ok(TWO)]).await;
    ask(&rig).await.unwrap();
    assert!(!rig.server.seen()[0].head.contains("authorization"));
}

/// Checks what is said of a 401 in answer to `authentication`.
async fn refused(authentication: Authentication, by: ProvedBy, shown: &str) {
    let rig = rig([unauthorised()], |it| it.authentication = authentication).await;
    let error = ask(&rig).await.unwrap_err();
    let expected = format!("{} answered 401 to {shown}", rig.server.host());
    assert_eq!(error.to_string(), expected);
    assert!(matches!(error, UpstreamError::Unauthorised { by: is, .. } if is == by));
    assert_eq!(rig.server.seen().len(), 1);
}

#[tokio::test]
async fn f13_a_refusal_names_the_block_that_was_refused() {
    let nothing = "no authentication";
    refused(Authentication::None, ProvedBy::Nothing, nothing).await;
    refused(basic(inline("x")), ProvedBy::Basic, "basic_auth").await;
    let bearer = authorization("Bearer", inline("x"));
    let by = ProvedBy::Authorization(AuthorizationBlock::BearerToken);
    refused(bearer, by, "bearer_token").await;
}

#[tokio::test]
async fn f13_a_refused_secret_is_read_again_and_the_call_repeated_once() {
    let mounted = Mounted::new("old");
    let steps = [ok(TWO), unauthorised(), ok(TWO), ok(TWO)];
    let rig = rig(steps, |it| {
        it.authentication = authorization("Bearer", mounted.source())
    })
    .await;
    assert_eq!(ask(&rig).await, Ok(Some(2.0)));
    mounted.write("new\n");
    assert_eq!(ask(&rig).await, Ok(Some(2.0)));
    assert_eq!(ask(&rig).await, Ok(Some(2.0)));
    let seen = rig.server.seen();
    let shown: Vec<bool> = seen
        .iter()
        .map(|it| it.head.contains("bearer new\r\n"))
        .collect();
    assert_eq!(shown, [false, false, true, true]);
}

#[tokio::test]
async fn f13_a_second_refusal_is_not_mended_again() {
    let mounted = Mounted::new("old");
    let steps = [ok(TWO), unauthorised(), unauthorised()];
    let rig = rig(steps, |it| it.authentication = basic(mounted.source())).await;
    ask(&rig).await.unwrap();
    mounted.write("new");
    ask(&rig).await.unwrap_err();
    assert_eq!(rig.server.seen().len(), 3);
}

#[tokio::test]
async fn f13_who_is_forbidden_something_is_known_and_no_file_is_read_again() {
    let mounted = Mounted::new("old");
    let forbidden = Step::Answer(answer("403 Forbidden", "", "no"));
    let rig = rig([ok(TWO), forbidden], |it| {
        it.authentication = basic(mounted.source())
    })
    .await;
    ask(&rig).await.unwrap();
    mounted.write("new");
    ask(&rig).await.unwrap_err();
    assert_eq!(rig.server.seen().len(), 2);
}

#[tokio::test]
async fn f13_a_refused_secret_that_did_not_change_is_not_repeated() {
    let mounted = Mounted::new("old");
    let rig = rig([unauthorised()], |it| {
        it.authentication = basic(mounted.source())
    })
    .await;
    ask(&rig).await.unwrap_err();
    assert_eq!(rig.server.seen().len(), 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_by_its_key_and_nobody_is_asked() {
    let mounted = Mounted::new("x");
    fs::set_permissions(mounted.path(), fs::Permissions::from_mode(0o666)).unwrap();
    let rig = rig([], |it| it.authentication = basic(mounted.source())).await;
    let expected = UpstreamError::Credentials {
        host: rig.server.host(),
        source: CredentialError::File {
            key: "basic_auth.password_file".to_owned(),
            reason: "others may write to it (mode 0666)".to_owned(),
        },
    };
    assert_eq!(ask(&rig).await, Err(expected));
    assert_eq!(rig.server.connections(), 0);
}

#[tokio::test]
async fn a_secret_that_no_header_can_carry_is_named_by_its_key() {
    let mounted = Mounted::new("two\nlines");
    let rig = rig([], |it| {
        it.authentication = authorization("Bearer", mounted.source())
    })
    .await;
    let error = ask(&rig).await.unwrap_err();
    let UpstreamError::Credentials { source, .. } = error else {
        panic!("{error}");
    };
    let expected = "bearer_token_file: the file cannot be used: no header can carry it";
    assert_eq!(source.to_string(), expected);
}

#[tokio::test]
async fn a_backend_that_repeats_what_it_was_shown_is_not_repeated() {
    let text = "user Aladdin: open sesame, QWxhZGRpbjpvcGVuIHNlc2FtZQ==, 1, team-name, \
                pin, the-parameter, 1, max_source";
    let rig = rig([Step::Answer(error("422 No", "execution", text))], |it| {
        it.authentication = basic(inline("open sesame"));
        it.headers.push(header("x-one", "1", false));
        it.headers.push(header("x-scope-orgid", "team-name", false));
        it.headers.push(header("x-pin", "pin", true));
        it.query_parameters = [
            ("k", "the-parameter"),
            ("j", "1"),
            ("max_source_resolution", "max_source"),
        ]
        .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
        .into();
    })
    .await;
    let error = ask(&rig).await.unwrap_err();
    let expected = UpstreamError::Refused {
        host: rig.server.host(),
        status: 422,
        message: Scrubbed::new("user Aladdin: ***, ***, 1, ***, ***, ***, 1, max_source"),
    };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn a_redirect_to_a_name_that_holds_a_secret_is_cleaned() {
    let away = "Location: https://S3cret.example/path\r\n";
    let moved = Step::Answer(answer("302 Found", away, ""));
    let rig = rig([moved], |it| {
        it.headers.push(header("x-pin", "S3cret", true))
    })
    .await;
    let error = ask(&rig).await.unwrap_err();
    let expected = UpstreamError::Redirect {
        host: rig.server.host(),
        origin: "https://***.example".to_owned(),
        status: 302,
    };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn warnings_are_cleaned_as_well() {
    let body = TWO.replace("\"data\"", r#""warnings":["s3cret is odd"],"data""#);
    let rig = rig([ok(&body)], |it| {
        it.authentication = authorization("Bearer", inline("s3cret"));
    })
    .await;
    let mut sink = super::Count::default();
    let (cx, at) = (lasting(30_000), UnixMillis::new(0));
    let answer = rig.upstream.query(&cx, "1+1", at, &[], &mut sink).await;
    assert_eq!(answer.unwrap().warnings, [Scrubbed::new("*** is odd")]);
}

#[tokio::test]
async fn the_version_that_a_backend_claims_is_cleaned_as_well() {
    let body = r#"{"status":"success","data":{"version":"2.53 s3cret"}}"#;
    let rig = rig([ok(body)], |it| {
        it.authentication = authorization("Bearer", inline("s3cret"));
    })
    .await;
    let version = rig.upstream.version(&lasting(30_000)).await;
    assert_eq!(version.unwrap(), Some(Scrubbed::new("2.53 ***")));
}

#[tokio::test]
async fn a_header_of_a_file_is_as_long_as_one_in_the_details_and_a_token_may_be_longer() {
    let name = "x-key";
    let most = "v".repeat(8_192 - name.len());
    let mounted = Mounted::new(&most);
    let from_file = |it: &mut Connection| {
        it.headers.push(Header {
            name: name.to_owned(),
            value: mounted.source(),
            is_secret: true,
        });
    };
    sends(from_file, &format!("{name}: {most}")).await;
    mounted.write(&(most + "v"));
    let rig = rig([], from_file).await;
    let UpstreamError::Credentials { source, .. } = ask(&rig).await.unwrap_err() else {
        panic!("it was sent");
    };
    let source = source.to_string();
    assert!(source.ends_with("it is too long for a header"), "{source}");
    let token = "t".repeat(10_000);
    let mounted = Mounted::new(&token);
    let expected = format!("Authorization: Bearer {token}");
    let change =
        |it: &mut Connection| it.authentication = authorization("Bearer", mounted.source());
    sends(change, &expected).await;
}
