//! The thread that writes: packets to parts, again and again where the disk refuses, fsync, and an eye on the room left.

use super::file::{Files, Made};
use super::part::{PartWriter, RecordingFormat};
use super::queue::{Item, QueueRx, Shared};
use super::rails::Rails;
use super::room::Room;
use super::settings::Limits;
use eeg_formats::WriteError;
use plugin_api::{Event, EventKind, LockReason, SensorMeta, StageError, StreamSpec};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long the thread sleeps when nobody wakes it.
const IDLE: Duration = Duration::from_millis(100);
/// How often what waits in the format's own buffers goes to the system: what a killed process loses.
const FLUSH: Duration = Duration::from_millis(250);
/// How often the room on the disk is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The thread's state.
pub(super) struct Writer {
    queue: QueueRx,
    limits: Limits,
    files: Files,
    format: Box<dyn RecordingFormat>,
    spec: StreamSpec,
    /// Made, but nothing in it yet.
    made: Option<Made>,
    part: Option<Part>,
    part_number: u32,
    /// Index in the recording at which the next file begins.
    next_begins: u64,
    /// What the disk has refused.
    held: Option<Item>,
    /// Index of the source's sample that is the recording's first.
    base: u64,
    /// Frames that found no room in the queue before the next packet.
    overflow: u64,
    /// Index in the recording and time of the last packet's first sample.
    reference: Option<(u64, i64)>,
    opened_ns: i64,
    waiting: VecDeque<Event>,
    /// Where codes are recorded.
    rails: Option<Rails>,
    said_nearly_full: bool,
}

/// One file.
struct Part {
    writer: Box<dyn PartWriter>,
    sensor: Arc<SensorMeta>,
    /// Index in the recording of the file's first sample.
    first_index: u64,
    name: String,
    path: PathBuf,
    /// Index in the file and time where the clock was first measured, and where last.
    clock: Option<[(u64, i64); 2]>,
}

/// What became of a call.
enum Tried {
    Done,
    /// The system refused: the same again later.
    Again(WriteError),
}

impl Writer {
    /// Makes the first file, so that what is wrong with it is known before anything runs.
    pub(super) fn open(
        queue: QueueRx,
        limits: Limits,
        mut files: Files,
        format: Box<dyn RecordingFormat>,
        spec: &StreamSpec,
        now_ns: i64,
    ) -> Result<Self, String> {
        let made = files
            .make(1)
            .map_err(|error| format!("cannot create {}: {error}", files.shown(1).display()))?;
        if let Some(room) = Room::of(&made.path, limits)
            && room.available < room.reserve
        {
            let _ = std::fs::remove_file(&made.path);
            return Err(format!(
                "the disk has room for {:.0} MB, and a recording ends at {:.0} MB: make room, or give a smaller `min_free_mb`",
                room.available as f64 / 1e6,
                room.reserve as f64 / 1e6
            ));
        }
        queue.shared.set_open_file(Some(lock_reason(&made.name, now_ns)));
        Ok(Self {
            queue,
            limits,
            files,
            format,
            spec: spec.clone(),
            made: Some(made),
            part: None,
            part_number: 1,
            next_begins: 0,
            held: None,
            base: 0,
            overflow: 0,
            reference: None,
            opened_ns: now_ns,
            waiting: VecDeque::new(),
            rails: Rails::new(spec),
            said_nearly_full: false,
        })
    }

    pub(super) fn name(&self) -> &str {
        self.made.as_ref().map_or("", |made| made.name.as_str())
    }

    fn shared(&self) -> &Shared {
        &self.queue.shared
    }

    /// Until the recorder wants an end, or there is nothing more to be done.
    pub(super) fn run(mut self) {
        let (mut flushed, mut synced, mut looked) =
            (Instant::now(), Instant::now(), Instant::now());
        let sync = Duration::from_secs_f64(self.limits.sync_s);
        loop {
            let finishing = self.queue.is_finishing();
            let mut refused = self.drain();
            if refused.is_none() && synced.elapsed() >= sync {
                refused = self.part.as_mut().and_then(|part| part.writer.sync().err());
                (synced, flushed) = (Instant::now(), Instant::now());
            } else if refused.is_none() && flushed.elapsed() >= FLUSH {
                refused = self.part.as_mut().and_then(|part| part.writer.flush().err());
                flushed = Instant::now();
            }
            self.say_how_the_disk_is(refused.as_ref());
            if finishing {
                return self.finish(refused);
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                if let Some(error) = self.look_at_the_room() {
                    return self.end_early(error);
                }
            }
            std::thread::park_timeout(IDLE);
        }
    }

    /// Takes what is there until the disk refuses.
    fn drain(&mut self) -> Option<WriteError> {
        while let Some(item) = self.held.take().or_else(|| self.queue.pop()) {
            if let Tried::Again(error) = self.take(&item) {
                self.held = Some(item);
                return Some(error);
            }
            if let Item::Packet(packet) = item {
                self.queue.done(packet.frames() as u64);
                packet.recycle();
            }
        }
        None
    }

    fn take(&mut self, item: &Item) -> Tried {
        let result = match item {
            Item::Begin(base) => {
                self.base = *base;
                Ok(())
            }
            Item::Overflow(frames) => {
                self.overflow += frames;
                Ok(())
            }
            Item::End { overflow, lost } => self.lost_at_the_end(*overflow, *lost),
            Item::Note(event) => self.note(event),
            Item::Packet(packet) => self.packet(packet),
        };
        match result {
            Ok(()) => Tried::Done,
            Err(error @ WriteError::Io { .. }) => Tried::Again(error),
            Err(error) => {
                self.cannot(item, &error);
                Tried::Done
            }
        }
    }

    /// What no other try will make possible: those samples are not recorded, which is said.
    fn cannot(&mut self, item: &Item, error: &WriteError) {
        let what = StageError::Data("it holds samples that the format cannot (see the events)");
        self.shared().tell_once(what);
        if let Item::Packet(packet) = item {
            self.shared().dropped.fetch_add(packet.frames() as u64, Ordering::AcqRel);
            self.report(packet.header().time_ns, format!("samples are left out: {error}"));
        }
    }

    fn report(&self, time_ns: i64, text: String) {
        self.shared().report(Event::new(EventKind::Recording, time_ns, text));
    }

    /// Time of the newest sample, for what happens now.
    fn now_ns(&self) -> i64 {
        self.reference.map_or(self.opened_ns, |(_, time_ns)| time_ns)
    }

    /// Says when the disk begins to refuse, and when it takes again.
    fn say_how_the_disk_is(&mut self, refused: Option<&WriteError>) {
        let was = self.shared().failing.load(Ordering::Acquire);
        match refused {
            Some(error) => {
                self.shared().set_error(Some(self.stage_error(error)));
                self.shared().failing.store(true, Ordering::Release);
                if !was {
                    let text = format!(
                        "the disk refuses ({error}); it is tried again until {} s of signal wait",
                        self.limits.buffer_s
                    );
                    self.report(self.now_ns(), text);
                }
            }
            None if was => {
                self.shared().failing.store(false, Ordering::Release);
                self.shared().set_error(None);
                self.report(self.now_ns(), "the disk takes again what it gets".to_owned());
            }
            None => {}
        }
    }

    fn stage_error(&self, error: &WriteError) -> StageError {
        match error {
            WriteError::Io { source, .. } => StageError::io(self.format.doing(), source),
            _ => StageError::Data("it holds samples that the format cannot (see the events)"),
        }
    }

    /// The end, in order. What the disk refuses now is let go of, and counted.
    fn finish(mut self, refused: Option<WriteError>) {
        let mut error = refused;
        if self.part.is_none() && error.is_none() {
            // No packet ever came; an empty recording is still one.
            error = self.begin_empty().err();
        }
        if let Some(rails) = &mut self.rails {
            rails.end();
        }
        let waiting = self.write_waiting().and_then(|()| self.write_rails()).err();
        self.let_go();
        if let Some(part) = self.part.take() {
            error = error.or(waiting).or(self.close_part(part).err());
        }
        if let Some(error) = error {
            self.shared().set_error(Some(self.stage_error(&error)));
        }
        self.shared().set_open_file(None);
        self.shared().over.store(true, Ordering::Release);
    }

    /// Lets go of what waits, counted: of a packet that the file has in part, the rest.
    fn let_go(&mut self) {
        let next = self.part.as_ref().map_or(0, |part| part.first_index + part.writer.next_index());
        while let Some(item) = self.held.take().or_else(|| self.queue.pop()) {
            if let Item::End { lost, .. } = item {
                self.shared().dropped.fetch_add(lost, Ordering::AcqRel);
            }
            if let Item::Packet(packet) = item {
                let frames = packet.frames() as u64;
                let first = packet.header().first_sample.saturating_sub(self.base);
                let taken = next.saturating_sub(first).min(frames);
                self.queue.done(frames);
                self.shared().dropped.fetch_add(frames - taken, Ordering::AcqRel);
                packet.recycle();
            }
        }
    }

    /// Warns when the disk is nearly full; says why the recording has to end when it is.
    fn look_at_the_room(&mut self) -> Option<StageError> {
        let part = self.part.as_ref()?;
        let room = Room::of(&part.path, self.limits)?;
        let seconds = part.writer.next_index() as f64 / self.spec.rate_hz;
        let bytes_per_s = part.writer.file_bytes() as f64 / seconds.max(1.0);
        let left_s = room.seconds_left(bytes_per_s);
        if left_s <= 0.0 {
            return Some(super::room::NEARLY_FULL);
        }
        if left_s < super::room::WARN_S && !self.said_nearly_full {
            self.said_nearly_full = true;
            let text =
                format!("the disk is nearly full: the recording has to end in about {left_s:.0} s");
            self.report(self.now_ns(), text);
        }
        None
    }

    /// Ends the recording before the recorder wants it.
    fn end_early(mut self, error: StageError) {
        let text = "the recording has ended: the disk is nearly full".to_owned();
        self.report(self.now_ns(), text.clone());
        // No packet brings the report back any more.
        let _ = self.note(&Event::new(EventKind::Recording, self.now_ns(), text));
        self.let_go();
        if let Some(part) = self.part.take() {
            let _ = self.close_part(part);
        }
        self.shared().set_error(Some(error));
        self.shared().set_open_file(None);
        self.shared().over.store(true, Ordering::Release);
        while !self.queue.is_finishing() {
            self.let_go();
            std::thread::park_timeout(IDLE);
        }
        self.let_go();
    }
}

fn lock_reason(name: &str, since_ns: i64) -> LockReason {
    LockReason { text: format!("it records to `{name}`"), since_ns: Some(since_ns) }
}

#[path = "writer_parts.rs"]
mod parts;
