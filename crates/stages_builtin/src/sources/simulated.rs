//! A source whose samples are computed: the boards without hardware, and the test signal.

use super::clockwork::Clockwork;
use eeg_boards::SimulatedBoard;
use plugin_api::{
    Flags, Lockable, PacketKind, SourceImpl, SourceStep, StageCtx, StageError, StreamSpec,
};

/// A simulated board and the clockwork that says when its next packet is due.
#[derive(Debug)]
pub(super) struct Simulated {
    board: SimulatedBoard,
    clockwork: Clockwork,
    spec: StreamSpec,
    next: u64,
}

impl Simulated {
    pub(super) const fn new(board: SimulatedBoard, clockwork: Clockwork, spec: StreamSpec) -> Self {
        Self { board, clockwork, spec, next: 0 }
    }
}

impl Lockable for Simulated {}

impl SourceImpl for Simulated {
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        let left = self.spec.total_frames.map_or(u64::MAX, |total| total - self.next);
        let frames = (self.spec.max_frames as u64).min(left) as usize;
        if frames == 0 {
            return Ok(SourceStep::End);
        }
        if !self.clockwork.wait(frames, ctx) {
            return Ok(SourceStep::Idle);
        }
        let header = self.clockwork.header(&self.spec.sensor, self.next, frames, Flags::NONE);
        let mut packet = ctx.fresh(header, PacketKind::RawI32);
        self.board.read(self.next, frames, packet.codes_mut());
        self.next += frames as u64;
        Ok(SourceStep::Packet(packet.share()))
    }
}
