//! `onboard`: what to type into the form of StackState's data source, and whether it works.

use clap::Args;

use super::connect::{self, Connect, Local};
use super::{DONE, json, print, test_connection};
use crate::protocol::connection::TestConnectionRequest;

/// Which connection, and how much is shown.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    connect: Connect,
    /// The address at which StackState reaches the mirror; by default that of its listener.
    #[arg(long, value_name = "URL")]
    mirror_url: Option<String>,
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
        show_secrets,
    } = arguments;
    let loaded = connect.settings()?;
    let details = connect.details(&loaded)?.ok_or_else(connect::which)?;
    let settings = &loaded.settings;
    let scheme = if settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let own = || format!("{scheme}://{}:{}", settings.listen, settings.port);
    let url = mirror_url.clone().unwrap_or_else(own);
    let key = if loaded.is_key_random {
        "(none is set: set API_KEY, or each start makes another)"
    } else if *show_secrets {
        settings.api_key.expose()
    } else {
        "<redacted> (--show-secrets prints it)"
    };
    let shown = if *show_secrets {
        details.clone()
    } else {
        json::redacted(&details)
    };
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
