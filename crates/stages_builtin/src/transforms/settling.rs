//! What every stage with a memory does at a break in the signal: starts anew, and flags what it makes until it has settled.

use plugin_api::{Flags, RtPacket, StageCtx};

/// Whether the signal before this packet is not what this packet follows from.
pub(super) fn broken(packet: &RtPacket, ctx: &StageCtx) -> bool {
    ctx.lost_before() > 0 || packet.header().flags.contains(Flags::GAP)
}

/// Counts the frames down until a transient has decayed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settling {
    frames: u64,
    left: u64,
}

impl Settling {
    /// A stage that has just started and needs `frames` to settle.
    pub(super) const fn new(frames: u64) -> Self {
        Self { frames, left: frames }
    }

    /// The stage has started anew.
    pub(super) const fn restart(&mut self) {
        self.left = self.frames;
    }

    /// Takes note of the packet at hand; raises the flag if what is made of it is not settled throughout.
    pub(super) fn pass(&mut self, packet: &RtPacket, ctx: &mut StageCtx) {
        if self.left > 0 {
            ctx.raise(Flags::SETTLING);
            self.left = self.left.saturating_sub(packet.frames() as u64);
        }
    }
}
