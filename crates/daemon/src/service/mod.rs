//! The daemon as a service: what its manager (systemd) is told, and when it may believe that all is well.
//!
//! Without a manager (no `NOTIFY_SOCKET`) all of this does nothing.

mod progress;

use crate::host::Host;
use progress::Progress;
use sd_notify::NotifyState;
use std::sync::Arc;

/// The pipeline runs and the page can be asked for.
pub(crate) fn ready(what: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(what)]);
}

/// The pipeline file is being read again; [`ready`] follows, whatever came of it.
pub(crate) fn reloading() {
    // Without the time the manager still knows that a reload is under way.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// What is in flight is being delivered.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("delivering what is in flight")]);
}

/// Keeps the manager's watchdog quiet for as long as the data path makes progress: where it hangs, the service is
/// killed and started again.
pub(crate) async fn watchdog(host: Arc<Host>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut progress = Progress::default();
    let mut ticks = tokio::time::interval(limit / 4);
    let mut hung_before = None;
    loop {
        ticks.tick().await;
        let hung = progress.hung(&host);
        match &hung {
            None => tell(&[NotifyState::Watchdog]),
            Some(stage) if hung != hung_before => {
                tracing::warn!(
                    "no sample moves at stage `{stage}`; the service manager will start eegd again"
                );
            }
            Some(_) => {}
        }
        hung_before = hung;
    }
}

fn tell(states: &[NotifyState<'_>]) {
    // A manager that does not listen is no reason to stop.
    let _ = sd_notify::notify(states);
}
