//! What went wrong with a session, as a person can act on it (connections.md, "The connection
//! test").

use std::error::Error;
use std::io;

use rustls::AlertDescription;
use rustls::CertificateError;

/// What ended a session that had begun: under TLS 1.3 the other side judges our certificate only
/// after the handshake. `None` if `error` is not about TLS.
#[must_use]
pub fn refusal(error: &(dyn Error + 'static), has_certificate: bool) -> Option<String> {
    let error = error.downcast_ref::<io::Error>()?;
    tls(error).map(|error| worded(error, has_certificate))
}

/// Why a handshake failed.
pub(super) fn of(error: &io::Error, has_certificate: bool) -> String {
    match (tls(error), error.kind()) {
        (Some(error), _) => worded(error, has_certificate),
        (None, io::ErrorKind::UnexpectedEof) => "closed during the handshake".to_owned(),
        (None, other) => other.to_string(),
    }
}

fn tls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn worded(error: &rustls::Error, has_certificate: bool) -> String {
    match error {
        rustls::Error::InvalidCertificate(certificate) => their_certificate(certificate),
        rustls::Error::InvalidMessage(_) => "it does not speak TLS".to_owned(),
        rustls::Error::AlertReceived(alert) => told(*alert, has_certificate),
        rustls::Error::PeerIncompatible(_) => {
            "there is no version or cipher that both sides take".to_owned()
        }
        other => other.to_string(),
    }
}

fn their_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet".to_owned()
        }
        // Two authorities of one name, of which we know the other.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is from an unknown authority".to_owned()
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            format!("its certificate is for another name: {}", names.join(", "))
        }
        CertificateError::NotValidForName => "its certificate is for another name".to_owned(),
        other => other.to_string(),
    }
}

/// Peers differ in the alert by which they ask for a certificate: before TLS 1.3 there was none for
/// it.
fn told(alert: AlertDescription, has_certificate: bool) -> String {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => "it wants a client certificate",
        Alert::BadCertificate | Alert::NoCertificate if !has_certificate => {
            "it wants a client certificate"
        }
        Alert::HandshakeFailure if !has_certificate => {
            "it refused the handshake; it may want a client certificate"
        }
        Alert::CertificateExpired => "it says that our certificate has expired",
        Alert::UnknownCA => "it does not know the authority of our certificate",
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateUnknown
        | Alert::DecryptError
        | Alert::AccessDenied => "it does not take our certificate",
        Alert::ProtocolVersion => "there is no version that both sides take",
        Alert::UnrecognisedName => "it does not know the name that it was asked for",
        other => return format!("it ended the session ({other:?})"),
    }
    .to_owned()
}

/// webpki shows a name as `DnsName("example.com")`.
fn bare(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;

    use super::*;

    #[track_caller]
    fn check(error: impl Into<rustls::Error>, has_certificate: bool, expected: &str) {
        let error = io::Error::other(error.into());
        assert_eq!(of(&error, has_certificate), expected);
        let kept = refusal(&error, has_certificate);
        assert_eq!(kept.as_deref(), Some(expected));
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_in_words() {
        check(
            CertificateError::Expired,
            false,
            "its certificate has expired",
        );
        check(
            CertificateError::UnknownIssuer,
            false,
            "its certificate is from an unknown authority",
        );
        check(
            CertificateError::NotValidForNameContext {
                expected: ServerName::try_from("a.example").unwrap(),
                presented: vec![r#"DnsName("b.example")"#.to_owned(), "c.example".to_owned()],
            },
            false,
            "its certificate is for another name: b.example, c.example",
        );
    }

    #[test]
    fn a_missing_client_certificate_is_told_from_one_that_is_not_taken() {
        let alert = |alert| rustls::Error::AlertReceived(alert);
        let wanted = "it wants a client certificate";
        check(alert(AlertDescription::CertificateRequired), false, wanted);
        check(alert(AlertDescription::BadCertificate), false, wanted);
        check(
            alert(AlertDescription::BadCertificate),
            true,
            "it does not take our certificate",
        );
        check(
            alert(AlertDescription::UnknownCA),
            true,
            "it does not know the authority of our certificate",
        );
        check(
            alert(AlertDescription::InternalError),
            true,
            "it ended the session (InternalError)",
        );
    }

    #[test]
    fn a_peer_that_hangs_up_is_named_as_one() {
        let error = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(of(&error, false), "closed during the handshake");
        assert_eq!(refusal(&error, false), None);
    }
}
