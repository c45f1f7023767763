//! How large the head of an answer may be.

use http::response::Parts;
use hyper::ext::ReasonPhrase;

use crate::upstream::client::clients::HEAD;
use crate::upstream::client::clients::HEADER_FIELDS;

/// Whether the head of an answer is larger than is read of anyone. hyper looks at its buffer before it
/// reads and so lets through up to twice as many bytes, and counts no fields over HTTP/2.
pub(in crate::upstream) fn is_too_large(head: &Parts) -> bool {
    size(head) > HEAD || head.headers.len() > HEADER_FIELDS
}

/// How many bytes a head took on the wire, each field with colon, blank and line end.
fn size(head: &Parts) -> usize {
    let reason = match head.extensions.get::<ReasonPhrase>() {
        Some(reason) => reason.as_bytes().len(),
        None => head.status.canonical_reason().map_or(0, str::len),
    };
    let fields = head.headers.iter();
    let fields: usize = fields
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    "HTTP/1.1 200 \r\n\r\n".len() + reason + fields
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use http::HeaderValue;
    use http::Response;

    use super::*;

    #[track_caller]
    fn check(fields: usize, bytes_of_each: usize, expected: bool) {
        let (mut head, ()) = Response::new(()).into_parts();
        for index in 0..fields {
            let name = HeaderName::try_from(format!("x{index:03}")).unwrap();
            let value = "v".repeat(bytes_of_each - "x000: \r\n".len());
            head.headers
                .append(name, HeaderValue::try_from(value).unwrap());
        }
        assert_eq!(is_too_large(&head), expected, "{fields} x {bytes_of_each}");
    }

    #[test]
    fn a_head_has_at_most_a_hundred_fields_and_64_kib() {
        check(100, 10, false);
        check(101, 10, true);
        let line = "HTTP/1.1 200 OK\r\n\r\n".len();
        check(1, (64 << 10) - line, false);
        check(1, (64 << 10) - line + 1, true);
    }
}
