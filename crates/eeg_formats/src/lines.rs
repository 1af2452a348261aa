//! Lines of a text file through a buffer of fixed size, with their numbers.

use crate::open::ReadSeek;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};

const BUFFER_BYTES: usize = 64 * 1024;

/// Longest line kept; a row of 16 channels has some 400 bytes. The rest of a longer line is dropped.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// A place to come back to: the start of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    offset: u64,
    number: u64,
}

impl Place {
    /// Number of the line, from 1.
    pub(crate) fn line(self) -> u64 {
        self.number
    }
}

/// What `next` found about a line beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: u64,
    /// The line ends with a line end, not with the file.
    pub(crate) terminated: bool,
    /// The line was longer than what is kept.
    pub(crate) cut: bool,
}

/// Reads line by line.
pub(crate) struct Lines {
    source: BufReader<Box<dyn ReadSeek>>,
    text: Vec<u8>,
    next: Place,
}

impl Lines {
    pub(crate) fn new(source: Box<dyn ReadSeek>) -> Self {
        let source = BufReader::with_capacity(BUFFER_BYTES, source);
        Self { source, text: Vec::with_capacity(1024), next: Place { offset: 0, number: 1 } }
    }

    /// Text of the line that `next` has read, without its end.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where the next line starts.
    pub(crate) fn place(&self) -> Place {
        self.next
    }

    pub(crate) fn go_to(&mut self, place: Place) -> io::Result<()> {
        self.source.seek(SeekFrom::Start(place.offset))?;
        self.next = place;
        Ok(())
    }

    /// Length of the whole file, bytes. Leaves the place as it is.
    pub(crate) fn file_bytes(&mut self) -> io::Result<u64> {
        let length = self.source.seek(SeekFrom::End(0))?;
        self.go_to(self.next)?;
        Ok(length)
    }

    /// Bytes read so far.
    pub(crate) fn offset(&self) -> u64 {
        self.next.offset
    }

    pub(crate) fn capacity(&self) -> usize {
        self.source.capacity() + self.text.capacity()
    }

    /// Reads the next line; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        self.text.clear();
        let mut line = Line { number: self.next.number, terminated: false, cut: false };
        let mut any = false;
        while !line.terminated {
            let buffer = match self.source.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = buffer.iter().position(|&b| b == b'\n');
            let part = &buffer[..end.unwrap_or(buffer.len())];
            let kept = part.len().min(MAX_LINE_BYTES - self.text.len());
            self.text.extend_from_slice(&part[..kept]);
            line.cut |= kept < part.len();
            line.terminated = end.is_some();
            let used = part.len() + usize::from(line.terminated);
            self.source.consume(used);
            self.next.offset += used as u64;
        }
        self.next.number += 1;
        if self.text.last() == Some(&b'\r') {
            self.text.pop();
        }
        Ok(any.then_some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &'static [u8]) -> Lines {
        Lines::new(Box::new(io::Cursor::new(bytes)))
    }

    #[test]
    fn line_ends_numbers_and_going_back() {
        let mut lines = lines(b"one\r\n\ntorn");
        assert_eq!(lines.next().unwrap().unwrap().number, 1);
        assert_eq!(lines.text(), b"one");
        let place = lines.place();
        assert!(lines.next().unwrap().unwrap().terminated);
        assert_eq!(lines.text(), b"");
        let torn = lines.next().unwrap().unwrap();
        assert_eq!((torn.number, torn.terminated, lines.text()), (3, false, &b"torn"[..]));
        assert_eq!(lines.next().unwrap(), None);
        lines.go_to(place).unwrap();
        assert_eq!(lines.next().unwrap().unwrap().number, 2);
        assert_eq!(lines.file_bytes().unwrap(), 10);
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory() {
        let mut endless = Lines::new(Box::new(io::Cursor::new(vec![b'x'; 10_000_000])));
        assert!(endless.next().unwrap().unwrap().cut);
        assert!(endless.capacity() < 4 * BUFFER_BYTES, "{}", endless.capacity());
        assert_eq!(endless.offset(), 10_000_000);
    }
}
