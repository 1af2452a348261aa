//! What an interrupted XDF file needs: no torn chunk at its end, and footers.

use super::chunk::{self, Tag};
use super::header::{self, Content};
use super::samples::{Form, samples_of, whole_samples};
use super::scan::{ChunkAt, Walk, Walked};
use super::source::{HEAD_BYTES, Source};
use super::writer_xml::footer_xml;
use crate::open::ReadSeek;
use crate::recover::Repair;
use std::io;

/// A stream, as far as its footer needs it.
struct Seen {
    id: u32,
    form: Option<Form>,
    tally: Tally,
    offsets: Vec<(f64, f64)>,
    has_footer: bool,
}

/// Times and number of samples.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    first_s: Option<f64>,
    last_s: f64,
    count: u64,
}

/// Finds what to set right.
pub(crate) struct XdfRepair {
    seen: Vec<Seen>,
    /// The last chunk of numbers, with what its stream was before it.
    last: Option<(ChunkAt, Tally)>,
    repair: Repair,
}

impl XdfRepair {
    pub(crate) fn of(source: Box<dyn ReadSeek>) -> io::Result<Repair> {
        let mut source = Source::new(source)?;
        let length = source.length();
        let mut this =
            Self { seen: Vec::new(), last: None, repair: Repair { length, ..Repair::default() } };
        let (mut walk, mut damaged) = (Walk::new(), 0);
        while let Some(step) = walk.next(&mut source)? {
            match step {
                Walked::Chunk(chunk) => this.chunk(&mut source, chunk)?,
                // A boundary that was not finished, and nothing after it.
                Walked::Damage { from, to } if to == length => {
                    this.torn(&mut source, from, None)?
                }
                Walked::Damage { .. } => damaged += 1,
                Walked::Torn { from, chunk } => this.torn(&mut source, from, chunk)?,
            }
        }
        this.footers();
        if damaged > 0 && !this.repair.changes.is_empty() {
            let left = format!("left {damaged} damaged places as they are: readers pass over them");
            this.repair.changes.push(left);
        }
        Ok(this.repair)
    }

    fn chunk(&mut self, source: &mut Source, chunk: ChunkAt) -> io::Result<()> {
        if chunk.tag == Tag::StreamHeader && !self.seen.iter().any(|seen| seen.id == chunk.stream) {
            let length = (chunk.end - chunk.content).min(1 << 20) as usize;
            let content = header::parse(source.bytes(chunk.content, length, HEAD_BYTES)?);
            let form = match content {
                Content::Samples { value, info, can_drop_samples, .. } => Some(Form {
                    id: chunk.stream,
                    value,
                    channels: info.channels.len(),
                    rate_hz: info.rate_hz,
                    can_drop_samples,
                }),
                _ => None,
            };
            self.seen.push(Seen {
                id: chunk.stream,
                form,
                tally: Tally::default(),
                offsets: Vec::new(),
                has_footer: false,
            });
        }
        let Some(seen) =
            self.seen.iter_mut().find(|seen| chunk.tag.has_stream() && seen.id == chunk.stream)
        else {
            return Ok(());
        };
        match chunk.tag {
            Tag::StreamFooter => seen.has_footer = true,
            Tag::ClockOffset => {
                let bytes = source.bytes(chunk.content, 16, HEAD_BYTES)?;
                seen.offsets.push((f64_at(bytes, 0), f64_at(bytes, 8)));
            }
            Tag::Samples => {
                let found = match seen.form {
                    Some(form) => samples_of(source, form, chunk)?,
                    None => super::scan::sample_count(source, chunk)?
                        .map(|(count, first)| (first, count)),
                };
                self.last = Some((chunk, seen.tally));
                if let Some((first, count)) = found {
                    seen.add(source, first, count)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Of a chunk of numbers the whole samples stay; its length and count are set to them. Anything else goes.
    fn torn(&mut self, source: &mut Source, from: u64, chunk: Option<ChunkAt>) -> io::Result<()> {
        self.repair.length = from;
        let kept = if let Some(chunk) = chunk {
            self.kept(source, chunk)?
        } else {
            self.cut_zeros(source, from)?;
            0
        };
        let gone = source.length() - self.repair.length;
        self.repair.changes.push(format!(
            "cut off the last chunk, which the file ended in: {kept} samples of it are kept, {gone} bytes gone"
        ));
        Ok(())
    }

    /// A power cut leaves zeros at the end; where they reach into the chunk before, that goes as well.
    fn cut_zeros(&mut self, source: &mut Source, from: u64) -> io::Result<()> {
        let Some((chunk, before)) = self.last.filter(|(chunk, _)| chunk.end == from) else {
            return Ok(());
        };
        let around = source.bytes(from - 8, 24, HEAD_BYTES)?;
        if around.iter().all(|&byte| byte == 0) {
            self.repair.length = chunk.start;
            if let Some(seen) = self.seen.iter_mut().find(|seen| seen.id == chunk.stream) {
                seen.tally = before;
            }
        }
        Ok(())
    }

    fn kept(&mut self, source: &mut Source, torn: ChunkAt) -> io::Result<u64> {
        let Some(seen) = self.seen.iter_mut().find(|seen| seen.id == torn.stream) else {
            return Ok(0);
        };
        let Some(form) = seen.form else { return Ok(0) };
        let Some((first, count)) = samples_of(source, form, torn)? else { return Ok(0) };
        let whole = whole_samples(source, form, first, count)?;
        if whole == 0 {
            return Ok(0);
        }
        let mut end = first;
        for _ in 0..whole {
            let stamped = source.bytes(end, 1, HEAD_BYTES)?.first().is_some_and(|&b| b != 0);
            end += if stamped { 9 } else { 1 } + form.sample_bytes() as u64;
        }
        seen.add(source, first, whole)?;
        let length_size =
            source.bytes(torn.start, 1, HEAD_BYTES)?.first().map_or(4, |&b| usize::from(b));
        let length = end - (torn.start + 1 + length_size as u64);
        let count_size = (first - torn.content - 1) as usize;
        self.repair.patches.push((torn.start + 1, length.to_le_bytes()[..length_size].to_vec()));
        self.repair.patches.push((torn.content + 1, whole.to_le_bytes()[..count_size].to_vec()));
        self.repair.length = end;
        Ok(whole)
    }

    /// Footers for the streams that have none.
    fn footers(&mut self) {
        let (mut end, mut bytes, mut added) = (self.repair.length, Vec::new(), 0);
        for seen in self.seen.iter().filter(|seen| !seen.has_footer) {
            chunk::begin(&mut bytes, Tag::StreamFooter, Some(seen.id));
            let first_s = seen.tally.first_s.unwrap_or(0.0);
            bytes.extend(
                footer_xml(first_s, seen.tally.last_s, seen.tally.count, &seen.offsets)
                    .into_bytes(),
            );
            chunk::finish(&mut bytes);
            self.repair.patches.push((end, bytes.clone()));
            end += bytes.len() as u64;
            added += 1;
        }
        if added > 0 {
            self.repair.changes.push(format!("added the footers of {added} streams"));
        }
    }
}

impl Seen {
    fn add(&mut self, source: &mut Source, first: u64, count: u64) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        let interval_s = self.form.map_or(0.0, |form| 1.0 / form.rate_hz);
        let head = source.bytes(first, 9, HEAD_BYTES)?;
        let begin_s = match head {
            [8, ..] => f64_at(head, 1),
            _ => self.tally.last_s + interval_s,
        };
        self.tally.first_s.get_or_insert(begin_s);
        self.tally.last_s = begin_s + (count - 1) as f64 * interval_s;
        self.tally.count += count;
        Ok(())
    }
}

fn f64_at(bytes: &[u8], at: usize) -> f64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(f64::NAN, |b| f64::from_le_bytes(*b))
}
