//! The HTTP client that the AWS SDK is given, on our own dialler. It keeps no connection, since STS
//! is asked once an hour.
//!
//! It is another one than that for backends: its addresses come from configuration and environment,
//! and of a request only a region reaches it (connections.md, "The HTTP client").

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::http::HttpConnectorFuture;
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_smithy_runtime_api::client::http::http_client_fn;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use http_body_util::Limited;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::egress::AmbientDialler;
use crate::egress::Tls;
use crate::egress::tls::Roots;
use crate::egress::tls::Settings;
use crate::egress::tls::TlsError;

/// Largest answer that is read; credentials are a few KiB.
const ANSWER: usize = 1 << 20;
/// For what has no limit of its own: 2 s to connect, 5 s to answer.
const USUAL: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5));

/// A client for the SDK, whose peers must be vouched for by `roots`.
pub(super) fn client(roots: Roots) -> SharedHttpClient {
    let https = Arc::new(Https {
        roots,
        tls: OnceCell::new(),
    });
    http_client_fn(move |settings, _| {
        SharedHttpConnector::new(Connector {
            https: Arc::clone(&https),
            limit: limit(settings),
        })
    })
}

/// TLS for all calls, made when the first one needs it.
struct Https {
    roots: Roots,
    tls: OnceCell<Tls>,
}

impl Https {
    async fn dialler(&self, request: &HttpRequest) -> Result<AmbientDialler, TlsError> {
        if !request.uri().starts_with("https:") {
            return Ok(AmbientDialler::default());
        }
        let tls = || Tls::new(Settings::default(), &self.roots);
        let tls = self.tls.get_or_try_init(tls).await?;
        Ok(AmbientDialler::new(Some(tls.clone())))
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Https")
    }
}

fn limit(settings: &HttpConnectorSettings) -> Duration {
    let (connect, answer) = USUAL;
    settings.connect_timeout().unwrap_or(connect) + settings.read_timeout().unwrap_or(answer)
}

#[derive(Debug)]
struct Connector {
    https: Arc<Https>,
    /// For the whole of a call.
    limit: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (https, limit) = (Arc::clone(&self.https), self.limit);
        HttpConnectorFuture::new(async move {
            timeout(limit, exchange(&https, request))
                .await
                .unwrap_or_else(|late| Err(ConnectorError::timeout(late.into())))
        })
    }
}

async fn exchange(https: &Https, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let dialler = https.dialler(&request).await;
    let dialler = dialler.map_err(|it| ConnectorError::user(it.into()))?;
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(dialler);
    let request = request.try_into_http1x();
    let (head, body) = request
        .map_err(|it| ConnectorError::user(it.into()))?
        .into_parts();
    // All that is asked here are forms; only a stream would have no bytes.
    let body = Bytes::copy_from_slice(body.bytes().unwrap_or_default());
    let request = http::Request::from_parts(head, Full::<Bytes>::from(body));
    let answer = client.request(request).await;
    let (head, body) = answer
        .map_err(|it| ConnectorError::io(it.into()))?
        .into_parts();
    let body = Limited::new(body, ANSWER).collect().await;
    let body = body.map_err(ConnectorError::io)?.to_bytes();
    let answer = http::Response::from_parts(head, body.to_vec().into());
    HttpResponse::try_from(answer).map_err(|it| ConnectorError::other(it.into(), None))
}
