//! Whom a certificate is for, as callers are told apart by it.

use super::der::{SEQUENCE, element, elements, from_validity};

/// Tags: the extensions of a certificate, an identifier, a text of bytes, and two kinds of names.
const EXTENSIONS: u8 = 0xa3;
const IDENTIFIER: u8 = 0x06;
const OCTETS: u8 = 0x04;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
/// The subject's alternative names, 2.5.29.17.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// The subject alternative names of a certificate that tell callers apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// DNS names, as they stand there.
    pub dns: Vec<String>,
    /// URIs, as they stand there.
    pub uris: Vec<String>,
}

impl Names {
    /// Those of a certificate in DER, which somebody has verified (RFC 5280, section 4.2.1.6). What
    /// is no ASCII is no name.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        let mut names = Self::default();
        for (tag, name) in alternative_names(certificate)
            .map(elements)
            .into_iter()
            .flatten()
        {
            let Some(text) = std::str::from_utf8(name)
                .ok()
                .filter(|text| text.is_ascii())
            else {
                continue;
            };
            match tag {
                DNS => names.dns.push(text.to_owned()),
                URI => names.uris.push(text.to_owned()),
                _ => {}
            }
        }
        names
    }
}

fn alternative_names(certificate: &[u8]) -> Option<&[u8]> {
    let mut fields = elements(from_validity(certificate)?);
    let (_, extensions) = fields.find(|(tag, _)| *tag == EXTENSIONS)?;
    let (SEQUENCE, extensions, _) = element(extensions)? else {
        return None;
    };
    let (_, extension) = elements(extensions).find(|(_, extension)| {
        let first = elements(extension).next();
        first == Some((IDENTIFIER, ALTERNATIVE_NAMES))
    })?;
    // Whether it is critical may stand between its identifier and its value.
    let (_, value) = elements(extension).find(|(tag, _)| *tag == OCTETS)?;
    let (SEQUENCE, names, _) = element(value)? else {
        return None;
    };
    Some(names)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use rcgen::CertificateParams;
    use rcgen::DnType;
    use rcgen::KeyPair;
    use rcgen::SanType;

    use super::*;

    fn certificate(names: Vec<SanType>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        params
            .distinguished_name
            .push(DnType::CommonName, "common.example");
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        made.der().to_vec()
    }

    #[test]
    fn dns_names_and_uris_are_read_and_nothing_else() {
        let names = Names::of(&certificate(vec![
            SanType::DnsName("a.example".try_into().unwrap()),
            SanType::IpAddress(IpAddr::from([127, 0, 0, 1])),
            SanType::URI("spiffe://lab/stackstate".try_into().unwrap()),
            SanType::Rfc822Name("c@example".try_into().unwrap()),
            SanType::DnsName("*.B.example".try_into().unwrap()),
        ]));
        assert_eq!(names.dns, ["a.example", "*.B.example"]);
        assert_eq!(names.uris, ["spiffe://lab/stackstate"]);
    }

    #[test]
    fn a_common_name_is_no_name() {
        assert_eq!(Names::of(&certificate(Vec::new())), Names::default());
    }

    #[test]
    fn what_is_no_certificate_has_no_names_and_harms_nobody() {
        let whole = certificate(vec![SanType::DnsName("a.example".try_into().unwrap())]);
        for end in 0..whole.len() {
            assert_eq!(Names::of(&whole[..end]), Names::default());
        }
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0xff;
            drop(Names::of(&broken));
        }
    }
}
