//! Named connections: entries of `connections:` in the configuration, which a request names and
//! adds little to (connections.md, section 6).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::connections::Connection;
use crate::connections::HttpMethod;
use crate::connections::Warning;
use crate::connections::auth::Authentication;
use crate::connections::details;
use crate::connections::details::error::{Finding, Unfit};
use crate::connections::details::given::Given;
use crate::connections::details::origin::{Origin, Rules};
use crate::connections::policy::pattern;
use crate::options::QueryOptions;

/// A connection of the configuration.
#[derive(Clone, Debug)]
pub struct NamedConnection {
    /// The connection as it is when a request adds nothing; but for its deadline, which is
    /// [`Self::timeout`] or the default.
    pub connection: Connection,
    /// Its own timeout; a request can only lower it. `None`: it gives none.
    pub timeout: Option<Duration>,
    /// The method that it asks for, whatever its profile does to it.
    pub http_method: HttpMethod,
}

/// The connections of the configuration, by name.
#[derive(Clone, Debug, Default)]
pub struct Named(BTreeMap<String, NamedConnection>);

/// What named connections are read with.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The folder of the configuration file, which relative paths start from.
    pub base_dir: &'a Path,
    /// Reads an environment variable, for `proxy_from_environment`; empty means unset.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The options of `defaults`.
    pub options: &'a QueryOptions,
    /// `policy.allow_insecure_tls`
    pub allow_insecure_tls: bool,
}

impl NamedConnection {
    /// Whether `url` is this connection's backend.
    pub(super) fn is_at(&self, url: &::url::Url) -> bool {
        pattern::covers(self.connection.url.url(), false, url)
    }

    /// Whether `url` is where this connection fetches tokens.
    pub(super) fn fetches_tokens_at(&self, url: &::url::Url) -> bool {
        match &self.connection.authentication {
            Authentication::OAuth2(oauth2) => pattern::covers(&oauth2.token_url, false, url),
            Authentication::None
            | Authentication::Basic(_)
            | Authentication::Authorization(_)
            | Authentication::Aws(_) => false,
        }
    }

    /// Whether this connection dials `url`, fetches tokens there or has it dial.
    pub(super) fn covers(&self, url: &::url::Url) -> bool {
        let proxy = self.connection.proxy.as_ref();
        self.is_at(url)
            || self.fetches_tokens_at(url)
            || proxy.is_some_and(|proxy| pattern::covers(&proxy.url, false, url))
    }

    /// The role that it assumes.
    pub(super) fn role_arn(&self) -> Option<&String> {
        match &self.connection.authentication {
            Authentication::Aws(aws) => aws.role_arn.as_ref(),
            Authentication::None
            | Authentication::Basic(_)
            | Authentication::Authorization(_)
            | Authentication::OAuth2(_) => None,
        }
    }
}

impl Named {
    /// Reads the connection `name` from what stands under its name and adds it; what its author
    /// should know. Placeholders must have been replaced.
    ///
    /// # Errors
    ///
    /// Every finding in document order, with paths below the connection. Nothing is added then.
    pub fn add(
        &mut self,
        name: &str,
        given: Given,
        setting: Setting<'_>,
    ) -> Result<Vec<Warning>, Vec<Finding>> {
        if !is_name(name) {
            let path = String::new();
            let unfit = Unfit::invalid(
                "must be called with 1 to 63 of a-z, 0-9, dot, dash and underscore, the first a letter or digit",
            );
            return Err(vec![Finding { path, unfit }]);
        }
        let rules = Rules {
            origin: Origin::Configuration {
                base_dir: setting.base_dir,
                variable: setting.variable,
            },
            allow_insecure_tls: setting.allow_insecure_tls,
        };
        let (mut named, warnings) = details::configured(given, rules, setting.options.clone())?;
        named.connection.name = Some(name.to_owned());
        self.0.insert(name.to_owned(), named);
        Ok(warnings)
    }

    /// The connection called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&NamedConnection> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &NamedConnection)> {
        self.0.iter().map(|(name, it)| (name.as_str(), it))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether `name` can be the name of a connection: it is also the value of a metric label.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_first = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_allowed = |c: u8| is_first(c) || b"._-".contains(&c);
    name.len() <= 63 && name.bytes().next().is_some_and(is_first) && name.bytes().all(is_allowed)
}
