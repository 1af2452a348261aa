//! Detection of excursions of a signal, sample by sample: beyond a level, for long enough, not too soon after the last one.

/// Which side of the level counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `x > level`.
    Above,
    /// `x < level`.
    Below,
    /// `|x| > level`.
    Beyond,
}

/// What an excursion is. NaN is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Excursion {
    /// The side that counts.
    pub side: Side,
    /// The level.
    pub level: f64,
    /// Consecutive samples past the level that make one; at least 1.
    pub least_samples: u64,
    /// Samples after its end in which no other one begins, nor is counted towards one.
    pub pause_samples: u64,
}

impl Excursion {
    fn is_past(&self, x: f64) -> bool {
        match self.side {
            Side::Above => x > self.level,
            Side::Below => x < self.level,
            Side::Beyond => x.abs() > self.level,
        }
    }
}

/// One channel's detector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Detector {
    /// Consecutive samples past the level.
    past: u64,
    active: bool,
    /// Samples of the pause that are left.
    pause: u64,
}

impl Detector {
    /// Takes a sample. When it makes an excursion of the samples up to here: how many samples ago that began.
    pub fn push(&mut self, excursion: &Excursion, x: f64) -> Option<u64> {
        let past = excursion.is_past(x);
        if self.active {
            if !past {
                *self = Self { past: 0, active: false, pause: excursion.pause_samples };
            }
            return None;
        }
        if self.pause > 0 {
            self.pause -= 1;
            return None;
        }
        self.past = if past { self.past + 1 } else { 0 };
        self.active = self.past >= excursion.least_samples.max(1);
        self.active.then(|| self.past - 1)
    }

    /// Whether the last sample was part of an excursion.
    pub fn is_active(&self) -> bool {
        self.active
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(excursion: Excursion, signal: &[f64]) -> Vec<u64> {
        let mut detector = Detector::default();
        let began = |(n, x): (usize, &f64)| Some(n as u64 - detector.push(&excursion, *x)?);
        signal.iter().enumerate().filter_map(began).collect()
    }

    const SIGNAL: [f64; 12] = [0.0, 9.0, 0.0, 9.0, 9.0, 9.0, 0.0, 9.0, 9.0, -9.0, -9.0, f64::NAN];

    #[test]
    fn long_enough_and_not_too_soon() {
        let any = Excursion { side: Side::Above, level: 5.0, least_samples: 1, pause_samples: 0 };
        assert_eq!(found(any, &SIGNAL), [1, 3, 7]);
        assert_eq!(found(Excursion { least_samples: 2, ..any }, &SIGNAL), [3, 7]);
        assert_eq!(found(Excursion { least_samples: 3, ..any }, &SIGNAL), [3]);
        // After the one that ends at 2: no sample before 4 counts.
        assert_eq!(found(Excursion { pause_samples: 1, ..any }, &SIGNAL), [1, 4, 8]);
    }

    #[test]
    fn each_side_is_its_own() {
        let below =
            Excursion { side: Side::Below, level: -5.0, least_samples: 1, pause_samples: 0 };
        assert_eq!(found(below, &SIGNAL), [9]);
        let beyond = Excursion { side: Side::Beyond, level: 5.0, ..below };
        assert_eq!(found(beyond, &SIGNAL), [1, 3, 7]);
        let at_level = found(Excursion { level: 9.0, ..beyond }, &SIGNAL);
        assert!(at_level.is_empty(), "the level itself is not past it");
    }
}
