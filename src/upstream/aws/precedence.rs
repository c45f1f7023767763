//! Which credentials sign: a pure reading of the block (connections.md, "AWS").
//!
//! The order is compatibility with what callers have relied on; it must not be tidied.

use std::path::Path;

use crate::connections::auth::Aws;
use crate::connections::auth::AwsBlock;

/// Whose credentials are the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The keys of the block.
    Given,
    /// The mirror's own identity.
    Own,
}

/// What is done with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assume<'a> {
    /// They sign themselves.
    Nothing,
    /// They assume the role.
    Role,
    /// The role is tried with a web identity token first, then with them.
    WebIdentityFirst(&'a Path),
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) source: Source,
    pub(super) assume: Assume<'a>,
}

/// The row that `block` is in. `token_file` is where the environment has a web identity token.
pub(super) fn row<'a>(block: &'a Aws, token_file: Option<&'a Path>) -> Row<'a> {
    let role = block.role_arn.is_some();
    let Some(keys) = &block.keys else {
        let token_file = block.web_identity_token_file.as_deref().or(token_file);
        // That call takes no external id: asking without it would be asking for something else.
        let token_file = token_file.filter(|_| block.external_id.is_none());
        return Row {
            source: Source::Own,
            assume: match token_file {
                _ if !role => Assume::Nothing,
                Some(path) => Assume::WebIdentityFirst(path),
                None => Assume::Role,
            },
        };
    };
    let is_session = keys.session_token.is_some();
    // The predecessor took a session for what the role would have led to. Prometheus, whose block
    // `sigv4` is, always assumes the role.
    let is_ignored = role && is_session && block.block == AwsBlock::Aws;
    Row {
        source: Source::Given,
        assume: if role && !is_ignored {
            Assume::Role
        } else {
            Assume::Nothing
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::connections::auth::AwsKeys;
    use crate::connections::auth::SecretSource;
    use crate::secret::Secret;

    const TOKEN_FILE: &str = "/var/run/token";

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    /// The block that holds what `has` names.
    fn block(block: AwsBlock, has: &[&str]) -> Aws {
        let has = |name: &str| has.contains(&name);
        let inline = |text| SecretSource::Inline(secret(text));
        Aws {
            block,
            role_arn: has("role").then(|| "arn:aws:iam::1:role/r".to_owned()),
            external_id: has("external id").then(|| secret("x")),
            role_session_name: "session".to_owned(),
            session_length: Duration::from_secs(3600),
            keys: has("keys").then(|| AwsKeys {
                id: secret("id"),
                secret: inline("secret"),
                session_token: has("token").then(|| inline("token")),
            }),
            region: None,
            service: "aps".to_owned(),
            profile: None,
            sts_region: None,
            use_fips_sts_endpoint: false,
            sts_endpoint: None,
            web_identity_token_file: has("token file").then(|| TOKEN_FILE.into()),
        }
    }

    #[track_caller]
    fn check(has: &[&str], [aws, sigv4]: [(Source, Assume<'_>); 2]) {
        let read = |kind, (source, assume)| {
            let block = block(kind, has);
            let row = row(&block, None);
            assert_eq!((row.source, row.assume), (source, assume), "{kind:?}");
        };
        read(AwsBlock::Aws, aws);
        read(AwsBlock::Sigv4, sigv4);
    }

    #[test]
    fn a_session_signs_and_its_role_is_ignored_in_aws_alone() {
        let rows = [
            (Source::Given, Assume::Nothing),
            (Source::Given, Assume::Role),
        ];
        check(&["keys", "token", "role"], rows);
    }

    #[test]
    fn a_session_without_a_role_signs() {
        check(&["keys", "token"], [(Source::Given, Assume::Nothing); 2]);
    }

    #[test]
    fn keys_assume_their_role() {
        check(&["keys", "role"], [(Source::Given, Assume::Role); 2]);
    }

    #[test]
    fn keys_without_a_role_sign() {
        check(&["keys"], [(Source::Given, Assume::Nothing); 2]);
    }

    #[test]
    fn a_role_alone_is_assumed_by_the_own_identity() {
        check(&["role"], [(Source::Own, Assume::Role); 2]);
    }

    #[test]
    fn a_role_with_a_token_file_is_tried_with_the_token_first() {
        let first = Assume::WebIdentityFirst(Path::new(TOKEN_FILE));
        check(&["role", "token file"], [(Source::Own, first); 2]);
    }

    #[test]
    fn a_role_with_an_external_id_is_never_tried_with_a_token() {
        let has = ["role", "token file", "external id"];
        check(&has, [(Source::Own, Assume::Role); 2]);
    }

    #[test]
    fn the_environments_token_file_counts_where_the_block_has_none() {
        let elsewhere = Path::new("/elsewhere");
        let alone = block(AwsBlock::Aws, &["role"]);
        let expected = Assume::WebIdentityFirst(elsewhere);
        assert_eq!(row(&alone, Some(elsewhere)).assume, expected);
        let both = block(AwsBlock::Aws, &["role", "token file"]);
        let expected = Assume::WebIdentityFirst(Path::new(TOKEN_FILE));
        assert_eq!(row(&both, Some(elsewhere)).assume, expected);
        let keys = block(AwsBlock::Aws, &["role", "keys"]);
        assert_eq!(row(&keys, Some(elsewhere)).assume, Assume::Role);
    }

    #[test]
    fn an_empty_block_means_the_own_identity() {
        check(&[], [(Source::Own, Assume::Nothing); 2]);
        check(&["token file"], [(Source::Own, Assume::Nothing); 2]);
    }
}
