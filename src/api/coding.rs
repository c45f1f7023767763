//! Compressed answers: which coding a caller wants, and making it (performance.md, "HTTP").

use std::io;
use std::io::Write;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::HeaderValue;
use http::header::ACCEPT_ENCODING;
use http::header::CONTENT_ENCODING;
use http::header::CONTENT_LENGTH;
use http::header::VARY;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::task::yield_now;

use crate::cache::forms::Coding;
use crate::cache::forms::Forms;
use crate::limits::Charge;

/// Smallest answer that is compressed, in bytes.
const LEAST: u64 = 1 << 10;
/// How much is compressed before others get their turn.
const STEP: usize = 64 << 10;
/// The fastest levels: answers are read once.
const ZSTD: i32 = 1;
const GZIP: flate2::Compression = flate2::Compression::fast();

/// What a compressor takes while it works, about.
const WORK: usize = 256 << 10;

/// The coding that a caller likes best of those we make: the one with the highest `q`, of equal ones
/// zstd. `None`: as it is.
pub(super) fn wanted(head: &HeaderMap) -> Option<Coding> {
    let mut given = Given::default();
    for value in head.get_all(ACCEPT_ENCODING) {
        for entry in value.as_bytes().split(|b| *b == b',') {
            given.take(entry);
        }
    }
    let weight = |own: Option<u16>| own.or(given.any).unwrap_or(0);
    let (zstd, gzip) = (weight(given.zstd), weight(given.gzip));
    let (coding, weight) = if zstd >= gzip {
        (Coding::Zstd, zstd)
    } else {
        (Coding::Gzip, gzip)
    };
    // Who says that the text as it is would be better gets that.
    let is_liked = given.identity.is_none_or(|identity| identity <= weight);
    (weight > 0 && is_liked).then_some(coding)
}

/// Weights in thousandths.
#[derive(Clone, Copy, Debug, Default)]
struct Given {
    zstd: Option<u16>,
    gzip: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Given {
    /// Takes one entry, as `gzip;q=0.5`. One that cannot be read counts as not there.
    fn take(&mut self, entry: &[u8]) {
        let mut parts = entry.split(|b| *b == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        let weight = parts.next().map_or(Some(1_000), weight);
        let own = match name.to_ascii_lowercase().as_slice() {
            b"zstd" => &mut self.zstd,
            b"gzip" | b"x-gzip" => &mut self.gzip,
            b"identity" => &mut self.identity,
            b"*" => &mut self.any,
            _ => return,
        };
        *own = (*own).or(weight);
    }
}

/// `q=0.5` as thousandths.
fn weight(text: &[u8]) -> Option<u16> {
    let text = str::from_utf8(text).ok()?;
    let (name, value) = text.split_once('=')?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let is_weight = name.trim().eq_ignore_ascii_case("q")
        && matches!(whole, "0" | "1")
        && fraction.len() <= 3
        && fraction.bytes().all(|b| b.is_ascii_digit());
    if !is_weight {
        return None;
    }
    let thousandths = format!("{whole}{fraction:0<3}").parse().ok()?;
    Some(u16::min(thousandths, 1_000))
}

/// `answer` as its caller wants it. A form that others want too is made once; without memory for it
/// the answer goes out as it is.
pub(super) async fn coded(mut answer: Response, wanted: Option<Coding>) -> Response {
    let size = answer.body().size_hint();
    if size.exact().is_none_or(|size| size < LEAST)
        || answer.headers().contains_key(CONTENT_ENCODING)
    {
        return answer;
    }
    let varies = HeaderValue::from_static("accept-encoding");
    answer.headers_mut().insert(VARY, varies);
    let Some(coding) = wanted else {
        return answer;
    };
    let forms = answer.extensions_mut().remove::<Arc<Forms>>();
    let (mut head, body) = answer.into_parts();
    // All of it is there already.
    let Ok(whole) = body.collect().await else {
        return Response::from_parts(head, Body::empty());
    };
    let whole = whole.to_bytes();
    let form = match forms {
        Some(forms) => {
            let make = |charge| made(coding, &whole, Some(charge));
            forms.form(coding, make).await
        }
        None => made(coding, &whole, None).await,
    };
    let Some(form) = form else {
        return Response::from_parts(head, Body::from(whole));
    };
    let name = match coding {
        Coding::Zstd => "zstd",
        Coding::Gzip => "gzip",
    };
    head.headers
        .insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(form))
}

/// A form of an answer, and what it is charged to.
struct Owner {
    form: Vec<u8>,
    _charge: Option<Charge>,
}

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.form
    }
}

/// `whole` in `coding`; `None` if there is no memory for it.
async fn made(coding: Coding, whole: &Bytes, mut charge: Option<Charge>) -> Option<Bytes> {
    if let Some(charge) = &mut charge {
        // It may be incompressible, and then it grows by a little.
        charge.grow(whole.len() + WORK).ok()?;
    }
    let form = match coding {
        Coding::Zstd => zstd(whole).await,
        Coding::Gzip => gzip(whole).await,
    };
    let mut form = form.ok()?;
    form.shrink_to_fit();
    if let Some(charge) = &mut charge {
        charge.settle(form.capacity());
    }
    Some(Bytes::from_owner(Owner {
        form,
        _charge: charge,
    }))
}

async fn zstd(whole: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD)?;
    written(&mut encoder, whole).await?;
    encoder.finish()
}

async fn gzip(whole: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), GZIP);
    written(&mut encoder, whole).await?;
    encoder.finish()
}

async fn written(encoder: &mut (impl Write + Send), whole: &[u8]) -> io::Result<()> {
    for (at, piece) in whole.chunks(STEP).enumerate() {
        if at > 0 {
            yield_now().await;
        }
        encoder.write_all(piece)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], expected: Option<Coding>) {
        let mut head = HeaderMap::new();
        for value in values {
            head.append(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(wanted(&head), expected, "{values:?}");
    }

    #[test]
    fn the_best_liked_coding_is_taken_and_zstd_of_equal_ones() {
        check(&[], None);
        check(&[""], None);
        check(&["gzip"], Some(Coding::Gzip));
        check(&["GZIP, deflate, br"], Some(Coding::Gzip));
        check(&["gzip, zstd"], Some(Coding::Zstd));
        check(&["gzip", "zstd"], Some(Coding::Zstd));
        check(&["gzip;q=0.9, zstd ; q=0.8"], Some(Coding::Gzip));
        check(&["*"], Some(Coding::Zstd));
        check(&["zstd;q=0, *;q=0.1"], Some(Coding::Gzip));
    }

    #[test]
    fn what_is_not_wanted_is_not_made() {
        check(&["gzip;q=0"], None);
        check(&["gzip;q=0.000, zstd;Q=0.0"], None);
        check(&["identity;q=1, gzip;q=0.5"], None);
        check(&["identity;q=0, gzip;q=0"], None);
        check(&["br, deflate"], None);
        check(&["gzip;q=x, gzip2"], None);
        check(&["gzip;q=1.5"], Some(Coding::Gzip));
        check(&["gzip;q=0.0001"], None);
    }
}
