//! Annotations on their way into the file: lists of bytes that wait until a record has room.

use super::writer_channel::trimmed;
use crate::WriteError;
use std::collections::VecDeque;

/// Longest list: what is left of a record's annotation bytes beside its time-keeping.
pub(super) const MAX_TAL_BYTES: usize = super::writer_plan::ANNOTATION_BYTES - 32;

/// Most text of one list, bytes: the rest is for onset, duration and the number of the part.
const MAX_TEXT_BYTES: usize = MAX_TAL_BYTES - 80;

/// Most lists that may wait: some 20 MB, an hour of bursts.
const MAX_WAITING: usize = 100_000;

/// Annotations not yet written, oldest first. Those that say which samples are made up go before the others: then they
/// are in the file no later than what they are about.
#[derive(Debug, Default)]
pub(super) struct TalQueue {
    urgent: VecDeque<Vec<u8>>,
    waiting: VecDeque<Vec<u8>>,
}

/// How many of each went into a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Taken {
    urgent: usize,
    waiting: usize,
}

impl TalQueue {
    /// Adds one. A text too long for one list becomes several with the same onset, each ending in `[2/3]`.
    pub(super) fn push(
        &mut self,
        onset_ns: i64,
        duration_ns: Option<i64>,
        text: &str,
    ) -> Result<(), WriteError> {
        self.push_to(false, onset_ns, duration_ns, text)
    }

    /// As [`push`](Self::push), ahead of what others said.
    pub(super) fn push_urgent(
        &mut self,
        onset_ns: i64,
        duration_ns: Option<i64>,
        text: &str,
    ) -> Result<(), WriteError> {
        self.push_to(true, onset_ns, duration_ns, text)
    }

    fn push_to(
        &mut self,
        urgent: bool,
        onset_ns: i64,
        duration_ns: Option<i64>,
        text: &str,
    ) -> Result<(), WriteError> {
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let parts = split(clean.trim());
        let queue = if urgent { &mut self.urgent } else { &mut self.waiting };
        if queue.len() + parts.len() > MAX_WAITING {
            return Err(WriteError::Misuse(
                "100000 annotations wait to be written: send fewer, each record has room for a handful",
            ));
        }
        for (i, part) in parts.iter().enumerate() {
            let number = match parts.len() {
                1 => String::new(),
                all => format!(" [{}/{all}]", i + 1),
            };
            queue.push_back(tal(onset_ns, duration_ns, &format!("{part}{number}")));
        }
        Ok(())
    }

    /// Fills the annotation bytes of a record that starts at `onset_ns`; tells what went in.
    pub(super) fn fill(&self, onset_ns: i64, slot: &mut [u8]) -> Taken {
        slot.fill(0);
        let keeping = time_keeping(onset_ns);
        slot[..keeping.len()].copy_from_slice(&keeping);
        let (mut at, mut taken) = (keeping.len(), Taken::default());
        let urgent = self.urgent.iter().map(|tal| (true, tal));
        for (is_urgent, tal) in urgent.chain(self.waiting.iter().map(|tal| (false, tal))) {
            let Some(place) = slot.get_mut(at..at + tal.len()) else { break };
            place.copy_from_slice(tal);
            at += tal.len();
            *(if is_urgent { &mut taken.urgent } else { &mut taken.waiting }) += 1;
        }
        taken
    }

    /// Forgets what is written.
    pub(super) fn drop_taken(&mut self, taken: Taken) {
        self.urgent.drain(..taken.urgent);
        self.waiting.drain(..taken.waiting);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.waiting.is_empty()
    }

    /// Records that all of them take, with one more of `extra` bytes.
    pub(super) fn records_needed(&self, extra: usize) -> u64 {
        let (mut records, mut left) = (1, MAX_TAL_BYTES);
        let lengths = self.urgent.iter().chain(&self.waiting).map(Vec::len);
        for length in [extra].into_iter().chain(lengths) {
            if length > left {
                records += 1;
                left = MAX_TAL_BYTES;
            }
            left -= length;
        }
        records
    }
}

/// Length of the list that a text makes, with the longest onset and duration.
pub(super) fn longest_tal(text: &str) -> usize {
    tal(i64::MAX, Some(i64::MAX), text).len()
}

fn tal(onset_ns: i64, duration_ns: Option<i64>, text: &str) -> Vec<u8> {
    let mut bytes = seconds_text(onset_ns, true).into_bytes();
    if let Some(duration_ns) = duration_ns {
        bytes.push(0x15);
        bytes.extend(seconds_text(duration_ns, false).into_bytes());
    }
    bytes.push(0x14);
    bytes.extend(text.as_bytes());
    bytes.extend([0x14, 0]);
    bytes
}

fn time_keeping(onset_ns: i64) -> Vec<u8> {
    let mut bytes = seconds_text(onset_ns, true).into_bytes();
    bytes.extend([0x14, 0x14, 0]);
    bytes
}

/// Seconds as the shortest decimal: readers compare onsets, and rounding noise made long files unreadable for some.
fn seconds_text(ns: i64, signed: bool) -> String {
    let magnitude = ns.unsigned_abs();
    let text = trimmed(format!("{}.{:09}", magnitude / 1_000_000_000, magnitude % 1_000_000_000));
    match (ns < 0, signed) {
        (true, _) => format!("-{text}"),
        (false, true) => format!("+{text}"),
        (false, false) => text,
    }
}

/// Parts of at most `MAX_TEXT_BYTES`, cut between characters.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > MAX_TEXT_BYTES {
        let (part, after) = rest.split_at(rest.floor_char_boundary(MAX_TEXT_BYTES));
        parts.push(part);
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edf::writer_plan::ANNOTATION_BYTES;

    #[test]
    fn seconds_are_the_shortest_decimal() {
        for (ns, text) in [
            (0, "+0"),
            (1_500_000_000, "+1.5"),
            (-250_000_000, "-0.25"),
            (86_399_999_999_999, "+86399.999999999"),
            (62_500, "+0.0000625"),
        ] {
            assert_eq!(seconds_text(ns, true), text);
        }
    }

    #[test]
    fn a_burst_waits_and_keeps_its_order() {
        let mut queue = TalQueue::default();
        for i in 0..100 {
            queue.push(i * 1_000_000, None, &format!("marker {i}")).unwrap();
        }
        let records = queue.records_needed(0);
        let (mut slot, mut seen) = ([0; ANNOTATION_BYTES], Vec::new());
        for record in 0..records {
            let taken = queue.fill(record as i64 * 1_000_000_000, &mut slot);
            queue.drop_taken(taken);
            for list in slot.split(|&b| b == 0).filter(|list| !list.is_empty()).skip(1) {
                seen.push(String::from_utf8(list.to_vec()).unwrap());
            }
        }
        assert!(queue.is_empty() && records > 1);
        assert_eq!(seen.len(), 100);
        assert_eq!(seen[99], "+0.099\x14marker 99\x14");
    }

    #[test]
    fn long_texts_are_split_between_characters_and_nothing_is_lost() {
        let text = "\u{b5}".repeat(700);
        let mut queue = TalQueue::default();
        queue.push(i64::MAX, Some(i64::MAX), &text).unwrap();
        let joined: String = queue
            .waiting
            .iter()
            .map(|tal| {
                assert!(tal.len() <= MAX_TAL_BYTES, "{}", tal.len());
                let text = tal.split(|&b| b == 0x14).nth(1).unwrap();
                let text = std::str::from_utf8(text).unwrap();
                text.split(" [").next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(joined, text);
    }

    #[test]
    fn what_would_break_the_list_is_taken_out_and_nothing_is_no_list() {
        let mut queue = TalQueue::default();
        queue.push(0, None, "a\x14b\0c\n").unwrap();
        queue.push(0, None, " \0").unwrap();
        assert_eq!(queue.waiting, [b"+0\x14a b c\x14\0"]);
    }

    #[test]
    fn more_than_can_wait_is_an_error() {
        let mut queue = TalQueue::default();
        for _ in 0..MAX_WAITING {
            queue.push(0, None, "x").unwrap();
        }
        assert!(queue.push(0, None, "x").is_err());
    }
}
