//! One call from its parameters to what its answer says.

use crate::instruments::ShedReason;
use crate::record::Context;
use crate::record::Reservation;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::attempt::Given;
use crate::upstream::credentials::secrets::Secrets;
use crate::upstream::decode::Data;
use crate::upstream::decode::Decoded;
use crate::upstream::decode::Intake as _;
use crate::upstream::decode::Reading;
use crate::upstream::decode::Unusable;
use crate::upstream::quoted;
use crate::upstream::request::Call;
use crate::upstream::scrub::Scrubber;
use crate::upstream::sign::Proof;
use crate::upstream::status;
use crate::upstream::status::Asked;

impl Upstream {
    /// Makes `call` and reads its answer, whose data go into `data`.
    pub(super) async fn ask<D: Data>(
        &self,
        cx: &Context,
        call: &Call<'_>,
        data: D,
    ) -> Result<Decoded<D::Value>, UpstreamError> {
        let answered = self.ask_and_prove(cx, call, data).await;
        answered.map(|(decoded, _)| decoded)
    }

    /// As [`Self::ask`], with what was shown to the backend: no text of its answer may repeat that.
    pub(super) async fn ask_and_prove<D: Data>(
        &self,
        cx: &Context,
        call: &Call<'_>,
        data: D,
    ) -> Result<(Decoded<D::Value>, Secrets), UpstreamError> {
        let mut reading = Reading::new(data);
        if cx.is_dry() {
            return Ok((self.unasked(cx, call, reading), Secrets::default()));
        }
        // On the heap, for it is large, with all ways to prove who asks in it: every future around it
        // would be as large, and is moved several times before it begins.
        let reply = Box::pin(self.exchange(cx, call, &mut reading))
            .await
            .map_err(|error| about_names(error, call))?;
        match reading.finish() {
            Ok(mut decoded) => {
                decoded.call = reply.tally.succeed(decoded.entries);
                let texts = decoded.warnings.iter_mut().chain(&mut decoded.infos);
                let mut scrubber = None;
                for text in texts {
                    let scrubber =
                        scrubber.get_or_insert_with(|| Scrubber::of(&reply.proof.secrets));
                    *text = scrubber.clean(text).into();
                }
                cx.note(|recorded| recorded.warned(decoded.call, &decoded.warnings));
                self.remark(cx, &decoded.warnings, &decoded.infos);
                if decoded.is_partial || !decoded.warnings.is_empty() {
                    cx.reserve(Reservation::Warned);
                }
                Ok((decoded, reply.proof.secrets))
            }
            Err(unusable) => {
                let error = self.unusable(unusable, reply.given, &reply.proof);
                reply.tally.fail(&error);
                Err(about_names(error, call))
            }
        }
    }

    /// Only notes `call`: a dry run, to which every answer is empty.
    fn unasked<D: Data>(
        &self,
        cx: &Context,
        call: &Call<'_>,
        mut reading: Reading<D>,
    ) -> Decoded<D::Value> {
        let millis = cx.deadline.length().as_millis();
        let shown = self.shown(call, self.verb(call), call.is_timed.then_some(millis));
        cx.record(|recorded| {
            recorded.call(shown);
        });
        let _ = reading.push(D::EMPTY.as_bytes());
        let empty = reading.finish();
        empty.unwrap_or_else(|_| unreachable!("an empty answer is one"))
    }

    /// Warnings are logged and counted and change no answer; infos ("metric might not be a
    /// counter") are for whoever debugs (queries.md, "Long ranges").
    fn remark(&self, cx: &Context, warnings: &[String], infos: &[String]) {
        let count = u64::try_from(warnings.len()).unwrap_or(u64::MAX);
        let name = self.target.connection.name.as_deref();
        self.shared.instruments.backend_warnings(name, count);
        let (request_id, host) = (cx.request_id.as_str(), self.host());
        for warning in warnings {
            tracing::warn!(request_id, host, warning, "backend warns");
        }
        for info in infos {
            tracing::debug!(request_id, host, info, "backend remarks");
        }
    }

    /// There are no bytes left for what an answer needs.
    #[must_use]
    pub fn out_of_memory(&self) -> UpstreamError {
        self.shared.instruments.shed(ShedReason::Bytes);
        UpstreamError::Memory
    }

    fn unusable(&self, unusable: Unusable, given: Given, proof: &Proof) -> UpstreamError {
        let host = self.target.host.clone();
        match unusable {
            Unusable::Unreadable => UpstreamError::NotPrometheus {
                host,
                media_type: given.media_type,
                status: given.status,
            },
            Unusable::Over(limit) => UpstreamError::TooLarge { host, limit },
            Unusable::Memory => self.out_of_memory(),
            Unusable::Error(error) => {
                let asked = Asked {
                    host: &host,
                    url: self.target.connection.url.url(),
                    proof,
                    time: given.time,
                };
                status::refused(asked, given.status, &error)
            }
        }
    }
}

/// Says so if a refusal is about a label name that the backend cannot parse.
fn about_names(error: UpstreamError, call: &Call<'_>) -> UpstreamError {
    let UpstreamError::Refused { host, message, .. } = &error else {
        return error;
    };
    if !quoted::is_about_names(message.as_str()) {
        return error;
    }
    match call.promql().find_map(quoted::quoted_label) {
        Some(label) => UpstreamError::LabelName {
            host: host.clone(),
            label: label.to_owned(),
        },
        None => error,
    }
}
