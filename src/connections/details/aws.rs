//! `aws` and `sigv4`: the two spellings of one block (connections.md, section 4).

mod form;
mod unknown;

use std::time::Duration;

use super::block;
use super::block::Block;
use super::error::Unfit;
use super::fit;
use super::warning::Warning;
use crate::connections::auth::Aws;
use crate::connections::auth::AwsBlock;
use crate::connections::auth::AwsKeys;

/// What sessions are called unless the block says otherwise, as the predecessor called them.
const SESSION_NAME: &str = "StackState-Prometheus-Mirror";
/// The service in the scope of a signature unless the block says otherwise.
const SERVICE: &str = "aps";

/// What the two blocks spell differently.
struct Names {
    id: &'static str,
    secret: &'static str,
    secret_file: &'static str,
    region: &'static str,
}

const AWS: Names = Names {
    id: "aws_access_key_id",
    secret: "aws_secret_access_key",
    secret_file: "aws_secret_access_key_file",
    region: "region_name",
};
const SIGV4: Names = Names {
    id: "access_key",
    secret: "secret_key",
    secret_file: "secret_key_file",
    region: "region",
};

/// Reads `aws`. A number where a string is meant is its text: an external id without quotes used to
/// work.
pub(super) fn aws(block: Block<'_>, warnings: &mut Vec<Warning>) -> Aws {
    let mut block = block.with_numbers_as_text();
    let mut aws = common(&mut block, AwsBlock::Aws, &AWS);
    if let Some(name) = block.text("role_session_name", form::session_name) {
        aws.role_session_name = name;
    }
    if let Some((length, is_clamped)) =
        block.read("token_expiry_seconds", |given| form::session_length(&given))
    {
        let seconds = length.as_secs();
        warnings.extend(is_clamped.then_some(Warning::SessionLengthClamped { seconds }));
        aws.session_length = length;
    }
    aws.sts_endpoint = block.only_configured("sts_endpoint", |_, given| block::url(given));
    aws.web_identity_token_file = block
        .only_configured("web_identity_token_file", |origin, given| {
            origin.file(given)
        });
    block.needs_beside("web_identity_token_file", &["role_arn"]);
    refuse_beside_keys(&mut block, "web_identity_token_file", AWS.id);
    if aws.role_arn.is_none() && aws.external_id.is_some() && !block.has("role_arn") {
        warnings.push(Warning::ExternalIdUnused);
    }
    let is_session = aws
        .keys
        .as_ref()
        .is_some_and(|it| it.session_token.is_some());
    if is_session && aws.role_arn.is_some() {
        warnings.push(Warning::RoleUnused);
    }
    unknown::close(block, warnings);
    aws
}

/// Reads `sigv4`, which is Prometheus' own.
pub(super) fn sigv4(mut block: Block<'_>) -> Aws {
    let aws = common(&mut block, AwsBlock::Sigv4, &SIGV4);
    block.needs_beside("external_id", &["role_arn"]);
    unknown::refuse(block);
    aws
}

fn common(block: &mut Block<'_>, which: AwsBlock, names: &Names) -> Aws {
    let aws = Aws {
        block: which,
        role_arn: block.text("role_arn", form::role),
        external_id: block.secret("external_id", fit::plain),
        role_session_name: SESSION_NAME.to_owned(),
        session_length: Duration::from_secs(form::SESSION.2),
        keys: keys(block, which, names),
        region: block.text(names.region, form::region),
        service: block
            .text("service_name", form::service)
            .unwrap_or_else(|| SERVICE.to_owned()),
        profile: block.only_configured("profile", |_, given| given.text()),
        sts_region: block.text("sts_region", form::region),
        use_fips_sts_endpoint: block.flag("use_fips_sts_endpoint"),
        sts_endpoint: None,
        web_identity_token_file: None,
    };
    refuse_beside_keys(block, "profile", names.id);
    aws
}

fn keys(block: &mut Block<'_>, which: AwsBlock, names: &Names) -> Option<AwsKeys> {
    let id = block.secret(names.id, form::key_id);
    let secret = block.source(names.secret, names.secret_file, fit::plain);
    block.needs_beside(names.id, &[names.secret, names.secret_file]);
    block.needs_beside(names.secret, &[names.id]);
    block.needs_beside(names.secret_file, &[names.id]);
    let mut session_token = None;
    // Prometheus' block has none.
    if which == AwsBlock::Aws {
        session_token = block.source("aws_session_token", "aws_session_token_file", fit::visible);
        block.needs_beside("aws_session_token", &[names.id]);
        block.needs_beside("aws_session_token_file", &[names.id]);
    }
    Some(AwsKeys {
        id: id?,
        secret: secret?,
        session_token,
    })
}

/// Whoever gives keys does not mean the mirror's identity, which `name` steers.
fn refuse_beside_keys(block: &mut Block<'_>, name: &'static str, id: &'static str) {
    if block.has(name) && block.has(id) {
        block.refuse(name, Unfit::refused(format!("cannot stand beside {id}")));
    }
}
