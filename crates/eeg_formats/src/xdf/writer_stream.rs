//! A stream being written: its samples in the file's own bytes, until they make a chunk.

use super::chunk::{self, Tag};
use super::writer_xml::XdfFormat;

/// Samples that wait, and what the footer will say.
pub(super) struct Stream {
    pub(super) id: u32,
    pub(super) format: XdfFormat,
    pub(super) channels: usize,
    pub(super) interval_s: f64,
    /// Samples of the chunk begun, in the file's own bytes.
    pub(super) waiting: Vec<u8>,
    pub(super) waiting_count: u32,
    /// All samples taken, lost ones not counted, and how many were lost.
    pub(super) count: u64,
    pub(super) lost: u64,
    pub(super) first_s: Option<f64>,
    pub(super) last_s: f64,
}

impl Stream {
    pub(super) fn new(id: u32, format: XdfFormat, channels: usize, interval_s: f64) -> Self {
        Self {
            id,
            format,
            channels,
            interval_s,
            waiting: Vec::new(),
            waiting_count: 0,
            count: 0,
            lost: 0,
            first_s: None,
            last_s: 0.0,
        }
    }

    /// Time of the next sample: given, or one interval after the last.
    pub(super) fn stamp(&mut self, time_s: Option<f64>) {
        if let Some(time_s) = time_s {
            self.waiting.push(8);
            self.waiting.extend(time_s.to_le_bytes());
            self.last_s = time_s;
        } else {
            self.waiting.push(0);
            self.last_s += self.interval_s;
        }
        self.first_s.get_or_insert(self.last_s);
        self.waiting_count += 1;
        self.count += 1;
    }

    /// Makes a chunk of what waits.
    pub(super) fn chunk(&self, out: &mut Vec<u8>) {
        chunk::begin(out, Tag::Samples, Some(self.id));
        out.push(4);
        out.extend(self.waiting_count.to_le_bytes());
        out.extend(&self.waiting);
    }

    pub(super) fn written(&mut self) {
        self.waiting.clear();
        self.waiting_count = 0;
    }
}
