//! `callers`: who is known, by which proofs, and what each may use (security.md, section 3).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::error::{Code, Finding, Origin};
use super::reader::Reader;
use super::setting::CALLERS;
use super::tree::{Node, Value};
use crate::caller::CertificatePattern;
use crate::caller::Entry;
use crate::caller::TokenDigest;
use crate::caller::TokenError;
use crate::connections::Named;
use crate::connections::Policy;
use crate::connections::details::error::Unfit;
use crate::connections::details::given::Given;
use crate::connections::details::keys;
use crate::connections::named::is_name;
use crate::connections::policy::Grant;
use crate::connections::policy::UpstreamPattern;
use crate::secret::Secret;

/// The caller that the environment makes, and the variables that make it.
pub(super) const DEFAULT: &str = "default";
const TOKEN: &str = "CALLER_TOKEN";
const TOKEN_FILE: &str = "CALLER_TOKEN_FILE";
/// Most tokens of one caller: the one in use and the next.
const MOST_TOKENS: usize = 2;
const MEMBERS: [&str; 6] = [
    "name",
    "tokens",
    "token_files",
    "certificates",
    "connections",
    "upstreams",
];

/// The callers that were read.
#[derive(Default)]
pub(super) struct Callers {
    pub(super) entries: Vec<Entry>,
    pub(super) grants: BTreeMap<Arc<str>, Grant>,
    /// The token of the environment, for as long as no caller of the file has taken it.
    of_environment: Option<(Option<TokenDigest>, Origin)>,
    /// Each token that was read, the place of its caller among the entries, and its own.
    pub(super) tokens: Vec<(TokenDigest, usize, Origin)>,
    /// The connections and upstreams that callers are given, and where.
    named: Vec<(String, Origin)>,
    upstreams: Vec<(UpstreamPattern, Origin)>,
    /// Where a certificate is first asked for.
    pub(super) certificates_at: Option<Origin>,
}

impl Reader<'_> {
    /// The callers. A token of the environment goes before those of the caller in the file that it is
    /// for; what that may use is the file's to say.
    pub(super) fn callers(&mut self) -> Callers {
        let mut callers = Callers {
            of_environment: self.token_of_the_environment(),
            ..Callers::default()
        };
        let nodes = match self.layers.callers() {
            None => Vec::new(),
            Some(Node {
                value: Value::List(nodes),
                ..
            }) => nodes,
            Some(node) => {
                self.unfit(&node, CALLERS, Unfit::invalid("must be a list"));
                Vec::new()
            }
        };
        for (at, node) in nodes.iter().enumerate() {
            let path = format!("{CALLERS}[{at}]");
            match self.layers.filled(node, &path) {
                Ok(node) => self.caller(&node, &path, &mut callers),
                Err(finding) => self.findings.push(finding),
            }
        }
        if let Some(token) = callers.of_environment.take() {
            let tokens = callers.own(token);
            callers.add(DEFAULT.into(), Some(tokens), Vec::new(), Grant::default());
        }
        callers
    }

    /// The token of one of two variables, which makes a caller. Unread or unfit it is none that
    /// anybody has.
    fn token_of_the_environment(&mut self) -> Option<(Option<TokenDigest>, Origin)> {
        let environment = self.layers.environment;
        let [token, file] = [TOKEN, TOKEN_FILE].map(|name| environment.variable(name));
        let name = if file.is_some() { TOKEN_FILE } else { TOKEN };
        let origin = Origin::Variable(name.to_owned());
        let token = match (token, &file) {
            (None, None) => return None,
            (Some(_), Some(_)) => {
                let text = format!("cannot stand beside {TOKEN}");
                let finding = Finding::new(Code::BadValue, origin.clone(), text);
                self.findings.push(finding);
                None
            }
            (Some(token), None) => Some(Secret::new(token)),
            (None, Some(file)) => self.secret_in(Path::new(file), &origin),
        };
        self.account.caller = Some(origin.clone());
        self.account.caller_token = token.clone().filter(|_| file.is_none());
        self.account.caller_token_file = file;
        let digest = token.and_then(|token| self.digest(&token, &origin));
        Some((digest, origin))
    }

    fn caller(&mut self, node: &Node, path: &str, callers: &mut Callers) {
        let before = self.findings.len();
        if !matches!(node.value, Value::Map(_)) {
            return self.unfit(node, path, Unfit::invalid("must be a map"));
        }
        let mut name = None;
        let mut certificates = Vec::new();
        // Those that were read, and how many were given.
        let mut tokens: Option<Vec<(TokenDigest, Origin)>> = None;
        let mut count = 0;
        let mut grant = Grant::default();
        for member in node.members().iter().filter(|it| !it.node.is_absent()) {
            let path = format!("{path}.{}", keys::shown(&member.name));
            let node = &member.node;
            match member.name.as_str() {
                "name" => name = self.one(node, &path, caller_name),
                "tokens" => {
                    let list = self.proofs(node, &path, Given::text);
                    count += list.len();
                    for (token, origin) in list {
                        let digest = self.digest(&Secret::new(token), &origin);
                        let token = digest.map(|digest| (digest, origin));
                        tokens.get_or_insert_default().extend(token);
                    }
                }
                "token_files" => {
                    let list = self.proofs(node, &path, Given::text);
                    count += list.len();
                    for (file, origin) in list {
                        let file = self.path(&file, &origin);
                        let token = self.secret_in(&file, &origin);
                        let digest = token.and_then(|token| self.digest(&token, &origin));
                        let token = digest.map(|digest| (digest, origin));
                        tokens.get_or_insert_default().extend(token);
                    }
                }
                "certificates" => {
                    let list = self.proofs(node, &path, certificate);
                    let first = list.first().map(|(_, origin)| origin.clone());
                    callers.certificates_at = callers.certificates_at.take().or(first);
                    certificates = list.into_iter().map(|(pattern, _)| pattern).collect();
                }
                "connections" => {
                    let list = self.list(node, &path, Given::text);
                    let names = list.iter().map(|(name, _)| name.clone());
                    grant.connections = Some(names.collect::<BTreeSet<_>>());
                    callers.named.extend(list);
                }
                "upstreams" => {
                    let list = self.list(node, &path, upstream);
                    grant.upstreams = Some(list.iter().map(|(it, _)| it.clone()).collect());
                    callers.upstreams.extend(list);
                }
                unknown => {
                    let origin = self.layers.place(member.name_at, path);
                    let unfit = Unfit::unknown(keys::nearest(unknown, MEMBERS));
                    self.findings.push(Finding::of(unfit, origin));
                }
            }
        }
        if self.findings.len() > before {
            return;
        }
        let Some(name) = name else {
            return self.unfit(node, path, Unfit::invalid("needs name"));
        };
        if callers.grants.contains_key(&*name) {
            let text = "has the name of another caller";
            return self.unfit(node, path, Unfit::invalid(text));
        }
        self.account.callers.push(node.clone());
        let tokens = match callers.of_environment.take_if(|_| name == DEFAULT) {
            Some(token) => Some(callers.own(token)),
            None => tokens.map(|tokens| {
                let tokens = tokens.into_iter();
                let own = |(digest, origin)| callers.own((Some(digest), origin));
                tokens.flat_map(own).collect()
            }),
        };
        if tokens.is_none() && certificates.is_empty() {
            let text = "proves nothing; needs tokens, token_files or certificates";
            return self.unfit(node, path, Unfit::invalid(text));
        }
        if count > MOST_TOKENS {
            let text = "has more tokens than two, the one in use and the next";
            return self.unfit(node, path, Unfit::invalid(text));
        }
        callers.add(name.into(), tokens, certificates, grant);
    }

    fn digest(&mut self, token: &Secret, origin: &Origin) -> Option<TokenDigest> {
        let unfit = |error: TokenError| {
            let finding = Finding::new(Code::BadValue, origin.clone(), error.to_string());
            self.findings.push(finding);
        };
        TokenDigest::new(token).map_err(unfit).ok()
    }

    fn unfit(&mut self, node: &Node, path: &str, unfit: Unfit) {
        let origin = self.layers.place(node.at, path.to_owned());
        self.findings.push(Finding::of(unfit, origin));
    }

    fn one<T>(
        &mut self,
        node: &Node,
        path: &str,
        read: fn(Given) -> Result<T, Unfit>,
    ) -> Option<T> {
        let read = read(node.given());
        read.map_err(|unfit| self.unfit(node, path, unfit)).ok()
    }

    /// As [`Self::list`]. One without members is an accident: what it was to prove would be no longer
    /// asked for.
    fn proofs<T>(
        &mut self,
        node: &Node,
        path: &str,
        read: fn(Given) -> Result<T, Unfit>,
    ) -> Vec<(T, Origin)> {
        if matches!(&node.value, Value::List(members) if members.is_empty()) {
            let text = "proves nothing; name at least one, or leave it out";
            self.unfit(node, path, Unfit::invalid(text));
        }
        self.list(node, path, read)
    }

    fn list<T>(
        &mut self,
        node: &Node,
        path: &str,
        read: fn(Given) -> Result<T, Unfit>,
    ) -> Vec<(T, Origin)> {
        let Value::List(members) = &node.value else {
            self.unfit(node, path, Unfit::invalid("must be a list"));
            return Vec::new();
        };
        let members = members.iter();
        let read = members.filter_map(|node| {
            let origin = self.layers.place(node.at, path.to_owned());
            Some((self.one(node, path, read)?, origin))
        });
        read.collect()
    }

    /// Says what can be used and should not stay: a token that proves two callers, or is the key,
    /// and a list that leads nowhere.
    pub(super) fn warn_of_callers(
        &mut self,
        callers: &Callers,
        api_key: Option<&Secret>,
        policy: &Policy,
        connections: &Named,
    ) {
        let api_key = api_key.and_then(|api_key| TokenDigest::new(api_key).ok());
        for (at, (digest, entry, origin)) in callers.tokens.iter().enumerate() {
            if api_key.as_ref() == Some(digest) {
                let text =
                    "is the mirror key too, so one leak opens both directions; choose another";
                self.warn(origin, text);
            }
            let mut others = callers.tokens[..at].iter();
            if others.any(|(other, of, _)| of != entry && other == digest) {
                let text = "is a token of another caller too; the first whose proofs hold counts";
                self.warn(origin, text);
            }
        }
        for (name, origin) in &callers.named {
            if connections.get(name).is_none() {
                self.warn(origin, "no connection has this name");
            }
        }
        for (pattern, origin) in &callers.upstreams {
            if !policy.reaches_all(pattern, connections) {
                let text = "policy.allowed_upstreams does not list all of this; only what it lists is \
                            reached";
                self.warn(origin, text);
            }
        }
    }

    fn warn(&mut self, origin: &Origin, text: &str) {
        let finding = Finding::new(Code::BadValue, origin.clone(), text);
        self.warnings.push(finding);
    }
}

impl Callers {
    /// The digest of a token, which is noted as one of the next entry.
    fn own(&mut self, token: (Option<TokenDigest>, Origin)) -> Vec<TokenDigest> {
        let (digest, origin) = token;
        let owner = self.entries.len();
        let noted = digest.clone().map(|digest| (digest, owner, origin));
        self.tokens.extend(noted);
        Vec::from_iter(digest)
    }

    fn add(
        &mut self,
        name: Arc<str>,
        tokens: Option<Vec<TokenDigest>>,
        certificates: Vec<CertificatePattern>,
        grant: Grant,
    ) {
        self.grants.insert(Arc::clone(&name), grant);
        self.entries.push(Entry {
            name,
            tokens,
            certificates,
        });
    }
}

/// The name of a caller is the name of a folder too (`policy.secrets_dir`).
fn caller_name(given: Given) -> Result<String, Unfit> {
    let name = given.text()?;
    if is_name(&name) {
        return Ok(name);
    }
    Err(Unfit::invalid(
        "must be 1 to 63 of a-z, 0-9, dot, dash and underscore, the first a letter or digit",
    ))
}

fn certificate(given: Given) -> Result<CertificatePattern, Unfit> {
    CertificatePattern::parse(&given.text()?).map_err(|error| Unfit::invalid(error.to_string()))
}

fn upstream(given: Given) -> Result<UpstreamPattern, Unfit> {
    UpstreamPattern::parse(&given.text()?).map_err(|error| Unfit::invalid(error.to_string()))
}
