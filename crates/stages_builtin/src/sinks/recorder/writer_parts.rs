//! What of the writer is about files: where one begins, ends and goes on in the next, gaps, notes, the clock.

use super::super::part::{Note, PartStart};
use super::super::time::utc_offset_s;
use super::super::words;
use super::{Part, Writer, lock_reason};
use eeg_formats::WriteError;
use plugin_api::{Event, Flags, PacketHeader, RtPacket, clock};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Notes that wait for a file.
const MAX_WAITING: usize = 1000;
/// Seconds of signal between measurements of the clock.
const CLOCK_S: f64 = 5.0;
/// Why samples are missing that the recorder never saw.
const LOST_BEFORE: &str = "lost before the recorder";

impl Writer {
    pub(super) fn packet(&mut self, packet: &RtPacket) -> Result<(), WriteError> {
        let header = packet.header();
        let first = header.first_sample.saturating_sub(self.base);
        let end = first + u64::from(header.frames);
        self.reference = Some((first, header.time_ns));
        loop {
            self.leave_part_if_full(header)?;
            if self.part.is_none() {
                self.begin_part(header, first)?;
                self.write_waiting()?;
            }
            let most = self.limits.split_s.map_or(u64::MAX, |s| self.frames_in(s));
            let Some(part) = &mut self.part else { return Ok(()) };
            let in_file = part.writer.next_index();
            let next = part.first_index + in_file;
            if next < first {
                let cause = cause(header, self.overflow, self.limits.buffer_s);
                let result = part.writer.gap(first - next, &cause);
                self.queue.shared.books.add(0, part.writer.next_index() - in_file);
                result?;
                continue;
            }
            self.overflow = 0;
            if next >= end {
                break;
            }
            let until = end.min(next.saturating_add(most.saturating_sub(in_file).max(1)));
            let frames = (next - first) as usize..(until - first) as usize;
            let result = part.writer.append(packet, frames);
            self.queue.shared.books.add(part.writer.next_index() - in_file, 0);
            result?;
        }
        if let Some(rails) = &mut self.rails {
            rails.look(packet, first);
            self.write_rails()?;
        }
        self.measure_clock(header, first)
    }

    /// Writes down which channels have come to a rail, and which have left it.
    pub(super) fn write_rails(&mut self) -> Result<(), WriteError> {
        let (Some(rails), Some(part)) = (&mut self.rails, &mut self.part) else { return Ok(()) };
        while let Some(note) = rails.notes.front() {
            let earlier = part.first_index.saturating_sub(note.index);
            let text = if earlier > 0 {
                format!("{} [{earlier} samples before this file]", note.text)
            } else {
                note.text.clone()
            };
            part.writer.note(&Note {
                index: note.index.saturating_sub(part.first_index),
                duration_samples: note.duration_samples.map(|n| n.saturating_sub(earlier)),
                sort: "rail",
                text: &text,
                line: &format!("Rail: {text}"),
            })?;
            rails.notes.pop_front();
        }
        Ok(())
    }

    /// A gap after the last packet: the file is as long as what it is about.
    pub(super) fn lost_at_the_end(&mut self, overflow: u64, lost: u64) -> Result<(), WriteError> {
        if self.part.is_none() {
            self.begin_empty()?;
        }
        let slow = overflow > 0;
        let cause = if slow { too_slow(self.limits.buffer_s) } else { LOST_BEFORE.to_owned() };
        let Some(part) = &mut self.part else { return Ok(()) };
        let at = part.writer.next_index();
        let result = part.writer.gap(overflow + lost, &cause);
        let taken = part.writer.next_index() - at;
        self.queue.shared.books.add(0, taken);
        // What is taken is not said again; the disk's refusal shows with the next call.
        if taken > 0 { Ok(()) } else { result }
    }

    /// Writes down what the ledger says, at the last sample.
    fn say_the_ledger(&self, part: &mut Part) -> Result<(), WriteError> {
        let books = &self.shared().books;
        let has_codes = self.spec.kind.has_codes();
        let lines = if has_codes { books.lines() } else { books.lines_of_computed() };
        for text in lines {
            let line = format!("Ledger {text}");
            let index = part.writer.next_index().saturating_sub(1);
            let note =
                Note { index, duration_samples: None, sort: "ledger", text: &text, line: &line };
            part.writer.note(&note)?;
        }
        Ok(())
    }

    fn frames_in(&self, seconds: f64) -> u64 {
        ((seconds * self.spec.rate_hz).round() as u64).max(1)
    }

    /// Closes a part that is as long as it may be, or whose header is not true any more.
    fn leave_part_if_full(&mut self, header: &PacketHeader) -> Result<(), WriteError> {
        let Some(part) = &self.part else { return Ok(()) };
        let long =
            self.limits.split_s.is_some_and(|s| part.writer.next_index() >= self.frames_in(s));
        let large =
            self.limits.split_mb.is_some_and(|mb| part.writer.file_bytes() as f64 >= mb * 1e6);
        let changed = !Arc::ptr_eq(&part.sensor, &header.sensor) && *part.sensor != *header.sensor;
        if !(long || large || changed) {
            return Ok(());
        }
        // First what can be tried again, then the end.
        self.write_waiting()?;
        if let Some(part) = &mut self.part {
            part.writer.sync()?;
        }
        let Some(part) = self.part.take() else { return Ok(()) };
        let name = part.name.clone();
        self.close_part(part)?;
        let why = if changed { "; the sensor's settings have changed" } else { "" };
        self.report(header.time_ns, format!("`{name}` is complete, the recording goes on{why}"));
        self.part_number += 1;
        Ok(())
    }

    fn begin_part(&mut self, header: &PacketHeader, first: u64) -> Result<(), WriteError> {
        // A new part begins where the one before ended, the first at the recording's first sample.
        let begin = self.next_begins;
        let ahead_ns = clock::span_ns(first.abs_diff(begin), self.spec.rate_hz);
        let time_ns =
            if begin > first { header.time_ns + ahead_ns } else { header.time_ns - ahead_ns };
        let made = match self.made.take() {
            Some(made) => made,
            None => self.files.make(self.part_number).map_err(|source| WriteError::Io {
                doing: "make the next file".to_owned(),
                source,
            })?,
        };
        let (name, path) = (made.name.clone(), made.path.clone());
        self.shared().set_open_file(Some(lock_reason(&name, self.opened_ns)));
        let start = PartStart {
            sensor: Arc::clone(&header.sensor),
            kind: self.spec.kind,
            rate_hz: self.spec.rate_hz,
            first_sample: self.base + begin,
            time_ns,
            utc_offset_s: utc_offset_s(time_ns),
        };
        let writer = self.format.begin(made, &start).inspect_err(|_| {
            // Without a header it is nothing; the next try makes it anew.
            let _ = std::fs::remove_file(&path);
        })?;
        self.shared().books.begin(&name, self.base + begin);
        let sensor = start.sensor;
        self.part = Some(Part { writer, sensor, first_index: begin, name, path, clock: None });
        Ok(())
    }

    /// A file for a recording that no packet ever came to.
    pub(super) fn begin_empty(&mut self) -> Result<(), WriteError> {
        let header = PacketHeader {
            sensor: Arc::clone(&self.spec.sensor),
            first_sample: self.base,
            time_ns: self.opened_ns,
            captured_ns: 0,
            rate_hz: self.spec.rate_hz,
            frames: 0,
            flags: Flags::NONE,
        };
        self.begin_part(&header, 0)?;
        // Without a packet there is nothing else to time events by, and they would wait without end.
        self.reference.get_or_insert((0, self.opened_ns));
        Ok(())
    }

    pub(super) fn close_part(&mut self, mut part: Part) -> Result<(), WriteError> {
        self.next_begins = part.first_index + part.writer.next_index();
        self.say_the_rate(&mut part)?;
        self.say_the_ledger(&mut part)?;
        let unwritten = part.writer.unwritten();
        let closed = part.writer.close();
        let refused = if closed.is_err() { unwritten } else { 0 };
        self.shared().dropped.fetch_add(refused, Ordering::AcqRel);
        self.shared().books.end(refused);
        closed
    }

    /// Notes an event, or keeps it until there is a file.
    pub(super) fn note(&mut self, event: &Event) -> Result<(), WriteError> {
        let rate_hz = self.spec.rate_hz;
        let (Some(part), Some((index, time_ns))) = (&mut self.part, self.reference) else {
            if self.waiting.len() < MAX_WAITING {
                self.waiting.push_back(event.clone());
            }
            return Ok(());
        };
        let ahead = ((event.time_ns - time_ns) as f64 * 1e-9 * rate_hz).round() as i64;
        let in_file = index as i64 + ahead - part.first_index as i64;
        let mut said = words::of_event(event);
        if in_file < 0 {
            said.text = format!("{} [{} samples before this file]", said.text, -in_file);
        }
        let line = said.in_one();
        part.writer.note(&Note {
            index: in_file.max(0) as u64,
            duration_samples: event.duration_s.map(|s| (s * rate_hz).round().max(0.0) as u64),
            sort: said.sort,
            text: &said.text,
            line: &line,
        })
    }

    pub(super) fn write_waiting(&mut self) -> Result<(), WriteError> {
        while let Some(event) = self.waiting.pop_front() {
            if self.part.is_none() {
                self.waiting.push_front(event);
                return Ok(());
            }
            if let Err(error) = self.note(&event) {
                self.waiting.push_front(event);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Compares the source's clock with the host's, where codes come from something live: what was computed from them
    /// shares their clock, and has to be the same when it is computed again.
    fn measure_clock(&mut self, header: &PacketHeader, first: u64) -> Result<(), WriteError> {
        let every = self.frames_in(CLOCK_S);
        let Some(part) = &mut self.part else { return Ok(()) };
        if header.captured_ns == 0 || !self.spec.kind.has_codes() || first < part.first_index {
            return Ok(());
        }
        let index = first - part.first_index;
        let now = (index, header.time_ns);
        let due = part.clock.is_none_or(|[_, (last, _)]| index >= last + every);
        if !due {
            return Ok(());
        }
        part.clock = Some([part.clock.map_or(now, |[begin, _]| begin), now]);
        part.writer.clock(index, header.time_ns)
    }

    /// The rate as the host's clock has it, at the end of a file.
    fn say_the_rate(&self, part: &mut Part) -> Result<(), WriteError> {
        let Some([(from, from_ns), (to, to_ns)]) = part.clock.filter(|[a, b]| b.1 > a.1) else {
            return Ok(());
        };
        let seconds = (to_ns - from_ns) as f64 * 1e-9;
        let rate_hz = (to - from) as f64 / seconds;
        let ppm = (rate_hz / self.spec.rate_hz - 1.0) * 1e6;
        let text = format!("measured_rate_hz={rate_hz:.6} ppm={ppm:.2} over_s={seconds:.0}");
        let line = format!("Clock: {text}");
        let note =
            Note { index: 0, duration_samples: None, sort: "clock", text: &text, line: &line };
        part.writer.note(&note)
    }
}

/// Why samples are missing before a packet.
fn cause(header: &PacketHeader, overflow: u64, buffer_s: f64) -> String {
    match (overflow, header.flags.contains(Flags::GAP)) {
        (0, true) => LOST_BEFORE.to_owned(),
        (0, false) => "the queue to the recorder was full".to_owned(),
        _ => too_slow(buffer_s),
    }
}

fn too_slow(buffer_s: f64) -> String {
    format!("the disk was too slow: {buffer_s} s waited to be written")
}
