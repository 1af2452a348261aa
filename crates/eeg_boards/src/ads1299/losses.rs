//! Conversions lost, by cause, until they are counted.

use crate::board::{BoardCounters, Loss};

/// How many conversions were lost to each cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Losses([u64; Loss::ALL.len()]);

impl Losses {
    pub(super) const fn add(&mut self, cause: Loss, conversions: u64) {
        self.0[cause as usize] += conversions;
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// Takes everything out as exactly `total` conversions: what has no known cause was missed, and what has two is
    /// counted under the first that fits.
    pub(super) fn settle(&mut self, total: u64) -> Self {
        let mut left = total;
        let mut settled = Self::default();
        for cause in [Loss::Outage, Loss::Corrupt, Loss::Overflow, Loss::Late, Loss::Unverified] {
            let conversions = self.0[cause as usize].min(left);
            settled.add(cause, conversions);
            left -= conversions;
        }
        settled.add(Loss::Missed, left);
        *self = Self::default();
        settled
    }

    pub(super) fn count(&self, counters: &BoardCounters) {
        for cause in Loss::ALL {
            counters.add_lost(cause, self.0[cause as usize]);
        }
    }
}
