//! What travels with the samples: which, when, how fast, from where.

use super::SensorMeta;
use std::ops::{BitOr, BitOrAssign};
use std::sync::Arc;

/// Everything a stage may rely on about a packet; a stage that changes the rate must set it here.
#[derive(Debug, Clone)]
pub struct PacketHeader {
    /// Where the samples come from, and how codes become microvolts.
    pub sensor: Arc<SensorMeta>,
    /// Index of the first sample. Counts conversions, lost ones too, so a jump is a loss.
    pub first_sample: u64,
    /// Time of the first sample, nanoseconds since the Unix epoch.
    pub time_ns: i64,
    /// When the last sample of the packet reached the host, monotonic nanoseconds; 0 when not acquired live.
    pub captured_ns: u64,
    /// Samples per second and channel.
    pub rate_hz: f64,
    /// Number of frames.
    pub frames: u32,
    /// What is known about the samples.
    pub flags: Flags,
}

/// Facts about a packet, in the bits that the WebSocket frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(u16);

impl Flags {
    /// Nothing to report.
    pub const NONE: Self = Self(0);
    /// The signal is not continuous with the packet before: samples were lost, or a recording starts over.
    pub const GAP: Self = Self(1);
    /// A filter has not settled yet.
    pub const SETTLING: Self = Self(1 << 1);
    /// A channel is at or near the end of the ADC's range.
    pub const RAILED: Self = Self(1 << 2);

    /// Whether all of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is known about the samples' quality, without what is known about their continuity.
    #[must_use]
    pub const fn only_quality(self) -> Self {
        Self(self.0 & !Self::GAP.0)
    }

    /// The bits as they go over the wire.
    pub const fn bits(self) -> u16 {
        self.0
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
