//! What a fault does to the bench when its time has come.

use super::Bench;
use crate::simulator::fault::{Fault, Turn};

impl Bench {
    pub(super) fn turn(&mut self, turn: &Turn) {
        let clk = self.clk();
        match (&turn.fault, turn.begins) {
            (Fault::MissedEdges { count, .. }, true) => self.line.miss += count,
            (Fault::LateEdge { for_s, .. }, true) => self.line.delay_ns = for_s * 1e9,
            (Fault::LateRead { for_s, .. }, true) => self.stall_ns += for_s * 1e9,
            (Fault::BitFlips { count, .. }, true) => self.flips += count,
            (Fault::BrownOut { chip, .. }, true) => {
                let hit = |n: usize| chip.is_none_or(|chip| chip == n);
                for (_, chip) in self.chips_mut().enumerate().filter(|(n, _)| hit(*n)) {
                    chip.power_down();
                    chip.power_up(clk);
                }
            }
            (Fault::Unplugged { .. }, begins) => {
                self.unplugged = begins;
                for chip in self.chips_mut() {
                    if begins { chip.power_down() } else { chip.power_up(clk) }
                }
            }
            (Fault::SilentDrdy { .. }, begins) => self.silent = begins,
            (Fault::CounterJump { by, .. }, true) => self.line.jump(*by),
            (Fault::ClockStep { by_s, .. }, true) => {
                self.unix_minus_monotonic_ns += (by_s * 1e9) as i64;
            }
            (Fault::Rails { channel, .. }, begins) => {
                let hit = |n: usize| channel.is_none_or(|channel| channel == n + 1);
                let stuck = &mut self.analog.stuck_uv;
                for (_, stuck) in stuck.iter_mut().enumerate().filter(|(n, _)| hit(*n)) {
                    *stuck = begins.then_some(1e7);
                }
            }
            (Fault::ElectrodeOff { channel, .. }, begins) => {
                if let Some(off) = self.analog.off.get_mut(channel.wrapping_sub(1)) {
                    *off = begins;
                }
            }
            (_, false) => {}
        }
        self.edges_until(self.now_ns);
    }
}
