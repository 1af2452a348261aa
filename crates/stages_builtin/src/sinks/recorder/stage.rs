//! The sink itself: takes packets and notes, and never waits for a disk while anybody is live.

use super::books::Books;
use super::file::Files;
use super::late;
use super::part::RecordingFormat;
use super::queue::{Item, QueueTx, Shared, queue};
use super::settings::Settings;
use super::writer::Writer;
use plugin_api::{
    Event, EventKind, FileAccount, Ledger, LockReason, Lockable, OpenError, RtPacket, StageCtx,
    StageError, StageFigures, StageImpl, StageResult, StreamSpec, clock,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the end of a live recording is waited for. A disk that takes longer is left to the writer's thread.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it is waited for while the pipeline goes on: what else the thread has to do must not wait for a disk.
const MOMENT: Duration = Duration::from_millis(250);
/// Seconds of signal after which the writer is woken; it also wakes by itself.
const WAKE_S: f64 = 0.1;

/// A recording in any format.
pub(crate) struct Recorder {
    settings: Settings,
    spec: StreamSpec,
    /// Until it is opened.
    format: Option<Box<dyn RecordingFormat>>,
    running: Option<Running>,
    books: Arc<Books>,
}

/// An open one.
struct Running {
    queue: QueueTx,
    thread: JoinHandle<()>,
    began: bool,
    /// Frames that found no room since the last that did.
    overflow: u64,
    /// The queue was half full, and it was said.
    warned: bool,
    /// Frames since the writer was last woken.
    unannounced: u64,
    wake_frames: u64,
    /// Another one after the pipeline was changed.
    ledger: Ledger,
}

impl Recorder {
    pub(crate) fn new(
        settings: Settings,
        spec: &StreamSpec,
        format: impl RecordingFormat + 'static,
    ) -> Self {
        let format = Some(Box::new(format) as Box<dyn RecordingFormat>);
        Self { settings, spec: spec.clone(), format, running: None, books: Arc::default() }
    }

    fn tell(&self, ctx: &StageCtx) {
        if let Some(running) = &self.running {
            while let Some(event) = running.queue.shared.reports.pop() {
                ctx.report(event);
            }
        }
    }

    /// Has everything written and the file closed: what went wrong, and how many frames did not get there.
    fn finish(&mut self) -> (Result<(), StageError>, u64) {
        let Some(Running { queue, thread, .. }) = self.running.take() else { return (Ok(()), 0) };
        let shared = Arc::clone(&queue.shared);
        shared.finish.store(true, Ordering::Release);
        thread.thread().unpark();
        let began = Instant::now();
        let goes_on = self.settings.may_end.load(Ordering::Acquire);
        let patience = if goes_on { MOMENT } else { PATIENCE };
        while self.spec.live && !thread.is_finished() {
            if began.elapsed() > patience {
                let name = thread.thread().name().unwrap_or_default().to_owned();
                late::leave(thread, move |joined| ended_late(&name, joined, &shared));
                let late = StageError::Data(
                    "the disk does not answer: what waits is written when it does, if the program still runs then",
                );
                return (if goes_on { Ok(()) } else { Err(late) }, 0);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let died = thread.join().is_err();
        let lost = shared.dropped.load(Ordering::Acquire) + shared.queued.load(Ordering::Acquire);
        let error = match shared.error() {
            _ if died => Err(StageError::Panicked),
            Some(error) => Err(error),
            None => shared.take_once().map_or(Ok(()), Err),
        };
        (error, lost)
    }
}

/// What became of a recording that was left to its writer.
fn ended_late(name: &str, joined: bool, shared: &Shared) -> Result<(), String> {
    let lost = shared.dropped.load(Ordering::Acquire) + shared.queued.load(Ordering::Acquire);
    let error = if joined { shared.error() } else { Some(StageError::Panicked) };
    match error {
        Some(error) => Err(format!("{name}: {error}; {lost} frames are missing at its end")),
        None => Ok(()),
    }
}

impl Lockable for Recorder {
    fn is_locked(&self) -> bool {
        self.settings.limits.lock
            && !self.settings.may_end.load(Ordering::Acquire)
            && self.running.as_ref().is_some_and(|r| r.queue.shared.open_file().is_some())
    }

    fn lock_reason(&self) -> LockReason {
        let open = self.running.as_ref().and_then(|running| running.queue.shared.open_file());
        open.unwrap_or_else(|| LockReason { text: "it records".to_owned(), since_ns: None })
    }
}

impl StageImpl for Recorder {
    fn figures(&self) -> Option<Arc<dyn StageFigures>> {
        self.running.as_ref().map(|running| running.queue.figures())
    }

    fn open(&mut self) -> Result<(), OpenError> {
        let Some(format) = self.format.take() else {
            return Err(OpenError("a recording is opened once".to_owned()));
        };
        let rate_hz = self.spec.rate_hz;
        let frames = |seconds: f64| ((rate_hz * seconds).ceil() as u64).max(1);
        let (tx, rx) = queue(frames(self.settings.limits.buffer_s), &self.books);
        let now_ns = clock::Clock::now().unix_ns(clock::monotonic_ns());
        let files = Files::new(self.settings.path.clone(), super::time::compact_utc(now_ns));
        let writer = Writer::open(rx, self.settings.limits, files, format, &self.spec, now_ns)
            .map_err(OpenError)?;
        let name = format!("write {}", writer.name());
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || writer.run())
            .map_err(|error| OpenError(format!("cannot start the writer's thread: {error}")))?;
        self.running = Some(Running {
            queue: tx,
            thread,
            began: false,
            overflow: 0,
            warned: false,
            unannounced: 0,
            wake_frames: frames(WAKE_S),
            ledger: Ledger::default(),
        });
        Ok(())
    }

    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        self.tell(ctx);
        let live = self.spec.live;
        let Some(running) = &mut self.running else {
            packet.recycle();
            return Ok(None);
        };
        if !running.ledger.is(ctx.ledger()) {
            running.ledger.clone_from(ctx.ledger());
            self.books.set_ledger(ctx.ledger());
        }
        let frames = packet.frames() as u64;
        if !running.began {
            let first = packet.header().first_sample;
            running.began = running.queue.push(Item::Begin(first - ctx.lost_before().min(first)));
        }
        if !running.make_room(frames, live) {
            ctx.report_dropped(frames);
            running.overflow += frames;
            if running.overflow == frames && !running.shared().over.load(Ordering::Acquire) {
                ctx.report(running.full(&packet, self.settings.limits.buffer_s));
            }
            packet.recycle();
            return running.refusal().map_or(Ok(None), Err);
        }
        if running.overflow > 0 && running.queue.push(Item::Overflow(running.overflow)) {
            running.overflow = 0;
        }
        let time_ns = packet.header().time_ns;
        running.queue.push_packet(packet);
        running.announce(frames, live);
        if live && let Some(event) = running.half_full(time_ns, self.spec.rate_hz) {
            ctx.report(event);
        }
        running.shared().take_once().map_or(Ok(None), Err)
    }

    fn files(&self) -> Option<Arc<dyn FileAccount>> {
        Some(Arc::clone(&self.books) as Arc<dyn FileAccount>)
    }

    fn note(&mut self, event: &Event) {
        if let Some(running) = &mut self.running {
            // No place means that a thousand wait: then the disk is what there is to know about.
            running.queue.push(Item::Note(Box::new(event.clone())));
        }
    }

    fn end(&mut self, ctx: &mut StageCtx) -> StageResult {
        self.books.set_ledger(ctx.ledger());
        if let Some(running) = &mut self.running {
            let (overflow, lost) = (running.overflow, ctx.lost_before());
            if overflow + lost > 0 && !running.queue.push(Item::End { overflow, lost }) {
                ctx.report_dropped(lost);
            }
        }
        let shared = self.running.as_ref().map(|running| Arc::clone(&running.queue.shared));
        let (result, lost) = self.finish();
        ctx.report_dropped(lost);
        while let Some(event) = shared.as_ref().and_then(|shared| shared.reports.pop()) {
            ctx.report(event);
        }
        result.map(|()| None)
    }

    fn close(&mut self) -> Result<(), StageError> {
        self.finish().0
    }
}

impl Running {
    fn shared(&self) -> &Shared {
        &self.queue.shared
    }

    /// Whether there is room for so many frames. Waits for it where nobody is live and the disk takes what it gets.
    fn make_room(&self, frames: u64, live: bool) -> bool {
        // After an overflow a quarter has to be free: one long gap says the same as many short ones.
        let spare = if self.overflow > 0 && live { self.queue.capacity_frames() / 4 } else { 0 };
        let shared = self.shared();
        loop {
            if shared.over.load(Ordering::Acquire) {
                return false;
            }
            if self.queue.has_room(frames, spare) {
                return true;
            }
            if live || shared.failing.load(Ordering::Acquire) {
                return false;
            }
            self.thread.thread().unpark();
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// What the policy is asked about a packet without room: nothing while the disk is only slow.
    fn refusal(&self) -> Option<StageError> {
        let shared = self.shared();
        let refuses = shared.over.load(Ordering::Acquire) || shared.failing.load(Ordering::Acquire);
        refuses.then(|| shared.error().unwrap_or(StageError::Data("the recording has ended")))
    }

    fn announce(&mut self, frames: u64, live: bool) {
        self.unannounced += frames;
        if !live || self.unannounced >= self.wake_frames {
            self.unannounced = 0;
            self.thread.thread().unpark();
        }
    }

    /// Word of a queue that is half full, once until it has been nearly empty again.
    fn half_full(&mut self, time_ns: i64, rate_hz: f64) -> Option<Event> {
        let (queued, capacity) = (self.queue.queued(), self.queue.capacity_frames());
        if queued * 8 < capacity {
            self.warned = false;
        }
        if self.warned || queued * 2 < capacity {
            return None;
        }
        self.warned = true;
        let seconds = |frames: u64| frames as f64 / rate_hz;
        let text = format!(
            "the disk is slow: {:.1} s of signal wait to be written, {:.1} s more have room",
            seconds(queued),
            seconds(capacity.saturating_sub(queued))
        );
        Some(Event::new(EventKind::Recording, time_ns, text))
    }

    fn full(&self, packet: &RtPacket, buffer_s: f64) -> Event {
        let text = match self.refusal() {
            Some(error) => format!("samples are being lost: the disk refuses ({error})"),
            None => format!("samples are being lost: the disk has taken nothing for {buffer_s} s"),
        };
        let mut event = Event::new(EventKind::Recording, packet.header().time_ns, text);
        event.sample = Some(packet.header().first_sample);
        event
    }
}
