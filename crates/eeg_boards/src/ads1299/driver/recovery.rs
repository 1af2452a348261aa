//! When the board is not what it should be: what is said of it, and how it is set up again, step by step, while nobody waits.

use super::{Ads1299, Losses, PATIENCE_NS, Phase};
use crate::ads1299::bring_up::{BringUp, Progress};
use crate::ads1299::bus::{Bus, Drdy};
use crate::ads1299::problem::Problem;
use crate::board::{BoardEvent, Reading};

/// A board that does not answer is tried again after this.
const RETRY_NS: u64 = 250_000_000;

#[derive(Debug)]
pub(super) struct Down {
    bring_up: BringUp,
    retry_ns: u64,
    told: std::mem::Discriminant<Problem>,
}

impl<W: Bus + Drdy + Send> Ads1299<W> {
    pub(super) fn go_down(&mut self, problem: &Problem) {
        let now_ns = self.now_ns();
        let told = std::mem::discriminant(problem);
        self.losses = Losses::default();
        self.damaged_in_a_row = 0;
        self.event = Some(BoardEvent { monotonic_ns: now_ns, text: problem.to_string() });
        self.phase =
            Phase::Down(Box::new(Down { bring_up: BringUp::new(), retry_ns: now_ns, told }));
    }

    /// Sets the board up again, one step at a time.
    pub(super) fn come_up(&mut self) -> Reading {
        let now_ns = self.now_ns();
        let Phase::Down(down) = &mut self.phase else { return Reading::Idle };
        let progress = if now_ns < down.retry_ns {
            Ok(Progress::Wait(down.retry_ns))
        } else {
            down.bring_up.advance(&mut self.chips)
        };
        match progress {
            Ok(Progress::Wait(due_ns)) => {
                let ns = due_ns.saturating_sub(self.now_ns()).min(PATIENCE_NS);
                self.chips.wires.delay_ns(ns as u32);
            }
            Ok(Progress::Ready) => {
                if let Err(problem) = self.start(true) {
                    self.still_down(&problem);
                }
            }
            Err(problem) => self.still_down(&problem),
        }
        Reading::Idle
    }

    pub(super) fn still_down(&mut self, problem: &Problem) {
        let now_ns = self.now_ns();
        let told = std::mem::discriminant(problem);
        if let Phase::Down(down) = &mut self.phase {
            down.bring_up.again();
            down.retry_ns = now_ns + RETRY_NS;
            if std::mem::replace(&mut down.told, told) != told {
                self.event = Some(BoardEvent { monotonic_ns: now_ns, text: problem.to_string() });
            }
        } else {
            self.go_down(problem);
        }
    }

    pub(super) fn recovered(&mut self, n: u64, monotonic_ns: u64) {
        self.counters.add_recovery();
        let lost = n.saturating_sub(self.next);
        let text =
            format!("the board has been set up again and converts; {lost} samples were lost");
        self.event = Some(BoardEvent { monotonic_ns, text });
    }
}
