//! What an interrupted EDF or BDF file needs: whole records, and their number in the header.

use super::fields::RECORDS;
use super::header::Header;
use super::layout::Layout;
use super::tal;
use crate::open::ReadSeek;
use crate::recover::Repair;
use crate::{Format, FormatError};
use std::io::{self, SeekFrom};

/// Longest time-keeping list looked for.
const TIME_KEEPING_BYTES: u64 = 64;

/// Bytes of a record looked at for something that is not zero.
const MAX_LOOKED_AT: u64 = 1 << 20;

/// Finds what to set right.
pub(crate) struct EdfRepair;

impl EdfRepair {
    pub(crate) fn of(mut source: Box<dyn ReadSeek>, name: &str) -> Result<Repair, FormatError> {
        let mut header = Header::read(&mut *source, name)?;
        let (stated, format) = (header.records, header.format);
        let (layout, _) = Layout::new(&mut header);
        let failed = |source| FormatError::Io {
            name: name.to_owned(),
            doing: "read its last records".to_owned(),
            source,
        };
        let records = true_records(&mut *source, &layout, format).map_err(failed)?;
        let mut repair = Repair { length: layout.record_start(records), ..Repair::default() };
        if layout.record_bytes == 0 {
            repair.length = header.file_bytes;
            return Ok(repair);
        }
        let torn = header.file_bytes - layout.record_start(layout.records);
        if torn > 0 {
            repair.changes.push(format!(
                "cut off the last record, of which {torn} of {} bytes were there",
                layout.record_bytes
            ));
        }
        if records < layout.records {
            repair.changes.push(format!(
                "cut off {} records at the end that do not say when they begin, as a power cut leaves them",
                layout.records - records
            ));
        }
        if stated != Some(records as i64) {
            let was = stated.map_or("no number".to_owned(), |count| count.to_string());
            repair.changes.push(format!(
                "set the number of records in the header to {records}; it was {was}"
            ));
            repair.patches.push((RECORDS.0 as u64, format!("{records:<8}").into_bytes()));
        }
        Ok(repair)
    }
}

/// Whole records, less those at the end that a power cut left as zeros: their time-keeping is missing or wrong.
fn true_records(source: &mut dyn ReadSeek, layout: &Layout, format: Format) -> io::Result<u64> {
    let continuous = match format {
        Format::EdfPlusContinuous | Format::BdfPlusContinuous => true,
        Format::EdfPlusDiscontinuous | Format::BdfPlusDiscontinuous => false,
        _ => return Ok(layout.records),
    };
    let Some(span) = layout.annotations.first().filter(|_| layout.records > 0) else {
        return Ok(layout.records);
    };
    let mut onset = |record: u64| -> io::Result<Option<i64>> {
        let mut bytes = vec![0; span.bytes.min(TIME_KEEPING_BYTES) as usize];
        source.seek(SeekFrom::Start(layout.record_start(record) + span.offset))?;
        source.read_exact(&mut bytes)?;
        Ok(tal::time_keeping_ns(&bytes))
    };
    let Some(first) = onset(0)? else { return Ok(layout.records) };
    let mut records = layout.records;
    while records > 1 {
        let expected = i128::from(first) + i128::from(layout.duration_ns) * i128::from(records - 1);
        let sound = match onset(records - 1)? {
            None => false,
            Some(found) if continuous => {
                (i128::from(found) - expected).abs() < i128::from(layout.duration_ns.max(2) / 2)
            }
            Some(_) => true,
        };
        if sound {
            break;
        }
        records -= 1;
    }
    if records < layout.records && records > 1 {
        let mut bytes = vec![0; layout.record_bytes.min(MAX_LOOKED_AT) as usize];
        source.seek(SeekFrom::Start(layout.record_start(records)))?;
        source.read_exact(&mut bytes)?;
        // The zeros may begin in the annotations of the record ahead, which are zero towards their end in any case.
        records -= u64::from(bytes.iter().all(|&byte| byte == 0));
    }
    // A file whose records do not keep time at all was not written by a power cut.
    Ok(if records == 1 && layout.records > 2 { layout.records } else { records })
}
