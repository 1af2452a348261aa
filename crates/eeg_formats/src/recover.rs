//! Makes an interrupted recording whole: what was torn is cut off, what the header counts is set right.
//!
//! Nothing that was measured and is whole is removed, and nothing is invented: a file that is whole stays as it is.

use crate::edf::EdfRepair;
use crate::xdf::XdfRepair;
use crate::{Format, FormatError, open_path};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// What was done to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// What it is. The table of events beside a CSV file counts as one.
    pub format: Format,
    /// One sentence for each change; empty where the file was whole.
    pub changes: Vec<String>,
    /// Length before and after, bytes.
    pub bytes: [u64; 2],
}

/// What to change in a file: bytes to write over, in order, and then its length.
#[derive(Debug, Default)]
pub(crate) struct Repair {
    pub(crate) patches: Vec<(u64, Vec<u8>)>,
    pub(crate) length: u64,
    pub(crate) changes: Vec<String>,
}

/// Makes a file whole where it lies.
///
/// # Errors
/// [`FormatError`] when the file cannot be read or written, or is no recording: it is then as it was, or as whole as the
/// last change that was made; trying again does the rest.
pub fn recover(path: &Path) -> Result<Recovered, FormatError> {
    recover_with(path, |_| ())
}

/// As [`recover`]; `progress` hears how much of the file has been looked at, 0 to 1.
///
/// # Errors
/// As [`recover`].
pub fn recover_with(
    path: &Path,
    progress: impl FnMut(f64) + Send + 'static,
) -> Result<Recovered, FormatError> {
    let (name, failed) = (path.display().to_string(), io_error(path));
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(|source| failed("open the file for writing", source))?;
    let before = file.metadata().map_err(|source| failed("read its length", source))?.len();
    let mut head = [0; 16];
    let read = file.read(&mut head).map_err(|source| failed("read its first bytes", source))?;
    // A table with no row yet cannot be opened, and needs nothing but its last line looked at.
    let is_table =
        [crate::csv::START, b"onset\tduration"].iter().any(|s| head[..read].starts_with(s));
    let format = if is_table { Format::Csv } else { open_path(path)?.info().format };
    let source = file.try_clone().map_err(|source| failed("open the file twice", source))?;
    let source = Watched { source, at: 0, furthest: 0, length: before.max(1), progress };
    let repair =
        match format {
            Format::Csv | Format::OpenBciText => text_repair(&mut file, before)
                .map_err(|source| failed("read its last line", source))?,
            Format::Xdf => XdfRepair::of(Box::new(source))
                .map_err(|source| failed("read its chunks", source))?,
            _ => EdfRepair::of(Box::new(source), &name)?,
        };
    if !repair.changes.is_empty() {
        apply(&mut file, &repair).map_err(|source| failed("write what was set right", source))?;
    }
    Ok(Recovered { format, changes: repair.changes, bytes: [before, repair.length] })
}

/// Makes a whole copy of a file, which itself stays as it is.
///
/// # Errors
/// As [`recover`], and when there is a file of that name already: nothing is overwritten.
pub fn recover_copy(from: &Path, to: &Path) -> Result<Recovered, FormatError> {
    let mut source = File::open(from).map_err(|source| io_error(from)("open the file", source))?;
    let mut copy = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(to)
        .map_err(|source| io_error(to)("make a new file", source))?;
    io::copy(&mut source, &mut copy)
        .map_err(|source| io_error(to)("copy the recording", source))?;
    drop(copy);
    let result = recover(to);
    if result.is_err() {
        // A copy that is not whole helps nobody; the original is still there.
        let _ = std::fs::remove_file(to);
    }
    result
}

/// A file that tells how far it has been read.
struct Watched<F> {
    source: File,
    at: u64,
    furthest: u64,
    length: u64,
    progress: F,
}

impl<F: FnMut(f64)> Read for Watched<F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(bytes)?;
        self.at += read as u64;
        if self.at > self.furthest {
            self.furthest = self.at;
            (self.progress)(self.at as f64 / self.length as f64);
        }
        Ok(read)
    }
}

impl<F> Seek for Watched<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.source.seek(to)?;
        Ok(self.at)
    }
}

fn io_error(path: &Path) -> impl Fn(&str, io::Error) -> FormatError {
    let name = path.display().to_string();
    move |doing, source| FormatError::Io { name: name.clone(), doing: doing.to_owned(), source }
}

fn apply(file: &mut File, repair: &Repair) -> io::Result<()> {
    file.set_len(repair.length)?;
    for (at, bytes) in &repair.patches {
        file.seek(SeekFrom::Start(*at))?;
        file.write_all(bytes)?;
    }
    file.sync_all()
}

/// A last line without its end may be a number cut short: it goes.
fn text_repair(file: &mut File, length: u64) -> io::Result<Repair> {
    const STEP: u64 = 64 * 1024;
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(STEP);
        let mut bytes = vec![0; (end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut bytes)?;
        if let Some(found) = bytes.iter().rposition(|&b| b == b'\n') {
            end = start + found as u64 + 1;
            break;
        }
        end = start;
    }
    let mut changes = Vec::new();
    if end < length {
        changes.push(format!("cut off the last line, which has no end ({} bytes)", length - end));
    }
    Ok(Repair { patches: Vec::new(), length: end, changes })
}
