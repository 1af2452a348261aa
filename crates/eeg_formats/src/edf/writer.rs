//! Writes EDF+ and BDF+ record by record, so that the file is whole at every instant.
//!
//! A record goes to the end of the file in one piece; only then the header's count is brought up to date in place. So
//! a reader, a crash or a full disk at any instant finds a header that tells the truth, and at most one record (at most
//! a second) is missing.

use super::fields::{FIXED_BYTES, RECORDS};
use super::writer_channel::{Channel, SampleWidth};
use super::writer_header::HeaderSpec;
use super::writer_plan::Plan;
use super::writer_record::{Outcome, Record, Tally};
use super::writer_spec::{CountUpdate, EdfSpec};
use super::writer_tal::TalQueue;
use crate::{Gap, GapKind, Target, WriteError};

/// The count has eight characters.
const MAX_RECORDS: u64 = 99_999_999;

/// A file being written. Dropping it leaves the file whole, without the samples of the record begun.
pub struct EdfWriter<T: Target> {
    target: T,
    width: SampleWidth,
    plan: Plan,
    labels: Vec<String>,
    channels: Vec<Channel>,
    filler: Vec<i32>,
    count: CountUpdate,
    /// Sub-second part of the start.
    start_ns: i64,
    header_bytes: u64,
    /// The record begun.
    record: Record,
    /// Whole records in the file, and how many the header tells of.
    records: u64,
    counted: u64,
    /// Lost samples still to be filled in.
    filler_left: u64,
    tals: TalQueue,
    tally: Tally,
}

impl<T: Target> std::fmt::Debug for EdfWriter<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { plan, records, record, .. } = self;
        f.debug_struct("EdfWriter")
            .field("plan", plan)
            .field("records", records)
            .field("filled", &record.filled())
            .finish_non_exhaustive()
    }
}

impl<T: Target> EdfWriter<T> {
    /// Checks what is to be written, and writes the header.
    ///
    /// # Errors
    /// [`WriteError::Spec`] for what the header cannot hold, [`WriteError::Resolution`] for a step that is too
    /// coarse, [`WriteError::Io`] when the header cannot be written.
    pub fn create(mut target: T, spec: &EdfSpec) -> Result<Self, WriteError> {
        let plan = Plan::new(spec.rate_hz, spec.channels.len(), spec.width)?;
        let prepare = |channel| Channel::new(channel, spec.width);
        let channels = spec.channels.iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
        let [least, greatest] = spec.width.codes();
        if let Some(code) = spec.filler.filter(|code| !(least..=greatest).contains(code)) {
            return Err(WriteError::spec("the filler", code, "it must fit the width of a sample"));
        }
        let header = HeaderSpec {
            width: spec.width,
            start: spec.start,
            patient: &spec.patient,
            session: &spec.session,
            plan: &plan,
            channels: &spec.channels,
            prepared: &channels,
        };
        target.write_at(0, &header.bytes()?).map_err(WriteError::io("write the header"))?;
        let mut writer = Self {
            target,
            width: spec.width,
            labels: spec.channels.iter().map(|channel| channel.label.clone()).collect(),
            filler: channels.iter().map(|c| spec.filler.unwrap_or(c.digital[0])).collect(),
            count: spec.count,
            // Readers compare onsets in steps of 100 ns.
            start_ns: i64::from(spec.start.nanosecond / 100) * 100,
            header_bytes: (FIXED_BYTES * (channels.len() + 2)) as u64,
            record: Record::new(channels.len(), plan.samples, spec.width.bytes()),
            records: 0,
            counted: 0,
            filler_left: 0,
            tals: TalQueue::default(),
            tally: Tally::default(),
            channels,
            plan,
        };
        writer.tell_of_resolution()?;
        Ok(writer)
    }

    /// Says in the file what conversion costs.
    fn tell_of_resolution(&mut self) -> Result<(), WriteError> {
        let worst = self
            .channels
            .iter()
            .map(Channel::bits_lost)
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((channel, bits)) = worst.filter(|(_, bits)| *bits > 0.01) else { return Ok(()) };
        let (label, step) = (&self.labels[channel], self.channels[channel].line.scale.abs());
        let text =
            format!("Resolution: step={step:.6} bits_lost={bits:.1} channel={label} (the worst)");
        self.annotate(0, None, &text)
    }

    /// Bits that conversion to the file's step costs in a channel; 0 where codes are written as they are.
    pub fn bits_lost(&self, channel: usize) -> f64 {
        self.channels.get(channel).map_or(0.0, Channel::bits_lost)
    }

    /// One step of the file in a channel, in its unit.
    pub fn step(&self, channel: usize) -> f64 {
        self.channels.get(channel).map_or(0.0, |channel| channel.line.scale.abs())
    }

    /// Rate that readers compute: the one asked for, or the nearest that a duration of eight characters gives
    /// (333.3 Hz: within a part in 10^8). Onsets of annotations count in it, so they stay at their samples.
    pub fn rate_hz(&self) -> f64 {
        self.plan.rate_hz()
    }

    /// Index of the next sample: all that were taken so far, lost ones and those of the record begun included.
    pub fn next_index(&self) -> u64 {
        self.records * self.plan.samples as u64 + self.record.filled() as u64 + self.filler_left
    }

    /// Samples that are in the file for any reader to see, per channel.
    pub fn samples_in_file(&self) -> u64 {
        self.counted * self.plan.samples as u64
    }

    /// Samples taken that are not in the file yet, filler for lost ones among them.
    pub fn unwritten(&self) -> u64 {
        self.next_index() - self.records * self.plan.samples as u64
    }

    /// Seconds that one record holds: what a crash may cost.
    pub fn record_s(&self) -> f64 {
        self.plan.duration_us as f64 * 1e-6
    }

    /// Values outside a channel's range, written as its end, so far.
    pub fn clipped(&self) -> u64 {
        self.tally.clipped
    }

    /// Length of the file, bytes.
    pub fn file_bytes(&self) -> u64 {
        self.header_bytes + self.records * self.record.bytes().len() as u64
    }

    /// Adds frames of codes, interleaved `[frame][channel]`.
    ///
    /// # Errors
    /// [`WriteError::Frames`] and [`WriteError::Code`] before anything is taken. [`WriteError::Io`] when a record
    /// could not be written: [`next_index`](Self::next_index) tells how many frames were taken, the file is whole, and
    /// the next call tries that record again.
    pub fn append(&mut self, codes: &[i32]) -> Result<(), WriteError> {
        self.check_frames(codes.len())?;
        self.check_codes(codes)?;
        self.take(codes, |channel, code| match channel.input {
            None => Some((code, true)),
            Some(input) => channel.code_of(input.apply(code)),
        })
    }

    /// Adds frames of values in the channels' units, interleaved; each becomes the nearest code. A value outside
    /// the range becomes its end and is counted, and so is what is no number, which becomes the filler.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_values(&mut self, values: &[f32]) -> Result<(), WriteError> {
        self.check_frames(values.len())?;
        self.take(values, |channel, value| channel.code_of(f64::from(value)))
    }

    /// Says that samples were lost: the filler stands for them, and an annotation says so.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn gap(&mut self, count: u64, cause: &str) -> Result<(), WriteError> {
        if count == 0 {
            return Ok(());
        }
        let index = self.next_index();
        let gap = Gap { kind: GapKind::Lost, index, count, cause: one_line(cause) };
        let duration_ns = Some(self.plan.onset_ns(count));
        self.tals.push_urgent(self.onset_ns(index), duration_ns, &gap.to_string())?;
        self.filler_left += count;
        self.make_room()
    }

    /// Notes an event at a sample, lasting some samples. It waits for a record with room and keeps its own time;
    /// a text longer than a record holds becomes several annotations.
    ///
    /// # Errors
    /// [`WriteError::Misuse`] when 100000 wait already.
    pub fn annotate(
        &mut self,
        index: u64,
        duration_samples: Option<u64>,
        text: &str,
    ) -> Result<(), WriteError> {
        let duration_ns = duration_samples.map(|count| self.plan.onset_ns(count));
        self.tals.push(self.onset_ns(index), duration_ns, text)
    }

    fn onset_ns(&self, index: u64) -> i64 {
        self.start_ns.saturating_add(self.plan.onset_ns(index))
    }

    /// Makes what is written outlast a power cut, and then tells the header of it.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.target.sync().map_err(WriteError::io("write the recording to the disk"))?;
        self.write_count()
    }

    /// Where the file is written.
    pub fn target_mut(&mut self) -> &mut T {
        &mut self.target
    }

    fn check_frames(&self, samples: usize) -> Result<(), WriteError> {
        let channels = self.channels.len();
        if samples.is_multiple_of(channels) {
            Ok(())
        } else {
            Err(WriteError::Frames { samples, channels })
        }
    }

    fn check_codes(&self, codes: &[i32]) -> Result<(), WriteError> {
        let [least, greatest] = self.width.codes();
        let fits = |code: i32| (least..=greatest).contains(&code);
        if codes.iter().all(|&code| fits(code)) {
            return Ok(());
        }
        let channels = self.channels.len();
        let wrong = codes
            .iter()
            .enumerate()
            .find(|&(i, &code)| !fits(code) && self.channels[i % channels].input.is_none());
        let Some((i, &code)) = wrong else { return Ok(()) };
        Err(WriteError::Code {
            channel: self.labels[i % channels].clone(),
            index: self.next_index() + (i / channels) as u64,
            code,
            bits: 8 * self.width.bytes() as u32,
        })
    }

    /// Takes frames into records, writing each that is full.
    fn take<S: Copy>(
        &mut self,
        mut samples: &[S],
        convert: impl Fn(&Channel, S) -> Option<(i32, bool)>,
    ) -> Result<(), WriteError> {
        self.make_room()?;
        while !samples.is_empty() {
            let (channels, filler) = (&self.channels, &self.filler);
            samples = self.record.put(samples, &mut self.tally, |channel, sample| {
                match convert(&channels[channel], sample) {
                    Some((code, true)) => (code, Outcome::Exact),
                    Some((code, false)) => (code, Outcome::Clipped),
                    None => (filler[channel], Outcome::NotANumber),
                }
            });
            if self.record.is_full() {
                self.write_record()?;
            }
        }
        Ok(())
    }

    /// One frame of the filler.
    fn put_filler(&mut self) {
        self.record.put(&self.filler, &mut self.tally, |_, code| (code, Outcome::Exact));
    }

    /// Writes what an earlier failure left: a full record, and lost samples not yet filled in.
    fn make_room(&mut self) -> Result<(), WriteError> {
        if self.record.is_full() {
            self.write_record()?;
        }
        while self.filler_left > 0 {
            self.put_filler();
            self.filler_left -= 1;
            if self.record.is_full() {
                self.write_record()?;
            }
        }
        Ok(())
    }

    /// The record to the end of the file, then the count. After a failure the file ends with its last whole record.
    fn write_record(&mut self) -> Result<(), WriteError> {
        if self.records == MAX_RECORDS {
            return Err(WriteError::Full("99999999 records"));
        }
        let onset_ns = self.onset_ns(self.records * self.plan.samples as u64);
        let taken = self.tals.fill(onset_ns, self.record.annotations_mut());
        let end = self.file_bytes();
        if let Err(source) = self.target.write_at(end, self.record.bytes()) {
            // What is there of it is no record. A disk that refuses this too leaves a torn end, which readers ignore.
            let _ = self.target.cut(end);
            return Err(WriteError::Io {
                doing: format!("write record {}", self.records + 1),
                source,
            });
        }
        self.records += 1;
        self.record.clear();
        self.tals.drop_taken(taken);
        match self.count {
            CountUpdate::EveryRecord => self.write_count(),
            CountUpdate::AfterSync => Ok(()),
        }
    }

    fn write_count(&mut self) -> Result<(), WriteError> {
        if self.counted != self.records {
            let text = format!("{:<8}", self.records);
            self.target
                .write_at(RECORDS.0 as u64, text.as_bytes())
                .map_err(WriteError::io("bring the number of records up to date"))?;
            self.counted = self.records;
        }
        Ok(())
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[path = "writer_close.rs"]
mod close;
#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
