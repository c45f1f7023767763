//! Whether the backend can be used.

use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::mirror::Mirror;
use crate::mirror::Opened;
use crate::protocol::connection::TestConnectionRequest;
use crate::record::Arrival;
use crate::time::Millis;
use crate::upstream::UpstreamError;

impl Mirror {
    /// Whether the backend can be used: it must compute `1+1`, and let its labels be listed.
    ///
    /// Health URLs are not asked: several backends have none, and programs that cannot query have
    /// them (connections.md, "The connection test").
    ///
    /// # Errors
    ///
    /// The failure that says why not.
    pub async fn connection(
        &self,
        configured: &Configured,
        arrival: Arrival,
        request: &TestConnectionRequest,
    ) -> Result<(), Failure> {
        let now = arrival.now;
        let Opened {
            cx,
            connection,
            upstream,
        } = self.open(
            configured,
            arrival,
            &request.connection_details,
            request.request_timeout,
        )?;
        let upstream = upstream.for_testing();
        let profile = connection.options.profile;
        let failed = |error: &UpstreamError| failures::upstream(error, profile);

        let value = upstream
            .value(&cx, "1+1", now, &[])
            .await
            .map_err(|error| failed(&error))?;
        if value != Some(2.0) {
            return Err(failed(&upstream.miscalculates()));
        }
        let since = now - Millis::MINUTE.times(5);
        match upstream.label_names(&cx, &[], Some(since), Some(now)).await {
            Ok(labels) if labels.values.is_empty() => {
                tracing::warn!("the backend has no series in the last 5 minutes");
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(UpstreamError::Status {
                status: status @ (404 | 405 | 501),
                ..
            }) => {
                tracing::warn!(status, "the backend does not list labels");
                Ok(())
            }
            Err(error) => Err(failed(&error)),
        }
    }
}
