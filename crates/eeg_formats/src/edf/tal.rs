//! Time-stamped annotation lists (TALs) of EDF+ and BDF+.
//!
//! `Onset[\x15Duration]\x14text\x14...\x14\x00`, onsets in seconds with a sign
//! (<https://www.edfplus.info/specs/edfplus.html>, section 2.2.2).

use crate::text;

/// One list: an onset and the texts that share it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tal<'a> {
    pub(super) onset_ns: i64,
    pub(super) duration_ns: Option<i64>,
    /// Texts between the separators, `\x14` included.
    texts: &'a [u8],
}

impl<'a> Tal<'a> {
    /// Parses one list, without the NUL that ends it.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        if !matches!(bytes.first(), Some(b'+' | b'-')) {
            return None;
        }
        let end = bytes.iter().position(|&b| b == 0x14)?;
        let (time, texts) = (&bytes[..end], &bytes[end + 1..]);
        let (onset, duration) = match time.iter().position(|&b| b == 0x15) {
            Some(split) => (&time[..split], Some(&time[split + 1..])),
            None => (time, None),
        };
        let seconds =
            |bytes: &[u8]| text::parse_seconds_ns(std::str::from_utf8(bytes).ok()?.trim());
        let duration_ns = match duration {
            None | Some([]) => None,
            Some(bytes) => Some(seconds(bytes)?),
        };
        Some(Self { onset_ns: seconds(onset)?, duration_ns, texts })
    }

    /// The texts, without the empty ones: an empty text is the record's time-keeping.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> + use<'a> {
        self.texts.split(|&b| b == 0x14).map(text::decode).filter(|text| !text.is_empty())
    }
}

/// The lists in the annotation bytes of one record.
pub(super) fn lists(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&b| b == 0).filter(|list| !list.is_empty())
}

/// Start of a record, ns from the start of the file: the first list, at the first byte, with an empty text.
pub(super) fn time_keeping_ns(bytes: &[u8]) -> Option<i64> {
    let list = bytes.split(|&b| b == 0).next()?;
    let tal = Tal::parse(list)?;
    (tal.texts.is_empty() || tal.texts[0] == 0x14).then_some(tal.onset_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn onset_duration_and_several_texts() {
        let tal = Tal::parse(b"+180.5\x1525.5\x14Lights off\x14Close door\x14").unwrap();
        assert_eq!((tal.onset_ns, tal.duration_ns), (180_500_000_000, Some(25_500_000_000)));
        assert_eq!(tal.texts().collect::<Vec<_>>(), ["Lights off", "Close door"]);
    }

    #[test]
    fn text_is_utf8_or_latin1() {
        let text = |bytes| Tal::parse(bytes).unwrap().texts().next().unwrap();
        assert_eq!(text("+1\x14Augen geöffnet\x14".as_bytes()), "Augen geöffnet");
        assert_eq!(text(b"-0.25\x14Augen ge\xf6ffnet\x14"), "Augen geöffnet");
    }

    #[test]
    fn time_keeping_is_the_first_list_with_an_empty_text() {
        assert_eq!(time_keeping_ns(b"+0\x14\x14\0+1\x14T0\x14\0\0"), Some(0));
        assert_eq!(time_keeping_ns(b"+567.25\x14\x14\0\0"), Some(567_250_000_000));
        assert_eq!(time_keeping_ns(b"+3\x14\x14Recording starts\x14\0"), Some(3_000_000_000));
        for none in [&b"+1\x14T0\x14\0"[..], b"", b"\0\0", b"xyz", b"+\x14\x14\0", b"0\x14\x14\0"] {
            assert_eq!(time_keeping_ns(none), None, "{none:?}");
        }
    }

    #[test]
    fn lists_are_split_at_nuls() {
        assert_eq!(lists(b"+0\x14\x14\0\0\0+1\x14a\x14\0\0").count(), 2);
        assert_eq!(Tal::parse(b"1\x14no sign\x14"), None);
        assert_eq!(Tal::parse(b"+1 no end"), None);
        assert_eq!(Tal::parse(b"+1\x15abc\x14bad duration\x14"), None);
    }
}
