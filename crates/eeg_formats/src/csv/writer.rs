//! Writes a CSV file in blocks of whole lines, so that it is whole at every instant.

use crate::{Target, WriteError};
use std::io::Write;

/// Lines are written when this much has come together.
const BLOCK_BYTES: usize = 64 * 1024;

/// A file being written. Dropping it leaves the file whole, without the lines that wait.
pub struct CsvWriter<T: Target> {
    target: T,
    rate_hz: f64,
    channels: usize,
    /// Length of the file up to its last whole line.
    end: u64,
    /// Whole lines that the system does not have yet.
    block: Vec<u8>,
    next: u64,
}

impl<T: Target> std::fmt::Debug for CsvWriter<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvWriter").field("next", &self.next).finish_non_exhaustive()
    }
}

impl<T: Target> CsvWriter<T> {
    /// Begins a file: the line with the names of the columns.
    ///
    /// # Errors
    /// [`WriteError::Spec`] for a rate or a number of channels that cannot be, [`WriteError::Io`].
    pub fn create<L: AsRef<str>>(
        target: T,
        rate_hz: f64,
        labels: &[L],
    ) -> Result<Self, WriteError> {
        if !(rate_hz > 0.0 && rate_hz.is_finite()) {
            return Err(WriteError::spec("the rate in Hz", rate_hz, "it must be above 0"));
        }
        if labels.is_empty() {
            return Err(WriteError::spec("the number of channels", 0, "a file has at least 1"));
        }
        let mut block = Vec::with_capacity(2 * BLOCK_BYTES);
        block.extend_from_slice(super::START);
        for label in labels {
            block.push(b',');
            block.extend(quoted(label.as_ref()).bytes());
        }
        block.push(b'\n');
        let mut writer = Self { target, rate_hz, channels: labels.len(), end: 0, block, next: 0 };
        writer.flush()?;
        Ok(writer)
    }

    /// The first row will have this `sample`: that of the stream where recording began in the middle of it.
    #[must_use]
    pub fn starting_at(self, sample: u64) -> Self {
        Self { next: sample, ..self }
    }

    /// Adds frames of codes, interleaved `[frame][channel]`.
    ///
    /// # Errors
    /// [`WriteError::Frames`]; [`WriteError::Io`] when lines that waited could not be written:
    /// [`next_index`](Self::next_index) tells how many frames were taken, the file is whole, and the next call tries again.
    pub fn append(&mut self, codes: &[i32]) -> Result<(), WriteError> {
        self.take(codes)
    }

    /// As [`append`](Self::append), with values.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_values(&mut self, values: &[f32]) -> Result<(), WriteError> {
        self.take(values)
    }

    fn take<S: std::fmt::Display>(&mut self, samples: &[S]) -> Result<(), WriteError> {
        if !samples.len().is_multiple_of(self.channels) {
            return Err(WriteError::Frames { samples: samples.len(), channels: self.channels });
        }
        for frame in samples.chunks_exact(self.channels) {
            if self.block.len() >= BLOCK_BYTES {
                self.flush()?;
            }
            // Writing to memory cannot fail.
            let _ = write!(self.block, "{},{}", self.next, self.next as f64 / self.rate_hz);
            for sample in frame {
                let _ = write!(self.block, ",{sample}");
            }
            self.block.push(b'\n');
            self.next += 1;
        }
        Ok(())
    }

    /// Samples were lost: nothing stands for them, and the first column jumps.
    pub fn gap(&mut self, count: u64) {
        self.next += count;
    }

    /// `sample` of the next row: that of the first, and all that were taken so far, and those lost.
    pub const fn next_index(&self) -> u64 {
        self.next
    }

    /// Frames taken that are not in the file yet.
    pub fn unwritten(&self) -> u64 {
        self.block.split_inclusive(|&byte| byte == b'\n').count() as u64
    }

    /// Length of the file, bytes.
    pub const fn file_bytes(&self) -> u64 {
        self.end
    }

    /// Hands the lines that wait to the system. Of a block that it does not take, the whole lines that it does stay.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn flush(&mut self) -> Result<(), WriteError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let Err(source) = self.target.write_at(self.end, &self.block) else {
            self.end += self.block.len() as u64;
            self.block.clear();
            return Ok(());
        };
        let mut whole = 0;
        for line in self.block.split_inclusive(|&byte| byte == b'\n') {
            if self.target.write_at(self.end, line).is_err() {
                break;
            }
            self.end += line.len() as u64;
            whole += line.len();
        }
        self.block.drain(..whole);
        // A torn line is worse than a missing one.
        let _ = self.target.cut(self.end);
        if self.block.is_empty() {
            return Ok(());
        }
        Err(WriteError::Io { doing: "write the CSV file".to_owned(), source })
    }

    /// Writes what waits, and makes all of it outlast a power cut.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.flush()?;
        self.target.sync().map_err(WriteError::io("write the CSV file to the disk"))
    }

    /// Where the file is written.
    pub fn target_mut(&mut self) -> &mut T {
        &mut self.target
    }

    /// Writes what waits, and syncs.
    ///
    /// # Errors
    /// [`WriteError::Io`]; the file then is whole without its end.
    pub fn close(mut self) -> Result<T, WriteError> {
        self.sync()?;
        Ok(self.target)
    }
}

/// A field as readers of CSV expect it (RFC 4180).
fn quoted(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.contains([',', '"']) { format!("\"{}\"", clean.replace('"', "\"\"")) } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Cursor};

    fn text(writer: CsvWriter<Cursor<Vec<u8>>>) -> String {
        String::from_utf8(writer.close().unwrap().into_inner()).unwrap()
    }

    #[test]
    fn a_gap_is_a_jump_and_numbers_are_as_short_as_they_can_be() {
        let target = Cursor::new(Vec::new());
        let mut writer = CsvWriter::create(target, 250.0, &["Fp1, \"left\"", "Cz"]).unwrap();
        writer.append_values(&[0.1, -2.5]).unwrap();
        writer.gap(10);
        writer.append_values(&[1e-7, f32::NAN]).unwrap();
        writer.append(&[8_388_607, -8_388_608]).unwrap();
        assert_eq!(writer.next_index(), 13);
        assert_eq!(
            text(writer),
            "sample,time_s,\"Fp1, \"\"left\"\"\",Cz\n0,0,0.1,-2.5\n11,0.044,0.0000001,NaN\n12,0.048,8388607,-8388608\n"
        );
        assert!(CsvWriter::create(Cursor::new(Vec::new()), f64::NAN, &["a"]).is_err());
        assert!(CsvWriter::create(Cursor::new(Vec::new()), 1.0, &[""; 0]).is_err());
    }

    /// Takes so many bytes and then none.
    struct Small(Cursor<Vec<u8>>, u64);

    impl Target for Small {
        fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
            let room = self.1.saturating_sub(at).min(bytes.len() as u64) as usize;
            self.0.write_at(at, &bytes[..room])?;
            if room < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn cut(&mut self, length: u64) -> io::Result<()> {
            self.0.cut(length)
        }

        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_whole_line_that_has_room_is_there_and_the_rest_comes_when_there_is_more() {
        let target = Small(Cursor::new(Vec::new()), 100);
        let mut writer = CsvWriter::create(target, 250.0, &["a"]).unwrap();
        writer.append(&[7; 50]).unwrap();
        assert!(writer.flush().is_err());
        let file = String::from_utf8(writer.target_mut().0.get_ref().clone()).unwrap();
        assert!(file.ends_with('\n') && file.len() > 88, "{file}");
        writer.target_mut().1 = 10_000;
        let file = writer.close().unwrap().0.into_inner();
        assert_eq!(file.split_inclusive(|&b| b == b'\n').count(), 51);
    }
}
