//! The lowest stamps: one for each of the last stretches of conversions, in a fixed amount of memory.

use super::curve::Curve;

/// Stretches that are remembered.
pub(super) const LOWS: usize = 32;

/// The shortest stretch, right after the beginning.
const SHORTEST: u64 = 4;

/// No fewer are left when the older half goes.
const LEAST_KEPT: usize = 6;

/// No oscillator changes its rate by so much from one stretch to the next, nor does the system's clock (its slew is limited to 500 ppm).
const IMPOSSIBLE_PPM: f64 = 1000.0;

/// The stamp of a stretch that was least late.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Low {
    pub(super) n: u64,
    pub(super) ns: u64,
}

/// Stretches begin short, so that there is something to go by after a few samples, and double until all of them
/// together are as long as the memory; from then on the oldest goes.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    lows: [Low; LOWS],
    len: usize,
    /// Conversions of a stretch: now, in the beginning and in the end.
    stretch: u64,
    first_stretch: u64,
    last_stretch: u64,
    /// The lowest of the stretch that is under way, and the conversion that it ends before.
    open: Option<Low>,
    open_until: u64,
    newest: Option<u64>,
    /// Stretches in a row of which all stamps were late, and by how much in the first.
    spell: usize,
    spell_ns: f64,
    /// By how much the lowest stamp of the last stretch was late.
    last_late_ns: f64,
}

impl Envelope {
    /// An envelope over `memory_samples` conversions.
    pub(super) fn new(memory_samples: f64) -> Self {
        let wanted = (memory_samples / LOWS as f64).max(1.0);
        let doublings = (wanted / SHORTEST as f64).log2().floor().max(0.0) as u32;
        let first = (wanted / f64::from(1_u32 << doublings.min(30))).round().max(1.0) as u64;
        Self {
            lows: [Low::default(); LOWS],
            len: 0,
            stretch: first,
            first_stretch: first,
            last_stretch: first << doublings.min(30),
            open: None,
            open_until: 0,
            newest: None,
            spell: 0,
            spell_ns: 0.0,
            last_late_ns: 0.0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.stretch = self.first_stretch;
        (self.len, self.spell, self.last_late_ns) = (0, 0, 0.0);
        (self.open, self.open_until, self.newest) = (None, 0, None);
    }

    /// The newest conversion.
    pub(super) const fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// Whether the memory is as long as it is meant to be.
    pub(super) const fn is_full(&self) -> bool {
        self.stretch == self.last_stretch && self.len + 2 >= LOWS
    }

    /// Takes a stamp; true when it completes a stretch. `curve` tells which of two stamps is later than it ought to be.
    pub(super) fn push(&mut self, n: u64, ns: u64, curve: &Curve) -> bool {
        let low = Low { n, ns };
        self.newest = Some(n);
        let completed = n >= self.open_until;
        if completed {
            self.close(curve);
            // A stretch that edges are missing from ends where it would have ended anyway.
            self.open_until = (n / self.stretch + 1) * self.stretch;
        }
        self.open = Some(self.open.map_or(low, |open| lower(open, low, curve)));
        completed
    }

    fn close(&mut self, curve: &Curve) {
        let Some(open) = self.open.take() else { return };
        if self.is_late_throughout(open, curve) {
            return;
        }
        if self.len == LOWS && self.stretch < self.last_stretch {
            for at in 0..LOWS / 2 {
                self.lows[at] = lower(self.lows[2 * at], self.lows[2 * at + 1], curve);
            }
            self.len = LOWS / 2;
            self.stretch *= 2;
        } else if self.len == LOWS {
            self.lows.rotate_left(1);
            self.len -= 1;
        }
        self.lows[self.len] = open;
        self.len += 1;
    }

    /// Whether a stretch belongs to a spell in which the machine was too busy to stamp anything in time. It begins with a
    /// jump that no oscillator makes.
    fn is_late_throughout(&mut self, open: Low, curve: &Curve) -> bool {
        let late_ns = -curve.early_ns(open.n, open.ns);
        let possible_ns = self.possible_ns(curve);
        let rise_ns = late_ns - std::mem::replace(&mut self.last_late_ns, late_ns);
        if self.spell > 0 && late_ns > self.spell_ns / 2.0 {
            self.spell += 1;
        } else if self.is_full() && rise_ns > possible_ns {
            (self.spell, self.spell_ns) = (1, late_ns);
        } else {
            self.spell = 0;
        }
        self.spell > 0
    }

    /// Lets the older half go. False when there are too few to spare any.
    pub(super) fn forget_half(&mut self) -> bool {
        let gone = self.len / 2;
        if gone < LEAST_KEPT {
            return false;
        }
        self.lows.copy_within(gone..self.len, 0);
        self.len -= gone;
        true
    }

    /// By how much a board may be off the curve a stretch after it was on it.
    pub(super) fn possible_ns(&self, curve: &Curve) -> f64 {
        self.stretch as f64 * curve.period_ns(curve.n) * IMPOSSIBLE_PPM / 1e6
    }

    /// How many stretches have been late throughout, up to now.
    pub(super) const fn spell(&self) -> usize {
        self.spell
    }

    /// All of them, oldest first, the one under way last.
    pub(super) fn lows(&self) -> Lows {
        let mut all = Lows { lows: [Low::default(); LOWS + 1], len: self.len };
        all.lows[..self.len].copy_from_slice(&self.lows[..self.len]);
        if let Some(open) = self.open {
            all.lows[all.len] = open;
            all.len += 1;
        }
        all
    }
}

/// A copy of the lows, on the stack.
pub(super) struct Lows {
    lows: [Low; LOWS + 1],
    len: usize,
}

impl Lows {
    pub(super) fn as_slice(&self) -> &[Low] {
        &self.lows[..self.len]
    }
}

fn lower(a: Low, b: Low, curve: &Curve) -> Low {
    if curve.early_ns(a.n, a.ns) >= curve.early_ns(b.n, b.ns) { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::super::SampleClockSettings;
    use super::super::curve::Expected;
    use super::*;

    const PERIOD_NS: u64 = 1_000_000;

    fn curve() -> Curve {
        let settings = SampleClockSettings::default();
        Curve::first(0, 0, &Expected::nominal(1000.0, &settings))
    }

    #[test]
    fn stretches_double_until_they_are_as_long_as_the_memory() {
        // 12 s at 1000 samples/s: 32 stretches of 375, which begin as 6.
        let mut envelope = Envelope::new(12_000.0);
        let mut lengths = Vec::new();
        for n in 0..40_000 {
            envelope.push(n, n * PERIOD_NS, &curve());
            if lengths.last() != Some(&envelope.stretch) {
                lengths.push(envelope.stretch);
            }
        }
        assert_eq!(lengths, [6, 12, 24, 48, 96, 192, 384]);
        assert!(envelope.is_full());
        let lows = envelope.lows();
        let (first, last) = (lows.as_slice()[0].n, lows.as_slice()[lows.as_slice().len() - 1].n);
        assert!((12_000..=13_000).contains(&(last - first)), "{first} to {last}");
        envelope.clear();
        assert_eq!((envelope.stretch, envelope.lows().as_slice().len()), (6, 0));
    }

    #[test]
    fn the_least_late_stamp_of_each_stretch_stays() {
        let mut envelope = Envelope::new(32.0 * 4.0);
        let late_ns = [900, 300, 700, 800, 50, 600, 70, 80];
        for n in 0..9 {
            envelope.push(n, n * PERIOD_NS + late_ns[n as usize % 8], &curve());
        }
        let lows = envelope.lows();
        let kept: Vec<u64> = lows.as_slice().iter().map(|low| low.ns % PERIOD_NS).collect();
        assert_eq!(kept, [300, 50, 900]);
    }
}
