//! `policy` in the file and in the environment.

use super::*;
use crate::connections::policy::AllowedUpstreams;

#[test]
fn a_role_may_have_its_external_id_pinned() {
    let settings = of_file(
        "policy:\n  allowed_role_arns:\n    - arn:aws:iam::1:role/a\n    - {role_arn: 'arn:aws:iam::1:role/b', external_id: 7}\n",
    );
    let roles = settings.connections.policy.allowed_role_arns.unwrap();
    let pinned = |at: usize| {
        roles[at]
            .external_id
            .as_ref()
            .map(|id| id.expose().to_owned())
    };
    assert_eq!(roles[0].role_arn, "arn:aws:iam::1:role/a");
    assert_eq!((pinned(0), pinned(1)), (None, Some("7".to_owned())));
}

#[test]
fn any_is_said_in_words_in_the_file_and_in_a_variable() {
    let file = of_file("policy: {allowed_upstreams: any}");
    let variable = settings(Given {
        variables: &[("MIRROR_POLICY_ALLOWED_UPSTREAMS", "any")],
        ..Given::default()
    });
    for settings in [file, variable] {
        let allowed = settings.connections.policy.allowed_upstreams;
        assert!(matches!(allowed, AllowedUpstreams::Any), "{allowed:?}");
    }
}

#[test]
fn a_bad_entry_is_refused_at_its_own_place() {
    refuses_file(
        "policy:\n  allowed_upstreams:\n    - http://a\n    - planted\n    - {url: 'http://b', adresses: []}\n    - {url: 'http://b', addresses: [10.0.0.0/8]}\n    - https://*.com\n    - {url: 'http://c', addresses: [10.0.0.1/8]}\n    - {url: 'http://c', addresses: []}\n    - {addresses: [10.0.0.0/8]}\n    - {url: 'http://c', addresses: 10.0.0.0/8}\n  private_targets: none\n  allowed_role_arns:\n  - {}\n",
        &[
            "PM-5003: mirror.yaml:4:7: policy.allowed_upstreams: has no scheme; write http:// or https:// before it",
            "PM-5002: mirror.yaml:5:7: policy.allowed_upstreams: unknown key; did you mean addresses",
            "PM-5003: mirror.yaml:7:7: policy.allowed_upstreams: may have * only as its whole first label, before at least two others",
            "PM-5003: mirror.yaml:8:7: policy.allowed_upstreams: addresses: has bits set beyond its prefix",
            "PM-5003: mirror.yaml:9:7: policy.allowed_upstreams: addresses must be a list of networks",
            "PM-5003: mirror.yaml:10:7: policy.allowed_upstreams: needs url",
            "PM-5003: mirror.yaml:11:7: policy.allowed_upstreams: addresses must be a list of networks",
            "PM-5003: mirror.yaml:12:20: policy.private_targets: must be allow or listed",
            "PM-5003: mirror.yaml:14:5: policy.allowed_role_arns: needs role_arn",
        ],
    );
    refuses_file(
        "policy: {allowed_upstreams: http://a}",
        &["PM-5003: mirror.yaml:1:29: policy.allowed_upstreams: must be a list"],
    );
}

#[test]
fn the_folder_of_requests_may_hold_no_file_of_the_configuration() {
    refuses(
        Given {
            file: Some("api_key_file: key\npolicy:\n  secrets_dir: .\n"),
            secret: Some(LONG_KEY),
            ..Given::default()
        },
        &[
            "PM-5003: mirror.yaml:3:16: policy.secrets_dir: must not hold a file that the configuration uses",
        ],
    );
}
