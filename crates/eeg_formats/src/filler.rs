//! Takes out of a recording what was never measured: filler that stands for lost samples becomes a jump of the index again,
//! padding at the end goes.

use crate::{Annotations, Chunk, FormatError, Gap};

/// Where the samples of a stream are made up, in order, and how far it has been read.
#[derive(Debug)]
pub(crate) struct Filler {
    pub(crate) stream: usize,
    /// First index, and the one after the last.
    spans: Vec<(u64, u64)>,
    /// The span at or after the next sample.
    at: usize,
    next: u64,
}

impl Filler {
    /// What the annotations declare.
    pub(crate) fn declared(
        stream: usize,
        annotations: Annotations<'_>,
    ) -> Result<Self, FormatError> {
        let mut spans = Vec::new();
        for annotation in annotations {
            let gap = Gap::parse(&annotation?.text);
            spans.extend(gap.map(|gap| (gap.index, gap.index.saturating_add(gap.count))));
        }
        spans.sort_unstable();
        Ok(Self { stream, spans, at: 0, next: 0 })
    }

    pub(crate) fn rewind(&mut self) {
        (self.at, self.next) = (0, 0);
    }

    /// Reads the next frames that were measured, through `read(frames)`, which reads at most so many into place.
    pub(crate) fn read(
        &mut self,
        room: usize,
        mut read: impl FnMut(usize) -> Result<Option<Chunk>, FormatError>,
    ) -> Result<Option<Chunk>, FormatError> {
        let mut lost_before = 0;
        loop {
            while self.spans.get(self.at).is_some_and(|(_, end)| *end <= self.next) {
                self.at += 1;
            }
            let (made_up, frames) = match self.spans.get(self.at) {
                Some((start, end)) if *start <= self.next => (true, end - self.next),
                Some((start, _)) => (false, start - self.next),
                None => (false, u64::MAX),
            };
            let frames = usize::try_from(frames).unwrap_or(usize::MAX).min(room);
            let Some(chunk) = read(frames)? else { return Ok(None) };
            self.next = chunk.first_index.saturating_add(chunk.frames as u64);
            lost_before += chunk.lost_before;
            if !made_up {
                return Ok(Some(Chunk { lost_before, ..chunk }));
            }
            lost_before += chunk.frames as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{CivilDateTime, EdfChannel, EdfSpec, EdfWriter, SampleBlock, SampleWidth, open};
    use std::io::Cursor;

    #[test]
    fn filler_is_a_jump_and_padding_is_not_there() {
        let start = CivilDateTime::from_unix_ns(0, 0);
        let spec =
            EdfSpec::new(SampleWidth::Bdf24, 250.0, vec![EdfChannel::adc("Cz", 187_500.0)], start);
        let mut writer = EdfWriter::create(Cursor::new(Vec::new()), &spec).unwrap();
        writer.gap(3, "before anything came").unwrap();
        for index in 3..1000 {
            writer.append(&[index]).unwrap();
        }
        // Two that follow each other, and one that is longer than a record.
        writer.gap(10, "one").unwrap();
        writer.gap(2000, "two").unwrap();
        for index in 3010..3100 {
            writer.append(&[index]).unwrap();
        }
        let file = writer.close().unwrap();
        let mut recording = open(Box::new(file), "a.bdf").unwrap();
        recording.leave_out_filler(0).unwrap();
        let mut block = SampleBlock::new();
        for packet in [1, 7, 250, 10_000] {
            let (mut codes, mut jumps) = (Vec::new(), Vec::new());
            while let Some(chunk) = recording.read(0, packet, &mut block).unwrap() {
                if chunk.lost_before > 0 {
                    jumps.push((chunk.first_index, chunk.lost_before));
                }
                assert_eq!(block.codes[0], chunk.first_index as i32);
                assert!(block.codes.windows(2).all(|pair| pair[1] == pair[0] + 1));
                codes.extend_from_slice(&block.codes);
            }
            assert_eq!(jumps, [(3, 3), (3010, 2010)], "packets of {packet}");
            assert_eq!(codes.len(), 997 + 90, "packets of {packet}");
            recording.rewind().unwrap();
        }
    }
}
