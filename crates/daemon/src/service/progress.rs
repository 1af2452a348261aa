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
        let document = host.document();
        let inputs = |stage: &StageInfo| {
            let document = document.stages.get(&*stage.id);
            document.and_then(|stage| stage.inputs.clone()).unwrap_or_default()
        };
        self.look(&running.stages(), inputs)
    }

    fn look(
        &mut self,
        stages: &[StageInfo],
        inputs: impl Fn(&StageInfo) -> Vec<String>,
    ) -> Option<String> {
        let alive = stages.iter().filter(|stage| stage.stats.state() == StageState::Running);
        let now: All = alive.clone().map(|stage| (Arc::clone(&stage.id), seen(stage))).collect();
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
    output.is_some_and(|spec| spec.packets_per_s() * SLOWEST_PACKET_S >= 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline_core::{PacketKind, SensorMeta, StreamSpec};

    fn stage(id: &str, role: Role, packet_s: f64) -> StageInfo {
        let spec = StreamSpec {
            kind: PacketKind::RawI32,
            rate_hz: 100.0,
            sensor: Arc::new(SensorMeta::default()),
            max_frames: (packet_s * 100.0) as usize,
            delay_s: 0.0,
            total_frames: None,
            live: true,
        };
        StageInfo {
            id: id.into(),
            role,
            group: String::new(),
            inputs: Vec::new(),
            output: (role != Role::Sink).then_some(spec),
            stats: Arc::default(),
        }
    }

    /// A source that feeds a filter that feeds a sink, looked at again and again.
    struct Line {
        stages: [StageInfo; 3],
        progress: Progress,
    }

    impl Line {
        fn new(packet_s: f64) -> Self {
            let roles = [Role::Source, Role::Transform, Role::Sink];
            let ids = ["source", "filter", "sink"].into_iter().zip(roles);
            let all: Vec<_> = ids.map(|(id, role)| stage(id, role, packet_s)).collect();
            Self { stages: all.try_into().unwrap(), progress: Progress::default() }
        }

        /// So many stages pass a packet on, from the source on; then a look.
        fn look(&mut self, moving: usize) -> Option<String> {
            for stage in &self.stages[..moving] {
                if stage.role != Role::Source {
                    stage.stats.packets_in.add(1);
                }
                stage.stats.packets_out.add(1);
            }
            let inputs = |stage: &StageInfo| {
                let all: &[&str] = match &*stage.id {
                    "filter" => &["source"],
                    "sink" => &["filter"],
                    _ => &[],
                };
                all.iter().map(ToString::to_string).collect()
            };
            self.progress.look(&self.stages, inputs)
        }
    }

    #[test]
    fn who_takes_nothing_of_what_it_is_given_hangs_and_who_is_given_nothing_does_not() {
        for (moving, hung) in
            [(0, Some("source")), (1, Some("filter")), (2, Some("sink")), (3, None)]
        {
            let mut line = Line::new(0.1);
            assert_eq!((line.look(3), line.look(3)), (None, None));
            let first = line.look(moving);
            assert_eq!(first, None, "{moving}: one look is no proof");
            assert_eq!(line.look(moving).as_deref(), hung, "{moving} move");
            assert_eq!(line.look(3), None, "{moving}: it moves again");
        }
    }

    #[test]
    fn a_slow_stream_is_not_judged() {
        let mut slow = Line::new(2.0);
        assert!((0..9).all(|_| slow.look(0).is_none()));
    }
}
