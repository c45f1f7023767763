//! What a token endpoint says (RFC 6749, sections 5.1 and 5.2).

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;

use crate::secret::Secret;

/// The errors that have a name there. Other words of an endpoint are not repeated.
const ERRORS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// A token that was granted.
#[derive(Debug)]
pub(in crate::upstream) struct Granted {
    pub(super) token: Secret,
    /// How long it lasts, if the endpoint says so.
    pub(super) lifetime: Option<Duration>,
}

#[derive(Deserialize)]
struct Success {
    #[serde(deserialize_with = "secret")]
    access_token: Secret,
    token_type: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
}

#[derive(Deserialize)]
struct Failure {
    error: String,
}

/// Reads a success; in words what is wrong with it otherwise.
pub(in crate::upstream) fn granted(body: &[u8]) -> Result<Granted, &'static str> {
    let success: Success = serde_json::from_slice(body).map_err(|_| "its answer holds no token")?;
    let kind = success.token_type.unwrap_or_default();
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err("its token is of another type than bearer");
    }
    let token = success.access_token.expose();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("its token fits into no header");
    }
    Ok(Granted {
        token: success.access_token,
        lifetime: success.expires_in,
    })
}

/// The name of the error in a failure, if it is one of those that are defined.
pub(in crate::upstream) fn error(body: &[u8]) -> Option<&'static str> {
    let failure: Failure = serde_json::from_slice(body).ok()?;
    ERRORS.into_iter().find(|name| *name == failure.error)
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    String::deserialize(from).map(Secret::new)
}

/// A number, or its digits: some endpoints put it into quotes.
fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    struct Seconds;

    impl de::Visitor<'_> for Seconds {
        type Value = Option<Duration>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of seconds")
        }

        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Self::Value, E> {
            Ok(Some(Duration::from_secs(seconds)))
        }

        fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Self::Value, E> {
            Ok(Some(Duration::from_secs(
                u64::try_from(seconds).unwrap_or(0),
            )))
        }

        fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Self::Value, E> {
            Ok(Some(
                Duration::try_from_secs_f64(seconds.max(0.0)).map_err(E::custom)?,
            ))
        }

        fn visit_str<E: de::Error>(self, digits: &str) -> Result<Self::Value, E> {
            let seconds = digits.trim().parse().map_err(E::custom)?;
            Ok(Some(Duration::from_secs(seconds)))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    from.deserialize_any(Seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn lasts(members: &str, seconds: impl Into<Option<u64>>) {
        let body = format!(r#"{{"access_token":"t","token_type":"Bearer"{members}}}"#);
        let granted = granted(body.as_bytes()).unwrap();
        assert_eq!(granted.token.expose(), "t");
        assert_eq!(granted.lifetime, seconds.into().map(Duration::from_secs));
    }

    #[test]
    fn a_lifetime_is_a_number_or_its_digits_or_not_there() {
        lasts(r#","expires_in":3600"#, 3600);
        lasts(r#","expires_in":"3600""#, 3600);
        lasts(r#","expires_in":3600.0"#, 3600);
        lasts(r#","expires_in":-1"#, 0);
        lasts(r#","expires_in":null"#, None);
        lasts(r#","scope":"a","other":{"x":[]}"#, None);
    }

    #[track_caller]
    fn fails(body: &str, expected: &str) {
        assert_eq!(granted(body.as_bytes()).unwrap_err(), expected);
    }

    #[test]
    fn only_a_bearer_token_is_one() {
        let other = "its token is of another type than bearer";
        fails(r#"{"access_token":"t","token_type":"mac"}"#, other);
        fails(r#"{"access_token":"t"}"#, other);
        for token in ["", "a b", "ü", "a\\r\\nb"] {
            let body = format!(r#"{{"access_token":"{token}","token_type":"bearer"}}"#);
            fails(&body, "its token fits into no header");
        }
        for body in ["", "<html>", r#"{"token_type":"bearer"}"#, "[]"] {
            fails(body, "its answer holds no token");
        }
    }

    #[test]
    fn only_defined_errors_are_repeated() {
        let named = br#"{"error":"invalid_client","error_description":"secret x"}"#;
        assert_eq!(error(named), Some("invalid_client"));
        assert_eq!(error(br#"{"error":"secret x"}"#), None);
        assert_eq!(error(b"<html>"), None);
    }
}
