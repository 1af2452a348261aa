//! Writing that stops at any byte, as a killed process leaves it, with samples made from a seed.
#![allow(dead_code, reason = "each test binary uses its own part")]

use eeg_formats::{
    CivilDateTime, EdfChannel, EdfSpec, EdfWriter, SampleWidth, Target, WriteError, XdfChannel,
    XdfFormat, XdfStream, XdfWriter,
};
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex};

/// When all recordings here begin: 2026-11-23, 10:30:00.25.
pub(crate) const START_NS: i64 = 1_795_429_800_250_000_000;

/// Every write, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<(u64, Vec<u8>)>>>);

impl Target for Log {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().expect("no thread panics with it").push((at, bytes.to_vec()));
        Ok(())
    }

    fn cut(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Bytes written so far, those written over included.
    pub(crate) fn written(&self) -> usize {
        self.0.lock().expect("no thread panics with it").iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// The file as it lies there after so many bytes were written.
    pub(crate) fn file_after(&self, mut bytes: usize) -> Vec<u8> {
        let mut file: Vec<u8> = Vec::new();
        for (at, piece) in self.0.lock().expect("no thread panics with it").iter() {
            let piece = &piece[..bytes.min(piece.len())];
            bytes -= piece.len();
            let end = *at as usize + piece.len();
            if end > file.len() {
                file.resize(end, 0);
            }
            file[*at as usize..end].copy_from_slice(piece);
            if bytes == 0 {
                break;
            }
        }
        file
    }
}

/// A recording to be made.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) format: String,
    pub(crate) rate_hz: f64,
    pub(crate) channels: usize,
    pub(crate) frames: u64,
    pub(crate) seed: u32,
    pub(crate) notes: u64,
    pub(crate) gaps: u64,
}

impl Plan {
    /// Code of a sample: any of 24 bits (16 in EDF), the two ends among them.
    pub(crate) fn code(&self, channel: usize, index: u64) -> i32 {
        let bits = if self.format == "edf" { 16 } else { 24 };
        match index % 1000 {
            7 => -(1 << (bits - 1)),
            8 => (1 << (bits - 1)) - 1,
            _ => {
                let mixed = (index as u32)
                    .wrapping_mul(2_654_435_761)
                    .wrapping_add((channel as u32).wrapping_mul(40_503))
                    .wrapping_add(self.seed.wrapping_mul(97));
                (mixed as i32) >> (32 - bits)
            }
        }
    }

    /// Samples lost after every so many.
    fn gap_every(&self) -> u64 {
        self.frames / (self.gaps + 1)
    }

    /// Writes all of it in packets of 10 ms. `given` hears the next index after each packet.
    pub(crate) fn write<T: Target>(
        &self,
        target: T,
        given: impl FnMut(u64),
    ) -> Result<(), Box<dyn Error>> {
        if self.format == "xdf" {
            self.write_xdf(target, given)
        } else {
            self.write_edf(target, given)
        }
    }

    fn packets(
        &self,
        mut each: impl FnMut(Step<'_>) -> Result<u64, WriteError>,
        mut given: impl FnMut(u64),
    ) -> Result<(), WriteError> {
        let packet = ((self.rate_hz / 100.0).ceil() as u64).max(1);
        let (mut index, mut made, mut gap) = (0, 0, 0);
        let mut codes = Vec::new();
        for i in 0..self.notes {
            let at = (i * 7919 + u64::from(self.seed)) % self.frames.max(1);
            each(Step::Note(at, format!("note {i} \u{b5}")))?;
        }
        while made < self.frames {
            let until_gap = self.gap_every().max(1) - made % self.gap_every().max(1);
            let count = packet.min(self.frames - made).min(until_gap);
            codes.clear();
            for i in index..index + count {
                codes.extend((0..self.channels).map(|channel| self.code(channel, i)));
            }
            index = each(Step::Samples(index, &codes))?;
            made += count;
            if gap < self.gaps && made % self.gap_every() == 0 {
                gap += 1;
                index = each(Step::Gap(index, gap))?;
            }
            given(index);
        }
        Ok(())
    }

    fn write_edf<T: Target>(
        &self,
        target: T,
        given: impl FnMut(u64),
    ) -> Result<(), Box<dyn Error>> {
        let width = if self.format == "edf" { SampleWidth::Edf16 } else { SampleWidth::Bdf24 };
        let channel = |i| EdfChannel {
            prefilter: "HP:DC LP:65Hz".to_owned(),
            transducer: "Ag/AgCl electrode".to_owned(),
            ..EdfChannel::adc(&format!("E{i}"), 187_500.0)
        };
        let channels = (0..self.channels).map(channel).collect();
        let start = CivilDateTime::from_unix_ns(START_NS, 0);
        let mut writer =
            EdfWriter::create(target, &EdfSpec::new(width, self.rate_hz, channels, start))?;
        let steps = |step: Step<'_>| {
            match step {
                Step::Samples(_, codes) => writer.append(codes)?,
                Step::Gap(_, count) => writer.gap(count, "injected")?,
                Step::Note(at, text) => writer.annotate(at, None, &text)?,
            }
            Ok(writer.next_index())
        };
        self.packets(steps, given)?;
        writer.close()?;
        Ok(())
    }

    fn write_xdf<T: Target>(
        &self,
        target: T,
        given: impl FnMut(u64),
    ) -> Result<(), Box<dyn Error>> {
        let mut writer = XdfWriter::create(target, "2026-11-23T10:30:00.250+0000")?;
        let channel = |i| XdfChannel {
            label: format!("E{i}"),
            unit: "microvolts".to_owned(),
            kind: "EEG".to_owned(),
            unit_per_code: 187_500.0 / 8_388_608.0,
            unit_offset: 0.0,
            gain: Some(24.0),
        };
        let id = writer.add_stream(&XdfStream {
            name: "board".to_owned(),
            kind: "EEG".to_owned(),
            rate_hz: self.rate_hz,
            format: XdfFormat::Int32,
            channels: (0..self.channels).map(channel).collect(),
            source_id: "1".to_owned(),
            notes: Vec::new(),
        })?;
        let time_s = |index: u64| 1000.0 + index as f64 / self.rate_hz;
        let mut offset_at = 0.0;
        let steps = |step: Step<'_>| {
            match step {
                Step::Samples(index, codes) => {
                    writer.append(id, time_s(index), codes)?;
                    if time_s(index) - offset_at >= 5.0 {
                        offset_at = time_s(index);
                        writer.clock_offset(offset_at, 0.25)?;
                    }
                }
                Step::Gap(index, count) => writer.gap(id, time_s(index), count, "injected")?,
                Step::Note(at, text) => writer.marker(time_s(at), &text)?,
            }
            Ok(writer.next_index(id))
        };
        self.packets(steps, given)?;
        writer.close()?;
        Ok(())
    }
}

/// What a recorder does.
enum Step<'a> {
    Samples(u64, &'a [i32]),
    Gap(u64, u64),
    Note(u64, String),
}

/// Files that a writer stopped at a byte leaves: the byte, samples given to it by then, the file.
pub(crate) fn crashes(
    plan: &Plan,
    count: usize,
) -> Result<Vec<(usize, u64, Vec<u8>)>, Box<dyn Error>> {
    let log = Log::default();
    let mut given = Vec::new();
    plan.write(log.clone(), |index| given.push((log.written(), index)))?;
    let all = log.written();
    // The fractions of multiples of the golden ratio: spread out, and different for every seed.
    let place = |i: usize| {
        let turn = (i as f64 + f64::from(plan.seed) * 0.1) * 0.618_033_988_749_895;
        (turn.fract() * all as f64) as usize
    };
    let crash = |i| {
        let byte = place(i);
        let before = given.iter().take_while(|(written, _)| *written <= byte).last();
        (byte, before.map_or(0, |(_, index)| *index), log.file_after(byte))
    };
    Ok((0..count).map(crash).collect())
}
