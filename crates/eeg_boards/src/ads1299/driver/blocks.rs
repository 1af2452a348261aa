//! From single conversions to blocks without a gap, each handed out once the chips have vouched for it; and what was lost between.

use super::{Ads1299, Losses, Phase};
use crate::ads1299::bus::{Bus, Drdy};
use crate::ads1299::problem::Problem;
use crate::board::{Block, Frames, Loss, Reading};

/// Codes beyond this are close to the end of the range: 95 % of full scale.
const RAILED: u32 = 7_969_177;

/// Frames that the caller holds and that are not a block yet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Open {
    /// Number of the first one.
    pub(super) first: u64,
    /// What was lost before it.
    pub(super) lost: Losses,
}

/// A frame whose gap ends the block before: it begins the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) n: u64,
    pub(super) edge_ns: u64,
    pub(super) lost: Losses,
}

impl<W: Bus + Drdy + Send> Ads1299<W> {
    /// Puts the frame in the chips' buffer where it belongs. False: it follows a gap, and is held.
    pub(super) fn place(&mut self, n: u64, frames: &mut Frames) -> bool {
        let lost = self.losses.settle(n - self.next);
        self.next = n + 1;
        let edge_ns = self.numbering.stamp_ns(n);
        if frames.is_empty() {
            self.open.first = n;
            self.open.lost.merge(lost);
        } else if lost.total() > 0 {
            self.held = Some(Held { n, edge_ns, lost });
            self.held_codes.clear();
            self.chips.append_codes(&mut self.held_codes);
            return false;
        }
        self.chips.append_codes(&mut frames.codes);
        frames.edges_ns.push(edge_ns);
        true
    }

    /// Hands the frames out, if the chips still are as they were set up.
    pub(super) fn finish(&mut self, frames: &mut Frames) -> Result<Reading, Problem> {
        self.chips.look().inspect_err(|_| self.discard(frames))?;
        let open = std::mem::take(&mut self.open);
        open.lost.count(&self.counters);
        self.counters.add_delivered(frames.len() as u64);
        let fit = self.numbering.clock.fit();
        self.counters.set_rate(fit.rate_hz, fit.ppm, fit.ppm_uncertainty);
        let near_rails = |code: &i32| code.unsigned_abs() >= RAILED;
        Ok(Reading::Block(Block {
            first_sample: open.first,
            lost_before: open.lost.total(),
            captured_ns: self.captured_ns,
            railed: frames.codes.iter().any(near_rails),
        }))
    }

    /// What was read cannot be trusted: it is lost.
    pub(super) fn discard(&mut self, frames: &mut Frames) {
        let mut lost = std::mem::take(&mut self.open.lost);
        lost.add(Loss::Unverified, frames.len() as u64);
        if let Some(held) = self.held.take() {
            lost.merge(held.lost);
            lost.add(Loss::Unverified, 1);
        }
        self.open.lost = lost;
        frames.clear();
    }

    /// Counts what was lost since the last block, as far as nothing that was read comes after it.
    pub(super) fn count_the_end(&mut self) {
        let handed_out = self.counters.conversions();
        let away = matches!(self.phase, Phase::Down(_) | Phase::Started { .. });
        let mut lost = std::mem::take(&mut self.open.lost);
        if let Some(held) = self.held.take() {
            lost.merge(held.lost);
        } else if handed_out + lost.total() >= self.next {
            let now_ns = self.now_ns();
            let announced = self.numbering.announced();
            let conversions = if away { self.numbering.conversions_at(now_ns) } else { announced };
            let since = conversions.saturating_sub(handed_out + lost.total());
            if away {
                self.losses.add(Loss::Outage, since);
            }
            lost.merge(self.losses.settle(since));
        }
        lost.count(&self.counters);
    }

    /// The frame that waits is from the time when it went wrong.
    pub(super) fn discard_held(&mut self) {
        if let Some(held) = self.held.take() {
            self.open.lost.merge(held.lost);
            self.open.lost.add(Loss::Unverified, 1);
        }
    }
}
