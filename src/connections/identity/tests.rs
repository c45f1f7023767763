//! Equal in every field, or another identity.

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::caller::Caller;
use crate::connections::Compression;
use crate::connections::Header;
use crate::connections::HttpMethod;
use crate::connections::Proxy;
use crate::connections::auth::Authentication;
use crate::connections::auth::Authorization;
use crate::connections::auth::Aws;
use crate::connections::auth::AwsBlock;
use crate::connections::auth::AwsKeys;
use crate::connections::auth::Basic;
use crate::connections::auth::OAuth2;
use crate::connections::auth::SecretSource;
use crate::connections::reach::Reach;
use crate::connections::tls::ClientCertificate;
use crate::connections::tls::Tls;
use crate::connections::tls::TlsVersion;
use crate::connections::url::BaseUrl;
use crate::network::Network;
use crate::secret::Secret;

fn key() -> ProcessKey {
    ProcessKey::new(|bytes| {
        bytes.fill(7);
        Ok::<(), ()>(())
    })
}

fn inline(text: &str) -> SecretSource {
    SecretSource::Inline(Secret::new(text.to_owned()))
}

fn file(path: &str) -> SecretSource {
    SecretSource::File(PathBuf::from(path))
}

fn connection() -> Connection {
    Connection {
        caller: Caller::Anyone,
        name: None,
        url: BaseUrl::parse("https://h").unwrap().base,
        timeout: Duration::from_secs(30),
        http_method: HttpMethod::Post,
        query_parameters: Vec::new(),
        authentication: Authentication::None,
        headers: Vec::new(),
        tls: Tls::default(),
        proxy: None,
        reach: Default::default(),
        enable_http2: false,
        compression: Compression::Auto,
        options: Default::default(),
    }
}

fn proved(authentication: Authentication) -> Connection {
    Connection {
        authentication,
        ..connection()
    }
}

fn headers(all: &[(&str, SecretSource)]) -> Vec<Header> {
    let header = |(name, value): &(&str, SecretSource)| Header {
        name: (*name).to_owned(),
        value: value.clone(),
        is_secret: false,
    };
    all.iter().map(header).collect()
}

fn basic(username: SecretSource, password: Option<SecretSource>) -> Connection {
    proved(Authentication::Basic(Basic { username, password }))
}

fn authorization(scheme: &str, credentials: SecretSource) -> Connection {
    let scheme = scheme.to_owned();
    proved(Authentication::Authorization(Authorization {
        block: Default::default(),
        scheme,
        credentials,
    }))
}

fn oauth2(change: impl FnOnce(&mut OAuth2)) -> Connection {
    let mut oauth2 = OAuth2 {
        client_id: "i".to_owned(),
        client_secret: inline("s"),
        token_url: ::url::Url::parse("https://t").unwrap(),
        scopes: Vec::new(),
        endpoint_params: Vec::new(),
        tls: Tls::default(),
    };
    change(&mut oauth2);
    proved(Authentication::OAuth2(Box::new(oauth2)))
}

fn keys() -> AwsKeys {
    AwsKeys {
        id: Secret::new("i".to_owned()),
        secret: inline("s"),
        session_token: None,
    }
}

fn aws(change: impl FnOnce(&mut Aws)) -> Connection {
    let mut aws = Aws {
        block: AwsBlock::Aws,
        role_arn: None,
        external_id: None,
        role_session_name: "n".to_owned(),
        session_length: Duration::from_secs(3600),
        keys: None,
        region: None,
        service: "aps".to_owned(),
        profile: None,
        sts_region: None,
        use_fips_sts_endpoint: false,
        sts_endpoint: None,
        web_identity_token_file: None,
    };
    change(&mut aws);
    proved(Authentication::Aws(Box::new(aws)))
}

fn with(change: impl FnOnce(&mut Connection)) -> Connection {
    let mut connection = connection();
    change(&mut connection);
    connection
}

fn tls(change: impl FnOnce(&mut Tls)) -> Connection {
    with(|it| change(&mut it.tls))
}

fn client(cert: SecretSource, key: SecretSource) -> Connection {
    tls(|it| it.client = Some(ClientCertificate { cert, key }))
}

fn reach(change: impl FnOnce(&mut Reach)) -> Connection {
    with(|it| change(&mut it.reach))
}

/// Connections of which no two are the same; between them each field differs in nothing else.
fn all_different() -> Vec<Connection> {
    let text = |text: &str| Some(text.to_owned());
    let url = |text: &str| ::url::Url::parse(text).unwrap();
    let proxy = |hosts: &[&str]| {
        with(|it| {
            it.proxy = Some(Proxy {
                url: url("http://p"),
                no_proxy: hosts.iter().map(|host| (*host).to_owned()).collect(),
            });
        })
    };
    vec![
        connection(),
        with(|it| it.caller = Caller::Network),
        with(|it| it.caller = Caller::Named("a".into())),
        with(|it| it.caller = Caller::Named("b".into())),
        with(|it| it.url = BaseUrl::parse("https://h/a").unwrap().base),
        with(|it| it.http_method = HttpMethod::Get),
        with(|it| it.query_parameters = vec![("a".to_owned(), Secret::new("bc".to_owned()))]),
        with(|it| it.query_parameters = vec![("ab".to_owned(), Secret::new("c".to_owned()))]),
        with(|it| it.enable_http2 = true),
        with(|it| it.headers = headers(&[("x", inline("a"))])),
        with(|it| it.headers = headers(&[("x", inline("b"))])),
        with(|it| it.headers = headers(&[("x", file("a"))])),
        with(|it| it.headers = headers(&[("x", file("b"))])),
        with(|it| it.headers = headers(&[("y", inline("a"))])),
        with(|it| it.headers = headers(&[("x", inline("a")), ("x", inline("b"))])),
        tls(|it| it.ca = Some(inline("a"))),
        tls(|it| it.ca = Some(file("a"))),
        tls(|it| it.server_name = text("a")),
        tls(|it| it.min_version = TlsVersion::Tls13),
        tls(|it| it.insecure_skip_verify = true),
        client(inline("a"), inline("b")),
        client(inline("a"), inline("c")),
        client(inline("b"), inline("b")),
        reach(|it| it.backend.allows_private = false),
        reach(|it| it.backend.is_veiled = true),
        reach(|it| it.backend.networks = Some(Vec::new())),
        reach(|it| it.backend.networks = Some(vec![Network::v4([10, 0, 0, 0], 8)])),
        reach(|it| it.backend.networks = Some(vec![Network::v4([11, 0, 0, 0], 8)])),
        reach(|it| it.token.allows_private = false),
        reach(|it| it.proxy.allows_private = false),
        proxy(&[]),
        proxy(&["a"]),
        proxy(&["a", "b"]),
        basic(inline("u"), None),
        basic(inline("u"), Some(inline(""))),
        basic(inline("u"), Some(inline("p"))),
        basic(inline("up"), None),
        basic(file("u"), None),
        basic(inline("v"), Some(inline("p"))),
        basic(inline("u"), Some(file("p"))),
        authorization("Bearer", inline("a")),
        authorization("Bearer", inline("b")),
        authorization("Bearer", file("a")),
        authorization("Token", inline("a")),
        oauth2(|_| {}),
        oauth2(|it| it.client_id = "j".to_owned()),
        oauth2(|it| it.client_secret = inline("t")),
        oauth2(|it| it.client_secret = file("s")),
        oauth2(|it| it.token_url = url("https://t/a")),
        oauth2(|it| it.scopes = vec!["a b".to_owned()]),
        oauth2(|it| it.scopes = vec!["a".to_owned(), "b".to_owned()]),
        oauth2(|it| it.endpoint_params = vec![("a".to_owned(), Secret::new("b".to_owned()))]),
        oauth2(|it| it.endpoint_params = vec![("a".to_owned(), Secret::new("c".to_owned()))]),
        oauth2(|it| it.tls.server_name = text("a")),
        aws(|_| {}),
        aws(|it| it.block = AwsBlock::Sigv4),
        aws(|it| it.role_arn = text("a")),
        aws(|it| it.role_arn = text("b")),
        aws(|it| it.external_id = Some(Secret::new("a".to_owned()))),
        aws(|it| it.role_session_name = "a".to_owned()),
        aws(|it| it.session_length = Duration::from_secs(900)),
        aws(|it| it.keys = Some(keys())),
        aws(|it| {
            it.keys = Some(AwsKeys {
                id: Secret::new("j".to_owned()),
                ..keys()
            });
        }),
        aws(|it| {
            it.keys = Some(AwsKeys {
                secret: inline("t"),
                ..keys()
            });
        }),
        aws(|it| {
            it.keys = Some(AwsKeys {
                session_token: Some(inline("t")),
                ..keys()
            });
        }),
        aws(|it| it.region = text("a")),
        aws(|it| it.service = "a".to_owned()),
        aws(|it| it.profile = text("a")),
        aws(|it| it.sts_region = text("a")),
        aws(|it| it.use_fips_sts_endpoint = true),
        aws(|it| it.sts_endpoint = Some(url("https://s"))),
        aws(|it| it.web_identity_token_file = Some(PathBuf::from("a"))),
    ]
}

#[test]
fn each_field_makes_another_identity() {
    let key = key();
    let all = all_different();
    let identities: Vec<Identity> = all.iter().map(|it| key.identity(it)).collect();
    for (i, one) in identities.iter().enumerate() {
        for (j, other) in identities.iter().enumerate() {
            assert_eq!(one == other, i == j, "{:?}\n{:?}", all[i], all[j]);
        }
    }
}

#[test]
fn what_is_equal_has_one_identity() {
    let key = key();
    for (one, other) in all_different().iter().zip(all_different()) {
        assert_eq!(key.identity(one), key.identity(&other));
    }
    for other in [
        with(|it| it.name = Some("prod".to_owned())),
        with(|it| it.timeout = Duration::from_secs(1)),
        with(|it| it.options.max_points = 1),
        with(|it| it.compression = Compression::Off),
    ] {
        assert_eq!(key.identity(&other), key.identity(&connection()));
    }
}

#[test]
fn an_identity_is_written_whole() {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&[0x01, 0x9a, 0xf0, 0xff]);
    bytes[31] = 0x2b;
    let expected = format!("019af0ff{}2b", "00".repeat(27));
    assert_eq!(Identity(bytes).to_string(), expected);
}

#[test]
fn each_process_has_a_key_of_its_own() {
    let secret = Secret::new("x".to_owned());
    let [one, other] = [ProcessKey::random(), ProcessKey::random()];
    assert_ne!(one.identity(&secret), other.identity(&secret));
    assert_ne!(one.identity(&secret), key().identity(&secret));
}

proptest! {
    #[test]
    fn fields_cannot_flow_into_one_another(
        one in prop::collection::vec("[ab]{0,3}", 0..4),
        other in prop::collection::vec("[ab]{0,3}", 0..4),
    ) {
        let key = key();
        prop_assert_eq!(key.identity(&one) == key.identity(&other), one == other);
        let pair = |all: &[String]| {
            let of = |i: usize| all.get(i).map(|text| Secret::new(text.clone()));
            key.identity(&(of(0), of(1)))
        };
        let first_two = |all: &[String]| all.iter().take(2).cloned().collect::<Vec<_>>();
        prop_assert_eq!(pair(&one) == pair(&other), first_two(&one) == first_two(&other));
    }
}
