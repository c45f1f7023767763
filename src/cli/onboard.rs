//! `onboard`: what to type into the form of StackState's data source, and whether it works.

use clap::Args;

use super::connect::{self, Connect, Local};
use super::json::Members;
use super::{DONE, USAGE, json, print, test_connection};
use crate::caller::Caller;
use crate::config::Loaded;
use crate::config::Settings;
use crate::config::form::CallerToken;
use crate::config::form::Kept;
use crate::protocol::connection::TestConnectionRequest;

/// What stands for a secret that is there and not shown.
const HIDDEN: &str = "<redacted>";

/// Which connection, and how much is shown.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    connect: Connect,
    /// The address at which StackState reaches the mirror; by default that of its listener.
    #[arg(long, value_name = "URL")]
    mirror_url: Option<String>,
    /// Whose token the connection details get; by default the first caller's that may use the connection.
    #[arg(long, value_name = "NAME")]
    caller: Option<String>,
    /// Print the key and the secrets of the connection details too.
    #[arg(long)]
    show_secrets: bool,
}

/// Prints the values of the form and tests the connection; the exit code.
pub(super) fn run(arguments: &Arguments) -> u8 {
    form(arguments).unwrap_or_else(|code| code)
}

fn form(arguments: &Arguments) -> Result<u8, u8> {
    let Arguments {
        connect,
        mirror_url,
        caller,
        show_secrets,
    } = arguments;
    let loaded = connect.settings()?;
    let details = connect.details(&loaded)?.ok_or_else(connect::which)?;
    let url = mirror_url.clone();
    let url = url.unwrap_or_else(|| own_url(&loaded.settings));
    let key = match loaded.account.key() {
        None => {
            "(none is set: set api_key_file or API_KEY, or each start makes another)".to_owned()
        }
        Some(_) if !show_secrets => format!("{HIDDEN} (--show-secrets prints it)"),
        Some(key) => exposed(&key),
    };
    let mut shown = if *show_secrets {
        details.clone()
    } else {
        json::redacted(&details)
    };
    if let Some(token) = token(&loaded, &details, caller.as_deref())? {
        let token = if *show_secrets {
            exposed(&token)
        } else {
            HIDDEN.to_owned()
        };
        let mut members = Members::of(&shown).unwrap_or_default();
        members.set("token", &serde_json::to_string(&token).unwrap_or_default());
        shown = members.text();
    }
    // As the form calls them.
    print::data(&format!(
        "DataSourceUrl            {url}\n\
         API Key                  {key}\n\
         Connection Details JSON  {shown}\n\n"
    ));
    let body = format!(r#"{{"connectionDetails":{details}}}"#);
    let request: TestConnectionRequest = connect::decode(&body)?;
    let code = test_connection::test(&Local::new(&loaded)?, &request)?;
    if code == DONE {
        print::data("the connection works\n");
    }
    Ok(code)
}

/// The address of the listener. One that stands for all addresses is none that can be called.
fn own_url(settings: &Settings) -> String {
    let scheme = if settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let address = settings.mirror_address();
    if address.ip().is_unspecified() {
        format!("{scheme}://<name of this machine>:{}", address.port())
    } else {
        format!("{scheme}://{address}")
    }
}

/// The secret, or a word for it and why it cannot be read.
fn exposed(secret: &Kept) -> String {
    match secret.read() {
        Ok(secret) => secret.expose().to_owned(),
        Err(error) => {
            print::note(&format_args!("warning: {error}"));
            secret.in_words()
        }
    }
}

/// The token that the details need beside what they hold; none if callers show none, or they have it.
///
/// # Errors
///
/// The exit code if no caller is called `wanted`; this was printed.
fn token(loaded: &Loaded, details: &str, wanted: Option<&str>) -> Result<Option<Kept>, u8> {
    let tokens = loaded.account.tokens();
    if let Some(wanted) = wanted {
        let found = tokens.iter().find(|it| it.caller == wanted);
        let found = found.ok_or_else(|| {
            let names: Vec<_> = tokens.iter().map(|it| &*it.caller).collect();
            let names = names.join(", ");
            print::error(&format_args!(
                "no caller with a token is called {wanted}; there are: {names}"
            ));
            USAGE
        })?;
        return Ok(Some(found.token.clone()));
    }
    let members = Members::of(details).unwrap_or_default();
    let text = |name| {
        let (_, value) = members.0.iter().find(|(key, _)| key == name)?;
        serde_json::from_str::<String>(value.get()).ok()
    };
    if tokens.is_empty() || text("token").is_some() {
        return Ok(None);
    }
    let connection = text("connection");
    let url = text("url").and_then(|url| url::Url::parse(&url).ok());
    let policy = &loaded.settings.connections.policy;
    let may = |it: &&CallerToken| {
        let caller = Caller::Named(it.caller.as_str().into());
        match (&connection, &url) {
            (Some(name), _) => policy.opens(&caller, name),
            (None, Some(url)) => policy.grants_to(&caller, url),
            (None, None) => true,
        }
    };
    let may: Vec<_> = tokens.iter().filter(may).collect();
    let Some(first) = may.first() else {
        print::note(&"warning: no caller with a token may use this connection");
        return Ok(None);
    };
    if may.len() > 1 {
        let others: Vec<_> = may[1..].iter().map(|it| &*it.caller).collect();
        print::note(&format_args!(
            "note: the token is that of {}; --caller gives another's: {}",
            first.caller,
            others.join(", ")
        ));
    }
    Ok(Some(first.token.clone()))
}
