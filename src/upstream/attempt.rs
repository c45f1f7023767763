//! One attempt at a call: built anew, sent, read to its end and judged.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderValue;
use http::Response;
use http::Uri;
use http::header::ACCEPT_ENCODING;
use http::response::Parts;
use http_body_util::Full;
use tokio::time::timeout;
use tokio::time::timeout_at;

use crate::connections::Compression;
use crate::egress::DialError;
use crate::egress::Veil;
use crate::egress::dial::Part;
use crate::egress::dial::is_near;
use crate::limits;
use crate::record::Context;
use crate::record::Notice;
use crate::record::Reservation;
use crate::record::Step;
use crate::upstream::AnswerLimit;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::backend::Pass;
use crate::upstream::backend::Slot;
use crate::upstream::body;
use crate::upstream::body::Bounds;
use crate::upstream::body::Coding;
use crate::upstream::body::Unread;
use crate::upstream::client::Answer;
use crate::upstream::client::Client;
use crate::upstream::client::NoClient;
use crate::upstream::client::Unanswered;
use crate::upstream::client::head;
use crate::upstream::credentials::CredentialError;
use crate::upstream::decode::ErrorAnswer;
use crate::upstream::decode::Intake;
use crate::upstream::error::NoAnswer;
use crate::upstream::request;
use crate::upstream::request::Call;
use crate::upstream::request::Verb;
use crate::upstream::retry::Repeat;
use crate::upstream::scrub::Scrubbed;
use crate::upstream::sign::Mend;
use crate::upstream::sign::Proof;
use crate::upstream::sign::Refusal;
use crate::upstream::status;
use crate::upstream::status::Asked;
use crate::upstream::status::Failed;
use crate::upstream::tally::Tally;
use crate::upstream::until::Until;

/// What a backend is given less than we have, so that its own timeout arrives in time.
const RESERVE: Duration = Duration::from_millis(100);
/// A request that was made longer ago says another time than there is.
const OLD: Duration = Duration::from_millis(100);
/// Largest body of an answer that is no success: only a text of 512 characters is wanted of it. It
/// is not kept either.
const ERROR_BODY: usize = 1 << 20;

/// An answer of a call that succeeded, of which the body has been read.
#[derive(Debug)]
pub(super) struct Reply<'a> {
    pub(super) given: Given,
    /// What the backend was shown.
    pub(super) proof: Proof,
    pub(super) tally: Tally<'a>,
}

/// What came with a body, and what it was given to come.
#[derive(Debug)]
pub(super) struct Given {
    /// The status, a success.
    pub(super) status: u16,
    /// What the body is said to be, cleaned.
    pub(super) media_type: String,
    /// How much time the backend had.
    pub(super) time: Duration,
}

/// How one attempt is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) verb: Verb,
    /// Whether it must have a connection of its own.
    pub(super) is_fresh: bool,
    /// Whether the credentials were mended for it; that is done once in a call.
    pub(super) is_mended: bool,
    /// Whether it is not the first one of its call.
    pub(super) is_repeat: bool,
}

/// An attempt that can be sent.
struct Prepared {
    request: http::Request<Full<Bytes>>,
    proof: Proof,
    client: Arc<Client>,
    /// How much time the backend is given.
    time: Duration,
    deadline: tokio::time::Instant,
    _slot: Slot,
}

/// What is known of an attempt that was sent.
#[derive(Clone, Copy)]
struct Sent<'a> {
    attempt: Attempt,
    client: &'a Client,
    proof: &'a Proof,
    offers_gzip: bool,
    /// How much time the backend was given.
    time: Duration,
    until: Until<'a>,
}

impl Upstream {
    /// Makes one attempt, if there is time for one and the request may make another call. The body
    /// of a success goes into `intake`.
    pub(super) async fn attempt<'a>(
        &'a self,
        cx: &'a Context,
        call: &Call<'_>,
        attempt: Attempt,
        pass: &Pass<'_>,
        intake: &mut dyn Intake,
    ) -> Result<Reply<'a>, Failed> {
        let Prepared {
            mut request,
            proof,
            client,
            time,
            deadline,
            _slot: _held,
        } = self.prepare(cx, call, attempt, pass).await?;
        if proof.is_clock_corrected() {
            cx.note(|recorded| recorded.notice(Notice::ClockCorrected));
        }
        // No signature covers it, so that a proxy may change it.
        let offers_gzip = timeout_at(deadline, self.offers_gzip(&client, request.uri())).await;
        let offers_gzip = offers_gzip.unwrap_or(false);
        if offers_gzip {
            let gzip = HeaderValue::from_static("gzip");
            request.headers_mut().insert(ACCEPT_ENCODING, gzip);
        }
        if cx.count_call() > limits::BACKEND_CALLS {
            return Err(Failed::for_good(UpstreamError::Calls {
                limit: limits::BACKEND_CALLS,
            }));
        }

        let shown = cx.is_recorded().then(|| {
            let timeout = call.is_timed.then_some(time.as_millis());
            self.shown(call, attempt.verb, timeout)
        });
        let mut tally = Tally::start(
            &self.shared.instruments,
            cx,
            &self.target,
            request.uri().path(),
            attempt.is_repeat,
            shown,
        );
        let sent = Sent {
            attempt,
            client: &client,
            proof: &proof,
            offers_gzip,
            time,
            until: Until::work_of(&cx.deadline),
        };
        let _waiting = cx.waits().begin();
        let began = tokio::time::Instant::now();
        pass.sent(deadline.saturating_duration_since(began));
        let read = match self.send(cx, request, sent, pass).await {
            Ok(response) => self.receive(cx, response, sent, &mut tally, intake).await,
            Err(failed) => Err(failed),
        };
        match read {
            Ok(given) => Ok(Reply {
                given,
                proof,
                tally,
            }),
            Err(failed) => {
                // Its time may have been put off.
                pass.had(began.elapsed());
                tally.fail(&failed.error);
                Err(failed)
            }
        }
    }

    /// What an attempt needs before it is sent. The slot comes last: while credentials are fetched,
    /// or certificates read, others can use it. What has grown old by then is made again, or the
    /// backend would be told a time that has passed.
    async fn prepare(
        &self,
        cx: &Context,
        call: &Call<'_>,
        attempt: Attempt,
        pass: &Pass<'_>,
    ) -> Result<Prepared, Failed> {
        pass.begin();
        let connection = &self.target.connection;
        let mut slot = None;
        loop {
            let began = Instant::now();
            let remaining = cx.deadline.remaining(began);
            let time = remaining.saturating_sub(RESERVE);
            if time.as_millis() == 0 {
                let error = self.timed_out(cx, "no time was left to ask");
                return Err(Failed::for_good(error));
            }
            let timeout = call.is_timed.then_some(time.as_millis());
            let form = request::form(call, timeout, &connection.query_parameters);
            let Some(request) = request::request(&connection.url, call.path, form, attempt.verb)
            else {
                return Err(Failed::for_good(UpstreamError::Refused {
                    host: self.target.host.clone(),
                    status: 414,
                    message: Scrubbed::new("it does not fit into a URL"),
                }));
            };
            let deadline = tokio::time::Instant::now() + remaining;
            let signed = self.signed(request, deadline).await;
            cx.took(Step::Credentials, began.elapsed());
            let (request, proof) = signed?;
            let client = self.client(deadline).await?;
            let is_again = slot.is_some();
            let held = match slot.take() {
                Some(held) => held,
                None => self.slot(cx).await.map_err(Failed::for_good)?,
            };
            pass.check().map_err(Failed::for_good)?;
            if is_again || began.elapsed() < OLD {
                return Ok(Prepared {
                    request,
                    proof,
                    client,
                    time,
                    deadline,
                    _slot: held,
                });
            }
            slot = Some(held);
        }
    }

    /// Whether gzip is offered. To what is near, compressing costs the backend and saves nothing
    /// (performance.md, "HTTP").
    async fn offers_gzip(&self, client: &Client, url: &Uri) -> bool {
        match self.target.connection.compression {
            Compression::On => true,
            Compression::Off => false,
            Compression::Auto => !client.dialler.leads_near(url).await,
        }
    }

    /// `request` with what proves who asks.
    async fn signed(
        &self,
        mut request: http::Request<Bytes>,
        deadline: tokio::time::Instant,
    ) -> Result<(http::Request<Full<Bytes>>, Proof), Failed> {
        let connection = &self.target.connection;
        let proving = self
            .shared
            .prove(connection, self.purpose, &request, deadline);
        let proved = timeout_at(deadline, pin!(proving)).await;
        let proved = proved.unwrap_or(Err(CredentialError::late()));
        let mut proof = proved.map_err(|source| self.without(source))?;
        for (name, value) in proof.headers.drain(..) {
            request.headers_mut().append(name, value);
        }
        Ok((request.map(Full::from), proof))
    }

    /// The client for the backend.
    pub(super) async fn client(
        &self,
        deadline: tokio::time::Instant,
    ) -> Result<Arc<Client>, Failed> {
        let shared = &self.shared;
        let client = shared.clients.client(self.target.way(), &shared.files);
        match timeout_at(deadline, pin!(client)).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(NoClient::Material(source))) => Err(self.without(source)),
            Ok(Err(NoClient::System(reason))) => Err(Failed::for_good(UpstreamError::Tls {
                host: self.target.host.clone(),
                reason: reason.to_owned(),
            })),
            Err(_) => Err(self.without(CredentialError::late())),
        }
    }

    fn without(&self, source: CredentialError) -> Failed {
        let host = self.target.host.clone();
        Failed::for_good(UpstreamError::Credentials { host, source })
    }

    /// Sends `request` and waits for the head of the answer.
    async fn send(
        &self,
        cx: &Context,
        request: http::Request<Full<Bytes>>,
        sent: Sent<'_>,
        pass: &Pass<'_>,
    ) -> Result<Response<Answer>, Failed> {
        let reached = AtomicBool::new(false);
        // Pinned here, so that what waits for it moves a pointer and not all of it.
        let mut asked = pin!(async {
            if sent.attempt.is_fresh {
                Box::pin(sent.client.request_anew(request, &reached)).await
            } else {
                sent.client.request(request, &reached).await
            }
        });
        let asked = async {
            if pass.is_probe() {
                if let Ok(answer) = timeout(pass.head_within(), asked.as_mut()).await {
                    return answer;
                }
                pass.overdue(self.timed_out(cx, "waiting for the answer"));
            }
            asked.await
        };
        let began = Instant::now();
        match sent.until.ended(asked).await {
            Some(Ok(response)) => {
                pass.answered();
                cx.took(Step::Authorisation, began.elapsed());
                Ok(response)
            }
            Some(Err(error)) => Err(self.unanswered(&error, sent.client)),
            None if !reached.load(Ordering::Relaxed) => {
                Err(Failed::for_good(self.never_connected(cx)))
            }
            None => Err(Failed::for_good(
                self.timed_out(cx, "waiting for the answer"),
            )),
        }
    }

    /// Reads the answer to its end and judges its status.
    async fn receive(
        &self,
        cx: &Context,
        response: Response<Answer>,
        sent: Sent<'_>,
        tally: &mut Tally<'_>,
        intake: &mut dyn Intake,
    ) -> Result<Given, Failed> {
        let (head, body) = response.into_parts();
        let is_veiled = body.wire().veil == Veil(true);
        tally.status = Some(head.status.as_u16());
        if let Some(date) = status::date(&head.headers) {
            cx.dated(date, Instant::now());
        }
        if status::is_no_store(&head.headers) {
            cx.reserve(Reservation::NoStore);
        }
        let host = &self.target.host;
        if head::is_too_large(&head) {
            return Err(self.head_too_large());
        }
        let media_type = status::media_type(&head.headers, &sent.proof.secrets);
        // One that was not offered is not ours to undo.
        let coding = Coding::of(&head.headers, sent.offers_gzip)
            .map_err(|coding| self.miscoded(&head, sent, &format!("coded as {coding}")))?;
        let is_success = head.status.is_success();
        let bounds = Bounds {
            cap: if is_success {
                limits::ANSWER_BODY
            } else {
                ERROR_BODY
            },
            progress: self.shared.progress,
            until: sent.until,
        };
        let mut failure = ErrorAnswer::new();
        let read = if is_success {
            intake.restart();
            body::read(body, coding, bounds, intake).await
        } else {
            body::read(body, coding, bounds, &mut failure).await
        };
        if let Ok(bytes) = &read {
            tally.bytes = *bytes;
        }
        if is_success {
            let bytes = read.map_err(|unread| self.unread(cx, unread, &head, sent))?;
            // HTTP calls it whole: a proxy that lost its backend, or a wrong length.
            if intake.is_within() {
                return Err(self.broken(u64::try_from(bytes).unwrap_or(u64::MAX)));
            }
            return Ok(Given {
                status: head.status.as_u16(),
                media_type,
                time: sent.time,
            });
        }
        // The status alone decides where the body of an error cannot be had.
        if read.is_err() {
            failure.restart();
        }
        let (body, error) = failure.finish();
        if let Some(reason) = status::about_tls(head.status, &body) {
            let reason = reason.to_owned();
            let error = DialError::Tls { reason };
            return Err(self.undialled(if is_veiled { error.veiled() } else { error }));
        }
        let error = error.or_else(|| sent.proof.error_body(&head.headers, &body));
        let asked = Asked {
            host,
            url: self.target.connection.url.url(),
            proof: sent.proof,
            time: sent.time,
        };
        let failed = status::failed(asked, head.status, &head.headers, error.as_ref());
        if sent.attempt.is_mended {
            return Err(failed);
        }
        let refusal = Refusal {
            status: head.status,
            headers: &head.headers,
            body: &body,
            secrets: &sent.proof.secrets,
        };
        let connection = &self.target.connection;
        let mending = self
            .shared
            .mend(connection, sent.proof, refusal, sent.until.instant());
        match Box::pin(mending).await {
            Mend::Nothing => Err(failed),
            Mend::Again => Err(Failed {
                repeat: Repeat::Mended,
                ..failed
            }),
            Mend::Means(failed) => Err(failed),
        }
    }

    fn unanswered(&self, error: &Unanswered, client: &Client) -> Failed {
        let host = self.target.host.clone();
        match NoAnswer::of(error.cause(), client.has_certificate) {
            NoAnswer::Dial(error) => self.undialled(error),
            NoAnswer::Tls(reason) if error.is_veiled() => {
                self.undialled(DialError::Tls { reason }.veiled())
            }
            NoAnswer::Tls(reason) => self.undialled(DialError::Tls { reason }),
            NoAnswer::NotHttp => Failed::for_good(UpstreamError::NotPrometheus {
                host,
                media_type: "something that is not HTTP".to_owned(),
                status: 502,
            }),
            NoAnswer::Head => self.head_too_large(),
            NoAnswer::Broken if error.is_stale() => Failed {
                repeat: Repeat::AtOnce,
                ..self.broken(0)
            },
            NoAnswer::Broken => self.broken(0),
        }
    }

    fn unread(&self, cx: &Context, unread: Unread, head: &Parts, sent: Sent<'_>) -> Failed {
        let host = self.target.host.clone();
        let over = |limit| Failed::for_good(UpstreamError::TooLarge { host, limit });
        match unread {
            Unread::Cap => over(AnswerLimit::Body),
            Unread::Expansion => over(AnswerLimit::Expansion),
            Unread::Miscoded => self.miscoded(head, sent, "whose gzip is broken"),
            Unread::Slow => Failed::for_good(UpstreamError::Timeout {
                host: self.target.host.clone(),
                after: self.shared.progress.every,
                phase: "the answer came too slowly",
            }),
            Unread::Deadline => Failed::for_good(self.timed_out(cx, "reading the answer")),
            Unread::Broken(bytes) => self.broken(bytes),
        }
    }

    /// What is coded in a way that cannot be undone is not Prometheus' JSON.
    fn miscoded(&self, head: &Parts, sent: Sent<'_>, how: &str) -> Failed {
        let secrets = &sent.proof.secrets;
        let media_type = status::media_type(&head.headers, secrets);
        let media_type = Scrubbed::without(secrets, &format!("{media_type} {how}"));
        Failed::for_good(UpstreamError::NotPrometheus {
            host: self.target.host.clone(),
            media_type: media_type.into(),
            status: head.status.as_u16(),
        })
    }

    /// The request's own time is what a person can raise, so it is the time that is named.
    pub(super) fn timed_out(&self, cx: &Context, phase: &'static str) -> UpstreamError {
        UpstreamError::Timeout {
            host: self.target.host.clone(),
            after: cx.deadline.length(),
            phase,
        }
    }

    /// Time ran out before there was a connection. Who knocks at a port that swallows packets with
    /// little time must not learn more than of one that is closed.
    pub(super) fn never_connected(&self, cx: &Context) -> UpstreamError {
        let connection = &self.target.connection;
        let host = connection.url.url().host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if connection.reach.backend.is_veiled && !is_near(host) {
            return UpstreamError::Unreached {
                host: self.target.host.clone(),
                part: Part::Connect,
                reason: "the time of the request ran out".to_owned(),
                is_late: true,
            };
        }
        self.timed_out(cx, "connecting")
    }

    fn head_too_large(&self) -> Failed {
        Failed::for_good(UpstreamError::TooLarge {
            host: self.target.host.clone(),
            limit: AnswerLimit::Head,
        })
    }

    fn broken(&self, bytes: u64) -> Failed {
        Failed::for_now(UpstreamError::Broken {
            host: self.target.host.clone(),
            bytes,
        })
    }
}
