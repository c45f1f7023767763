//! Whether the backend can be used.

mod climb;

use std::time::Instant;

use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures;
use crate::mirror::Mirror;
use crate::mirror::ladder;
use crate::mirror::ladder::Ladder;
use crate::protocol::connection::TestConnectionRequest;
use crate::record::Arrival;
use crate::record::Step;
use climb::Climb;

impl Mirror {
    /// Climbs from the connection details to the backend's data, on the path of a query, and stops
    /// at the first failure: the backend must compute `1+1` and let its labels be listed.
    ///
    /// Health URLs are not asked: several backends have none, and programs that cannot query have
    /// them (connections.md, "The connection test").
    pub async fn connection(
        &self,
        configured: &Configured,
        caller: &Caller,
        arrival: Arrival,
        request: &TestConnectionRequest,
    ) -> Ladder {
        let began = Instant::now();
        let mut ladder = Ladder::default();
        let (started, now) = (arrival.started, arrival.now);
        let opened = self.open(
            configured,
            caller,
            arrival,
            &request.connection_details,
            request.request_timeout,
        );
        let opened = match opened {
            Ok(opened) => opened,
            Err(failure) => {
                let step = ladder::step_of(failure.id, Step::Details);
                if step > Step::Details {
                    ladder.pass(Step::Details, None);
                }
                ladder.fail(step, Some(began.elapsed()), failure);
                return ladder;
            }
        };
        let details = ladder.pass(Step::Details, Some(began.elapsed()));
        details.warnings = opened.warnings().iter().map(ToString::to_string).collect();
        ladder.pass(Step::Allowed, None);

        let warnings = opened.warnings().to_vec();
        let mut climb = Climb::new(opened, &mut ladder, started, now);
        if let Err(error) = climb.all_the_way(&self.prober).await {
            let failure = failures::upstream(&error, climb.profile());
            let failure = failures::explained(failure, &error, &warnings, climb.skew());
            climb.fail(failure);
        }
        // Those of the details stand in the log already.
        for rung in ladder.rungs.iter().filter(|rung| rung.step > Step::Details) {
            for warning in &rung.warnings {
                tracing::warn!(step = rung.step.as_str(), warning, "connection test");
            }
        }
        ladder
    }
}
