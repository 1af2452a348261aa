//! The end of a file being written: the last record padded, what waits written, all of it said.

use super::super::writer_record::Tally;
use super::super::writer_tal::longest_tal;
use super::EdfWriter;
use crate::{Gap, GapKind, Target, WriteError};

impl<T: Target> EdfWriter<T> {
    /// Pads the last record, which an annotation says, writes what waits, and syncs.
    ///
    /// # Errors
    /// [`WriteError::Io`] when the end could not be written; the file then is whole without it.
    pub fn close(mut self) -> Result<T, WriteError> {
        self.make_room()?;
        let Tally { clipped, not_numbers } = self.tally;
        if clipped + not_numbers > 0 {
            let text = format!("Converted: clipped={clipped} not_numbers={not_numbers}");
            self.annotate(self.next_index(), None, &text)?;
        }
        if self.record.filled() > 0 || !self.tals.is_empty() || self.records == 0 {
            self.pad()?;
        }
        self.sync()?;
        Ok(self.target)
    }

    fn pad(&mut self) -> Result<(), WriteError> {
        let index = self.next_index();
        let gap = |count| Gap {
            kind: GapKind::Padding,
            index,
            count,
            cause: "the recording ended inside a record".to_owned(),
        };
        let records = self.tals.records_needed(longest_tal(&gap(u64::MAX).to_string()));
        let count = records * self.plan.samples as u64 - self.record.filled() as u64;
        if count > 0 {
            let duration_ns = Some(self.plan.onset_ns(count));
            self.tals.push_urgent(self.onset_ns(index), duration_ns, &gap(count).to_string())?;
        }
        for _ in 0..records {
            while !self.record.is_full() {
                self.put_filler();
            }
            self.write_record()?;
        }
        Ok(())
    }
}
