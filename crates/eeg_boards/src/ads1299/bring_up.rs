//! From power to settings that read back, step by step (data sheet figure 67 and section 11.1): waits are handed to the caller,
//! so that the same steps serve at the start, where one may sleep, and after a fault, where nobody may be kept waiting.

use super::bus::{Bus, Drdy};
use super::chips::Chips;
use super::command;
use super::problem::Problem;
use super::timing::{AFTER_RESET_CLOCKS, POWER_UP_CLOCKS, REFERENCE_MS, wait_ns};

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    PowerUp,
    Reset,
    Configure,
}

/// A board being set up.
#[derive(Debug)]
pub(super) struct BringUp {
    step: Step,
    due_ns: u64,
    /// Nothing answered the last time: the supply has come at any moment since, so the wait for it begins when it shows.
    absent: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Come back at this time.
    Wait(u64),
    /// The chips are set up and stand still.
    Ready,
}

impl BringUp {
    pub(super) const fn new() -> Self {
        Self { step: Step::PowerUp, due_ns: 0, absent: false }
    }

    /// Begins again after a problem.
    pub(super) fn again(&mut self) {
        *self = Self { absent: self.step == Step::Reset, ..Self::new() };
    }

    /// Goes as far as it can without waiting for long.
    pub(super) fn advance<W: Bus + Drdy>(
        &mut self,
        chips: &mut Chips<W>,
    ) -> Result<Progress, Problem> {
        loop {
            let now_ns = chips.wires.now_ns();
            if now_ns < self.due_ns {
                return Ok(Progress::Wait(self.due_ns));
            }
            match self.step {
                // The supply may have come this very moment.
                Step::PowerUp => {
                    chips.hold()?;
                    self.due_ns = now_ns + wait_ns(POWER_UP_CLOCKS, chips.settings.clock_hz);
                    self.step = Step::Reset;
                }
                Step::Reset => {
                    chips.reset()?;
                    chips.wait_clocks(AFTER_RESET_CLOCKS);
                    chips.send_all(command::SDATAC)?;
                    chips.identify()?;
                    if std::mem::take(&mut self.absent) {
                        self.step = Step::PowerUp;
                        continue;
                    }
                    chips.start_reference()?;
                    self.due_ns = chips.wires.now_ns() + REFERENCE_MS * 1_000_000;
                    self.step = Step::Configure;
                }
                Step::Configure => {
                    chips.configure()?;
                    return Ok(Progress::Ready);
                }
            }
        }
    }
}
