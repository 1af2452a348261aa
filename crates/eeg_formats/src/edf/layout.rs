//! Where everything lies in the file: records, channels of each stream, annotations.

use super::header::Header;
use crate::{SampleKind, StreamInfo, kind};
use std::collections::BTreeMap;

/// A range of bytes within each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// Places in the file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) header_bytes: u64,
    pub(super) record_bytes: u64,
    /// Whole records in the file.
    pub(super) records: u64,
    pub(super) duration_ns: i64,
    pub(super) sample_bytes: usize,
    pub(super) streams: Vec<StreamLayout>,
    pub(super) annotations: Vec<Span>,
}

/// Channels of one rate.
#[derive(Debug)]
pub(super) struct StreamLayout {
    pub(super) samples_per_record: u64,
    /// Where each channel starts in a record, bytes.
    pub(super) channel_offsets: Vec<u64>,
}

impl Layout {
    /// Places everything and describes the streams; what does not fit the file goes to `warnings`.
    pub(super) fn new(header: &mut Header) -> (Self, Vec<StreamInfo>) {
        let mut offset = 0_u64;
        let mut by_rate: BTreeMap<u64, usize> = BTreeMap::new();
        let mut found: Vec<(StreamLayout, StreamInfo)> = Vec::new();
        let mut annotations = Vec::new();
        for signal in &mut header.signals {
            // At most 9999 signals of 10^8 samples of 3 bytes: far below 2^64.
            let samples = signal.samples_per_record;
            let bytes = samples * header.sample_bytes as u64;
            match signal.channel.take() {
                None => annotations.push(Span { offset, bytes }),
                Some(channel) if samples == 0 => {
                    header
                        .warnings
                        .push(format!("channel {:?} has no samples: it is left out", channel.name));
                }
                Some(channel) => {
                    let at = *by_rate.entry(samples).or_insert(found.len());
                    if at == found.len() {
                        found.push(new_stream(samples, header.duration_ns));
                    }
                    found[at].0.channel_offsets.push(offset);
                    found[at].1.channels.push(channel);
                }
            }
            offset += bytes;
        }
        for (_, info) in &mut found {
            info.is_eeg = info.channels.iter().any(kind::is_eeg);
        }
        found.sort_by_key(|(_, info)| !info.is_eeg);

        let records = count_records(header, offset);
        let (streams, infos): (Vec<_>, Vec<_>) = found
            .into_iter()
            .map(|(layout, info)| {
                let frames = Some(records.saturating_mul(layout.samples_per_record));
                (layout, StreamInfo { frames, ..info })
            })
            .unzip();
        let layout = Self {
            header_bytes: header.length_bytes,
            record_bytes: offset,
            records,
            duration_ns: header.duration_ns,
            sample_bytes: header.sample_bytes,
            streams,
            annotations,
        };
        (layout, infos)
    }

    /// Where a record starts in the file, bytes.
    pub(super) fn record_start(&self, record: u64) -> u64 {
        self.header_bytes + record * self.record_bytes
    }
}

fn new_stream(samples_per_record: u64, duration_ns: i64) -> (StreamLayout, StreamInfo) {
    let rate_hz = samples_per_record as f64 * 1e9 / duration_ns as f64;
    let info = StreamInfo {
        name: format!("{rate_hz}Hz"),
        is_eeg: false,
        rate_hz,
        channels: Vec::new(),
        frames: None,
        sample_kind: SampleKind::Codes,
    };
    (StreamLayout { samples_per_record, channel_offsets: Vec::new() }, info)
}

/// Whole records in the file. The length of the file decides; the header's count is often wrong.
fn count_records(header: &mut Header, record_bytes: u64) -> u64 {
    let data_bytes = header.file_bytes - header.length_bytes;
    if record_bytes == 0 {
        header.warnings.push("no signal has samples: there is nothing to read".to_owned());
        return 0;
    }
    let (records, left_over) = (data_bytes / record_bytes, data_bytes % record_bytes);
    if left_over > 0 {
        header.warnings.push(format!(
            "the file ends inside a record: {records} whole records are read, the last {left_over} bytes are left over \
             (a record has {record_bytes})"
        ));
    }
    match header.records {
        Some(stated) if stated == records as i64 => {}
        Some(-1) => header.warnings.push(format!(
            "the header leaves the number of records open (-1), as while recording: the file has {records}"
        )),
        Some(stated) => header
            .warnings
            .push(format!("the header promises {stated} records, the file has {records}: the file is believed")),
        None => header.warnings.push(format!(
            "the number of records in the header is no number: the file has {records}"
        )),
    }
    records
}
