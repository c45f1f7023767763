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
const DEFAULT: &str = "default";
pub(super) const TOKEN: &str = "CALLER_TOKEN";
pub(super) const TOKEN_FILE: &str = "CALLER_TOKEN_FILE";
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
    /// Each token that was read, the place of its caller among the entries, and its own.
    pub(super) tokens: Vec<(TokenDigest, usize, Origin)>,
    /// The connections and upstreams that callers are given, and where.
    named: Vec<(String, Origin)>,
    upstreams: Vec<(UpstreamPattern, Origin)>,
    /// Where a certificate is first asked for.
    pub(super) certificates_at: Option<Origin>,
}

impl Reader<'_> {
    /// The callers. One of the environment goes before one of that name in the file.
    pub(super) fn callers(&mut self) -> Callers {
        let mut callers = Callers::default();
        let is_given = self.caller_of_the_environment(&mut callers);
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
                Ok(node) => self.caller(&node, &path, is_given, &mut callers),
                Err(finding) => self.findings.push(finding),
            }
        }
        callers
    }

    /// The caller that one variable makes; whether it does.
    fn caller_of_the_environment(&mut self, callers: &mut Callers) -> bool {
        let environment = self.layers.environment;
        let variable = |name| environment.variable(name);
        let (token, origin) = match (variable(TOKEN), variable(TOKEN_FILE)) {
            (None, None) => return false,
            (Some(_), Some(_)) => {
                let origin = Origin::Variable(TOKEN_FILE.to_owned());
                let text = format!("cannot stand beside {TOKEN}");
                self.findings
                    .push(Finding::new(Code::BadValue, origin, text));
                return true;
            }
            (Some(token), None) => {
                let origin = Origin::Variable(TOKEN.to_owned());
                (Some(Secret::new(token)), origin)
            }
            (None, Some(path)) => {
                let origin = Origin::Variable(TOKEN_FILE.to_owned());
                self.account.caller_token_file = Some(path.clone());
                (self.secret_in(Path::new(&path), &origin), origin)
            }
        };
        self.account.caller = Some(origin.clone());
        let digests = token.and_then(|token| self.digest(&token, origin, callers));
        callers.add(Entry {
            name: DEFAULT.into(),
            tokens: Some(digests.into_iter().collect()),
            certificates: Vec::new(),
        });
        true
    }

    fn caller(&mut self, node: &Node, path: &str, is_default_given: bool, callers: &mut Callers) {
        let before = self.findings.len();
        if !matches!(node.value, Value::Map(_)) {
            return self.unfit(node, path, Unfit::invalid("must be a map"));
        }
        let mut name = None;
        let mut certificates = Vec::new();
        let mut tokens = None;
        let mut count = 0;
        let mut grant = Grant::default();
        for member in node.members().iter().filter(|it| !it.node.is_absent()) {
            let path = format!("{path}.{}", keys::shown(&member.name));
            let node = &member.node;
            match member.name.as_str() {
                "name" => name = self.one(node, &path, caller_name),
                "tokens" => {
                    let list = self.list(node, &path, Given::text);
                    count += list.len();
                    for (token, origin) in list {
                        let digest = self.digest(&Secret::new(token), origin, callers);
                        tokens.get_or_insert_with(Vec::new).extend(digest);
                    }
                }
                "token_files" => {
                    let list = self.list(node, &path, Given::text);
                    count += list.len();
                    for (file, origin) in list {
                        let file = self.path(&file, &origin);
                        let token = self.secret_in(&file, &origin);
                        let digest = token.and_then(|it| self.digest(&it, origin, callers));
                        tokens.get_or_insert_with(Vec::new).extend(digest);
                    }
                }
                "certificates" => {
                    let list = self.list(node, &path, certificate);
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
        if is_default_given && name == DEFAULT {
            // Its place is taken; what was read of its tokens counts for nobody.
            let nobody = callers.entries.len();
            return callers.tokens.retain(|(_, of, _)| *of != nobody);
        }
        self.account.callers.push(node.clone());
        if tokens.is_none() && certificates.is_empty() {
            let text = "proves nothing; needs tokens, token_files or certificates";
            return self.unfit(node, path, Unfit::invalid(text));
        }
        if count > MOST_TOKENS {
            let text = "has more tokens than two, the one in use and the next";
            return self.unfit(node, path, Unfit::invalid(text));
        }
        if callers.grants.contains_key(&*name) {
            let text = "has the name of another caller";
            return self.unfit(node, path, Unfit::invalid(text));
        }
        let name: Arc<str> = name.into();
        callers.grants.insert(Arc::clone(&name), grant);
        callers.entries.push(Entry {
            name,
            tokens,
            certificates,
        });
    }

    /// The digest of a token, which is the next entry's.
    fn digest(
        &mut self,
        token: &Secret,
        origin: Origin,
        callers: &mut Callers,
    ) -> Option<TokenDigest> {
        match TokenDigest::new(token) {
            Ok(digest) => {
                let entry = callers.entries.len();
                callers.tokens.push((digest.clone(), entry, origin));
                Some(digest)
            }
            Err(error) => {
                let finding = Finding::new(Code::BadValue, origin, error.to_string());
                self.findings.push(finding);
                None
            }
        }
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
    fn add(&mut self, entry: Entry) {
        let name = Arc::clone(&entry.name);
        self.grants.insert(name, Grant::default());
        self.entries.push(entry);
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
