//! What is in a recording: streams, duration, gaps, annotations, integrity. Reads all of it once.

use crate::{Format, FormatError, Gap, GapKind, Recording, RecordingInfo, SampleBlock};

/// Most gaps listed for a stream; all are counted.
const MAX_LISTED: usize = 1000;

/// Frames read at a time.
const FRAMES: usize = 4096;

/// What a recording holds, after reading all of it.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// What its header says.
    pub info: RecordingInfo,
    /// The streams, in the order of `info`.
    pub streams: Vec<StreamInspection>,
    /// What the recording itself says about samples lost and added, in its order.
    pub declared: Vec<Gap>,
    /// Annotations, those included.
    pub annotations: u64,
    /// What is wrong with the file, one sentence each; empty for a file that is whole.
    pub problems: Vec<String>,
}

/// What a stream holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamInspection {
    /// Frames in the file, filler and padding included.
    pub frames: u64,
    /// Samples that its time says are missing: index of the first, and how many; at most 1000 are listed.
    pub gaps: Vec<(u64, u64)>,
    /// How many such gaps there are, and how many samples they lost.
    pub gap_count: u64,
    /// Samples that are missing, over all gaps.
    pub lost: u64,
}

impl Inspection {
    /// Reads a recording from its first sample. `progress` hears how much is done, 0 to 1.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn of(
        recording: &mut Recording,
        mut progress: impl FnMut(f64),
    ) -> Result<Self, FormatError> {
        recording.rewind()?;
        let info = recording.info().clone();
        let (mut streams, mut block) = (Vec::new(), SampleBlock::new());
        for number in 0..info.streams.len() {
            let mut found = StreamInspection::default();
            while let Some(chunk) = recording.read(number, FRAMES, &mut block)? {
                if chunk.lost_before > 0 {
                    found.gap_count += 1;
                    found.lost = found.lost.saturating_add(chunk.lost_before);
                    if found.gaps.len() < MAX_LISTED {
                        found.gaps.push((chunk.first_index - chunk.lost_before, chunk.lost_before));
                    }
                }
                found.frames += chunk.frames as u64;
                progress(
                    (number as f64 + recording.fraction_read(number)) / info.streams.len() as f64,
                );
            }
            streams.push(found);
        }
        let (mut declared, mut annotations) = (Vec::new(), 0);
        for annotation in recording.annotations() {
            annotations += 1;
            declared.extend(Gap::parse(&annotation?.text));
        }
        recording.rewind()?;
        let problems = recording.warnings();
        Ok(Self { info, streams, declared, annotations, problems })
    }

    /// Samples of the played stream that were measured and are here: no filler, no padding.
    pub fn measured(&self) -> u64 {
        let frames = self.played().frames;
        match self.info.format {
            // Here nothing stands for what was lost.
            Format::Xdf | Format::OpenBciText | Format::Csv => frames,
            _ => frames
                .saturating_sub(self.declared_of(GapKind::Lost))
                .saturating_sub(self.declared_of(GapKind::Padding)),
        }
    }

    /// Samples of the played stream that the recording says were lost, or that its times show to be missing.
    pub fn lost(&self) -> u64 {
        self.declared_of(GapKind::Lost).max(self.played().lost)
    }

    fn declared_of(&self, kind: GapKind) -> u64 {
        self.declared
            .iter()
            .filter(|gap| gap.kind == kind)
            .map(|gap| gap.count)
            .fold(0, u64::saturating_add)
    }

    fn played(&self) -> StreamInspection {
        let number = self.info.pick_stream(None).ok();
        number.and_then(|number| self.streams.get(number)).cloned().unwrap_or_default()
    }
}

impl std::fmt::Display for Inspection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { info, streams, declared, annotations, problems } = self;
        let duration = info.duration_s.map_or("unknown".to_owned(), |s| format!("{s} s"));
        writeln!(f, "{}: {}, duration {duration}", info.name, info.format)?;
        for (stream, found) in info.streams.iter().zip(streams) {
            let kind = if stream.is_eeg { ", EEG" } else { "" };
            writeln!(
                f,
                "stream {:?}: {} channels at {} Hz, {} frames{kind}; {} gaps, {} samples missing",
                stream.name,
                stream.channels.len(),
                stream.rate_hz,
                found.frames,
                found.gap_count,
                found.lost
            )?;
        }
        writeln!(
            f,
            "measured {}, lost {}, annotations {annotations}",
            self.measured(),
            self.lost()
        )?;
        declared.iter().try_for_each(|gap| writeln!(f, "{gap}"))?;
        if problems.is_empty() {
            return writeln!(f, "the file is whole");
        }
        problems.iter().try_for_each(|problem| writeln!(f, "problem: {problem}"))
    }
}
