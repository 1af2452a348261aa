//! Where a writer writes: whole pieces at a place, so that the header can be brought up to date while the file grows.

use std::fs::File;
use std::io::{self, Cursor, Seek, SeekFrom, Write};

/// A file, or something like it. The writers here only append, and go back to a few bytes they know.
pub trait Target: Send {
    /// Writes all bytes at an offset. After an error any part of them may have been written.
    ///
    /// # Errors
    /// What the system says.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file off at a length: what was written after it is gone.
    ///
    /// # Errors
    /// What the system says.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// Makes everything written so far outlast a power cut.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&mut self) -> io::Result<()>;
}

impl Target for File {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(at))?;
        self.write_all(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// In memory, for tests and for small files.
impl Target for Cursor<Vec<u8>> {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.set_position(at);
        self.write_all(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.get_mut().truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<T: Target + ?Sized> Target for Box<T> {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        (**self).write_at(at, bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        (**self).cut(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }
}
