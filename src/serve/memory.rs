//! Looks at how much memory the process uses, and acts before the kernel does (reliability.md, "The
//! process").

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio::time::interval;

use crate::app::App;
use crate::limits::Group;
use crate::limits::Level;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(250);

/// Watches over the memory of this process; without a limit there is nothing to watch.
pub(super) async fn watch(app: &App) {
    let Some(group) = Group::of_this_process() else {
        return std::future::pending().await;
    };
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = Level::None;
    loop {
        ticks.tick().await;
        // Three small files that the kernel makes as they are read.
        let Some(percent) = group.used_percent() else {
            continue;
        };
        let level = app.pressure.measured(percent);
        app.instruments.memory_pressure(level as u8);
        if level >= Level::High {
            app.mirror.forget();
        }
        if level == Level::Full {
            // Nothing that is refused pushes it out.
            app.tap.forget();
        }
        if level != before {
            tracing::warn!(percent, level = ?level, "the memory of the process is watched");
            before = level;
        }
    }
}
