//! The credentials of a proxy, which stand in its URL and go to the proxy alone.

use http::HeaderValue;
use url::Url;

use crate::secret::Secret;
use crate::upstream::sign::basic;

/// What the proxy at `url` is shown.
pub(super) fn authorization(url: &Url) -> Option<HeaderValue> {
    let (user, password) = credentials(url)?;
    let value = basic::header(&user, &password);
    let mut value = HeaderValue::try_from(value.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// User and password in `url`.
pub(in crate::upstream) fn credentials(url: &Url) -> Option<(Secret, Secret)> {
    let password = url.password().unwrap_or_default();
    if url.username().is_empty() && password.is_empty() {
        return None;
    }
    Some((decoded(url.username()), decoded(password)))
}

fn decoded(text: &str) -> Secret {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        // Checked, since the number parser would also take a sign.
        let digits = after
            .get(..2)
            .filter(|two| two.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            Some(_) | None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    Secret::new(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<(&str, &str)>) {
        let read = credentials(&Url::parse(url).unwrap());
        let read = read
            .as_ref()
            .map(|(user, password)| (user.expose(), password.expose()));
        assert_eq!(read, expected);
    }

    #[test]
    fn user_and_password_are_percent_decoded() {
        check("http://u:p@proxy:3128", Some(("u", "p")));
        check("http://u%40x:a%3Ab%25c%+d@proxy", Some(("u@x", "a:b%c%+d")));
        check("http://u@proxy", Some(("u", "")));
        check("http://%C3%BC:%@proxy", Some(("ü", "%")));
    }

    #[test]
    fn a_url_without_them_has_none() {
        check("http://proxy:3128", None);
        assert_eq!(authorization(&Url::parse("http://proxy").unwrap()), None);
    }
}
