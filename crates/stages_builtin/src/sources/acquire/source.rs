//! The source behind `acquire`: asks its board for blocks and makes packets of them.

use super::account::Account;
use eeg_boards::board::{Block, Board, Frames, Reading};
use plugin_api::clock::Clock;
use plugin_api::{
    ChannelMeta, Event, EventKind, Flags, Lockable, OpenError, PacketHeader, PacketKind,
    SourceAccount, SourceImpl, SourceStep, StageCtx, StageError, StreamSpec,
};
use std::sync::Arc;

/// One step of the channel `edge_late`, in microseconds.
const EDGE_STEP_US: f64 = 0.1;
/// Its code where the kernel saw no edge.
const NO_EDGE: i64 = -(1 << 23);
/// How often the system's clock is looked at, and losses are told.
const SECOND_NS: u64 = 1_000_000_000;

/// What `edge_channel` adds.
pub(super) fn edge_channel() -> ChannelMeta {
    ChannelMeta {
        label: "edge_late".to_owned(),
        unit: "us".to_owned(),
        gain: 1.0,
        unit_per_code: EDGE_STEP_US,
        unit_offset: 0.0,
    }
}

/// A board, and what is under way with it.
pub(super) struct BoardSource {
    board: Box<dyn Board>,
    spec: StreamSpec,
    /// By how much a sample's time is before the end of its conversion.
    earlier_ns: i64,
    edge_channel: bool,
    frames: Frames,
    /// A block that is whole but, on a simulated board, not due yet.
    held: Option<Block>,
    /// Maps monotonic time to Unix time, by the pair taken at the start.
    clock: Option<Clock>,
    /// Number of the sample after the last one passed on.
    next: u64,
    looked_ns: u64,
    /// Losses not told yet, and when the last were.
    untold: u64,
    told_ns: u64,
    account: Arc<Account>,
}

impl BoardSource {
    pub(super) fn new(
        board: Box<dyn Board>,
        spec: StreamSpec,
        earlier_ns: i64,
        edge_channel: bool,
    ) -> Self {
        let account = Arc::new(Account::new(board.counters()));
        let frames = Frames {
            codes: Vec::with_capacity(spec.max_samples()),
            edges_ns: Vec::with_capacity(spec.max_frames),
        };
        Self {
            board,
            spec,
            earlier_ns,
            edge_channel,
            frames,
            held: None,
            clock: None,
            next: 0,
            looked_ns: 0,
            untold: 0,
            told_ns: 0,
            account,
        }
    }

    /// The clock of this run; at the first call, the pair of readings it rests on.
    fn clock(&mut self) -> Clock {
        let (monotonic_ns, unix_ns) = self.board.now();
        *self.clock.get_or_insert_with(|| Clock::at(monotonic_ns, unix_ns))
    }

    /// About once a second, whether the board has anything to say or not: whether the system's clock was set.
    fn look_at_the_clock(&mut self, now_ns: u64, ctx: &StageCtx) {
        if now_ns.saturating_sub(self.looked_ns) < SECOND_NS {
            return;
        }
        self.looked_ns = now_ns;
        let (monotonic_ns, unix_ns) = self.board.now();
        let clock = self.clock.get_or_insert_with(|| Clock::at(monotonic_ns, unix_ns));
        if let Some(step) = clock.observe(monotonic_ns, unix_ns) {
            self.account.set_clock_ahead(step.ahead_ns);
            ctx.report(Event::new(EventKind::Board, clock.unix_ns(monotonic_ns), step.to_string()));
        }
    }

    fn tell_losses(&mut self, block: &Block, ctx: &StageCtx) {
        self.untold += block.lost_before;
        if self.untold == 0 || block.captured_ns.saturating_sub(self.told_ns) < SECOND_NS {
            return;
        }
        self.told_ns = block.captured_ns;
        let lost = std::mem::take(&mut self.untold);
        let causes = self.account.untold_causes();
        let time_ns = self.clock().unix_ns(block.captured_ns);
        let mut event =
            Event::new(EventKind::Board, time_ns, format!("{lost} samples were lost: {causes}"));
        event.sample = Some(block.first_sample);
        ctx.report(event);
    }

    fn packet(&mut self, block: Block, ctx: &mut StageCtx) -> SourceStep {
        self.tell_losses(&block, ctx);
        self.look_at_the_clock(block.captured_ns, ctx);
        let first_ns = self.board.time_ns(block.first_sample);
        let mut flags = Flags::NONE;
        if block.lost_before > 0 {
            flags |= Flags::GAP;
        }
        if block.railed {
            flags |= Flags::RAILED;
        }
        let header = PacketHeader {
            sensor: Arc::clone(&self.spec.sensor),
            first_sample: block.first_sample,
            time_ns: self.clock().unix_ns(first_ns) - self.earlier_ns,
            captured_ns: block.captured_ns,
            rate_hz: self.spec.rate_hz,
            frames: 0,
            flags,
        };
        let mut packet = ctx.fresh(header, PacketKind::RawI32);
        let codes = packet.codes_mut();
        if self.edge_channel {
            let channels = self.spec.channels() - 1;
            let frames = self.frames.codes.chunks_exact(channels).zip(&self.frames.edges_ns);
            for (n, (frame, edge_ns)) in (block.first_sample..).zip(frames) {
                codes.extend_from_slice(frame);
                // Each by its own time: by the nominal rate, the wrong by which the oscillator is off would be in it.
                let bears_ns = self.board.time_ns(n) as i64 - self.earlier_ns;
                codes.push(edge_code(*edge_ns, bears_ns));
            }
        } else {
            codes.extend_from_slice(&self.frames.codes);
        }
        self.next = block.first_sample + self.frames.len() as u64;
        self.frames.clear();
        SourceStep::Packet(packet.share())
    }
}

/// How late an edge was seen, in steps.
fn edge_code(edge_ns: u64, bears_ns: i64) -> i32 {
    if edge_ns == 0 {
        return NO_EDGE as i32;
    }
    let late_us = (edge_ns as i64 - bears_ns) as f64 / 1e3;
    let steps = (late_us / EDGE_STEP_US).round() as i64;
    steps.clamp(NO_EDGE + 1, -NO_EDGE - 1) as i32
}

impl Lockable for BoardSource {}

impl SourceImpl for BoardSource {
    fn open(&mut self) -> Result<(), OpenError> {
        self.board.open().map_err(|error| OpenError(error.to_string()))
    }

    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        let block = match self.held.take() {
            Some(block) => block,
            None => match self.board.read(self.spec.max_frames, &mut self.frames) {
                Reading::Block(block) => block,
                Reading::Event(event) => {
                    self.look_at_the_clock(event.monotonic_ns, ctx);
                    let time_ns = self.clock().unix_ns(event.monotonic_ns);
                    ctx.report(Event::new(EventKind::Board, time_ns, event.text));
                    return Ok(SourceStep::Idle);
                }
                Reading::Idle => {
                    // A simulated board's time may be ahead of the machine's.
                    let (now_ns, _) = self.board.now();
                    if ctx.sleep_until(now_ns) {
                        self.look_at_the_clock(now_ns, ctx);
                    }
                    return Ok(SourceStep::Idle);
                }
            },
        };
        if !ctx.sleep_until(block.captured_ns) {
            self.held = Some(block);
            return Ok(SourceStep::Idle);
        }
        Ok(self.packet(block, ctx))
    }

    fn close(&mut self) -> Result<(), StageError> {
        let before = self.account.losses();
        self.board.close();
        if let Some(block) = self.held.take() {
            // A simulated board is ahead of the clock: what it holds, and all after it, has not been yet.
            self.account.keep_back(self.frames.len() as u64, &before);
            self.next = block.first_sample;
        }
        let lost: u64 =
            self.account.losses().iter().zip(before).map(|(now, then)| now - then).sum();
        self.next += lost;
        Ok(())
    }

    fn ended_at(&self) -> Option<u64> {
        Some(self.next)
    }

    fn account(&self) -> Option<Arc<dyn SourceAccount>> {
        Some(Arc::clone(&self.account) as Arc<dyn SourceAccount>)
    }
}
