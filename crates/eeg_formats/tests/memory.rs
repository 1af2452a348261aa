//! Memory: flat on a recording of a gigabyte, no allocation while reading, none that a header can provoke.
#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]

mod common;

use common::{File, Signal};
use eeg_formats::{SampleBlock, open};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write;
use std::io::{Cursor, Read, Seek, SeekFrom};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, counting per thread, so that tests do not disturb each other.
struct Counting;

impl Counting {
    fn add(bytes: isize) {
        LIVE.set(LIVE.get() + bytes);
        PEAK.set(PEAK.get().max(LIVE.get()));
    }
}

// SAFETY: every call goes to `System` as it is; the counters are plain numbers without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        Self::add(layout.size() as isize);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        Self::add(-(layout.size() as isize));
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs something; gives its result, how often it allocated and the most bytes it held at once.
fn measured<T>(run: impl FnOnce() -> T) -> (T, usize, isize) {
    let (count, live) = (COUNT.get(), LIVE.get());
    PEAK.set(live);
    let result = run();
    (result, COUNT.get() - count, PEAK.get() - live)
}

/// A file that is not there: a header, then bytes made from their place.
struct Made {
    header: Vec<u8>,
    length: u64,
    at: u64,
    body: fn(u64) -> u8,
}

impl Read for Made {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = (self.length - self.at.min(self.length)).min(out.len() as u64) as usize;
        let header_bytes = self.header.len() as u64;
        for (i, byte) in out[..length].iter_mut().enumerate() {
            let at = self.at + i as u64;
            *byte = if at < header_bytes {
                self.header[at as usize]
            } else {
                (self.body)(at - header_bytes)
            };
        }
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Made {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.length.saturating_add_signed(by),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

fn made(header: Vec<u8>, body_bytes: u64, body: fn(u64) -> u8) -> Made {
    Made { length: header.len() as u64 + body_bytes, header, at: 0, body }
}

const GIGABYTE: u64 = 1 << 30;

#[test]
fn a_gigabyte_of_bdf_in_flat_memory() {
    // 16 channels of 1000 samples: 48000 bytes a record.
    let file = File::bdf("24BIT", vec![Signal::eeg("Cz", 1000); 16]);
    let records = GIGABYTE / 48_000;
    let source = made(file.header(records as usize), records * 48_000, |at| (at / 3 % 200) as u8);
    let ((frames, buffered, capacity), _, peak) = measured(|| {
        let mut recording = open(Box::new(source), "long.bdf").unwrap();
        let (mut block, mut frames) = (SampleBlock::new(), 0);
        while let Some(chunk) = recording.read(0, 5000, &mut block).unwrap() {
            assert_eq!(chunk.first_index, frames);
            // Every byte of a sample is its number modulo 200, here 5000 frames apart.
            let code = i32::from_le_bytes([0, 1, 1, 1]) >> 8;
            assert_eq!(block.codes[16], code, "second frame, first channel");
            frames += chunk.frames as u64;
        }
        assert_eq!(recording.warnings(), [""; 0]);
        (frames, recording.buffered_bytes(), block.codes.capacity())
    });
    assert_eq!(frames, records * 1000);
    assert!(buffered <= 1 << 20 && capacity <= 5000 * 16, "{buffered} {capacity}");
    assert!(peak < 2 << 20, "{peak} bytes at once");
}

#[test]
fn one_record_of_a_gigabyte_in_flat_memory() {
    let mut signal = Signal::eeg("Cz", 1);
    signal.stated_samples = Some("89478400");
    let file = File::bdf("24BIT", vec![signal; 4]);
    let source = made(file.header(1), 4 * 3 * 89_478_400, |at| (at >> 20) as u8);
    let (frames, _, peak) = measured(|| {
        let mut recording = open(Box::new(source), "one-record.bdf").unwrap();
        let (mut block, mut frames) = (SampleBlock::new(), 0);
        // A tenth of it is enough to see that memory is flat.
        while frames < 8_900_000
            && let Some(chunk) = recording.read(0, 65_536, &mut block).unwrap()
        {
            frames += chunk.frames;
        }
        frames
    });
    assert!(frames >= 8_900_000, "{frames}");
    assert!(peak < 4 << 20, "{peak} bytes at once");
}

#[test]
fn reading_does_not_allocate_in_any_format() {
    let gapped: Vec<Vec<u8>> =
        (0..200).map(|i| format!("+{}\x14\x14\0", i * 2).into_bytes()).collect();
    let gapped: Vec<&[u8]> = gapped.iter().map(Vec::as_slice).collect();
    let signals = vec![Signal::eeg("Cz", 250), Signal::eeg("Oz", 250), Signal::annotations(60, 3)];
    let mut text = "%Number of channels = 2\n%Sample Rate = 250 Hz\n".to_owned();
    let mut commas = text.clone();
    for i in 0..20_000 {
        writeln!(text, "{}.0, {i}.5, -2, 0.1, 1557936053329", i % 255).unwrap();
        writeln!(commas, "{}, {i},5, -2,0, 0,1", i % 255).unwrap();
    }
    let files = [
        File::bdf("24BIT", signals[..2].to_vec()).write_plain(200),
        File::bdf("BDF+D", signals).write(&gapped, common::code),
        text.into_bytes(),
        commas.into_bytes(),
    ];
    for (number, bytes) in files.into_iter().enumerate() {
        let mut recording = open(Box::new(Cursor::new(bytes)), "a").unwrap();
        let mut block = SampleBlock::new();
        for _ in 0..3 {
            recording.read(0, 10, &mut block).unwrap();
        }
        let (blocks, count, _) = measured(|| {
            let mut blocks = 0;
            while recording.read(0, 10, &mut block).unwrap().is_some() {
                blocks += 1;
            }
            recording.rewind().unwrap();
            blocks
        });
        assert!(blocks > 1000, "file {number}: {blocks}");
        assert_eq!(count, 0, "file {number} allocated in {blocks} blocks");
    }
}

#[test]
fn a_header_cannot_make_it_allocate() {
    let mut greedy = Signal::eeg("x", 1);
    greedy.stated_samples = Some("99999999");
    let mut note = Signal::annotations(2, 2);
    note.stated_samples = Some("99999999");
    let mut file = File::edf("EDF+D", vec![greedy; 9998]);
    file.signals.push(note);
    let header = file.header(99_999_999);
    // Labels, transducers and filters of 9999 channels, and the header itself.
    let ((), _, peak) = measured(|| {
        let mut recording = open(Box::new(Cursor::new(header.clone())), "greedy.edf").unwrap();
        assert_eq!(recording.read(0, usize::MAX, &mut SampleBlock::new()).unwrap(), None);
        assert_eq!(recording.annotations().count(), 0);
    });
    assert!(peak < 20 << 20, "{peak} bytes for a header of {}", header.len());
    // As large as it claims: 2 TB that only the header knows of, read from the start.
    let ((), _, peak) = measured(|| {
        let source = made(header, 9999 * 99_999_999 * 2, |_| 0);
        let mut recording = open(Box::new(source), "greedy.edf").unwrap();
        let mut block = SampleBlock::new();
        let chunk = recording.read(0, 100, &mut block).unwrap().unwrap();
        assert_eq!((chunk.frames, block.codes.len()), (100, 999_800));
        assert!(recording.annotations().next().is_none());
    });
    assert!(peak < 48 << 20, "{peak} bytes at once");
}
