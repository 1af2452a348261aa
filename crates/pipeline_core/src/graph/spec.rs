//! What flows along an edge, known before anything runs.

use super::ConfigError;
use crate::packet::{PacketKind, SensorMeta};
use std::sync::Arc;

/// One stream of packets: what they hold, how fast, how late.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamSpec {
    /// What the packets hold.
    pub kind: PacketKind,
    /// Samples per second and channel, nominal.
    pub rate_hz: f64,
    /// Sensor and channels.
    pub sensor: Arc<SensorMeta>,
    /// The most frames a packet has; buffers are made for it.
    pub max_frames: usize,
    /// Delay of the signal since the source, in seconds, as the stages declare it.
    pub delay_s: f64,
    /// Frames until the end, where the source knows: what a progress bar needs.
    pub total_frames: Option<u64>,
    /// True when the source cannot wait (a device, a recording played as if live): a full queue loses packets
    /// and says so. False when it can: a full queue makes it wait, and other threads are woken for several packets
    /// at a time, because nobody waits for a single one.
    pub live: bool,
}

impl StreamSpec {
    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.sensor.channels.len()
    }

    /// Samples in the largest packet.
    pub fn max_samples(&self) -> usize {
        self.max_frames * self.channels()
    }

    /// Packets a second, when each is as large as can be.
    pub fn packets_per_s(&self) -> f64 {
        self.rate_hz / self.max_frames.max(1) as f64
    }

    /// `Ok` when `hz` lies below half the rate and above zero.
    ///
    /// # Errors
    /// [`ConfigError`] naming `param`, the rate and the limit.
    pub fn require_below_nyquist(&self, param: &str, hz: f64) -> Result<(), ConfigError> {
        ConfigError::require(hz > 0.0 && hz.is_finite(), param, "a frequency above 0 Hz", hz)?;
        if hz < self.rate_hz / 2.0 {
            return Ok(());
        }
        Err(ConfigError::ParamForInput {
            param: param.to_owned(),
            message: format!(
                "`{param}` is {hz} Hz, but at {} samples/s only frequencies below {} Hz exist",
                self.rate_hz,
                self.rate_hz / 2.0
            ),
        })
    }
}
