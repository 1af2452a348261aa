//! Opening a recording: the format is found from the first bytes.

use crate::csv::CsvReader;
use crate::edf::EdfReader;
use crate::openbci::OpenBciReader;
use crate::xdf::XdfReader;
use crate::{FormatError, Recording};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Anything a recording can be read from: a file, a `Cursor` over bytes in memory.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// How many bytes decide the format.
const SNIFF_BYTES: usize = 512;

/// Opens a recording: reads its header and, in text, its first rows. `name` is used in messages only.
///
/// ```
/// // A file of one channel, one record of one second, four 16-bit samples.
/// let field = |text: &str, width: usize| format!("{text:<width$}");
/// let mut file = [field("0", 8), field("X X X X", 80), field("test", 80), field("23.11.26", 8), field("10.00.00", 8),
///     field("512", 8), field("", 44), field("1", 8), field("1", 8), field("1", 4)].concat();
/// file += &[field("Cz", 16), field("", 80), field("uV", 8), field("-3276.8", 8), field("3276.7", 8),
///     field("-32768", 8), field("32767", 8), field("", 80), field("4", 8), field("", 32)].concat();
/// let mut bytes = file.into_bytes();
/// bytes.extend([10, 0, 20, 0, 30, 0, 0xFF, 0xFF]);
///
/// let mut recording = eeg_formats::open(Box::new(std::io::Cursor::new(bytes)), "test.edf")?;
/// let stream = recording.info().pick_stream(None)?;
/// assert_eq!(recording.info().streams[stream].rate_hz, 4.0);
///
/// let (mut block, mut codes) = (eeg_formats::SampleBlock::new(), Vec::new());
/// while let Some(chunk) = recording.read(stream, 3, &mut block)? {
///     assert_eq!(chunk.first_index, codes.len() as u64);
///     codes.extend_from_slice(&block.codes);
/// }
/// assert_eq!(codes, [10, 20, 30, -1]);
/// let microvolts = recording.info().streams[stream].channels[0].physical(10);
/// assert!((microvolts - 1.0).abs() < 1e-9);
/// # Ok::<(), eeg_formats::FormatError>(())
/// ```
///
/// # Errors
/// [`FormatError`] when the content is no format known here, or its header cannot be used. A file that breaks
/// its format in a way that still tells what the samples mean is read, with a warning in
/// [`RecordingInfo::warnings`](crate::RecordingInfo::warnings).
pub fn open(mut source: Box<dyn ReadSeek>, name: &str) -> Result<Recording, FormatError> {
    let mut head = [0; SNIFF_BYTES];
    let length = read_head(&mut source, &mut head).map_err(|source| FormatError::Io {
        name: name.to_owned(),
        doing: "read its first bytes".to_owned(),
        source,
    })?;
    match sniff(&head[..length]) {
        Kind::Edf => Ok(Recording::new(Box::new(EdfReader::open(source, name)?))),
        Kind::Xdf => Ok(Recording::new(Box::new(XdfReader::open(source, name)?))),
        Kind::Csv => Ok(Recording::new(Box::new(CsvReader::open(source, name)?))),
        Kind::Text => Ok(Recording::new(Box::new(OpenBciReader::open(source, name)?))),
        Kind::Unknown(found) => Err(FormatError::Unrecognised { name: name.to_owned(), found }),
    }
}

/// Opens a file; messages use its file name.
///
/// # Errors
/// As [`open`], and when the file cannot be opened.
pub fn open_path(path: &Path) -> Result<Recording, FormatError> {
    let name = path
        .file_name()
        .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let file = std::fs::File::open(path).map_err(|source| FormatError::Io {
        name: path.display().to_string(),
        doing: "open the file".to_owned(),
        source,
    })?;
    open(Box::new(file), &name)
}

fn read_head(source: &mut dyn ReadSeek, head: &mut [u8]) -> io::Result<usize> {
    source.seek(SeekFrom::Start(0))?;
    let mut length = 0;
    while length < head.len() {
        match source.read(&mut head[length..]) {
            Ok(0) => break,
            Ok(n) => length += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    source.seek(SeekFrom::Start(0))?;
    Ok(length)
}

#[derive(Debug, PartialEq)]
enum Kind {
    Edf,
    Xdf,
    Csv,
    Text,
    Unknown(String),
}

fn sniff(head: &[u8]) -> Kind {
    let edf = head.first() == Some(&b'0')
        && head.len() >= 8
        && head[1..8].iter().all(|b| matches!(b, b' ' | 0));
    if edf || head.starts_with(b"\xFFBIOSEMI") {
        return Kind::Edf;
    }
    let unknown = |what: &str| Kind::Unknown(what.to_owned());
    if head.is_empty() {
        return unknown("the file is empty");
    }
    if head.starts_with(crate::xdf::MAGIC) {
        return Kind::Xdf;
    }
    if head.starts_with(crate::csv::START) {
        return Kind::Csv;
    }
    if head.starts_with(b"Brain Vision") {
        return unknown("it is a BrainVision header");
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    if text.starts_with(b"%")
        || text.get(..12).is_some_and(|start| start.eq_ignore_ascii_case(b"sample index"))
    {
        return Kind::Text;
    }
    let start: String =
        head.iter().take(16).flat_map(|&b| std::ascii::escape_default(b)).map(char::from).collect();
    Kind::Unknown(format!("it starts with \"{start}\", which is no format known here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        assert_eq!(sniff(b"0       X X X X"), Kind::Edf);
        assert_eq!(sniff(b"0\0\0\0\0\0\0\0X"), Kind::Edf);
        assert_eq!(sniff(b"\xFFBIOSEMI"), Kind::Edf);
        assert_eq!(sniff(b"XDF:\x01"), Kind::Xdf);
        assert_eq!(sniff(b"%OpenBCI Raw EXG Data\r\n"), Kind::Text);
        assert_eq!(sniff(b"\xEF\xBB\xBF%OpenBCI"), Kind::Text);
        assert_eq!(sniff(b"Sample Index, EXG Channel 0"), Kind::Text);
    }

    #[test]
    fn what_is_not_known_is_named() {
        let message = |bytes: &'static [u8]| {
            let error =
                open(Box::new(io::Cursor::new(bytes)), "a.xyz").expect_err("must be refused");
            error.to_string()
        };
        assert!(message(b"").starts_with("a.xyz: the file is empty; EDF"), "{}", message(b""));
        assert!(message(b"XDF:\x01").contains("describes no stream"));
        assert!(
            message(b"0,1,2,3,4").contains(r#"starts with "0,1,2,3,4""#),
            "{}",
            message(b"0,1,2,3,4")
        );
        assert!(message(b"\x7fELF\0").contains(r"\x7fELF\x00"));
    }

    #[test]
    fn a_file_that_is_not_there() {
        let error = open_path(Path::new("/no/such.edf")).expect_err("must fail");
        assert!(error.to_string().starts_with("/no/such.edf: cannot open the file"), "{error}");
    }
}
