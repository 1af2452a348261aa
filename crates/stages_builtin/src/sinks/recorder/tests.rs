//! The engine on a disk that does as it is told: stalls, refuses, is full.

use super::Made;
use super::part::{Note, PartStart, PartWriter, RecordingFormat};
use super::path::PathTemplate;
use super::settings::{Limits, Settings};
use super::stage::Recorder;
use eeg_formats::WriteError;
use plugin_api::testing::{microvolt_spec, raw_spec};
use plugin_api::{
    Event, EventKind, Flags, Lockable, PacketHeader, RtPacket, StageCtx, StageError, StageImpl,
    StageInitCtx, StreamSpec, clock,
};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const RATE_HZ: f64 = 1000.0;
const PACKET: usize = 10;

/// What a file holds, and how the disk below it behaves.
#[derive(Default)]
struct Disk {
    files: Vec<Vec<(u64, f32)>>,
    gaps: Vec<(usize, u64, u64, String)>,
    notes: Vec<(usize, u64, String)>,
    closed: usize,
    stalled: bool,
    refuses: bool,
    asked: u64,
}

#[derive(Clone, Default)]
struct Fake(Arc<(Mutex<Disk>, Condvar)>);

impl Fake {
    /// Waits while the disk stalls, then does something to it, unless it refuses.
    fn ask<T>(&self, act: impl FnOnce(&mut Disk) -> T) -> Result<T, WriteError> {
        let mut disk = self.0.0.lock().unwrap();
        disk.asked += 1;
        while disk.stalled {
            disk = self.0.1.wait(disk).unwrap();
        }
        if disk.refuses {
            let source = io::Error::from_raw_os_error(5);
            return Err(WriteError::Io { doing: "write".to_owned(), source });
        }
        Ok(act(&mut disk))
    }

    fn set(&self, act: impl FnOnce(&mut Disk)) {
        act(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    fn look<T>(&self, look: impl FnOnce(&Disk) -> T) -> T {
        look(&self.0.0.lock().unwrap())
    }
}

impl RecordingFormat for Fake {
    fn begin(&self, _: Made, start: &PartStart) -> Result<Box<dyn PartWriter>, WriteError> {
        let number = self.ask(|disk| {
            disk.files.push(Vec::new());
            disk.files.len() - 1
        })?;
        assert_eq!(start.rate_hz, RATE_HZ);
        Ok(Box::new(FakePart { disk: self.clone(), number, next: 0 }))
    }
}

struct FakePart {
    disk: Fake,
    number: usize,
    next: u64,
}

impl PartWriter for FakePart {
    fn next_index(&self) -> u64 {
        self.next
    }

    /// Frame by frame: a refusal can come anywhere in a packet.
    fn append(&mut self, packet: &RtPacket, frames: Range<usize>) -> Result<(), WriteError> {
        for frame in frames {
            let (index, number) = (self.next, self.number);
            self.disk.ask(|disk| disk.files[number].push((index, packet.microvolts()[frame])))?;
            self.next += 1;
        }
        Ok(())
    }

    fn gap(&mut self, count: u64, cause: &str) -> Result<(), WriteError> {
        let (index, number) = (self.next, self.number);
        self.disk.ask(|disk| disk.gaps.push((number, index, count, cause.to_owned())))?;
        self.next += count;
        Ok(())
    }

    fn note(&mut self, note: &Note<'_>) -> Result<(), WriteError> {
        let number = self.number;
        self.disk.ask(|disk| disk.notes.push((number, note.index, note.line.to_owned())))
    }

    fn sync(&mut self) -> Result<(), WriteError> {
        self.disk.ask(|_| ())
    }

    fn unwritten(&self) -> u64 {
        0
    }

    fn file_bytes(&self) -> u64 {
        self.next * 1000
    }

    fn close(self: Box<Self>) -> Result<(), WriteError> {
        self.disk.ask(|disk| disk.closed += 1)
    }
}

/// Plays executor for one recorder.
struct Bench {
    recorder: Recorder,
    ctx: StageCtx,
    source: StageCtx,
    spec: StreamSpec,
    disk: Fake,
    next: u64,
    _folder: tempfile::TempDir,
}

fn limits() -> Limits {
    Limits {
        buffer_s: 1.0,
        sync_s: 0.1,
        split_s: None,
        split_mb: None,
        min_free_mb: Some(0.0),
        lock: true,
    }
}

impl Bench {
    fn new(limits: Limits, live: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spec = StreamSpec { live, ..microvolt_spec(1, RATE_HZ) };
        let ctx = StageInitCtx::in_folder(folder.path());
        let path = PathTemplate::parse("a.x", &ctx).unwrap();
        let disk = Fake::default();
        let mut recorder =
            Recorder::new(Settings { path, limits, may_end: Arc::default() }, &spec, disk.clone());
        recorder.open().unwrap();
        Self {
            recorder,
            ctx: StageCtx::for_test(PACKET),
            source: StageCtx::for_test(PACKET),
            spec,
            disk,
            next: 0,
            _folder: folder,
        }
    }

    fn packet(&mut self) -> Arc<RtPacket> {
        let header = PacketHeader {
            sensor: Arc::clone(&self.spec.sensor),
            first_sample: self.next,
            time_ns: 1_000_000_000 + clock::span_ns(self.next, RATE_HZ),
            captured_ns: 1,
            rate_hz: RATE_HZ,
            frames: 0,
            flags: Flags::NONE,
        };
        let mut packet = self.source.fresh(header, self.spec.kind);
        packet.microvolts_mut().extend((self.next..).take(PACKET).map(|n| n as f32));
        self.next += PACKET as u64;
        packet.share()
    }

    fn feed(&mut self) -> Result<(), StageError> {
        let packet = self.packet();
        self.ctx.prepare(0, 0);
        self.recorder.process(packet, &mut self.ctx).map(|out| assert!(out.is_none()))
    }

    /// Packets that the recorder took, and those it let go of, in frames.
    fn feed_many(&mut self, packets: usize) -> u64 {
        (0..packets).map(|_| self.feed().map_or(0, |()| self.ctx.take_dropped())).sum()
    }

    fn until(&self, what: &str, mut holds: impl FnMut(&Disk) -> bool) {
        let began = Instant::now();
        while !self.disk.look(&mut holds) {
            assert!(began.elapsed() < Duration::from_mins(1), "{what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn end(&mut self) -> (Result<(), StageError>, u64) {
        let result = self.recorder.end(&mut self.ctx).map(drop);
        (result, self.ctx.take_dropped())
    }

    /// Every sample in its place: written and declared lost are all there were.
    fn check(&self) {
        self.disk.look(|disk| {
            let mut base = 0;
            let mut seen = 0;
            for (number, file) in disk.files.iter().enumerate() {
                let lost: u64 =
                    disk.gaps.iter().filter(|gap| gap.0 == number).map(|gap| gap.2).sum();
                for (index, value) in file {
                    assert_eq!(*value as u64, base + index, "file {number}");
                }
                seen += file.len() as u64 + lost;
                base += file.len() as u64 + lost;
            }
            assert_eq!(seen, self.next, "acquired = written + declared lost");
        });
    }
}

#[test]
fn a_stall_shorter_than_the_queue_costs_nothing() {
    let mut bench = Bench::new(limits(), true);
    assert!(bench.recorder.is_locked());
    assert_eq!(bench.recorder.lock_reason().text, "it records to `a.x`");
    bench.feed_many(5);
    bench.until("the writer has begun", |disk| !disk.files.is_empty());
    bench.disk.set(|disk| disk.stalled = true);
    let began = Instant::now();
    assert_eq!(bench.feed_many(90), 0);
    assert!(began.elapsed() < Duration::from_secs(20), "it waited for the disk");
    bench.disk.set(|disk| disk.stalled = false);
    assert_eq!(bench.end(), (Ok(()), 0));
    assert!(!bench.recorder.is_locked());
    bench.check();
    bench.disk.look(|disk| assert_eq!((disk.gaps.len(), disk.closed), (0, 1)));
}

#[test]
fn a_longer_one_costs_what_did_not_fit_in_one_stated_gap() {
    let mut bench = Bench::new(limits(), true);
    bench.disk.set(|disk| disk.stalled = true);
    let dropped = bench.feed_many(150);
    assert!((490..=510).contains(&dropped), "{dropped} of 1500 frames with room for 1000");
    bench.disk.set(|disk| disk.stalled = false);
    bench.until("it has caught up", |disk| disk.files.first().is_some_and(|f| f.len() >= 1000));
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(bench.feed_many(20), 0);
    assert_eq!(bench.end(), (Ok(()), 0));
    bench.check();
    bench.disk.look(|disk| {
        let [(_, index, count, cause)] = &disk.gaps[..] else { panic!("{:?}", disk.gaps) };
        assert_eq!((*index + dropped, *count), (1500, dropped));
        assert_eq!(cause, "the disk was too slow: 1 s waited to be written");
    });
}

#[test]
fn a_refusal_is_tried_again_and_goes_to_the_policy_when_the_queue_is_full() {
    let mut bench = Bench::new(limits(), true);
    bench.feed_many(5);
    bench.until("the writer has begun", |disk| !disk.files.is_empty());
    bench.disk.set(|disk| (disk.refuses, disk.asked) = (true, 0));
    bench.feed_many(50);
    bench.until("it has tried again", |disk| disk.asked > 3);
    bench.disk.set(|disk| disk.refuses = false);
    bench.until("it goes on", |disk| disk.files[0].len() == 550);
    bench.disk.set(|disk| (disk.refuses, disk.asked) = (true, 0));
    bench.feed_many(50);
    bench.until("it tries", |disk| disk.asked > 3);
    let mut errors = Vec::new();
    for _ in 0..100 {
        errors.extend(bench.feed().err());
    }
    let dropped = bench.ctx.take_dropped();
    assert_eq!(errors.len() as u64 * PACKET as u64, dropped);
    assert!((49..=51).contains(&errors.len()), "{}", errors.len());
    let wanted = StageError::io("write the recording", &io::Error::from_raw_os_error(5));
    assert!(errors.iter().all(|error| *error == wanted), "{errors:?}");
    // The policy says to go on, and the disk takes again what it gets.
    bench.disk.set(|disk| disk.refuses = false);
    bench.until("it has caught up", |disk| disk.files[0].len() == 1550);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(bench.feed_many(10), 0);
    assert_eq!(bench.end(), (Ok(()), 0));
    bench.check();
    bench.disk.look(|disk| assert_eq!(disk.gaps.len(), 1));
}

#[test]
fn what_cannot_be_written_at_the_end_is_counted() {
    let mut bench = Bench::new(limits(), true);
    bench.feed_many(5);
    bench.until("it is there", |disk| disk.files.first().is_some_and(|file| file.len() == 50));
    bench.disk.set(|disk| disk.refuses = true);
    bench.feed_many(20);
    let (result, lost) = bench.end();
    assert!(matches!(result, Err(StageError::Io { os_code: Some(5), .. })), "{result:?}");
    assert_eq!(lost, 200);
    assert!(bench.recorder.close().is_ok(), "told once");
}

#[test]
fn nobody_live_waits_for_the_disk_instead() {
    let mut bench = Bench::new(limits(), false);
    assert_eq!(bench.feed_many(1000), 0);
    assert_eq!(bench.end(), (Ok(()), 0));
    bench.check();
    bench.disk.look(|disk| assert_eq!((disk.files[0].len(), disk.gaps.len()), (10_000, 0)));
}

#[test]
fn parts_follow_each_other_without_a_seam() {
    for (limits, lengths) in [
        (Limits { split_s: Some(0.333), ..limits() }, vec![333, 326, 333, 8]),
        (Limits { split_mb: Some(0.335), ..limits() }, vec![340, 330, 330]),
    ] {
        let mut bench = Bench::new(limits, false);
        bench.feed_many(50);
        bench.next += 7;
        bench.feed_many(50);
        assert_eq!(bench.end(), (Ok(()), 0));
        bench.check();
        bench.disk.look(|disk| {
            assert_eq!(disk.files.iter().map(Vec::len).collect::<Vec<_>>(), lengths);
            assert_eq!((disk.closed, disk.gaps.len()), (lengths.len(), 1));
        });
    }
}

#[test]
fn other_settings_of_the_sensor_begin_another_file() {
    let mut bench = Bench::new(limits(), false);
    bench.feed_many(10);
    let mut sensor = plugin_api::SensorMeta::clone(&bench.spec.sensor);
    bench.spec.sensor = Arc::new(sensor.clone());
    bench.feed_many(10);
    sensor.meta_rev += 1;
    sensor.channels[0].gain = 12.0;
    bench.spec.sensor = Arc::new(sensor);
    bench.feed_many(10);
    assert_eq!(bench.end(), (Ok(()), 0));
    bench.check();
    bench.disk.look(|disk| {
        assert_eq!(disk.files.iter().map(Vec::len).collect::<Vec<_>>(), [200, 100]);
    });
}

#[test]
fn events_stand_at_their_samples_also_before_the_first_packet_and_over_a_seam() {
    let mut bench = Bench::new(Limits { split_s: Some(0.5), ..limits() }, false);
    let at = |index: i64| 1_000_000_000 + index * 1_000_000;
    bench.recorder.note(&Event::new(EventKind::Marker, at(3), "early"));
    bench.feed_many(60);
    bench.recorder.note(&Event::new(EventKind::Marker, at(577), "eyes closed"));
    bench.recorder.note(&Event::new(EventKind::Marker, at(490), "late"));
    let mut railed = Event::new(EventKind::Signal, at(600), "railed");
    railed.channel = Some("Fp1".to_owned());
    bench.recorder.note(&railed);
    assert_eq!(bench.end(), (Ok(()), 0));
    bench.disk.look(|disk| {
        let notes: Vec<(usize, u64, &str)> =
            disk.notes.iter().map(|(file, at, text)| (*file, *at, text.as_str())).collect();
        assert_eq!(
            notes,
            [
                (0, 3, "early"),
                (0, 499, "Ledger recorded=500 missing=0"),
                (1, 77, "eyes closed"),
                (1, 0, "late [10 samples before this file]"),
                (1, 100, "Signal Fp1: railed"),
                (1, 99, "Ledger recorded=100 missing=0"),
            ]
        );
    });
}

#[test]
fn a_recording_that_begins_in_the_middle_counts_from_its_own_start() {
    let mut bench = Bench::new(limits(), false);
    bench.next = 12_345;
    let packet = bench.packet();
    // Five of the frames before it were lost on the way to this recorder.
    bench.ctx.prepare(0, 5);
    bench.recorder.process(packet, &mut bench.ctx).unwrap();
    assert_eq!(bench.end(), (Ok(()), 0));
    bench.disk.look(|disk| {
        assert_eq!(disk.gaps[0].1..disk.gaps[0].2, 0..5);
        assert_eq!(disk.files[0][0], (5, 12_345.0));
    });
}

#[test]
fn a_recording_without_a_packet_is_still_one() {
    let mut bench = Bench::new(limits(), true);
    assert_eq!(bench.end(), (Ok(()), 0));
    bench.disk.look(|disk| assert_eq!((disk.files.len(), disk.closed), (1, 1)));
}

#[test]
fn a_disk_without_room_is_said_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = StageInitCtx::in_folder(folder.path());
    let path = PathTemplate::parse("a.x", &ctx).unwrap();
    let limits = Limits { min_free_mb: Some(1e12), ..limits() };
    let spec = raw_spec(1, RATE_HZ);
    let mut recorder =
        Recorder::new(Settings { path, limits, may_end: Arc::default() }, &spec, Fake::default());
    let error = recorder.open().unwrap_err().to_string();
    assert!(
        error.starts_with("the disk has room for ") && error.contains("min_free_mb"),
        "{error}"
    );
    assert!(!Path::new(&folder.path().join("a.x")).exists());
}

#[test]
fn process_takes_nothing_from_the_allocator() {
    let mut bench = Bench::new(limits(), true);
    // The pool grows to what is in flight while the disk takes nothing.
    bench.disk.set(|disk| disk.stalled = true);
    bench.feed_many(100);
    bench.disk.set(|disk| disk.stalled = false);
    bench.until("it has caught up", |disk| disk.files.first().is_some_and(|f| f.len() >= 1000));
    std::thread::sleep(Duration::from_millis(20));
    // Other threads count for themselves.
    let count = crate::count_allocations(&mut || {
        // Less than half of the queue, which would be reported.
        for _ in 0..40 {
            bench.feed().unwrap();
        }
    });
    assert_eq!(count, 0);
    bench.end().0.unwrap();
}

#[test]
fn an_event_in_a_recording_without_a_sample_is_written_and_holds_up_nothing() {
    let mut bench = Bench::new(limits(), true);
    bench.recorder.note(&Event::new(EventKind::Marker, 0, "early"));
    assert_eq!(bench.end(), (Ok(()), 0));
    bench.disk.look(|disk| {
        let found = (disk.files.len(), disk.notes.len(), disk.closed);
        assert_eq!(found, (1, 2, 1), "the event and the ledger: {:?}", disk.notes);
        assert!(disk.notes[0].2.contains("early"), "{:?}", disk.notes);
    });
}
