//! Looks at the counters of the running pipeline for what goes wrong: says it, and has the last events written to a file
//! when a stage fails or a burst of samples is lost.

use super::FlightRecorder;
use crate::host::Host;
use pipeline_core::clock::pair_ns;
use pipeline_core::executor::Running;
use pipeline_core::telemetry::LedgerRow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const LOOK: Duration = Duration::from_millis(500);
/// A burst is a look in which more than one in this many frames were lost.
const ONE_IN: u64 = 10;

/// Looks as long as the server runs.
pub(crate) async fn watch(host: Arc<Host>, flight: FlightRecorder, data_dir: PathBuf) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = Seen::default();
    loop {
        looks.tick().await;
        let Some(running) = host.last() else { continue };
        let Some(reason) = seen.look(&running) else { continue };
        let (host, flight, data_dir) = (Arc::clone(&host), flight.clone(), data_dir.clone());
        let dump = move || flight.dump(&data_dir, pair_ns().1, &reason, &host.snapshot());
        match tokio::task::spawn_blocking(dump).await {
            Ok(Ok(Some(file))) => {
                let file = file.display();
                tracing::info!(%file, "what happened before that is in {file}");
            }
            Ok(Err(error)) => tracing::warn!("the last events cannot be written down: {error}"),
            Ok(Ok(None)) | Err(_) => {}
        }
    }
}

/// What has been seen of the pipeline that runs.
#[derive(Debug, Default)]
struct Seen {
    /// Which pipeline it was: a new one counts from nothing.
    of: usize,
    counts: HashMap<String, Counts>,
    failures: HashMap<(String, &'static str), u64>,
}

/// What is counted of one stage.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    through: u64,
    lost: u64,
    overflow: u64,
    dropped: u64,
}

impl Counts {
    /// Of a source: what its device lost; of others: what was missing in what they took.
    fn of(row: &LedgerRow) -> Self {
        let (through, lost) = if row.acquired.is_some() {
            (row.passed_on, row.lost_by_cause.iter().map(|(_, frames)| frames).sum())
        } else {
            (row.taken, row.lost)
        };
        Self { through, lost, overflow: row.overflow, dropped: row.dropped }
    }

    /// What is new since `before`.
    const fn since(self, before: Self) -> Self {
        Self {
            through: self.through.saturating_sub(before.through),
            lost: self.lost.saturating_sub(before.lost),
            overflow: self.overflow.saturating_sub(before.overflow),
            dropped: self.dropped.saturating_sub(before.dropped),
        }
    }

    /// Whether what was lost is more than a gap here and there.
    const fn is_burst(self) -> bool {
        self.lost > 0 && self.lost.saturating_mul(ONE_IN) > self.lost + self.through
    }
}

impl Seen {
    /// Says what is new, and why the last events should be written down, if they should.
    fn look(&mut self, running: &Arc<Running>) -> Option<String> {
        let this = Arc::as_ptr(running).addr();
        if self.of != this {
            *self = Self { of: this, ..Self::default() };
        }
        let mut reason = None;
        for row in running.ledger().rows() {
            let now = Counts::of(&row);
            let before = self.counts.insert(row.stage.clone(), now).unwrap_or_default();
            let new = now.since(before);
            let stage = &*row.stage;
            tracing::debug!(stage, frames = new.through, lost_frames = new.lost, "figures");
            if new.lost > 0 {
                let Counts { lost, overflow, .. } = new;
                let why = if overflow > 0 { ", its queue was full" } else { "" };
                tracing::warn!(stage, lost_frames = lost, "`{stage}`: {lost} frames lost{why}");
            }
            if new.dropped > 0 {
                let dropped = new.dropped;
                tracing::warn!(
                    stage,
                    dropped_frames = dropped,
                    "`{stage}` let go of {dropped} frames"
                );
            }
            if new.is_burst() && reason.is_none() {
                reason = Some(format!("`{stage}` lost {} frames within {LOOK:?}", new.lost));
            }
        }
        for edge in &*running.edges() {
            let (depth, most) = (edge.stats.depth(), edge.stats.high_water());
            tracing::debug!(from = edge.from, to = edge.to, depth, most, "edge");
        }
        for failure in running.failures() {
            let key = (failure.stage.clone(), failure.action.name());
            let times = self.failures.insert(key, failure.times).unwrap_or(0);
            if failure.times > times {
                let (stage, message) = (&failure.stage, &failure.message);
                let (at_sample, action) = (failure.at_sample, failure.action.name());
                tracing::warn!(stage, at_sample, action, "stage `{stage}` failed: {message}");
                reason = Some(format!("stage `{stage}` failed: {message}"));
            }
        }
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_no_burst_but_an_outage_is() {
        let counts = |through, lost| Counts { through, lost, ..Counts::default() };
        assert!(!counts(500, 0).is_burst());
        assert!(!counts(500, 50).is_burst());
        assert!(counts(400, 100).is_burst());
        assert!(counts(0, 1).is_burst());
        let since = counts(900, 70).since(counts(400, 20));
        assert_eq!((since.through, since.lost), (500, 50));
    }
}
