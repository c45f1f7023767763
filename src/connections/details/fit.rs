//! What strings must keep that end in headers, in certificates or in names.

use super::error::Unfit;

/// What a header can carry (security.md, section 4). A line break would begin another header.
pub(super) fn header_value(text: &str) -> Result<(), Unfit> {
    let is_allowed = |c: u8| c.is_ascii_graphic() || c == b' ' || c == b'\t';
    check(
        text.bytes().all(is_allowed),
        "must be visible ASCII characters",
    )
}

/// Visible ASCII without blanks: tokens, keys.
pub(super) fn visible(text: &str) -> Result<(), Unfit> {
    check(
        text.bytes().all(|c| c.is_ascii_graphic()),
        "must be visible ASCII characters without blanks",
    )
}

/// The name of a header or of an authentication scheme (RFC 9110, section 5.6.2).
pub(super) fn token(text: &str) -> Result<(), Unfit> {
    let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
    check(
        !text.is_empty() && text.bytes().all(is_allowed),
        "must be letters, digits and dashes",
    )
}

/// A user name, which ends at the first colon (RFC 7617, section 2).
pub(super) fn user_name(text: &str) -> Result<(), Unfit> {
    plain(text)?;
    check(!text.contains(':'), "must not hold a colon")
}

/// One line of text.
pub(super) fn plain(text: &str) -> Result<(), Unfit> {
    check(
        !text.contains(char::is_control),
        "must not hold control characters",
    )
}

/// Something in PEM.
pub(super) fn pem(text: &str) -> Result<(), Unfit> {
    // What is PEM and still cannot be used is found when it is, and refused likewise.
    if text.contains("-----BEGIN ") {
        Ok(())
    } else {
        Err(Unfit::refused("must be PEM"))
    }
}

/// A private key in PEM that needs no password.
pub(super) fn pem_key(text: &str) -> Result<(), Unfit> {
    pem(text)?;
    if text.contains("ENCRYPTED") {
        return Err(Unfit::refused("must not be encrypted"));
    }
    Ok(())
}

/// A name or an address that a certificate can have.
pub(super) fn server_name(text: &str) -> Result<(), Unfit> {
    let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"-._:".contains(&c);
    check(
        text.len() <= 253 && text.bytes().all(is_allowed),
        "must be a host name or an address",
    )
}

/// An error with `expectation` unless `holds`.
pub(super) fn check(holds: bool, expectation: &str) -> Result<(), Unfit> {
    if holds {
        Ok(())
    } else {
        Err(Unfit::invalid(expectation))
    }
}
