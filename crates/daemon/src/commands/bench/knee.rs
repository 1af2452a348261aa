//! The search for the highest rate that a chain keeps up with.

/// A rate rises by this much until it is too high.
const STEP: f64 = 4.0;
/// How many steps below the start are tried before the chain is said to carry nothing.
const STEPS_DOWN: usize = 4;

/// Where a chain stops to keep up: between these two rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Knee {
    /// The highest rate that was kept up with; 0 when none was.
    pub(super) kept: f64,
    /// The lowest that was not; `None` when the ceiling was reached first.
    pub(super) failed: Option<f64>,
}

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search {
    /// The rate tried first.
    pub(super) start: f64,
    /// No rate above this is tried.
    pub(super) ceiling: f64,
    /// How close the two rates have to come: their ratio less one.
    pub(super) precision: f64,
}

impl Search {
    /// Raises the rate until the chain does not keep up, then halves the distance (of the logarithms) again and again.
    ///
    /// A rate fails when it fails twice: one hiccup of the machine is not the chain's. `keeps_up` answers `None` to end the
    /// search; then there is no knee.
    pub(super) fn run(self, mut keeps_up: impl FnMut(f64) -> Option<bool>) -> Option<Knee> {
        let mut carries = |rate: f64| Some(keeps_up(rate)? || keeps_up(rate)?);
        let mut knee = Knee { kept: 0.0, failed: None };
        let mut rate = self.start.min(self.ceiling);
        let mut steps_down = 0;
        loop {
            if carries(rate)? {
                knee.kept = rate;
                if knee.failed.is_some() || rate >= self.ceiling {
                    break;
                }
                rate = (rate * STEP).min(self.ceiling);
            } else {
                knee.failed = Some(rate);
                if knee.kept > 0.0 || steps_down == STEPS_DOWN {
                    break;
                }
                steps_down += 1;
                rate /= STEP;
            }
        }
        while let Some(failed) = knee.failed.filter(|_| knee.kept > 0.0) {
            if failed / knee.kept <= 1.0 + self.precision {
                break;
            }
            let middle = (failed * knee.kept).sqrt();
            if carries(middle)? {
                knee.kept = middle;
            } else {
                knee.failed = Some(middle);
            }
        }
        Some(knee)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEARCH: Search = Search { start: 1000.0, ceiling: 1e6, precision: 0.05 };

    /// A chain that carries `limit`, and the rates it was asked for.
    fn search(limit: f64) -> (Knee, Vec<f64>) {
        let mut asked = Vec::new();
        let knee = SEARCH.run(|rate| {
            asked.push(rate);
            Some(rate <= limit)
        });
        (knee.unwrap(), asked)
    }

    #[test]
    fn the_knee_lies_between_the_two_rates_and_they_are_close() {
        for limit in [5.0, 300.0, 1000.0, 1001.0, 54_321.0, 999_999.0] {
            let (knee, asked) = search(limit);
            let failed = knee.failed.unwrap();
            assert!(knee.kept <= limit && limit < failed, "{limit}: {knee:?}");
            assert!(failed / knee.kept <= 1.05, "{limit}: {knee:?}");
            assert!(asked.len() < 40, "{limit}: {asked:?}");
            assert!(asked.iter().all(|rate| *rate <= 1e6), "{asked:?}");
        }
    }

    #[test]
    fn what_carries_the_ceiling_has_no_knee_below_it_and_what_carries_nothing_carries_0() {
        assert_eq!(search(2e6).0, Knee { kept: 1e6, failed: None });
        let (nothing, asked) = search(0.0);
        assert_eq!(nothing, Knee { kept: 0.0, failed: Some(1000.0 / 256.0) });
        assert_eq!(asked.len(), 10, "each rate twice: {asked:?}");
    }

    #[test]
    fn one_hiccup_is_not_the_chain_s_and_an_interrupt_ends_the_search() {
        let mut n = 0;
        // Every other trial fails, whatever the rate.
        let knee = SEARCH.run(|rate| {
            n += 1;
            Some(n % 2 == 0 && rate <= 1e6)
        });
        assert_eq!(knee, Some(Knee { kept: 1e6, failed: None }));
        assert_eq!(SEARCH.run(|rate| (rate < 10_000.0).then_some(true)), None);
    }
}
