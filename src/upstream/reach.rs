//! The way to a backend without a call on it: what the connection test climbs first.

use std::time::Instant;

use http::Uri;
use tokio::time::timeout;

use crate::egress::DialError;
use crate::egress::dial::Part;
use crate::record::Context;
use crate::record::Step;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::scrub::Scrubbed;
use crate::upstream::status::Failed;

impl Upstream {
    /// Dials the backend as a call would, and hangs up. A connection that is kept would hide what a
    /// new one meets. What each part took is noted in `cx`.
    ///
    /// # Errors
    ///
    /// That of a call that finds no connection.
    pub async fn reach(&self, cx: &Context) -> Result<(), UpstreamError> {
        let _waiting = cx.waiting();
        let remaining = cx.deadline.remaining(Instant::now());
        let client = self.client(tokio::time::Instant::now() + remaining).await;
        let client = client.map_err(|failed| failed.error)?;
        let url = self.target.connection.url.url();
        // What the `url` crate has made, `http` can read.
        let Ok(url) = url.as_str().parse::<Uri>() else {
            return Ok(());
        };
        let watch = |part, took| {
            let step = match part {
                Part::Resolve => Step::Name,
                Part::Connect => Step::Connect,
                Part::Handshake => Step::Tls,
            };
            cx.took(step, took);
        };
        let remaining = cx.deadline.remaining(Instant::now());
        match timeout(remaining, client.dialler.try_out(&url, &watch)).await {
            Ok(dialled) => dialled.map_err(|error| self.undialled(error).error),
            Err(_) => Err(self.never_connected(cx)),
        }
    }

    /// What it means that there is no connection.
    pub(super) fn undialled(&self, error: DialError) -> Failed {
        let host = self.target.host.clone();
        let (error, is_temporary) = match error {
            DialError::Forbidden {
                host,
                address,
                refusal,
            } => (
                UpstreamError::Forbidden {
                    host,
                    address,
                    refusal,
                },
                false,
            ),
            DialError::Unreached {
                part,
                reason,
                is_temporary,
            } => {
                let reason = Scrubbed::new(&reason).into();
                let error = UpstreamError::Unreached {
                    host,
                    part,
                    reason,
                    is_late: false,
                };
                (error, is_temporary)
            }
            DialError::Resolve {
                reason,
                is_temporary,
            } => (UpstreamError::Resolve { host, reason }, is_temporary),
            DialError::Connect { reason } => (UpstreamError::Connect { host, reason }, true),
            DialError::Proxy {
                reason,
                is_temporary,
            } => {
                let reason = format!("no way through the proxy: {reason}");
                (UpstreamError::Connect { host, reason }, is_temporary)
            }
            // The names in a certificate are the peer's own text.
            DialError::Tls { reason } => {
                let reason = Scrubbed::new(&reason).as_str().to_owned();
                (UpstreamError::Tls { host, reason }, false)
            }
        };
        if is_temporary {
            Failed::for_now(error)
        } else {
            Failed::for_good(error)
        }
    }
}
