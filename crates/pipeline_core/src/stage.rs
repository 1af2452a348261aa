//! What a stage is to the executor: how it is called, what it may use, what it may answer.
//!
//! A stage's life: `build` (pure, in [`graph`](crate::graph)) → `open` (I/O) → `process`, again and again →
//! `end` (its input is over) → `close`. `process` neither allocates, locks, logs, reads a clock nor does I/O,
//! except in a sink, whose group exists for that.

use crate::clock;
use crate::event::Event;
use crate::executor::wake::Waker;
use crate::packet::{Flags, FreshPacket, PacketHeader, PacketKind, PacketPool, PoolSize, RtPacket};
use crate::telemetry::{FileAccount, Ledger, SourceAccount, StageFigures};
use std::any::Any;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// What `process` answers: a packet to pass on, nothing, or an error for the stage's policy.
pub type StageResult = Result<Option<Arc<RtPacket>>, StageError>;

/// Whether a stage may be disturbed. A recorder with a file open may not.
pub trait Lockable {
    /// True while nothing this stage depends on may change. Asked in order with the data.
    fn is_locked(&self) -> bool {
        false
    }

    /// Why it is locked, for the answer to whoever wanted to change something.
    fn lock_reason(&self) -> LockReason {
        LockReason { text: "it must not be disturbed".to_owned(), since_ns: None }
    }
}

/// What a locked stage says for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockReason {
    /// Half a sentence about the stage: "it records to `a.bdf`".
    pub text: String,
    /// Since when, nanoseconds since the Unix epoch.
    pub since_ns: Option<i64>,
}

/// A transform or a sink, as the executor sees it.
pub trait StageImpl: Lockable + Any + Send {
    /// Acquires what the stage needs of the outside world. Called once, before the first packet.
    ///
    /// # Errors
    /// A sentence for the user: what could not be opened, and what to do.
    fn open(&mut self) -> Result<(), OpenError> {
        Ok(())
    }

    /// Takes one packet from the first input (or the one `ctx.port()` names) and answers with at most one.
    ///
    /// Pass through: `Ok(Some(packet))`. New values: [`RtPacket::map_samples`]. Keep or log:
    /// [`PacketOwned::from`](crate::PacketOwned). A packet that is neither passed on nor changed goes back by
    /// `packet.recycle()`. A sink that is done with a packet answers `Ok(Some(packet))`, which sends it home; one that
    /// keeps or sends it elsewhere answers `Ok(None)`.
    ///
    /// # Errors
    /// Any [`StageError`]; the policy decides what follows.
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult;

    /// The input is over: a last packet, if the stage holds any samples back. For a sink, `ctx.lost_before()` is what
    /// was lost after the last packet.
    ///
    /// # Errors
    /// As for [`process`](Self::process).
    fn end(&mut self, _ctx: &mut StageCtx) -> StageResult {
        Ok(None)
    }

    /// What it counts of the files it writes, for the ledger. Asked once, before the first packet.
    fn files(&self) -> Option<Arc<dyn FileAccount>> {
        None
    }

    /// Something happened, told in order with the data: a marker, a change. For recorders; others need not care.
    fn note(&mut self, _event: &Event) {}

    /// Back to the state after `build`, without allocating.
    fn reset(&mut self) {}

    /// Writes out and releases what `open` acquired. Called once, also after an error.
    ///
    /// # Errors
    /// What could not be written.
    fn close(&mut self) -> Result<(), StageError> {
        Ok(())
    }

    /// What the stage can say of itself while it works, for `/metrics`. Asked once, before the first packet.
    fn figures(&self) -> Option<Arc<dyn StageFigures>> {
        None
    }

    /// Whether [`process_both`](Self::process_both) is worth offering behind `before`. Asked when a thread's stages are set up.
    fn joins(&self, _before: &dyn Any) -> bool {
        false
    }

    /// Does the work of `before`, the stage whose only taker this one is, together with its own, in place: the same samples
    /// as one after the other, only faster. False, and nothing touched, when anything is special about the packet.
    fn process_both(&mut self, _before: &mut dyn Any, _packet: &mut Arc<RtPacket>) -> bool {
        false
    }

    /// This stage replaces `previous` in a running pipeline: take over its state, where that makes sense.
    ///
    /// Coefficients are the new stage's, state the old one's, so that a retune does not click.
    fn inherit(&mut self, _previous: &mut dyn Any) {}
}

/// A source, as the executor sees it: it is asked for packets on a thread of its group.
pub trait SourceImpl: Lockable + Send {
    /// Acquires device or file. Called once.
    ///
    /// # Errors
    /// A sentence for the user.
    fn open(&mut self) -> Result<(), OpenError> {
        Ok(())
    }

    /// The next packet. May wait, but only in [`StageCtx::sleep_until`] or for less than about 100 ms,
    /// so that stop and change are seen in time.
    ///
    /// # Errors
    /// Any [`StageError`]; the policy decides what follows.
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError>;

    /// Releases what `open` acquired.
    ///
    /// # Errors
    /// What went wrong.
    fn close(&mut self) -> Result<(), StageError> {
        Ok(())
    }

    /// After [`close`](Self::close): index after the last sample there was, where samples were lost since the last packet.
    fn ended_at(&self) -> Option<u64> {
        None
    }

    /// What was odd about the samples, one sentence each: rows of a file that could not be read. Asked at the end.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the source counts of its device, for the ledger. Asked once, before the first packet.
    fn account(&self) -> Option<Arc<dyn SourceAccount>> {
        None
    }
}

/// What a source has to say when asked.
#[derive(Debug)]
pub enum SourceStep {
    /// Samples.
    Packet(Arc<RtPacket>),
    /// Nothing yet; ask again. Also the answer after an interrupted sleep.
    Idle,
    /// Nothing any more.
    End,
}

/// Why a stage could not do its work on a packet. Small and `Copy`: made without the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// Something the operating system refused.
    #[error("cannot {doing}: {}", io_text(*.kind, *.os_code))]
    Io {
        /// What was being done: "write the file".
        doing: &'static str,
        /// The kind of error.
        kind: io::ErrorKind,
        /// The system's own number, if it gave one.
        os_code: Option<i32>,
    },
    /// The samples are not what the stage can work on.
    #[error("{0}")]
    Data(&'static str),
    /// The queue before the stage was full.
    #[error("it did not keep up: its queue was full and {lost_frames} frames were lost")]
    QueueFull {
        /// Frames that found no room.
        lost_frames: u64,
    },
    /// The stage panicked. What it said is in the failure's message.
    #[error("it panicked (a defect in the stage)")]
    Panicked,
}

impl StageError {
    /// An I/O error with what was being done.
    pub fn io(doing: &'static str, error: &io::Error) -> Self {
        Self::Io { doing, kind: error.kind(), os_code: error.raw_os_error() }
    }
}

fn io_text(kind: io::ErrorKind, os_code: Option<i32>) -> String {
    os_code.map_or_else(|| kind.to_string(), |code| io::Error::from_raw_os_error(code).to_string())
}

/// Why a stage could not open: a sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

/// What the executor does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorAction {
    /// Stop the whole pipeline; what is in flight is still delivered to the other branches.
    Fatal,
    /// Close this branch; the others go on.
    DrainThenStop,
    /// Lose this packet and go on.
    SkipPacket,
}

impl ErrorAction {
    /// As the pipeline file and the API write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::DrainThenStop => "drain_then_stop",
            Self::SkipPacket => "skip_packet",
        }
    }
}

/// Turns errors into actions. The executor asks; stages know nothing of it.
pub trait ErrorPolicy: Send {
    /// What to do about `error`.
    fn action(&self, error: &StageError) -> ErrorAction;
}

impl ErrorPolicy for ErrorAction {
    fn action(&self, _error: &StageError) -> ErrorAction {
        *self
    }
}

/// What a stage may use while it works: its pool, what was lost before the packet, flags to raise.
#[derive(Debug)]
pub struct StageCtx {
    /// Made with the first packet asked for: most stages never do.
    pool: Option<PacketPool>,
    pool_size: PoolSize,
    raised: Flags,
    port: usize,
    lost_before: u64,
    dropped: u64,
    pacer: Option<Pacer>,
    reports: Option<SyncSender<Event>>,
    /// Whose context it is, for the events it reports.
    stage: Option<Arc<str>>,
    ledger: Ledger,
}

/// How a source waits without being deaf to a stop.
#[derive(Debug, Clone)]
pub(crate) struct Pacer {
    pub(crate) interrupted: Arc<AtomicBool>,
    pub(crate) waker: Arc<Waker>,
}

impl StageCtx {
    pub(crate) fn new(
        pool_size: PoolSize,
        pacer: Option<Pacer>,
        reports: Option<SyncSender<Event>>,
    ) -> Self {
        Self {
            pool: None,
            pool_size,
            raised: Flags::NONE,
            port: 0,
            lost_before: 0,
            dropped: 0,
            pacer,
            reports,
            stage: None,
            ledger: Ledger::default(),
        }
    }

    pub(crate) fn of_stage(self, id: &Arc<str>) -> Self {
        Self { stage: Some(Arc::clone(id)), ..self }
    }

    /// Has its packets made now: while a device converts, its source has no time for that.
    pub(crate) fn fill_pool(&mut self) {
        self.pool().fill();
    }

    pub(crate) fn set_ledger(&mut self, ledger: Ledger) {
        self.ledger = ledger;
    }

    /// The ledger of a sink and all stages that its input comes from: a recorder writes it down.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A context outside any executor, for tests and benchmarks of one stage.
    pub fn for_test(packet_samples: usize) -> Self {
        Self::new(PoolSize { packet_samples, packets_per_s: 100.0 }, None, None)
    }

    /// What is reported from now on, up to 64 at a time: for tests of one stage.
    pub fn hear_reports(&mut self) -> Receiver<Event> {
        let (reports, heard) = sync_channel(64);
        self.reports = Some(reports);
        heard
    }

    /// A pooled packet that nobody else holds.
    pub fn fresh(&mut self, header: PacketHeader, kind: PacketKind) -> FreshPacket {
        self.pool().fresh(header, kind)
    }

    fn pool(&mut self) -> &mut PacketPool {
        let size = self.pool_size;
        self.pool.get_or_insert_with(|| PacketPool::new(size))
    }

    /// Takes a packet home that this stage made and its thread lets go of.
    ///
    /// # Errors
    /// The packet, when it is another stage's.
    pub(crate) fn take_back(&mut self, packet: Arc<RtPacket>) -> Result<(), Arc<RtPacket>> {
        match &mut self.pool {
            Some(pool) => pool.take_back(packet),
            None => Err(packet),
        }
    }

    /// Raises flags on the packet that this call makes or changes.
    pub fn raise(&mut self, flags: Flags) {
        self.raised |= flags;
    }

    /// The flags raised so far in this call; they are taken by the packet that goes out.
    pub fn take_flags(&mut self) -> Flags {
        std::mem::take(&mut self.raised)
    }

    /// Which input the packet came in by, counted from 0 in the order of `inputs`.
    pub const fn port(&self) -> usize {
        self.port
    }

    /// Frames lost on this input between the packet before and this one.
    pub const fn lost_before(&self) -> u64 {
        self.lost_before
    }

    /// Reports frames the stage had to throw away: counted, shown with the stage's figures.
    pub const fn report_dropped(&mut self, frames: u64) {
        self.dropped += frames;
    }

    /// Tells the world that something happened: a channel railed, a file was closed. It reaches live clients and, in
    /// order with the data, every recorder, all of whom are told which stage says so. For what is rare; a report that
    /// finds too many waiting is let go of.
    pub fn report(&self, mut event: Event) {
        if let Some(reports) = &self.reports {
            event.stage = event.stage.or_else(|| self.stage.clone());
            let _ = reports.try_send(event);
        }
    }

    /// The frames reported as thrown away since the last call.
    pub const fn take_dropped(&mut self) -> u64 {
        std::mem::replace(&mut self.dropped, 0)
    }

    /// Sets what the executor knows about the coming call; the test harness plays executor.
    pub fn prepare(&mut self, port: usize, lost_before: u64) {
        self.port = port;
        self.lost_before = lost_before;
        self.raised = if lost_before > 0 { Flags::GAP } else { Flags::NONE };
    }

    /// Sleeps until `deadline_ns` on the monotonic clock. False when the executor wants the thread before that:
    /// then answer [`SourceStep::Idle`].
    #[must_use]
    pub fn sleep_until(&self, deadline_ns: u64) -> bool {
        let Some(pacer) = &self.pacer else {
            std::thread::sleep(clock::until(deadline_ns));
            return true;
        };
        loop {
            // What is due is done first: a source that is stopped does not keep back what it has.
            let rest = clock::until(deadline_ns);
            if rest.is_zero() {
                return true;
            }
            if pacer.interrupted.load(Ordering::Acquire) {
                return false;
            }
            pacer.waker.sleep_unless(|| pacer.interrupted.load(Ordering::Acquire), Some(rest));
        }
    }

    /// Packets this stage's pool had to ask the allocator for.
    pub fn shells_made(&self) -> u64 {
        self.pool.as_ref().map_or(0, PacketPool::shells_made)
    }
}
