//! The board's sample counter: from what it shows to samples lost.
//!
//! It counts in a cycle. Cyton: 0 to 255. Cyton with daisy: every second number of it, even or odd. Ganglion: GUI v4
//! writes 0 to 200; later ones write the number of the packet, which holds two samples: 0, 1, 1, 2, 2 ... 100, 100
//! (accelerometer on) or 0, 101, 101 ... 200, 200 (off) with firmware 2; 0, 0, 1, 1 ... 99, 99 or 100, 100 ... 199,
//! 199 with firmware 3. (Packet-loss trackers of `OpenBCI/OpenBCI_GUI`.) The first rows decide which it is.
//!
//! A loss longer than a cycle (1.02 s at 250 Hz) shows as what is left after whole cycles: the counter cannot tell.

/// How a board counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// `step` from sample to sample, back to the start after `cycle` numbers.
    Steps { step: u64, cycle: u64 },
    /// Ganglion packets of two samples; with firmware 2 packet 0 holds one.
    Pairs { firmware_3: bool },
}

impl Rule {
    /// Finds the rule from the counters of the first rows and, where they do not tell, from the board's name.
    pub(super) fn guess(board: &str, counters: &[u64]) -> Self {
        let board = board.to_lowercase();
        let ganglion = board.contains("ganglion");
        let pairs = counters.windows(2);
        let count = |wanted: fn(u64, u64) -> bool| {
            pairs.clone().filter(|pair| wanted(pair[0], pair[1])).count()
        };
        if ganglion && count(|a, b| a == b) * 3 > counters.len() {
            // Only firmware 3 repeats 0, and only firmware 2 knows 200; 100 repeated after 99 is not enough.
            return Self::Pairs { firmware_3: count(|a, b| a == 0 && b == 0) > 0 };
        }
        let (ones, twos) = (count(|a, b| b == a + 1), count(|a, b| b == a + 2));
        let by_two = if ones == twos { board.contains("daisy") } else { twos > ones };
        Self::Steps { step: if by_two { 2 } else { 1 }, cycle: if ganglion { 201 } else { 256 } }
    }

    /// Samples with one and the same counter.
    fn samples_at(self, counter: u64) -> u64 {
        match self {
            Self::Steps { .. } => 1,
            Self::Pairs { firmware_3 } => {
                if counter == 0 && !firmware_3 {
                    1
                } else {
                    2
                }
            }
        }
    }

    /// Samples in a cycle.
    pub(super) fn samples_in_cycle(self) -> u64 {
        match self {
            Self::Steps { step, cycle } => cycle / step,
            Self::Pairs { firmware_3 } => 200 + u64::from(!firmware_3),
        }
    }

    /// Place in the cycle of the first sample with this counter.
    fn position(self, counter: u64) -> u64 {
        match self {
            Self::Steps { step, cycle } => counter % cycle / step,
            Self::Pairs { firmware_3: true } => 2 * (counter % 100),
            Self::Pairs { firmware_3: false } => {
                if counter == 0 {
                    0
                } else {
                    2 * ((counter - 1) % 100) + 1
                }
            }
        }
    }

    fn lost_between(self, before: u64, rows_before: u64, now: u64) -> u64 {
        if let Self::Steps { step, cycle } = self
            && now > before
            && now >= cycle
        {
            // A converted file that counts on and on: there is no cycle.
            return (now - before) / step - u64::from(now - before >= step);
        }
        let cycle = self.samples_in_cycle();
        let reached = self.position(before) + rows_before.min(self.samples_at(before));
        (self.position(now) + 2 * cycle - reached) % cycle
    }
}

/// Follows the counter from row to row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter {
    rule: Rule,
    /// The counter last seen, and how many rows in succession showed it.
    last: Option<(u64, u64)>,
}

/// What one step of the counter means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// So many samples were lost before this row.
    Lost(u64),
    /// The same number once more than the board counts it: nothing lost, unless a whole cycle was.
    Repeated,
}

impl Counter {
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, last: None }
    }

    pub(super) fn advance(&mut self, now: u64) -> Step {
        let Some((before, rows)) = self.last else {
            self.last = Some((now, 1));
            return Step::Lost(0);
        };
        if before == now {
            self.last = Some((now, rows + 1));
            return if rows < self.rule.samples_at(now) { Step::Lost(0) } else { Step::Repeated };
        }
        self.last = Some((now, 1));
        Step::Lost(self.rule.lost_between(before, rows, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(rule: Rule, counters: &[u64]) -> Vec<u64> {
        let mut counter = Counter::new(rule);
        let lost = |&now: &u64| match counter.advance(now) {
            Step::Lost(n) => n,
            Step::Repeated => 999,
        };
        counters.iter().map(lost).collect()
    }

    const CYTON: Rule = Rule::Steps { step: 1, cycle: 256 };
    const DAISY: Rule = Rule::Steps { step: 2, cycle: 256 };

    #[test]
    fn cyton_wraps_and_loses() {
        assert_eq!(losses(CYTON, &[254, 255, 0, 1, 5, 2, 2]), [0, 0, 0, 0, 3, 252, 999]);
    }

    #[test]
    fn daisy_counts_in_twos_even_or_odd() {
        assert_eq!(losses(DAISY, &[252, 254, 0, 2, 8]), [0, 0, 0, 0, 2]);
        assert_eq!(losses(DAISY, &[253, 255, 1, 7]), [0, 0, 0, 2]);
    }

    #[test]
    fn a_counter_that_never_wraps() {
        assert_eq!(losses(CYTON, &[254, 255, 256, 257, 1257, 1258]), [0, 0, 0, 0, 999, 0]);
    }

    #[test]
    fn ganglion_packets_of_two() {
        let v2 = Rule::Pairs { firmware_3: false };
        assert_eq!(losses(v2, &[99, 99, 100, 100, 0, 1, 1, 2, 2]), [0; 9]);
        assert_eq!(losses(v2, &[199, 199, 200, 200, 0, 101, 101]), [0; 7]);
        assert_eq!(losses(v2, &[1, 1, 3, 3]), [0, 0, 2, 0]);
        assert_eq!(losses(v2, &[1, 1, 2, 3, 3]), [0, 0, 0, 1, 0]);
        assert_eq!(losses(v2, &[98, 98, 0, 1]), [0, 0, 4, 0]);
        let v3 = Rule::Pairs { firmware_3: true };
        assert_eq!(losses(v3, &[98, 98, 99, 99, 0, 0, 1, 1]), [0; 8]);
        assert_eq!(losses(v3, &[199, 199, 100, 100, 103]), [0, 0, 0, 0, 4]);
    }

    #[test]
    fn the_rows_decide_then_the_name() {
        let cycle: Vec<u64> = (0..300).map(|i| i % 256).collect();
        assert_eq!(Rule::guess("OpenBCI_GUI$BoardCytonSerial", &cycle), CYTON);
        let twos: Vec<u64> = (0..300).map(|i| i * 2 % 256).collect();
        assert_eq!(Rule::guess("", &twos), DAISY);
        // Version 4 wrote every number for a daisy too.
        assert_eq!(Rule::guess("OpenBCI_GUI$BoardCytonSerialDaisy", &cycle), CYTON);
        assert_eq!(Rule::guess("OpenBCI_GUI$BoardCytonSerialDaisy", &[0]), DAISY);
        let pairs: Vec<u64> = (0..50).map(|i| i / 2 + 1).collect();
        assert_eq!(
            Rule::guess("OpenBCI_GUI$BoardGanglionNative", &pairs),
            Rule::Pairs { firmware_3: false }
        );
        let ones: Vec<u64> = (0..50).collect();
        assert_eq!(
            Rule::guess("OpenBCI_GUI$BoardGanglionBLE", &ones),
            Rule::Steps { step: 1, cycle: 201 }
        );
    }
}
