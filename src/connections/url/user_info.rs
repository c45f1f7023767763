//! `user:password@` in an address, which old documents use.

use ::url::Url;

use super::{UrlError, authority, check_characters, endpoint};
use crate::secret::Secret;

/// A user name and a password, percent-decoded.
#[derive(Clone, Debug)]
pub struct UserInfo {
    /// The user; never empty, without a colon.
    pub username: Secret,
    /// The password, if one was given that is not empty.
    pub password: Option<Secret>,
}

impl UserInfo {
    /// Takes the user and the password out of a URL; the URL without them.
    ///
    /// # Errors
    ///
    /// [`UrlError::UnreadableUser`] if they are not text, or there is no user; [`UrlError::Character`]
    /// and [`UrlError::Query`] for what other readers of URLs take for the end of the host before it.
    pub fn split(text: &str) -> Result<(String, Option<Self>), UrlError> {
        let Some((info, host)) = authority(text).rsplit_once('@') else {
            return Ok((text.to_owned(), None));
        };
        check_characters(info)?;
        let (before, after) = text.split_once("://").unwrap_or_default();
        let path = after.get(info.len() + 1 + host.len()..).unwrap_or_default();
        let rest = format!("{before}://{host}{path}");
        let (username, password) = info.split_once(':').unwrap_or((info, ""));
        let (username, password) = (decoded(username)?, decoded(password)?);
        if username.is_empty() || username.contains(':') {
            return Err(UrlError::UnreadableUser);
        }
        let password = (!password.is_empty()).then(|| Secret::new(password));
        let username = Secret::new(username);
        Ok((rest, Some(Self { username, password })))
    }
}

/// The URL of a proxy: one to be used as it is, which may hold a user and a password for the proxy.
/// They stay in it, percent-encoded.
///
/// # Errors
///
/// As [`endpoint`], and [`UrlError::UnreadableUser`].
pub fn proxy(text: &str) -> Result<Url, UrlError> {
    let (bare, user) = UserInfo::split(text)?;
    let mut url = endpoint(&bare)?;
    if let Some(UserInfo { username, password }) = user {
        let password = password.as_ref().map(Secret::expose);
        // A URL with a host takes both.
        let taken = url.set_username(username.expose());
        let taken = taken.and_then(|()| url.set_password(password));
        taken.map_err(|()| UrlError::Host)?;
    }
    Ok(url)
}

/// Text without its escapes.
fn decoded(text: &str) -> Result<String, UrlError> {
    let unreadable = UrlError::UnreadableUser;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(unreadable);
        };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| unreadable)?);
    }
    let decoded = String::from_utf8(bytes).map_err(|_| unreadable)?;
    if decoded.contains(char::is_control) {
        return Err(unreadable);
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, rest: &str, user: Option<(&str, Option<&str>)>) {
        let (found, info) = UserInfo::split(text).unwrap();
        assert_eq!(found, rest);
        let expose = |info: &UserInfo| {
            let password = info.password.as_ref();
            let password = password.map(|it| it.expose().to_owned());
            (info.username.expose().to_owned(), password)
        };
        let user = user.map(|(name, word)| (name.to_owned(), word.map(str::to_owned)));
        assert_eq!(info.as_ref().map(expose), user, "{text}");
    }

    #[test]
    fn a_user_is_taken_out_and_decoded() {
        check(
            "http://u:p@h:9090/a",
            "http://h:9090/a",
            Some(("u", Some("p"))),
        );
        check("https://u@h", "https://h", Some(("u", None)));
        check("https://u:@h", "https://h", Some(("u", None)));
        check(
            "http://a%40b:%2f%3A:x@[::1]/",
            "http://[::1]/",
            Some(("a@b", Some("/::x"))),
        );
        check("http://u:p@q@h", "http://h", Some(("u", Some("p@q"))));
    }

    #[test]
    fn an_at_sign_in_the_path_is_none() {
        check("http://h/a@b", "http://h/a@b", None);
        check("h:9090", "h:9090", None);
    }

    #[test]
    fn what_others_read_as_the_end_of_the_host_is_refused() {
        for (text, expected) in [
            ("http://127.0.0.1\\@h", UrlError::Character),
            ("http://127.0.0.1 @h", UrlError::Character),
            ("http://u:p\t@h", UrlError::Character),
            ("http://127.0.0.1#@h", UrlError::Query),
            ("http://127.0.0.1?@h", UrlError::Query),
        ] {
            assert_eq!(UserInfo::split(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for text in [
            "http://@h",
            "http://:p@h",
            "http://%zz@h",
            "http://%ff@h",
            "http://%0a@h",
            "http://a%3ab@h",
            "http://u:%4@h",
        ] {
            assert_eq!(UserInfo::split(text).unwrap_err(), UrlError::UnreadableUser);
        }
    }
}
