//! `POST /-/reload`: the configuration read again, as SIGHUP does it.

use std::fmt::Write as _;

use axum::extract::State;
use http::StatusCode;

use crate::app::reload::ReloadError;
use crate::app::reload::Reloads;

/// 200 once it is in force, or 400 with the problems, one a line as the command line prints them.
pub(super) async fn reload(State(reloads): State<Reloads>) -> (StatusCode, String) {
    match reloads.reload().await {
        Ok(()) => (StatusCode::OK, "reloaded\n".to_owned()),
        Err(ReloadError::Config(findings)) => {
            let mut text = String::new();
            for finding in findings {
                let _ = writeln!(text, "error[{}]: {finding}", finding.code);
            }
            (StatusCode::BAD_REQUEST, text)
        }
        Err(error @ ReloadError::App(_)) => (StatusCode::BAD_REQUEST, format!("error: {error}\n")),
        Err(error @ (ReloadError::Broken | ReloadError::Absent)) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("error: {error}\n"))
        }
    }
}
