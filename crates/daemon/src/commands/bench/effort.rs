//! How much to measure: all of it, or a quick look.

use std::time::Duration;

/// How long each thing is measured, and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Rounds in which everything but the chain has its turn.
    pub(super) rounds: usize,
    /// Wake-ups of a turn, one each millisecond; and packets of a paced hop.
    pub(super) wakes: usize,
    /// How long a turn takes that goes as fast as it can.
    pub(super) turn: Duration,
    /// How often the chain is tried at a usual rate before each search.
    pub(super) usual: usize,
    /// Searches for each knee.
    pub(super) knees: usize,
    /// How long one rate is tried.
    pub(super) trial: Duration,
    /// How close to the knee the search comes: 0.05 is 5 %.
    pub(super) precision: f64,
}

impl Effort {
    /// Below half a minute, or about five minutes.
    pub(super) const fn new(quick: bool) -> Self {
        if quick {
            Self {
                rounds: 6,
                wakes: 200,
                turn: Duration::from_millis(10),
                usual: 3,
                knees: 1,
                trial: Duration::from_millis(300),
                precision: 0.5,
            }
        } else {
            Self {
                rounds: 9,
                wakes: 2000,
                turn: Duration::from_millis(40),
                usual: 2,
                knees: 3,
                trial: Duration::from_secs(2),
                precision: 0.1,
            }
        }
    }
}
