//! Bytes of the file through one window, wherever they are asked for.

use super::chunk::BOUNDARY;
use crate::open::ReadSeek;
use std::io::{self, SeekFrom};

/// Bytes read at a time where samples are read, and where only the heads of chunks are.
pub(super) const READ_BYTES: usize = 256 * 1024;
pub(super) const HEAD_BYTES: usize = 4 * 1024;

/// A file and the part of it in memory.
pub(crate) struct Source {
    file: Box<dyn ReadSeek>,
    length: u64,
    window: Vec<u8>,
    start: u64,
}

impl Source {
    pub(crate) fn new(mut file: Box<dyn ReadSeek>) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, length, window: Vec::new(), start: 0 })
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn capacity(&self) -> usize {
        self.window.capacity()
    }

    /// Bytes at a place, fewer where the file ends; reads `at_a_time` where they are not in memory.
    pub(crate) fn bytes(&mut self, at: u64, length: usize, at_a_time: usize) -> io::Result<&[u8]> {
        let available = self.length.saturating_sub(at);
        let length = length.min(usize::try_from(available).unwrap_or(usize::MAX));
        let held = self.start..=self.start + self.window.len() as u64;
        if !(held.contains(&at) && held.contains(&(at + length as u64))) {
            let load = length.max(at_a_time).min(usize::try_from(available).unwrap_or(usize::MAX));
            self.window.clear();
            if self.window.capacity() < load {
                self.window.reserve_exact(load);
            }
            self.window.resize(load, 0);
            self.start = at;
            let result = self
                .file
                .seek(SeekFrom::Start(at))
                .and_then(|_| self.file.read_exact(&mut self.window));
            if let Err(error) = result {
                self.window.clear();
                return Err(error);
            }
        }
        let from = (at - self.start) as usize;
        Ok(&self.window[from..from + length])
    }

    /// End of the next boundary mark that begins at or after a place.
    pub(super) fn after_boundary(&mut self, mut at: u64) -> io::Result<Option<u64>> {
        loop {
            let bytes = self.bytes(at, READ_BYTES, READ_BYTES)?;
            let read = bytes.len();
            if let Some(found) = bytes.windows(BOUNDARY.len()).position(|part| part == BOUNDARY) {
                return Ok(Some(at + (found + BOUNDARY.len()) as u64));
            }
            if read < READ_BYTES {
                return Ok(None);
            }
            at += (read - BOUNDARY.len() + 1) as u64;
        }
    }
}
