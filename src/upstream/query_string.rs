//! Query strings and forms, in the one spelling that needs no canonicalising: what is signed is what
//! is sent (connections.md, "AWS").

/// What most forms take.
const FORM: usize = 512;
/// The digits of an escape.
const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// A query string, or a form, in the one spelling that needs no canonicalising: RFC 3986, so that a
/// blank is `%20`, never `+`, and only letters, digits and `-._~` stay as they are.
#[must_use]
pub(super) fn query_string<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::with_capacity(FORM);
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        encode(name, &mut text);
        text.push('=');
        encode(value, &mut text);
    }
    text
}

fn encode(part: &str, into: &mut String) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
            into.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_alone_stay_as_they_are() {
        let text = query_string([("a b", "+*~-._/ü\u{0}"), ("", "")]);
        assert_eq!(text, "a%20b=%2B%2A~-._%2F%C3%BC%00&=");
    }

    #[test]
    fn of_no_pairs_nothing_is_made() {
        assert_eq!(query_string([]), "");
    }
}
