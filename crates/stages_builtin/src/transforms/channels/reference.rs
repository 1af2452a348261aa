//! A common reference: the mean of some channels, subtracted from some, frame by frame.

use plugin_api::{Lockable, RtPacket, StageCtx, StageError, StageImpl, StageResult};
use std::sync::Arc;

/// `y_i[n] = x_i[n] - (1 / M) sum_m x_m[n]`, summed in f64 in the order of the channels, rounded to f32 once.
#[derive(Debug)]
pub(super) struct Reference {
    channels: usize,
    /// Whose mean it is.
    of: Box<[usize]>,
    /// What it is subtracted from.
    from: Box<[usize]>,
}

impl Reference {
    /// The mean of channels `of`, subtracted from all of `channels` but those in `exclude`.
    pub(super) fn new(channels: usize, mut of: Vec<usize>, exclude: &[usize]) -> Self {
        // One order, so that the same channels give the same bits however they are listed.
        of.sort_unstable();
        let from = (0..channels).filter(|channel| !exclude.contains(channel)).collect();
        Self { channels, of: of.into(), from }
    }

    fn apply(&self, microvolts: &mut [f32]) {
        let count = self.of.len() as f64;
        for frame in microvolts.chunks_exact_mut(self.channels.max(1)) {
            let mean = self.of.iter().map(|m| f64::from(frame[*m])).sum::<f64>() / count;
            for channel in &self.from {
                frame[*channel] = (f64::from(frame[*channel]) - mean) as f32;
            }
        }
    }
}

impl Lockable for Reference {}

impl StageImpl for Reference {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if packet.channels() != self.channels {
            return Err(StageError::Data(
                "the number of channels changed: start the pipeline anew",
            ));
        }
        packet.map_samples(ctx, |microvolts| self.apply(microvolts))
    }
}
