//! One stage at run time: its ports, where its packets go, and a call that a panic cannot get out of.

use super::notice::Mark;
use crate::event::Event;
use crate::packet::RtPacket;
use crate::stage::{
    ErrorPolicy, LockReason, SourceImpl, SourceStep, StageCtx, StageError, StageImpl,
};
use crate::telemetry::StageStats;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Where a packet goes inside the same thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// Index into the thread's stages.
    pub(super) node: usize,
    /// Input of that stage.
    pub(super) port: usize,
}

/// Stands for the index of a first sample that cannot be known before it comes: no later one counts as a loss.
pub(super) const ANY_SAMPLE: u64 = u64::MAX;

/// One input of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Port {
    /// Index of the sample that should come next.
    pub(super) expected: u64,
    pub(super) open: bool,
}

pub(super) enum Running {
    Source(Box<dyn SourceImpl>),
    Stage(Box<dyn StageImpl>),
    /// Closed, in order or after an error.
    Closed,
}

/// A stage on its thread.
pub(super) struct RtNode {
    pub(super) id: Arc<str>,
    /// Index in the graph.
    pub(super) index: usize,
    pub(super) body: Running,
    pub(super) is_sink: bool,
    pub(super) policy: Box<dyn ErrorPolicy>,
    pub(super) ctx: StageCtx,
    pub(super) ports: Vec<Port>,
    pub(super) local: Vec<Target>,
    /// The stage of this thread that takes all it makes and can work along with it.
    pub(super) joined: Option<Target>,
    /// Outgoing edges of the thread, and the lane there.
    pub(super) remote: Vec<(usize, usize)>,
    /// What it makes comes from a source that cannot wait.
    pub(super) live: bool,
    /// Index after the last sample it made; [`ANY_SAMPLE`] before the first.
    pub(super) next_out: u64,
    /// Frames of its input since the last packet it made that it will make nothing of: lost, or passed over.
    pub(super) tail: u64,
    /// Its output's rate as a multiple of its input's.
    pub(super) ratio: f64,
    pub(super) stats: Arc<StageStats>,
}

/// An error of a stage, with what it said if it panicked.
pub(super) struct CallError {
    pub(super) error: StageError,
    pub(super) said: Option<String>,
}

impl RtNode {
    /// Counts a packet that arrives by `port` and tells the stage what was lost before it.
    pub(super) fn arrive(&mut self, port: usize, packet: &RtPacket) {
        let header = packet.header();
        let expected = &mut self.ports[port].expected;
        let lost = header.first_sample.saturating_sub(*expected);
        if *expected == ANY_SAMPLE {
            self.stats.due_from(header.first_sample);
        }
        *expected = header.first_sample + u64::from(header.frames);
        if lost > 0 {
            self.stats.lost_frames.add(lost);
        }
        self.stats.packets_in.add(1);
        self.stats.frames_in.add(u64::from(header.frames));
        self.ctx.prepare(port, lost);
    }

    /// Whether samples were lost before this packet, which arrives by `port`.
    pub(super) fn would_lose(&self, port: usize, packet: &RtPacket) -> bool {
        packet.header().first_sample > self.ports[port].expected
    }

    /// Counts a packet that goes out.
    pub(super) fn leave(&mut self, packet: &RtPacket) {
        let header = packet.header();
        self.next_out = header.first_sample + u64::from(header.frames);
        self.tail = 0;
        self.stats.made_to.store(self.next_out, Ordering::Relaxed);
        self.stats.packets_out.add(1);
        self.stats.frames_out.add(u64::from(header.frames));
    }

    pub(super) fn count_dropped(&mut self) {
        let dropped = self.ctx.take_dropped();
        if dropped > 0 {
            self.stats.dropped_frames.add(dropped);
        }
    }

    /// The input by `port` is over; counts what was lost at its very end.
    pub(super) fn end_port(&mut self, port: usize, next_sample: u64) {
        let port = &mut self.ports[port];
        port.open = false;
        if next_sample == ANY_SAMPLE {
            return;
        }
        if port.expected == ANY_SAMPLE {
            self.stats.due_from(next_sample);
            port.expected = next_sample;
        }
        let lost = next_sample.saturating_sub(port.expected);
        port.expected += lost;
        self.stats.lost_frames.add(lost);
        self.tail = self.tail.max(lost);
    }

    /// From here on its inputs count for the ledger, whatever fed it before.
    pub(super) fn is_due(&self) {
        let known = self.ports.iter().map(|port| port.expected).filter(|at| *at != ANY_SAMPLE);
        self.stats.due_next(known.fold(0, u64::wrapping_add));
    }

    /// Index after the last sample there was for those behind: what it has made, and what it could not make at its end.
    pub(super) fn ends_at(&mut self) -> u64 {
        if self.next_out != ANY_SAMPLE {
            self.next_out += (self.tail as f64 * self.ratio).round() as u64;
            self.stats.made_to.store(self.next_out, Ordering::Relaxed);
        }
        self.tail = 0;
        self.next_out
    }

    pub(super) fn process(
        &mut self,
        packet: Arc<RtPacket>,
    ) -> Result<Option<Arc<RtPacket>>, CallError> {
        let Running::Stage(stage) = &mut self.body else {
            packet.recycle();
            return Ok(None);
        };
        let ctx = &mut self.ctx;
        guarded(|| stage.process(packet, ctx))
    }

    pub(super) fn next(&mut self) -> Result<SourceStep, CallError> {
        let Running::Source(source) = &mut self.body else { return Ok(SourceStep::End) };
        self.ctx.prepare(0, 0);
        let ctx = &mut self.ctx;
        guarded(|| source.next(ctx))
    }

    pub(super) fn end(&mut self) -> Result<Option<Arc<RtPacket>>, CallError> {
        let Running::Stage(stage) = &mut self.body else { return Ok(None) };
        self.ctx.prepare(0, if self.is_sink { self.tail } else { 0 });
        let ctx = &mut self.ctx;
        let last = guarded(|| stage.end(ctx));
        self.count_dropped();
        last
    }

    /// What a source has to say at its end.
    pub(super) fn remarks(&self) -> Vec<String> {
        match &self.body {
            Running::Source(source) => source.remarks(),
            _ => Vec::new(),
        }
    }

    /// Closes the stage for good and drops it.
    pub(super) fn close(&mut self) -> Result<(), CallError> {
        match std::mem::replace(&mut self.body, Running::Closed) {
            Running::Source(mut source) => {
                let closed = guarded(|| source.close());
                let ended_at = guarded(|| Ok(source.ended_at())).ok().flatten();
                self.next_out = self.next_out.max(ended_at.unwrap_or(0));
                closed
            }
            Running::Stage(mut stage) => guarded(|| stage.close()),
            Running::Closed => Ok(()),
        }
    }

    /// After a panic under `skip_packet` the stage goes on from a clean state.
    pub(super) fn reset(&mut self) {
        if let Running::Stage(stage) = &mut self.body {
            let _ = guarded(|| {
                stage.reset();
                Ok(())
            });
        }
    }

    /// What it must be asked before it is disturbed.
    pub(super) fn lock(&self) -> Option<LockReason> {
        match &self.body {
            Running::Source(source) => source.is_locked().then(|| source.lock_reason()),
            Running::Stage(stage) => stage.is_locked().then(|| stage.lock_reason()),
            Running::Closed => None,
        }
    }

    /// Tells the stage what happened.
    pub(super) fn note(&mut self, event: &Event) -> Result<(), CallError> {
        let Running::Stage(stage) = &mut self.body else { return Ok(()) };
        guarded(|| {
            stage.note(event);
            Ok(())
        })
    }

    /// Where the stage stands.
    pub(super) fn mark(&self) -> Mark {
        let inputs = self.ports.iter().map(|port| (port.expected, port.open)).collect();
        Mark { inputs, next_out: self.next_out }
    }

    /// Index of the sample the stage takes next, or makes next when it takes none.
    pub(super) fn at_sample(&self) -> u64 {
        match self.ports.first() {
            Some(port) if port.expected == ANY_SAMPLE => 0,
            Some(port) => port.expected,
            None => self.next_out,
        }
    }

    /// Takes the place of `old`, which is the same stage, differently wired.
    pub(super) fn continue_as(&mut self, old: Self) {
        self.body = old.body;
        self.tail = old.tail;
        let ledger = self.ctx.ledger().clone();
        self.ctx = old.ctx;
        self.ctx.set_ledger(ledger);
    }

    /// Takes the place of `old`, which hands over its state and is closed.
    ///
    /// # Errors
    /// What `old` could not do at its end.
    pub(super) fn inherit_from(&mut self, mut old: Self) -> Result<(), CallError> {
        if let (Running::Stage(new), Running::Stage(old)) = (&mut self.body, &mut old.body) {
            let inherited = guarded(|| {
                new.inherit(&mut **old);
                Ok(())
            });
            if inherited.is_err() {
                new.reset();
            }
        }
        old.close()
    }

    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.body, Running::Closed)
    }
}

pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T, StageError>) -> Result<T, CallError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| CallError { error, said: None }),
        Err(panic) => {
            let said = panic
                .downcast_ref::<&str>()
                .map(|s| (*s).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned());
            Err(CallError { error: StageError::Panicked, said })
        }
    }
}
