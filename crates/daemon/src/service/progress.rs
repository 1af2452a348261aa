//! Whether samples move: a source that gives none, or a stage that takes none of what it is given, hangs.

use crate::host::{Host, State};
use pipeline_core::Role;
use pipeline_core::executor::StageInfo;
use pipeline_core::telemetry::StageState;
use std::collections::HashMap;
use std::sync::Arc;

/// A stream with packets further apart than this is too slow to be judged.
const SLOWEST_PACKET_S: f64 = 1.0;

/// How far a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Seen {
    packets_in: u64,
    packets_out: u64,
    /// A device whose samples are lost is no device that hangs.
    lost: u64,
}

type All = HashMap<Arc<str>, Seen>;

/// What was seen at the last two looks.
#[derive(Debug, Default)]
pub(super) struct Progress {
    earlier: All,
    last: All,
}

impl Progress {
    /// A stage that hangs, if one does. A pipeline that does not run has nothing to do.
    ///
    /// A look is compared with the last and the one before it, so that a packet just handed over has the time to be taken.
    pub(super) fn hung(&mut self, host: &Host) -> Option<String> {
        let running = host.running().filter(|_| *host.states().borrow() == State::Running);
        let Some(running) = running else {
            *self = Self::default();
            return None;
        };
        let stages = running.stages();
        let alive = stages.iter().filter(|stage| stage.stats.state() == StageState::Running);
        let now: All = alive.clone().map(|stage| (Arc::clone(&stage.id), seen(stage))).collect();
        let document = host.document();
        let inputs = |stage: &StageInfo| {
            let document = document.stages.get(&*stage.id);
            document.and_then(|stage| stage.inputs.clone()).unwrap_or_default()
        };
        let hangs = |stage: &&StageInfo| self.hangs(stage, &inputs(stage), &now);
        let hung = alive.clone().find(hangs).map(|stage| stage.id.to_string());
        self.earlier = std::mem::replace(&mut self.last, now);
        hung
    }

    fn hangs(&self, stage: &StageInfo, inputs: &[String], now: &All) -> bool {
        let looks = |id: &str| Some((*self.earlier.get(id)?, *self.last.get(id)?, *now.get(id)?));
        let Some((earlier, last, now)) = looks(&stage.id) else { return false };
        if stage.role == Role::Source {
            return is_fast(stage) && earlier == now;
        }
        let was_fed = inputs.iter().any(|input| {
            looks(input).is_some_and(|(earlier, last, _)| earlier.packets_out != last.packets_out)
        });
        was_fed && earlier.packets_in == last.packets_in && last.packets_in == now.packets_in
    }
}

fn seen(stage: &StageInfo) -> Seen {
    let stats = &stage.stats;
    let lost = stats.account().map_or(0, |account| account.lost().iter().map(|(_, n)| n).sum());
    Seen { packets_in: stats.packets_in.get(), packets_out: stats.packets_out.get(), lost }
}

fn is_fast(source: &StageInfo) -> bool {
    let output = source.output.as_ref();
    output.is_some_and(|spec| spec.max_frames as f64 <= SLOWEST_PACKET_S * spec.rate_hz)
}
