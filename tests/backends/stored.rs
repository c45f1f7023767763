//! The ground under the other subjects: what was written is what the engine holds.

use crate::fleet::written;
use crate::rig::Rig;
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[Case {
    name: "every_engine_holds_exactly_what_was_written",
    on: On::Each(holds_what_was_written),
}];

fn holds_what_was_written(rig: &Rig<'_>) {
    for series in written(rig.engine.kind) {
        let keeps_nan = !rig.is_victoria_metrics();
        let expected = series
            .samples
            .iter()
            .filter(|one| !one.is_stale() && (keeps_nan || !one.value.is_nan()));
        // VictoriaMetrics gives markers back as NaN in raw answers.
        let got = rig
            .engine
            .samples(&series)
            .into_iter()
            .filter(|one| keeps_nan || !one.value.is_nan());
        let shown = |at: i64, value: f64| format!("{at} {value:?}");
        let expected: Vec<String> = expected.map(|one| shown(one.at, one.value)).collect();
        let got: Vec<String> = got.map(|one| shown(one.at, one.value)).collect();
        assert!(
            expected == got,
            "{} does not hold {} {:?}",
            rig.engine.kind.name,
            series.metric,
            series.labels
        );
    }
}
