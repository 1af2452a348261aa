//! Looks at the machine as long as the daemon runs: a board that comes back has a new interrupt, a machine that was fast
//! slows down.

use crate::host::{Host, State};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// A look reads some hundred small files of the kernel, which takes a few milliseconds.
const LOOK: Duration = Duration::from_secs(10);

/// Keeps interrupts where the running boards need them, and says what stands against being on time: each sentence once.
pub(crate) async fn look_after(host: Arc<Host>) {
    let mut states = host.states();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told: Vec<String> = Vec::new();
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            changed = states.changed() => if changed.is_err() { return },
        }
        if *states.borrow_and_update() != State::Running {
            continue;
        }
        let looked_after = Arc::clone(&host);
        let look = move || {
            looked_after.arrange_interrupts();
            looked_after.scheduling_warnings()
        };
        for warning in tokio::task::spawn_blocking(look).await.unwrap_or_default() {
            if !told.contains(&warning) {
                tracing::warn!("{warning}");
                told.push(warning);
            }
        }
    }
}
