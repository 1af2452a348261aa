//! A CSV file: `sample`, `time_s`, then one column a channel, and a table of events beside it. Whole lines only, whatever happens.
//!
//! `sample` is the source's index, which counts lost ones too, so a gap shows as a jump; `time_s` is `sample / rate`. Values are
//! microvolts in the shortest decimal that is the same f32 again, or ADC codes. `a.csv` has its events in `a_events.tsv`.

use super::recorder::{
    EVENTS, Made, Note, PartStart, PartWriter, Recorder, RecordingFormat, origin, part_of,
    recording_desc, sidecar,
};
use eeg_formats::{CsvWriter, EventRow, EventsWriter, WriteError};
use plugin_api::{Built, ConfigError, Inputs, PacketData, Role, RtPacket, StageDesc, StageInitCtx};
use std::fs::File;
use std::ops::Range;

recording_desc! {
    /// Records a CSV file below the data dir, for whatever reads text.
    pub(crate) struct CsvSinkDesc {}
    path: "filtered.csv"
}

impl StageDesc for CsvSinkDesc {
    const KIND: &'static str = "csv_sink";
    const ROLE: Role = Role::Sink;

    fn example() -> Self {
        Self::sample()
    }

    fn build(&self, inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        Ok(Built::sink(Recorder::new(self.settings(ctx)?, inputs.only(), Csv)))
    }
}

struct Csv;

impl RecordingFormat for Csv {
    fn begin(&self, made: Made, start: &PartStart) -> Result<Box<dyn PartWriter>, WriteError> {
        let labels: Vec<&str> = start.sensor.channels.iter().map(|c| c.label.as_str()).collect();
        let first = start.first_sample;
        let table = CsvWriter::create(made.file, start.rate_hz, &labels)?.starting_at(first);
        let beside = sidecar(&made.path, EVENTS).map_err(|source| WriteError::Io {
            doing: "make the table of events".to_owned(),
            source,
        })?;
        let mut events = EventsWriter::create(beside, start.rate_hz)?;
        let origin = origin(&start.sensor, start.time_ns, start.utc_offset_s).to_string();
        events.add(&EventRow {
            sample: first,
            duration_samples: None,
            sort: "recorder",
            text: &origin,
        })?;
        Ok(Box::new(CsvPart { table, events, first }))
    }

    fn doing(&self) -> &'static str {
        "write the CSV file"
    }
}

struct CsvPart {
    table: CsvWriter<File>,
    events: EventsWriter<File>,
    /// `sample` of the first row.
    first: u64,
}

impl PartWriter for CsvPart {
    fn next_index(&self) -> u64 {
        self.table.next_index() - self.first
    }

    fn append(&mut self, packet: &RtPacket, frames: Range<usize>) -> Result<(), WriteError> {
        match packet.data() {
            PacketData::RawI32(codes) => self.table.append(part_of(codes, packet, &frames)),
            PacketData::Voltage(microvolts) | PacketData::RawAndVoltage { microvolts, .. } => {
                self.table.append_values(part_of(microvolts, packet, &frames))
            }
        }
    }

    fn gap(&mut self, count: u64, cause: &str) -> Result<(), WriteError> {
        let sample = self.table.next_index();
        let row = EventRow { sample, duration_samples: Some(count), sort: "gap", text: cause };
        self.events.add(&row)?;
        self.table.gap(count);
        Ok(())
    }

    fn note(&mut self, note: &Note<'_>) -> Result<(), WriteError> {
        let Note { index, duration_samples, sort, text, .. } = *note;
        self.events.add(&EventRow { sample: self.first + index, duration_samples, sort, text })
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.table.flush()
    }

    fn sync(&mut self) -> Result<(), WriteError> {
        self.table.sync()?;
        self.events.sync()
    }

    fn unwritten(&self) -> u64 {
        self.table.unwritten()
    }

    fn file_bytes(&self) -> u64 {
        self.table.file_bytes()
    }

    fn close(mut self: Box<Self>) -> Result<(), WriteError> {
        let events = self.events.sync();
        self.table.close()?;
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, microvolt_spec, raw_spec};
    use plugin_api::{Flags, SensorMeta, StreamSpec};
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    fn write(folder: &Path, spec: StreamSpec, signal: &[f32]) -> String {
        let ctx = StageInitCtx::in_folder(folder);
        let desc = CsvSinkDesc { path: "sub/x.csv".to_owned(), ..CsvSinkDesc::example() };
        let mut harness = Harness::new(&desc, spec, &ctx).unwrap();
        let (first, second) = signal.split_at(signal.len() / 2);
        harness.feed(first, Flags::NONE).unwrap();
        harness.lose(10);
        harness.feed(second, Flags::NONE).unwrap();
        harness.close().unwrap();
        fs::read_to_string(folder.join("sub/x.csv")).unwrap()
    }

    #[test]
    fn a_gap_shows_as_a_jump_and_stands_in_the_table_of_events() {
        let folder = tempfile::tempdir().unwrap();
        let text = write(folder.path(), microvolt_spec(2, 250.0), &[0.1, -2.5, 1e-7, f32::NAN]);
        assert_eq!(text, "sample,time_s,ch1,ch2\n0,0,0.1,-2.5\n11,0.044,0.0000001,NaN\n");
        let events = fs::read_to_string(folder.path().join("sub/x_events.tsv")).unwrap();
        let mut lines = events.lines();
        assert_eq!(lines.next(), Some("onset\tduration\tsample\ttrial_type\tvalue"));
        assert!(lines.next().unwrap().starts_with("0\tn/a\t0\trecorder\tRecorder: software=eegd-"));
        assert_eq!(lines.next(), Some("0.004\t0.04\t1\tgap\tthe queue to the recorder was full"));
        let ledger = "0.044\tn/a\t11\tledger\trecorded=2 missing=10";
        assert_eq!((lines.next(), lines.next()), (Some(ledger), None));
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
        let mut sensor = SensorMeta::clone(&spec.sensor);
        sensor.channels[0].label = "Fp1, \"left\"".to_owned();
        spec.sensor = Arc::new(sensor);
        let folder = tempfile::tempdir().unwrap();
        let text = write(folder.path(), spec, &[1.0, 2.0]);
        assert!(text.starts_with("sample,time_s,\"Fp1, \"\"left\"\"\"\n"), "{text}");
    }
}
