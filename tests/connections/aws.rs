//! AWS as cases see it: the keys that are known, roles, and what the peers saw of both.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::rig::Rig;
use crate::setup::Setup;

/// The path under which the signature peer has its Prometheus, as AMP has it.
pub(crate) const WORKSPACE: &str = "/workspaces/ws-test";
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/amp-query";
pub(crate) const OTHER_ROLE: &str = "arn:aws:iam::123456789012:role/other";
pub(crate) const POD_ROLE: &str = "arn:aws:iam::123456789012:role/pod";

/// A key id, its secret and, if it is a session's, its token. None looks like a real one, which
/// would set off secret scanners.
pub(crate) struct Key {
    pub(crate) id: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) token: Option<&'static str>,
}

/// Given in a request or a named connection.
pub(crate) const STATIC: Key = Key::new("KEY-STATIC", "static/secret+one=", None);
pub(crate) const SECOND: Key = Key::new("KEY-SECOND", "second/secret+two=", None);
/// A session that somebody else made.
pub(crate) const TEMPORARY: Key = Key::new(
    "KEY-TEMPORARY",
    "temporary/secret",
    Some("temporary/token+/=="),
);
/// The mirror's own, found in its environment, its profile, its pod or its machine.
pub(crate) const OWN: Key = Key::new("KEY-OWN", "own/secret", None);
pub(crate) const PROFILE: Key = Key::new("KEY-PROFILE", "profile/secret", None);
pub(crate) const POD: Key = Key::new("KEY-POD", "pod/secret", Some("pod/token"));
pub(crate) const MACHINE: Key = Key::new("KEY-MACHINE", "machine/secret", Some("machine/token"));
pub(crate) const ALL: [&Key; 7] = [&STATIC, &SECOND, &TEMPORARY, &OWN, &PROFILE, &POD, &MACHINE];

impl Key {
    const fn new(id: &'static str, secret: &'static str, token: Option<&'static str>) -> Self {
        Self { id, secret, token }
    }

    /// The fields of an `aws` block.
    pub(crate) fn block(&self) -> Value {
        let mut block = json!({"aws_access_key_id": self.id, "aws_secret_access_key": self.secret});
        if let Some(token) = self.token {
            block["aws_session_token"] = json!(token);
        }
        block
    }

    /// As an identity endpoint gives it out.
    pub(crate) fn credentials(&self) -> Value {
        json!([self.id, self.secret, self.token])
    }
}

/// What the peers know from the start.
pub(crate) fn keys() -> Value {
    let mut all = json!({});
    for key in ALL {
        all[key.id] = json!({"secret": key.secret, "token": key.token});
    }
    all
}

/// A query as the signature peer saw it.
#[derive(Debug, Deserialize)]
pub(crate) struct Signed {
    /// The key id.
    pub(crate) key: String,
    /// Whose it is: a known key id, or role, session name and external id of a session.
    pub(crate) identity: Option<String>,
    pub(crate) region: String,
    pub(crate) service: String,
    /// Names of the signed headers.
    pub(crate) signed: Vec<String>,
    pub(crate) has_token: bool,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) tenant: Option<String>,
    /// Null while it is being answered.
    pub(crate) status: Option<u16>,
}

/// A call as the STS peer saw it.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) action: String,
    /// When it came, in seconds by the peer's clock.
    pub(crate) at: f64,
    pub(crate) parameters: std::collections::BTreeMap<String, String>,
    /// Of the credentials that signed it; empty without a signature.
    pub(crate) key: String,
    pub(crate) region: String,
    pub(crate) web_identity_token: Option<String>,
    /// The key id that was issued, or the code of the refusal.
    pub(crate) outcome: Option<String>,
}

impl Call {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

impl Rig {
    /// Details that reach the signature peer with this `aws` block.
    pub(crate) fn amp(&self, block: Value) -> Value {
        let mut details = json!({"url": format!("{}{WORKSPACE}", self.amp.url)});
        details["aws"] = block;
        details
    }

    /// The same with a role on top of somebody's keys.
    pub(crate) fn assuming(&self, key: &Key, role: &str) -> Value {
        let mut details = self.amp(key.block());
        details["aws"]["role_arn"] = json!(role);
        details
    }

    /// A mirror whose STS is the peer.
    pub(crate) fn with_sts(&self) -> Setup {
        Setup::new()
            .env("AWS_ENDPOINT_URL_STS", self.sts.url.as_str())
            .env("AWS_REGION", "eu-west-1")
    }

    /// The same, and with an identity of its own in its environment.
    pub(crate) fn with_identity(&self) -> Setup {
        self.with_sts()
            .env("AWS_ACCESS_KEY_ID", OWN.id)
            .env("AWS_SECRET_ACCESS_KEY", OWN.secret)
    }

    pub(crate) fn signed(&self) -> Vec<Signed> {
        self.amp.seen()
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.sts.seen()
    }

    /// Everything that was asked was signed by this one identity, and there was something.
    #[track_caller]
    pub(crate) fn asked_as(&self, identity: &str) {
        let signed = self.signed();
        assert!(!signed.is_empty(), "nothing was asked");
        for one in signed {
            assert_eq!(one.identity.as_deref(), Some(identity), "{one:?}");
        }
    }
}

/// How the signature peer calls the session of a role: role, session name, external id.
pub(crate) fn session_of(role: &str, external_id: Option<&str>) -> String {
    let mut name = format!("{role} StackState-Prometheus-Mirror");
    if let Some(external_id) = external_id {
        name.push(' ');
        name.push_str(external_id);
    }
    name
}

/// The block with these keys on top.
pub(crate) fn merged(mut block: Value, more: Value) -> Value {
    let (Value::Object(block_keys), Value::Object(more)) = (&mut block, more) else {
        panic!("a block is an object");
    };
    block_keys.extend(more);
    block
}

/// The details that name a connection.
pub(crate) fn named(name: &str) -> Value {
    json!({"connection": name})
}
