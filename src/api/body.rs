//! Reading the body of a call, within its limits (security.md, "Limits on input").

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::time::timeout;

use crate::limits;
use crate::limits::Charge;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is over its limit.
    TooLarge,
    /// All bodies together are over theirs.
    NoRoom,
    /// It did not arrive in time.
    TooSlow,
    /// It ended early, or was framed wrongly.
    Broken,
}

/// The whole body. `charges` grow with each byte that is read, and not with those announced: that
/// costs whoever says it nothing.
pub(super) async fn whole(body: Body, charges: &mut [Charge]) -> Result<Bytes, Unread> {
    // A length that is known to be too much is refused unread.
    if body.size_hint().lower() > limits::REQUEST_BODY as u64 {
        return Err(Unread::TooLarge);
    }
    let read = timeout(PATIENCE, collected(body, charges)).await;
    read.unwrap_or(Err(Unread::TooSlow))
}

async fn collected(mut body: Body, charges: &mut [Charge]) -> Result<Bytes, Unread> {
    let mut first = Bytes::new();
    // Of a second frame on they are copied: kept as they are, small ones would take many times what
    // they hold.
    let mut all = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length > limits::REQUEST_BODY {
            return Err(Unread::TooLarge);
        }
        for charge in charges.iter_mut() {
            charge.grow(data.len()).map_err(|_| Unread::NoRoom)?;
            // Most are far smaller than what is taken at a time.
            charge.settle(usize::MAX);
        }
        if length == data.len() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
            first = Bytes::new();
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::StreamExt as _;
    use futures_util::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;
    use crate::limits::Budget;

    /// A body that comes in these parts, and then ends or does not.
    fn body(parts: Vec<Vec<u8>>, ends: bool) -> Body {
        let parts = parts
            .into_iter()
            .map(|part| Ok::<_, Infallible>(Frame::data(part.into())));
        let rest = if ends {
            stream::empty().left_stream()
        } else {
            stream::pending().right_stream()
        };
        Body::new(StreamBody::new(stream::iter(parts).chain(rest)))
    }

    #[tokio::test]
    async fn a_body_of_just_the_limit_is_read_though_its_length_is_known() {
        let announced = |length: usize| Body::from(vec![b' '; length]);
        let read = whole(announced(limits::REQUEST_BODY), &mut []).await;
        assert_eq!(read.map(|it| it.len()), Ok(limits::REQUEST_BODY));
        let read = whole(announced(limits::REQUEST_BODY + 1), &mut []).await;
        assert_eq!(read, Err(Unread::TooLarge));
    }

    async fn check(parts: &[&str], expected: &str) {
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| part.as_bytes().to_vec()).collect();
        let budget = Budget::exact(expected.len());
        let shared = Budget::of(1 << 20);
        let mut charges = [budget.charge(), shared.charge()];
        let read = whole(body(parts.clone(), true), &mut charges).await;
        assert_eq!(read.as_deref(), Ok(expected.as_bytes()));
        assert_eq!(budget.used(), expected.len());
        assert_eq!(shared.used(), expected.len(), "no step more");
        assert_eq!(whole(body(parts.clone(), true), &mut []).await, read);
        // One byte less, and there is no room.
        if let Some(less) = expected.len().checked_sub(1) {
            let mut charges = [shared.charge(), Budget::exact(less).charge()];
            let read = whole(body(parts, true), &mut charges).await;
            assert_eq!(read, Err(Unread::NoRoom));
        }
    }

    #[tokio::test]
    async fn however_it_is_cut_it_is_read_whole_and_charged_by_the_byte() {
        check(&[], "").await;
        check(&["", ""], "").await;
        check(&["abc"], "abc").await;
        check(&["", "abc", ""], "abc").await;
        check(&["a", "b", "", "c"], "abc").await;
    }

    #[tokio::test]
    async fn both_sides_of_its_limit() {
        let most = limits::REQUEST_BODY;
        for parts in [vec![most], vec![most - 1, 1], vec![1, 1, most - 2]] {
            let parts: Vec<Vec<u8>> = parts.into_iter().map(|size| vec![b' '; size]).collect();
            let read = whole(body(parts.clone(), true), &mut []).await;
            assert_eq!(read.map(|read| read.len()), Ok(most));
            let over = parts.into_iter().chain([vec![b' ']]).collect();
            assert_eq!(
                whole(body(over, true), &mut []).await,
                Err(Unread::TooLarge)
            );
        }
    }

    #[tokio::test]
    async fn an_announced_length_is_judged_unread_and_takes_no_room() {
        let over = Body::from(vec![b' '; limits::REQUEST_BODY + 1]);
        let mut charges = [Budget::exact(0).charge()];
        assert_eq!(whole(over, &mut charges).await, Err(Unread::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn it_has_ten_seconds() {
        let began = tokio::time::Instant::now();
        let read = whole(body(vec![b"{".to_vec()], false), &mut []).await;
        assert_eq!(
            (read, began.elapsed().as_secs()),
            (Err(Unread::TooSlow), 10)
        );
    }
}
