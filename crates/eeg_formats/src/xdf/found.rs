//! What walking once through a file finds: its streams, their lengths and clocks, what is damaged.

use super::Tag;
use super::clock::Clock;
use super::datetime::start_of;
use super::header::{self, Content};
use super::reader::XdfReader;
use super::samples::{Cursor, Form, samples_of, whole_samples};
use super::scan::{ChunkAt, Walk, Walked};
use super::source::{HEAD_BYTES, Source};
use super::xml::Element;
use crate::{Format, RecordingInfo, StreamInfo, labels};
use std::io;

/// Longest header that is read, a bound on memory: those of 1000 channels have some 200 KB.
const MAX_XML_BYTES: u64 = 1 << 20;

/// Most streams of a file.
const MAX_STREAMS: usize = 1000;

/// A stream of numbers.
pub(super) struct Numbers {
    pub(super) form: Form,
    pub(super) factors: Vec<f32>,
    pub(super) clock: Clock,
    pub(super) cursor: Cursor,
    pub(super) frames: u64,
    pub(super) first_s: Option<f64>,
    pub(super) end_s: f64,
    /// Most frames read so far, and the steps back in time seen on the way.
    pub(super) seen: (u64, u64),
}

/// A stream of strings.
pub(super) struct TextStream {
    pub(super) id: u32,
    pub(super) strings: usize,
    pub(super) interval_s: f64,
    pub(super) clock: Clock,
}

/// What walking through the file has found.
#[derive(Default)]
pub(super) struct Found {
    numbers: Vec<Numbers>,
    infos: Vec<StreamInfo>,
    texts: Vec<TextStream>,
    datetime: String,
    warnings: Vec<String>,
    damaged: u64,
    first_damage: u64,
    bad_chunks: u64,
    pub(super) any_header: bool,
}

impl Found {
    pub(super) fn walk(&mut self, source: &mut Source) -> io::Result<()> {
        let mut walk = Walk::new();
        while let Some(step) = walk.next(source)? {
            match step {
                Walked::Chunk(chunk) => self.chunk(source, chunk)?,
                Walked::Damage { from, .. } => {
                    self.damaged += 1;
                    if self.damaged == 1 {
                        self.first_damage = from;
                    }
                }
                Walked::Torn { from, chunk } => self.torn(source, from, chunk)?,
            }
        }
        Ok(())
    }

    fn chunk(&mut self, source: &mut Source, chunk: ChunkAt) -> io::Result<()> {
        let length = chunk.end - chunk.content;
        match chunk.tag {
            Tag::FileHeader if length <= MAX_XML_BYTES => {
                let xml = source.bytes(chunk.content, length as usize, HEAD_BYTES)?;
                if let Some(info) = Element::parse(xml) {
                    info.text_of("datetime").clone_into(&mut self.datetime);
                }
            }
            Tag::StreamHeader if length <= MAX_XML_BYTES => {
                let xml = source.bytes(chunk.content, length as usize, HEAD_BYTES)?;
                let content = header::parse(xml);
                self.header(chunk.stream, content);
            }
            Tag::Samples => self.samples(source, chunk)?,
            Tag::ClockOffset => {
                let bytes = source.bytes(chunk.content, 16, HEAD_BYTES)?;
                let number = |at: usize| {
                    bytes[at..].first_chunk().map_or(f64::NAN, |b| f64::from_le_bytes(*b))
                };
                let (time_s, offset_s) = (number(0), number(8));
                let clocks =
                    self.numbers.iter_mut().map(|stream| (stream.form.id, &mut stream.clock));
                let texts = self.texts.iter_mut().map(|text| (text.id, &mut text.clock));
                for (_, clock) in clocks.chain(texts).filter(|(id, _)| *id == chunk.stream) {
                    clock.add(time_s, offset_s);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn header(&mut self, id: u32, content: Content) {
        self.any_header = true;
        let known = self.numbers.iter().any(|stream| stream.form.id == id)
            || self.texts.iter().any(|text| text.id == id);
        if known || self.numbers.len() + self.texts.len() >= MAX_STREAMS {
            self.warnings
                .push(format!("stream {id} is described again, or is one too many: left out"));
            return;
        }
        match content {
            Content::Samples { value, info, factors, can_drop_samples } => {
                let form = Form {
                    id,
                    value,
                    channels: info.channels.len(),
                    rate_hz: info.rate_hz,
                    can_drop_samples,
                };
                self.infos.push(info);
                self.numbers.push(Numbers {
                    form,
                    factors,
                    clock: Clock::default(),
                    cursor: Cursor::new(),
                    frames: 0,
                    first_s: None,
                    end_s: 0.0,
                    seen: (0, 0),
                });
            }
            Content::Text { strings, interval_s } => {
                self.texts.push(TextStream { id, strings, interval_s, clock: Clock::default() });
            }
            Content::Other(why) => self.warnings.push(format!("{why}: it is left out")),
        }
    }

    fn samples(&mut self, source: &mut Source, chunk: ChunkAt) -> io::Result<()> {
        let Some(stream) = self.numbers.iter_mut().find(|stream| stream.form.id == chunk.stream)
        else {
            return Ok(());
        };
        if let Some((first, count)) = samples_of(source, stream.form, chunk)? {
            return stream.add(source, first, count);
        }
        self.bad_chunks += 1;
        Ok(())
    }

    /// The file ends in a chunk: what of its samples is whole counts.
    fn torn(&mut self, source: &mut Source, from: u64, chunk: Option<ChunkAt>) -> io::Result<()> {
        let mut whole = 0;
        if let Some(chunk) = chunk
            && let Some(stream) =
                self.numbers.iter_mut().find(|stream| stream.form.id == chunk.stream)
            && let Some((first, count)) = samples_of(source, stream.form, chunk)?
        {
            whole = whole_samples(source, stream.form, first, count)?;
            stream.add(source, first, whole)?;
        }
        self.warnings.push(format!(
            "the file ends inside a chunk that begins at byte {from}, as a recording that was cut off: \
             all before it is read, and {whole} samples of it"
        ));
        Ok(())
    }

    pub(super) fn into_reader(mut self, source: Source, name: &str) -> XdfReader {
        if self.damaged > 0 {
            self.warnings.push(format!(
                "{} places in the file are damaged, the first at byte {}: what lies between each and the next boundary is lost",
                self.damaged, self.first_damage
            ));
        }
        if self.bad_chunks > 0 {
            self.warnings.push(format!(
                "{} chunks of samples do not have the length that their number of samples asks for: left out",
                self.bad_chunks
            ));
        }
        let left_out: u64 = self.numbers.iter().map(|stream| stream.clock.left_out).sum();
        if left_out > 0 {
            self.warnings.push(format!(
                "{left_out} clock offsets are more than 1 s from the first: not used"
            ));
        }
        let mut both: Vec<(Numbers, StreamInfo)> =
            self.numbers.into_iter().zip(self.infos).collect();
        both.sort_by_key(|(_, info)| !info.is_eeg);
        let names = labels::unique_names(
            &both.iter().map(|(_, info)| info.name.as_str()).collect::<Vec<_>>(),
        );
        let (streams, infos): (Vec<_>, Vec<_>) = both
            .into_iter()
            .zip(names)
            .map(|((numbers, info), name)| {
                let frames = Some(numbers.frames);
                (numbers, StreamInfo { name, frames, ..info })
            })
            .unzip();
        let mut info = RecordingInfo {
            name: name.to_owned(),
            format: Format::Xdf,
            start: start_of(&self.datetime),
            patient: String::new(),
            recording: String::new(),
            streams: infos,
            duration_s: None,
            warnings: self.warnings,
        };
        let played = info.pick_stream(None).ok().map(|number| &streams[number]);
        info.duration_s = played.and_then(|stream| Some((stream.end_s - stream.first_s?).max(0.0)));
        let zero_s = played.and_then(|stream| stream.first_s).unwrap_or(0.0);
        let zero_clock = played.map_or_else(Clock::default, |stream| stream.clock);
        XdfReader { source, info, streams, texts: self.texts, zero_s, zero_clock }
    }
}

impl Numbers {
    /// Counts the samples of a chunk and notes when they end.
    fn add(&mut self, source: &mut Source, first: u64, count: u64) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        let head = source.bytes(first, 9, HEAD_BYTES)?;
        let begin_s = match head {
            [0, ..] => self.end_s,
            _ => head
                .get(1..)
                .and_then(|time| time.first_chunk())
                .map_or(self.end_s, |b| f64::from_le_bytes(*b)),
        };
        self.first_s.get_or_insert(begin_s);
        self.end_s = begin_s + count as f64 / self.form.rate_hz;
        self.frames = self.frames.saturating_add(count);
        Ok(())
    }
}
