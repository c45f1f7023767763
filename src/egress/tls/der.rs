//! Just enough of DER to read two fields of a certificate that no library here tells.

/// Tags.
pub(super) const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// The first element: its tag, its content, and what follows it.
pub(super) fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let count = usize::from(first & 0x7f);
        let digits = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
        rest = &rest[count..];
        digits
            .iter()
            .fold(0, |length, digit| length << 8 | usize::from(*digit))
    };
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}

/// The elements of `bytes`, up to the first that is none.
pub(super) fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = element(bytes)?;
        bytes = rest;
        Some((tag, content))
    })
}

/// The fields of a certificate from its validity on (RFC 5280, section 4.1).
pub(super) fn from_validity(certificate: &[u8]) -> Option<&[u8]> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut fields, _) = element(certificate)?;
    // Version (often absent), serial number, signature algorithm, issuer.
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    Some(fields)
}
