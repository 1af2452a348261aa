//! Where packets begin in a stream of bytes of which some are missing.
//!
//! `A0` and `C0` occur among the data, so neither alone says anything. In step, a packet counts when its first and last byte are
//! in place and the next one begins right behind it with the next counter: of packets that bytes are missing from, one in millions passes.
//! When the next one is lost on the radio link, that looks the same as a packet whose end was lost together with the beginning of the next;
//! then the packet's time has to fit too, which stands at its end. Out of step, the search goes on until two packets in a row
//! have all four bytes in place and counters that follow each other.
//!
//! The price is that a packet is handed out when the next one begins, 4 ms later, or when the line has gone quiet.

use super::packet::{LENGTH, Packet, START};
use std::collections::VecDeque;

/// Bytes that wait to be understood: more than a serial port hands over at once.
const ROOM: usize = 8192;
/// Readings whose times are remembered. Older than the bytes that wait they are not needed.
const MARKS: usize = ROOM / LENGTH;
/// Over a longer jump of the counter the search begins anew.
const LONGEST_JUMP: u8 = 128;

/// Finds packets.
#[derive(Debug)]
pub struct Framer {
    bytes: Box<[u8; ROOM]>,
    /// Where the bytes that wait begin and end.
    begin: usize,
    end: usize,
    /// The packet before; `None` out of step.
    last: Option<Packet>,
    /// Bytes thrown away since the last packet.
    skipped: usize,
    /// Bytes understood or thrown away since the beginning.
    done: u64,
    /// When the bytes that wait were read.
    marks: VecDeque<Mark>,
}

/// When bytes were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrival {
    /// Monotonic time.
    pub monotonic_ns: u64,
    /// How long the reader has listened by then, in all.
    pub listened_ns: u64,
}

/// All bytes up to the one numbered `until` came no later than this.
#[derive(Debug, Clone, Copy)]
struct Mark {
    until: u64,
    arrival: Arrival,
}

/// A packet, and what was thrown away before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The packet.
    pub packet: Packet,
    /// Bytes between it and the packet before that belong to none.
    pub skipped: usize,
    /// When its last byte was read.
    pub arrival: Arrival,
}

impl Default for Framer {
    fn default() -> Self {
        Self {
            bytes: Box::new([0; ROOM]),
            begin: 0,
            end: 0,
            last: None,
            skipped: 0,
            done: 0,
            marks: VecDeque::with_capacity(MARKS),
        }
    }
}

impl Framer {
    /// Room for more bytes; what is read into it is then [`filled`](Self::filled).
    pub fn room(&mut self) -> &mut [u8] {
        if self.begin > ROOM / 2 {
            self.bytes.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        &mut self.bytes[self.end..]
    }

    /// `count` bytes were read into the room.
    pub fn filled(&mut self, count: usize, arrival: Arrival) {
        self.end = (self.end + count).min(ROOM);
        if self.marks.len() == MARKS {
            // The oldest bytes are then taken for a little younger than they are: late, never early.
            self.marks.pop_front();
        }
        let until = self.done + (self.end - self.begin) as u64;
        self.marks.push_back(Mark { until, arrival });
    }

    /// Forgets everything: the stream begins anew.
    pub fn clear(&mut self) {
        (self.begin, self.end, self.last, self.skipped) = (0, 0, None, 0);
        self.done = 0;
        self.marks.clear();
    }

    /// The next packet. With `quiet`, nothing more will come for now, so that the last packet need not wait for one behind it.
    pub fn next(&mut self, quiet: bool) -> Option<Found> {
        loop {
            let waiting = &self.bytes[self.begin..self.end];
            let verdict = match &self.last {
                Some(last) => follows(waiting, last, quiet),
                None => starts(waiting),
            };
            match verdict {
                Verdict::Yes(packet) => {
                    let arrival = self.take(LENGTH);
                    self.last = Some(packet);
                    let skipped = std::mem::take(&mut self.skipped);
                    return Some(Found { packet, skipped, arrival });
                }
                Verdict::Wait => return None,
                Verdict::No => {
                    self.last = None;
                    self.skip();
                }
            }
        }
    }

    /// On to the next byte that could begin a packet.
    fn skip(&mut self) {
        let rest = &self.bytes[self.begin + 1..self.end];
        let gone = 1 + rest.iter().position(|byte| *byte == START).unwrap_or(rest.len());
        self.take(gone);
        self.skipped += gone;
    }

    /// Done with `count` bytes. When the last of them was read.
    fn take(&mut self, count: usize) -> Arrival {
        self.begin += count;
        self.done += count as u64;
        while self.marks.len() > 1 && self.marks[0].until < self.done {
            self.marks.pop_front();
        }
        self.marks.front().map_or(Arrival::default(), |mark| mark.arrival)
    }
}

enum Verdict {
    Yes(Packet),
    No,
    Wait,
}

/// Whether these bytes begin with the packet after `last`.
fn follows(bytes: &[u8], last: &Packet, quiet: bool) -> Verdict {
    let Some(packet) = packet(bytes) else { return no_or_wait(bytes) };
    match &bytes[LENGTH..] {
        [START, counter, ..] if *counter == packet.counter().wrapping_add(1) => {
            Verdict::Yes(packet)
        }
        [START] | [] if quiet => Verdict::Yes(packet),
        [START] | [] => Verdict::Wait,
        [START, ..] if !is_next(last, &packet) => Verdict::No,
        rest => match self::packet(rest) {
            Some(next) if next.counter().wrapping_sub(last.counter()) < LONGEST_JUMP => {
                Verdict::Yes(packet)
            }
            Some(_) => Verdict::No,
            None => no_or_wait(rest),
        },
    }
}

/// Whether both ends of a packet are those of the one after `last`: its counter and its time.
fn is_next(last: &Packet, packet: &Packet) -> bool {
    let (Some(last_ms), Some(ms)) = (last.board_ms(), packet.board_ms()) else { return false };
    // 4 ms apart, each rounded down, and a little late when the board was busy.
    packet.counter() == last.counter().wrapping_add(1)
        && (2..=6).contains(&ms.wrapping_sub(last_ms))
}

/// Whether these bytes begin with two packets that follow each other.
fn starts(bytes: &[u8]) -> Verdict {
    let Some(first) = packet(bytes) else { return no_or_wait(bytes) };
    match packet(&bytes[LENGTH..]) {
        Some(second) if second.counter() == first.counter().wrapping_add(1) => Verdict::Yes(first),
        Some(_) => Verdict::No,
        None => no_or_wait(&bytes[LENGTH..]),
    }
}

/// What to do with bytes that begin with no packet.
fn no_or_wait(bytes: &[u8]) -> Verdict {
    let hopeful = bytes.first().is_none_or(|first| *first == START);
    if hopeful && bytes.len() < LENGTH { Verdict::Wait } else { Verdict::No }
}

fn packet(bytes: &[u8]) -> Option<Packet> {
    bytes.first_chunk().and_then(Packet::decode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(n: usize) -> [i32; 8] {
        std::array::from_fn(|channel| {
            let mut x = ((n * 8 + channel) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            x ^= x >> 27;
            (x & 0xFF_FFFF) as i32 - (1 << 23)
        })
    }

    fn stream(packets: usize) -> Vec<u8> {
        (0..packets).flat_map(|n| Packet::encode(n as u8, codes(n), [0; 6], 0)).collect()
    }

    /// Numbers (by their codes) of the packets found when the bytes come in pieces of a size.
    fn found(bytes: &[u8], piece: usize) -> Vec<Found> {
        let mut framer = Framer::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            framer.room()[..piece.len()].copy_from_slice(piece);
            framer.filled(piece.len(), Arrival::default());
            found.extend(std::iter::from_fn(|| framer.next(false)));
        }
        found.extend(std::iter::from_fn(|| framer.next(true)));
        found
    }

    #[test]
    fn whole_packets_are_found_whatever_the_pieces() {
        let bytes = stream(600);
        for piece in [1, 7, 32, 33, 34, 62, 1000] {
            let found = found(&bytes, piece);
            assert_eq!(found.len(), 600, "pieces of {piece}");
            for (n, found) in found.iter().enumerate() {
                assert_eq!((found.packet.codes(), found.skipped), (codes(n), 0));
            }
        }
    }

    #[test]
    fn first_and_last_bytes_among_the_data_confuse_nobody() {
        let sent = |n: usize| {
            [0xA0_C0A0 - (1 << 24), (n & 0xFF) as i32, 0xC0_A0C0 - (1 << 24), 0, 0, 0, 0, 0]
        };
        let bytes: Vec<u8> =
            (0..300).flat_map(|n| Packet::encode(n as u8, sent(n), [0; 6], 0)).collect();
        for missing in 0..33 {
            // The stream is joined in the midst of the first packet.
            let found = found(&bytes[missing..], 40);
            assert_eq!(found.len(), 300 - usize::from(missing > 0));
            assert!(found.iter().all(|f| f.packet.codes()[0] == sent(0)[0]));
        }
    }

    /// Packet `n` with its time.
    fn timed(n: usize) -> [u8; LENGTH] {
        let [a, b, c, d] = (1_000_000 + 4 * n as u32).to_be_bytes();
        Packet::encode(n as u8, codes(n), [0, 0, a, b, c, d], 4)
    }

    #[test]
    fn packets_lost_on_the_radio_link_leave_the_others() {
        let lost = [20, 50, 51, 52, 100, 102];
        let kept = || (0..300).filter(|n| !lost.contains(n));
        let bytes: Vec<u8> = kept().flat_map(timed).collect();
        let numbers = |found: &[Found]| {
            found.iter().map(|f| usize::from(f.packet.counter())).collect::<Vec<_>>()
        };
        // 101 stands alone between two that are lost: nothing says that it is whole.
        let expected: Vec<usize> = kept().filter(|n| *n != 101).map(|n| n % 256).collect();
        assert_eq!(numbers(&found(&bytes, 33)), expected);
        // Without times, the one before a loss cannot be told from one joined to another's end.
        let bytes: Vec<u8> =
            kept().flat_map(|n| Packet::encode(n as u8, codes(n), [0; 6], 0)).collect();
        let expected: Vec<usize> =
            kept().filter(|n| ![19, 49, 99, 101].contains(n)).map(|n| n % 256).collect();
        assert_eq!(numbers(&found(&bytes, 33)), expected);
    }

    #[test]
    fn a_packet_whose_end_is_another_ones_is_none() {
        for missing in 1..3 * LENGTH {
            let mut bytes: Vec<u8> = (0..300).flat_map(timed).collect();
            // From the midst of packet 100 on.
            bytes.drain(3310..3310 + missing);
            for found in found(&bytes, 62) {
                let n = usize::from(found.packet.counter());
                let sent = [codes(n), codes(n + 256)];
                assert!(
                    sent.contains(&found.packet.codes()),
                    "{missing} bytes missing: packet {n}"
                );
            }
        }
    }

    #[test]
    fn a_packet_waits_for_the_next_one_to_begin_or_for_quiet() {
        let bytes = stream(3);
        let mut framer = Framer::default();
        framer.room()[..99].copy_from_slice(&bytes);
        let at = |ms| Arrival { monotonic_ns: ms, listened_ns: ms };
        framer.filled(66, at(1));
        let arrived = |found: Option<Found>| found.map(|found| found.arrival.monotonic_ns);
        assert_eq!(arrived(framer.next(false)), Some(1));
        assert_eq!(framer.next(false), None);
        framer.filled(2, at(2));
        assert_eq!(arrived(framer.next(false)), Some(1));
        framer.filled(31, at(3));
        assert_eq!(framer.next(false), None);
        assert_eq!(arrived(framer.next(true)), Some(3));
    }

    #[test]
    fn what_the_board_says_before_it_streams_is_no_packet() {
        let mut bytes = b"OpenBCI V3 8-16 channel\r\nFirmware: v3.1.2\r\n$$$\xA0\x00".to_vec();
        bytes.extend(stream(5));
        let found = found(&bytes, 10);
        assert_eq!(found.len(), 5);
        assert_eq!(found[0].skipped, 48);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Bytes lost, changed or made up anywhere: every packet found is one that was sent, whole, in order, and the stream
        /// comes back after at most the damaged ones and one more.
        #[test]
        fn no_packet_is_made_of_pieces_of_others(
            damage in prop::collection::vec((40_usize..9_800, 1_usize..80, 0_u8..3, any::<u8>()), 1..12),
            piece in 1_usize..200,
        ) {
            let mut bytes = stream(300);
            for (at, count, how, value) in &damage {
                let at = *at % bytes.len();
                let end = (at + count).min(bytes.len());
                match how {
                    0 => drop(bytes.drain(at..end)),
                    1 => bytes[at] = *value,
                    _ => drop(bytes.splice(at..at, std::iter::repeat_n(*value, *count))),
                }
            }
            let found = found(&bytes, piece);
            let sent: Vec<[i32; 8]> = (0..300).map(codes).collect();
            let changed = damage.iter().filter(|(_, _, how, _)| *how == 1).count();
            let mut next = 0;
            let mut wrong = 0;
            for found in &found {
                match sent[next..].iter().position(|codes| *codes == found.packet.codes()) {
                    Some(ahead) => next += ahead + 1,
                    None => wrong += 1,
                }
            }
            // A byte that was changed in place among the data cannot be noticed: there is no checksum.
            prop_assert!(wrong <= changed, "{wrong} wrong of {changed} changed");
            prop_assert!(found.len() + 4 * damage.len() + 2 >= 300, "{} found", found.len());
        }
    }
}
