//! What a recording says about samples that were never measured, in words that it can be read back from.

/// Samples in a recording, or missing from it, that were never measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Why they are there.
    pub kind: GapKind,
    /// Index of the first of them, lost samples counted.
    pub index: u64,
    /// How many.
    pub count: u64,
    /// What happened, in the recorder's words; one line.
    pub cause: String,
}

/// Lost while recording, or added so that the last record is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapKind {
    /// Measured by nobody, or lost on the way here.
    Lost,
    /// After the end of the recording.
    Padding,
}

impl GapKind {
    fn word(self) -> &'static str {
        match self {
            Self::Lost => "Lost samples",
            Self::Padding => "Padding",
        }
    }
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, index, count, cause } = self;
        write!(f, "{}: index={index} count={count} cause={cause}", kind.word())
    }
}

impl Gap {
    /// Reads the text of an annotation; `None` where it is about something else.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = [GapKind::Lost, GapKind::Padding].into_iter().find_map(|kind| {
            Some((kind, text.strip_prefix(kind.word())?.strip_prefix(": index=")?))
        })?;
        let (index, rest) = rest.split_once(" count=")?;
        let (count, cause) = rest.split_once(" cause=")?;
        Some(Self {
            kind,
            index: index.parse().ok()?,
            count: count.parse().ok()?,
            cause: cause.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn said_and_read_again() {
        for kind in [GapKind::Lost, GapKind::Padding] {
            let gap = Gap { kind, index: u64::MAX, count: 3, cause: "ring full count=4".into() };
            assert_eq!(Gap::parse(&gap.to_string()), Some(gap));
        }
        for other in ["", "Lost samples", "Lost samples: index=x count=1 cause=", "blink"] {
            assert_eq!(Gap::parse(other), None, "{other}");
        }
    }
}
