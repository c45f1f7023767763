//! OAuth2 against a token endpoint that does what it is told.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use tempfile::TempDir;

use super::server::{Server, Step, answer, error, json};
use super::tls::{Authority, TlsServer, inline};
use super::{TWO, connection, lasting, ok};
use crate::connections::Connection;
use crate::connections::auth::Authentication;
use crate::connections::auth::OAuth2;
use crate::connections::auth::SecretSource;
use crate::instruments::Instruments;
use crate::secret::Secret;
use crate::time::UnixMillis;
use crate::upstream::CredentialError;
use crate::upstream::ProvedBy;
use crate::upstream::Scrubbed;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::Upstreams;

/// A token endpoint, a backend, and us between them.
struct Rig {
    endpoint: Server,
    backend: Server,
    instruments: Arc<Instruments>,
    upstreams: Upstreams,
}

impl Rig {
    async fn new(
        endpoint: impl IntoIterator<Item = Step>,
        backend: impl IntoIterator<Item = Step>,
    ) -> Self {
        let instruments = Arc::new(Instruments::new());
        Self {
            endpoint: Server::start(endpoint).await,
            backend: Server::start(backend).await,
            upstreams: Upstreams::of(Arc::clone(&instruments)),
            instruments,
        }
    }

    fn block(&self) -> OAuth2 {
        OAuth2 {
            client_id: "mirror".to_owned(),
            client_secret: inline("s3cret/+"),
            token_url: format!("{}/token", self.endpoint.url).parse().unwrap(),
            scopes: vec!["read".to_owned(), "query".to_owned()],
            endpoint_params: vec![("audience".to_owned(), Secret::new("prod".to_owned()))],
            tls: Default::default(),
        }
    }

    fn connection(&self, change: impl FnOnce(&mut OAuth2)) -> Connection {
        let mut block = self.block();
        change(&mut block);
        Connection {
            name: Some("prod".to_owned()),
            authentication: Authentication::OAuth2(Box::new(block)),
            ..connection(&self.backend.url)
        }
    }

    fn upstream(&self) -> Upstream {
        self.upstreams.open_new(&self.connection(|_| ()))
    }

    async fn ask(&self) -> Result<Option<f64>, UpstreamError> {
        ask(&self.upstream()).await
    }

    /// The tokens that the backend was shown.
    fn shown(&self) -> Vec<String> {
        let seen = self.backend.seen().into_iter();
        seen.map(|seen| {
            let (_, rest) = seen.head.split_once("authorization: bearer ").unwrap();
            rest.split("\r\n").next().unwrap().to_owned()
        })
        .collect()
    }

    fn counted(&self, result: &str) -> bool {
        let line = format!(r#"credential_refresh_total{{backend="prod",result="{result}"}} "#);
        self.instruments.encode().contains(&line)
    }
}

async fn ask(upstream: &Upstream) -> Result<Option<f64>, UpstreamError> {
    let at = UnixMillis::new(0);
    upstream.value(&lasting(30_000), "1+1", at, &[]).await
}

fn token(text: &str) -> Step {
    let body = format!(r#"{{"access_token":"{text}","token_type":"bearer","expires_in":3600}}"#);
    ok(&body)
}

fn refused(status: &str, error: &str) -> Step {
    Step::Answer(json(status, &format!(r#"{{"error":"{error}"}}"#)))
}

fn unauthorised() -> Step {
    Step::Answer(answer("401 Unauthorized", "", ""))
}

const HEADER: &str = "authorization: basic bwlycm9yonmzy3jldcuyriuyqg==\r\n";

#[tokio::test]
async fn a_token_is_asked_for_by_header_and_shown_until_it_ends() {
    let rig = Rig::new([token("t1")], [ok(TWO), ok(TWO)]).await;
    for _ in 0..2 {
        assert_eq!(rig.ask().await, Ok(Some(2.0)));
    }
    assert_eq!(rig.shown(), ["t1", "t1"]);
    let [asked] = &rig.endpoint.seen()[..] else {
        panic!("{:?}", rig.endpoint.seen());
    };
    assert_eq!(asked.line, "POST /token");
    let form = "grant_type=client_credentials&scope=read+query&audience=prod";
    assert_eq!(asked.body, form);
    assert!(asked.head.contains(HEADER), "{}", asked.head);
    assert!(rig.counted("ok"));
}

#[tokio::test]
async fn a_client_that_is_refused_in_the_header_is_shown_in_the_form_and_that_is_remembered() {
    for refusal in [
        refused("401 Unauthorized", "invalid_client"),
        refused("400 Bad Request", "invalid_client"),
        unauthorised(),
    ] {
        let tokens = [refusal, token("t1"), token("t2")];
        let rig = Rig::new(tokens, [ok(TWO), unauthorised(), ok(TWO)]).await;
        for _ in 0..2 {
            assert_eq!(rig.ask().await, Ok(Some(2.0)));
        }
        assert_eq!(rig.shown(), ["t1", "t1", "t2"]);
        let seen = rig.endpoint.seen();
        let by_header: Vec<bool> = seen.iter().map(|it| it.head.contains(HEADER)).collect();
        assert_eq!(by_header, [true, false, false]);
        for form in &seen[1..] {
            let end = "&client_id=mirror&client_secret=s3cret%2F%2B";
            assert!(form.body.ends_with(end), "{}", form.body);
        }
    }
}

#[tokio::test]
async fn a_client_that_is_refused_both_ways_is_refused_from_memory_after_that() {
    let refusal = || refused("401 Unauthorized", "invalid_client");
    let rig = Rig::new([refusal(), refusal()], []).await;
    let expected = UpstreamError::Credentials {
        host: rig.backend.host(),
        source: CredentialError::Refused {
            service: rig.endpoint.host(),
            reason: "it answered 401 invalid_client".to_owned(),
        },
    };
    for _ in 0..2 {
        assert_eq!(rig.ask().await, Err(expected.clone()));
    }
    assert_eq!(rig.endpoint.seen().len(), 2);
    assert_eq!(rig.backend.connections(), 0);
    assert!(rig.counted("refused"));
}

#[tokio::test]
async fn other_refusals_are_not_tried_in_another_way() {
    for (status, code) in [
        ("400 No", "invalid_scope"),
        ("403 No", "unauthorized_client"),
    ] {
        let rig = Rig::new([refused(status, code)], []).await;
        let error = rig.ask().await.unwrap_err();
        let UpstreamError::Credentials { source, .. } = error else {
            panic!("{error}");
        };
        assert!(source.to_string().ends_with(code), "{source}");
        assert_eq!(rig.endpoint.seen().len(), 1);
    }
}

#[tokio::test]
async fn f13_a_token_that_the_backend_refuses_is_renewed_once() {
    let tokens = [token("t1"), token("t2")];
    let rig = Rig::new(tokens, [unauthorised(), ok(TWO)]).await;
    assert_eq!(rig.ask().await, Ok(Some(2.0)));
    assert_eq!(rig.shown(), ["t1", "t2"]);

    let tokens = [token("t1"), token("t2")];
    let rig = Rig::new(tokens, [unauthorised(), unauthorised(), unauthorised()]).await;
    let expected = UpstreamError::Unauthorised {
        host: rig.backend.host(),
        status: 401,
        by: ProvedBy::OAuth2,
        cause: None,
    };
    assert_eq!(rig.ask().await, Err(expected.clone()));
    assert_eq!(
        rig.ask().await,
        Err(expected),
        "the newest token was just made"
    );
    assert_eq!(rig.endpoint.seen().len(), 2);
}

#[tokio::test]
async fn f13_a_forbidden_call_renews_nothing() {
    let forbidden = Step::Answer(answer("403 Forbidden", "", ""));
    let rig = Rig::new([token("t1")], [forbidden]).await;
    rig.ask().await.unwrap_err();
    assert_eq!(rig.endpoint.seen().len(), 1);
}

/// Checks that a token endpoint that answers `step` gave no answer, for this reason.
async fn silent(step: Step, reason: &str) {
    let rig = Rig::new([step], []).await;
    let expected = UpstreamError::Credentials {
        host: rig.backend.host(),
        source: CredentialError::Endpoint {
            service: rig.endpoint.host(),
            reason: reason.to_owned(),
        },
    };
    assert_eq!(rig.ask().await, Err(expected));
    assert_eq!(rig.endpoint.seen().len(), 1);
    assert_eq!(rig.backend.connections(), 0);
}

#[tokio::test]
async fn f14_an_endpoint_that_fails_is_named_and_the_backend_not_asked() {
    silent(unavailable(), "it answered 503").await;
    silent(Step::Close(Vec::new()), "the connection broke").await;
    let garbage = Step::Close(b"220 mail.example ESMTP\r\n\r\n".to_vec());
    silent(garbage, "it does not speak HTTP").await;
}

fn unavailable() -> Step {
    Step::Answer(answer("503 Unavailable", "", ""))
}

#[tokio::test]
async fn a_redirect_of_an_endpoint_is_not_followed() {
    for status in ["301 Moved", "302 Found", "303 See", "307 Kept", "308 Kept"] {
        let elsewhere = Server::start([]).await;
        let fields = format!("Location: {}/token\r\n", elsewhere.url);
        let moved = Step::Answer(answer(status, &fields, ""));
        silent(moved, "it redirects; redirects are not followed").await;
        assert_eq!(elsewhere.connections(), 0);
    }
}

#[tokio::test]
async fn f14_an_endpoint_that_hangs_takes_no_more_than_the_callers_time() {
    let rig = Rig::new([Step::Hang(Vec::new())], []).await;
    let at = UnixMillis::new(0);
    let cx = lasting(300);
    let error = rig.upstream().value(&cx, "1", at, &[]).await.unwrap_err();
    let expected = UpstreamError::Credentials {
        host: rig.backend.host(),
        source: CredentialError::Late {
            service: rig.endpoint.host(),
        },
    };
    assert_eq!(error, expected);
    assert!(cx.deadline.remaining(Instant::now()).is_zero());
}

#[tokio::test]
async fn a_token_may_claim_to_last_for_ever() {
    let body = r#"{"access_token":"t1","token_type":"bearer","expires_in":18446744073709551615}"#;
    let rig = Rig::new([ok(body)], [ok(TWO), ok(TWO)]).await;
    for _ in 0..2 {
        assert_eq!(rig.ask().await, Ok(Some(2.0)));
    }
}

#[tokio::test]
async fn a_client_secret_that_was_changed_is_read_again_when_it_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("secret");
    let write = |text: &str| {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("old");
    let refusal = || refused("401 Unauthorized", "invalid_client");
    let tokens = [token("t1"), refusal(), refusal(), token("t2")];
    let rig = Rig::new(tokens, [ok(TWO), ok(TWO)]).await;
    let source = || SecretSource::File(path.clone());
    let one = rig.connection(|it| it.client_secret = source());
    assert_eq!(ask(&rig.upstreams.open_new(&one)).await, Ok(Some(2.0)));
    write("new");
    let other = rig.connection(|it| {
        it.client_secret = source();
        it.scopes.clear();
    });
    assert_eq!(ask(&rig.upstreams.open_new(&other)).await, Ok(Some(2.0)));
    assert_eq!(rig.shown(), ["t1", "t2"]);
}

#[tokio::test]
async fn a_crowd_of_first_calls_asks_for_one_token() {
    let backend = (0..100).map(|_| ok(TWO));
    let rig = Rig::new([token("t1")], backend).await;
    let upstream = rig.upstream();
    let asked = join_all((0..100).map(|_| ask(&upstream))).await;
    assert!(asked.iter().all(|it| *it == Ok(Some(2.0))));
    assert_eq!(rig.endpoint.seen().len(), 1);
}

#[tokio::test]
async fn each_field_of_the_block_has_tokens_of_its_own() {
    let changes: [fn(&mut OAuth2); 7] = [
        |_| (),
        |it| it.client_id = "other".to_owned(),
        |it| it.client_secret = inline("other"),
        |it| it.token_url.set_path("/other"),
        |it| it.scopes = vec!["read query".to_owned()],
        |it| it.endpoint_params[0].1 = Secret::new("other".to_owned()),
        |it| it.tls.server_name = Some("other".to_owned()),
    ];
    let tokens = (0..changes.len()).map(|n| token(&format!("t{n}")));
    let backend = (0..2 * changes.len()).map(|_| ok(TWO));
    let rig = Rig::new(tokens, backend).await;
    for _ in 0..2 {
        for change in changes {
            let upstream = rig.upstreams.open_new(&rig.connection(change));
            ask(&upstream).await.unwrap();
        }
    }
    let one = ["t0", "t1", "t2", "t3", "t4", "t5", "t6"];
    assert_eq!(rig.shown(), [one, one].concat());
}

#[tokio::test]
async fn an_endpoint_has_tls_settings_of_its_own() {
    let ours = Authority::new();
    let endpoint = TlsServer::start(ours.signs("localhost"), [token("t1")]).await;
    let rig = Rig::new([], [ok(TWO)]).await;
    let connection = rig.connection(|it| {
        it.token_url = format!("{}/token", endpoint.url).parse().unwrap();
        it.tls.ca = Some(inline(&ours.pem));
    });
    assert_eq!(
        ask(&rig.upstreams.open_new(&connection)).await,
        Ok(Some(2.0))
    );

    let endpoint = TlsServer::start(ours.signs("other.example"), []).await;
    let connection = rig.connection(|it| {
        it.token_url = format!("{}/token", endpoint.url).parse().unwrap();
        it.tls.ca = Some(inline(&ours.pem));
    });
    let error = ask(&rig.upstreams.open_new(&connection)).await.unwrap_err();
    let expected = UpstreamError::Credentials {
        host: rig.backend.host(),
        source: CredentialError::Endpoint {
            service: endpoint.host(),
            reason: "its certificate is for another name: other.example".to_owned(),
        },
    };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn a_test_of_the_connection_has_a_token_of_its_own() {
    let rig = Rig::new([token("t1"), token("t2")], [ok(TWO), ok(TWO), ok(TWO)]).await;
    ask(&rig.upstream()).await.unwrap();
    ask(&rig.upstream().for_testing()).await.unwrap();
    ask(&rig.upstream()).await.unwrap();
    assert_eq!(rig.shown(), ["t1", "t2", "t1"]);
}

#[tokio::test]
async fn neither_secret_nor_token_is_shown_or_comes_back() {
    let text = "no s3cret/+ nor t0ken";
    let refusal = Step::Answer(error("422 No", "execution", text));
    let rig = Rig::new([token("t0ken")], [refusal]).await;
    let upstream = rig.upstream();
    let error = ask(&upstream).await.unwrap_err();
    let expected = UpstreamError::Refused {
        host: rig.backend.host(),
        status: 422,
        message: Scrubbed::new("no *** nor ***"),
    };
    assert_eq!(error, expected);
    let shown = format!("{upstream:?} {:?}", rig.upstreams);
    for secret in ["s3cret", "t0ken"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
