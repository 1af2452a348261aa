//! A CSV file: `sample`, `time_s`, then one column a channel. Whole lines only, whatever happens.
//!
//! `sample` counts conversions, lost ones too, so a gap shows as a jump; `time_s` is `sample / rate`. Values are
//! microvolts in the shortest decimal that is the same f32 again, or ADC codes. Lines are handed to the system in
//! blocks of whole lines, at the latest after a second. Of a block that did not fit, the whole lines that did stay;
//! the others are let go of and counted, and show as a jump if there is room again later.

use plugin_api::{
    Built, ConfigError, Inputs, Lockable, OpenError, PacketData, Role, RtPacket, StageCtx,
    StageDesc, StageError, StageImpl, StageInitCtx, StageResult, clock,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const BLOCK_BYTES: usize = 64 * 1024;
const BLOCK_NS: u64 = 1_000_000_000;

/// Writes a CSV file below the data dir. A file of that name that is there already is kept under another name.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CsvSinkDesc {
    /// The file, relative to the data dir.
    pub path: String,
}

impl StageDesc for CsvSinkDesc {
    const KIND: &'static str = "csv_sink";
    const ROLE: Role = Role::Sink;

    fn example() -> Self {
        Self { path: "filtered.csv".to_owned() }
    }

    fn build(&self, inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let path = ctx.output("path", &self.path)?;
        let labels = inputs.only().sensor.channels.iter().map(|c| c.label.clone()).collect();
        Ok(Built::sink(CsvSink {
            path,
            labels,
            file: None,
            block: Vec::new(),
            whole_bytes: 0,
            written_ns: 0,
        }))
    }
}

struct CsvSink {
    path: PathBuf,
    labels: Vec<String>,
    file: Option<File>,
    /// Whole lines that the system does not have yet.
    block: Vec<u8>,
    /// Length of the file up to its last whole line.
    whole_bytes: u64,
    written_ns: u64,
}

impl Lockable for CsvSink {
    fn is_locked(&self) -> bool {
        self.file.is_some()
    }
}

impl CsvSink {
    fn header(&self) -> io::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let columns =
            ["sample", "time_s"].into_iter().chain(self.labels.iter().map(String::as_str));
        writer.write_record(columns)?;
        writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }

    /// Hands the block to the system. It is empty afterwards: what the system did not take is lost, in whole lines.
    fn write_block(&mut self) -> Result<(), Refused> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut taken = 0;
        let refusal = loop {
            match file.write(&self.block[taken..]) {
                Ok(0) if taken < self.block.len() => break Some(io::ErrorKind::WriteZero.into()),
                Ok(0) => break None,
                Ok(bytes) => taken += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(error),
            }
        };
        let last_end = self.block[..taken].iter().rposition(|byte| *byte == b'\n');
        let whole = last_end.map_or(0, |end| end + 1);
        self.whole_bytes += whole as u64;
        let lost_lines = self.block[whole..].split(|byte| *byte == b'\n').count() as u64 - 1;
        self.block.clear();
        let Some(error) = refusal else { return Ok(()) };
        // A torn line is worse than a missing one. The file is open for appending, so the next line follows here.
        drop(file.set_len(self.whole_bytes));
        Err(Refused { error, lost_lines })
    }

    /// As [`write_block`](Self::write_block), with what was lost counted.
    fn flush(&mut self, ctx: &mut StageCtx) -> Result<(), StageError> {
        self.write_block().map_err(|refused| {
            ctx.report_dropped(refused.lost_lines);
            StageError::io(WRITING, &refused.error)
        })
    }
}

const WRITING: &str = "write the CSV file";

/// The system did not take everything.
struct Refused {
    error: io::Error,
    lost_lines: u64,
}

/// Creates a new file; one that has the name already is moved out of the way first.
fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| {
            let message = format!("the folder {} cannot be made: {error}", folder.display());
            io::Error::new(error.kind(), message)
        })?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create_new(true).mode(0o640);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            move_aside(path)?;
            options.open(path)
        }
        other => other,
    }
}

/// `name.csv` becomes `name.1.csv`, or the first number that is free.
fn move_aside(path: &Path) -> io::Result<()> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension =
        path.extension().map_or_else(String::new, |e| format!(".{}", e.to_string_lossy()));
    for n in 1..u32::MAX {
        let aside = path.with_file_name(format!("{stem}.{n}{extension}"));
        // A hard link fails where a rename would overwrite.
        match fs::hard_link(path, &aside) {
            Ok(()) => return fs::remove_file(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(_) if !aside.exists() => return fs::rename(path, aside),
            Err(_) => {}
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "no free name to keep the old file under"))
}

impl StageImpl for CsvSink {
    fn open(&mut self) -> Result<(), OpenError> {
        let open = || -> io::Result<File> { create(&self.path) };
        let file = open().map_err(|error| {
            OpenError(format!("cannot create {}: {error}", self.path.display()))
        })?;
        self.file = Some(file);
        self.written_ns = clock::monotonic_ns();
        self.block.reserve(2 * BLOCK_BYTES);
        let header = self.header().and_then(|header| {
            self.block.extend_from_slice(&header);
            self.write_block().map_err(|refused| refused.error)
        });
        header.map_err(|error| OpenError(format!("cannot write {}: {error}", self.path.display())))
    }

    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        let header = packet.header();
        let channels = packet.channels().max(1);
        let mut row = header.first_sample;
        let mut begin = |block: &mut Vec<u8>| {
            let written = write!(block, "{row},{}", row as f64 / header.rate_hz);
            row += 1;
            written
        };
        let full = StageError::Data("a line of the CSV file cannot be formatted");
        match packet.data() {
            PacketData::RawI32(codes) => {
                for frame in codes.chunks_exact(channels) {
                    begin(&mut self.block).map_err(|_| full)?;
                    frame
                        .iter()
                        .try_for_each(|code| write!(self.block, ",{code}"))
                        .map_err(|_| full)?;
                    self.block.push(b'\n');
                }
            }
            PacketData::Voltage(microvolts) | PacketData::RawAndVoltage { microvolts, .. } => {
                for frame in microvolts.chunks_exact(channels) {
                    begin(&mut self.block).map_err(|_| full)?;
                    frame
                        .iter()
                        .try_for_each(|uv| write!(self.block, ",{uv}"))
                        .map_err(|_| full)?;
                    self.block.push(b'\n');
                }
            }
        }
        let now_ns = clock::monotonic_ns();
        if self.block.len() >= BLOCK_BYTES || now_ns - self.written_ns > BLOCK_NS {
            self.written_ns = now_ns;
            self.flush(ctx)?;
        }
        Ok(None)
    }

    fn end(&mut self, ctx: &mut StageCtx) -> StageResult {
        self.flush(ctx).map(|()| None)
    }

    fn close(&mut self) -> Result<(), StageError> {
        let written = self.write_block().map_err(|refused| refused.error);
        let synced = self.file.take().map_or(Ok(()), |file| file.sync_all());
        written.and(synced).map_err(|error| StageError::io(WRITING, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, microvolt_spec, raw_spec};
    use plugin_api::{Flags, StreamSpec};

    fn write(folder: &Path, spec: StreamSpec, signal: &[f32]) -> String {
        let ctx = StageInitCtx::in_folder(folder);
        let mut harness =
            Harness::new(&CsvSinkDesc { path: "sub/x.csv".to_owned() }, spec, &ctx).unwrap();
        let (first, second) = signal.split_at(signal.len() / 2);
        harness.feed(first, Flags::NONE).unwrap();
        harness.lose(10);
        harness.feed(second, Flags::NONE).unwrap();
        harness.close().unwrap();
        fs::read_to_string(folder.join("sub/x.csv")).unwrap()
    }

    #[test]
    fn a_gap_shows_as_a_jump_and_numbers_are_as_short_as_they_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let text = write(folder.path(), microvolt_spec(2, 250.0), &[0.1, -2.5, 1e-7, f32::NAN]);
        assert_eq!(text, "sample,time_s,ch1,ch2\n0,0,0.1,-2.5\n11,0.044,0.0000001,NaN\n");
    }

    #[test]
    fn codes_are_written_as_codes_and_an_old_file_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = write(folder.path(), microvolt_spec(2, 250.0), &[1.0; 4]);
        let second =
            write(folder.path(), raw_spec(2, 250.0), &[1.0, -2.0, 8_388_607.0, -8_388_608.0]);
        assert_eq!(second, "sample,time_s,ch1,ch2\n0,0,1,-2\n11,0.044,8388607,-8388608\n");
        assert_eq!(fs::read_to_string(folder.path().join("sub/x.1.csv")).unwrap(), first);
        write(folder.path(), microvolt_spec(2, 250.0), &[3.0; 4]);
        assert_eq!(fs::read_to_string(folder.path().join("sub/x.2.csv")).unwrap(), second);
    }

    #[test]
    fn a_label_with_a_comma_does_not_make_two_columns() {
        let mut spec = microvolt_spec(1, 250.0);
        let sensor = Arc::make_mut(&mut spec.sensor);
        sensor.channels[0].label = "Fp1, \"left\"".to_owned();
        let folder = tempfile::tempdir().unwrap();
        let text = write(folder.path(), spec, &[1.0, 2.0]);
        assert!(text.starts_with("sample,time_s,\"Fp1, \"\"left\"\"\"\n"), "{text}");
    }
}
