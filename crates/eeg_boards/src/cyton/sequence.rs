//! How many packets lie between two: the counter has eight bits, time has the rest.

/// Gives packets their numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sequence {
    /// The number of the first packet.
    first: u64,
    /// Whether odd counters have odd numbers.
    keeps_parity: bool,
    /// The packet before the next; `None` until the first has come.
    last: Option<Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    n: u64,
    counter: u8,
    board_ms: Option<u32>,
}

/// A packet's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub n: u64,
    /// Packets missing before it.
    pub lost: u64,
    /// The same packet as the one before, sent again.
    pub again: bool,
}

/// A time of the board this far off what the host's clock says is another board's, or that of one switched off and on.
const ANOTHER_S: f64 = 5.0;

impl Sequence {
    /// The board starts streaming: its next packet is number `n`. With `keeps_parity` it is one more when its counter is odd
    /// and `n` is not, or the other way round.
    pub const fn begin(n: u64, keeps_parity: bool) -> Self {
        Self { first: n, keeps_parity, last: None }
    }

    /// The packet with this counter. `waited_s` is how long the host has waited for it, `rate_hz` how many come in a second.
    ///
    /// The number rises by the counter's step, or 256 or 512 ... more than that: whatever is nearest to the time passed, by the
    /// board's own clock if the packets tell it. Time in which the host did not listen is no time passed without packets: they
    /// were waiting in its buffers.
    pub fn place(
        &mut self,
        counter: u8,
        board_ms: Option<u32>,
        waited_s: f64,
        rate_hz: f64,
    ) -> Place {
        let Some(last) = self.last else {
            let differs = (u64::from(counter) ^ self.first) % 2;
            let n = self.first + if self.keeps_parity { differs } else { 0 };
            self.last = Some(Seen { n, counter, board_ms });
            return Place { n, lost: 0, again: false };
        };
        let step = u64::from(counter.wrapping_sub(last.counter));
        let passed_s = passed_s(last.board_ms, board_ms, waited_s).unwrap_or(waited_s);
        let rounds = ((passed_s * rate_hz - step as f64) / 256.0).round().max(0.0) as u64;
        let step = step + 256 * rounds;
        let n = last.n.wrapping_add(step);
        self.last = Some(Seen { n, counter, board_ms });
        Place { n, lost: step.saturating_sub(1), again: step == 0 }
    }
}

/// By the board's clock, if both packets tell it and the host's does not contradict it.
fn passed_s(before_ms: Option<u32>, now_ms: Option<u32>, waited_s: f64) -> Option<f64> {
    let passed_s = f64::from(now_ms?.wrapping_sub(before_ms?)) / 1e3;
    // The host may have waited for less than what passed, never for more.
    (passed_s > waited_s - ANOTHER_S && passed_s < waited_s + 3600.0).then_some(passed_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of packets by counter, board time and seconds waited.
    fn numbers(packets: &[(u8, Option<u32>, f64)]) -> Vec<u64> {
        let mut sequence = Sequence::default();
        let (first, ..) = packets[0];
        // Numbered as the first one's counter is, to be read more easily.
        let mut n = |(counter, ms, waited_s)| sequence.place(counter, ms, waited_s, 250.0).n;
        let offset = u64::from(first) - n(packets[0]);
        let rest = packets[1..].iter().map(|packet| n(*packet) + offset);
        std::iter::once(u64::from(first)).chain(rest).collect()
    }

    #[test]
    fn a_counter_that_goes_round_goes_on() {
        assert_eq!(
            numbers(&[(254, None, 0.0), (255, None, 0.004), (0, None, 0.004)]),
            [254, 255, 256]
        );
    }

    #[test]
    fn what_is_missing_is_counted_beyond_255() {
        // BrainFlow does not look at the counter at all, and the counter alone says 44 for 300.
        let mut sequence = Sequence::default();
        sequence.place(10, None, 0.0, 250.0);
        assert_eq!(sequence.place(54, None, 1.2, 250.0), Place { n: 300, lost: 299, again: false });
        assert_eq!(sequence.place(57, None, 0.01, 250.0), Place { n: 303, lost: 2, again: false });
        // A minute: 15000 packets by time, 58 times 256 and 150 by the counter too.
        assert_eq!(sequence.place(207, None, 60.0, 250.0).lost, 14_997);
    }

    #[test]
    fn the_boards_own_time_decides_when_it_is_told() {
        // The host slept for three seconds; the packets waited in its buffers, and came without a pause.
        assert_eq!(numbers(&[(10, Some(1000), 0.0), (11, Some(1004), 3.0)]), [10, 11]);
        // It slept, and a buffer overflowed meanwhile.
        assert_eq!(numbers(&[(10, Some(1000), 0.0), (11, Some(1000 + 1028), 0.001)]), [10, 267]);
        // After 49.7 days the milliseconds start over.
        assert_eq!(numbers(&[(10, Some(u32::MAX), 0.0), (12, Some(7), 0.008)]), [10, 12]);
        // Another board's time says nothing about this one's packets.
        assert_eq!(numbers(&[(10, Some(9_000_000), 0.0), (54, Some(4000), 1.2)]), [10, 310]);
    }

    #[test]
    fn a_packet_sent_again_is_not_another() {
        let mut sequence = Sequence::default();
        sequence.place(10, None, 0.0, 250.0);
        assert_eq!(sequence.place(10, None, 0.004, 250.0), Place { n: 0, lost: 0, again: true });
        // But the same counter a second later is 256 further.
        assert_eq!(
            sequence.place(10, None, 1.02, 250.0),
            Place { n: 256, lost: 255, again: false }
        );
    }

    #[test]
    fn a_new_beginning_keeps_odd_and_even_apart_if_asked() {
        let first =
            |n, keeps, counter| Sequence::begin(n, keeps).place(counter, None, 0.0, 250.0).n;
        assert_eq!(
            [first(0, true, 0), first(0, true, 1), first(2001, true, 0), first(2001, true, 77)],
            [0, 1, 2002, 2001]
        );
        assert_eq!([first(0, false, 1), first(2001, false, 0)], [0, 2001]);
        let mut sequence = Sequence::begin(2001, true);
        sequence.place(0, None, 0.0, 250.0);
        assert_eq!(sequence.place(1, None, 0.004, 250.0), Place { n: 2003, lost: 0, again: false });
    }
}
