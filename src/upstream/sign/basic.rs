//! HTTP basic authentication (RFC 7617).

use crate::connections::auth::Basic;
use crate::secret::Secret;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::base64::base64;
use crate::upstream::credentials::files::Files;
use crate::upstream::sign::Proof;

/// Adds user and password to `proof`.
pub(super) async fn prove(
    basic: &Basic,
    files: &Files,
    proof: &mut Proof,
) -> Result<(), CredentialError> {
    let user = proof
        .read(files, &basic.username, "basic_auth.username")
        .await?;
    let (password, source, key) = match &basic.password {
        Some(source) => {
            let key = "basic_auth.password";
            (proof.find(files, source, key).await?, source, key)
        }
        None => (
            Secret::new(String::new()),
            &basic.username,
            "basic_auth.username",
        ),
    };
    let value = header(&user, &password);
    proof.secrets.add(&encoded(&user, &password));
    proof.add("authorization", value.expose(), source, key)
}

/// The value of a header that proves `user` by `password`.
pub(in crate::upstream) fn header(user: &Secret, password: &Secret) -> Secret {
    Secret::new(format!("Basic {}", encoded(user, password).expose()))
}

/// Both, as the header holds them.
pub(in crate::upstream) fn encoded(user: &Secret, password: &Secret) -> Secret {
    let both = format!("{}:{}", user.expose(), password.expose());
    Secret::new(base64(both.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_joined_as_rfc_7617_shows() {
        let [user, password] = ["Aladdin", "open sesame"].map(|it| Secret::new(it.to_owned()));
        let expected = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(header(&user, &password).expose(), expected);
    }
}
