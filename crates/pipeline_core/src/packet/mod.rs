//! A packet: consecutive frames of one sensor, shared as `Arc<RtPacket>` and never cloned.
//!
//! Samples lie interleaved, `[frame][channel]`, so that one vector register holds one frame's channels.
//! i32 codes are the truth; microvolts are `f32`, which costs at most a third of an ADC step at full scale
//! (24-bit codes, 24-bit mantissa, rounded once).

mod header;
mod lead_off;
mod meta;
mod owned;
mod pool;
mod transform;
mod view;

pub use header::{Flags, PacketHeader};
pub use lead_off::{LeadOff, LeadOffDrive};
pub use meta::{ChannelMeta, SensorMeta};
pub use owned::PacketOwned;
pub use pool::{FreshPacket, PacketPool, PoolSize};
pub use view::{PacketData, PacketView};

use pool::Shelf;
use std::fmt;
use std::sync::{Arc, Weak};

/// What a packet holds. A stage states what it accepts, and the graph checks it before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// ADC codes, one `i32` per sample.
    RawI32,
    /// Microvolts, one `f32` per sample.
    Voltage,
    /// Both, sample for sample.
    RawAndVoltage,
}

impl PacketKind {
    /// Whether packets of this kind carry ADC codes.
    pub const fn has_codes(self) -> bool {
        matches!(self, Self::RawI32 | Self::RawAndVoltage)
    }

    /// Whether packets of this kind carry microvolts.
    pub const fn has_microvolts(self) -> bool {
        matches!(self, Self::Voltage | Self::RawAndVoltage)
    }
}

impl fmt::Display for PacketKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RawI32 => "raw codes",
            Self::Voltage => "microvolts",
            Self::RawAndVoltage => "raw codes and microvolts",
        })
    }
}

/// Consecutive frames of one sensor, with the header that says all a stage needs to know about them.
///
/// The shell owns room for codes and for microvolts, so that a stage which turns one into the other
/// in place needs no second packet. When the last `Arc` goes, the buffers return to the pool they came from.
pub struct RtPacket {
    header: PacketHeader,
    kind: PacketKind,
    codes: Vec<i32>,
    microvolts: Vec<f32>,
    home: Weak<Shelf>,
}

impl RtPacket {
    /// The header: index, time, rate, sensor, flags.
    pub const fn header(&self) -> &PacketHeader {
        &self.header
    }

    /// What the packet holds.
    pub const fn kind(&self) -> PacketKind {
        self.kind
    }

    /// The samples, by what the packet holds.
    pub fn data(&self) -> PacketData<'_> {
        match self.kind {
            PacketKind::RawI32 => PacketData::RawI32(&self.codes),
            PacketKind::Voltage => PacketData::Voltage(&self.microvolts),
            PacketKind::RawAndVoltage => {
                PacketData::RawAndVoltage { codes: &self.codes, microvolts: &self.microvolts }
            }
        }
    }

    /// Header and samples, borrowed together.
    pub fn view(&self) -> PacketView<'_> {
        PacketView::new(&self.header, self.data())
    }

    /// ADC codes, `[frame][channel]`; empty when the packet has none.
    pub fn codes(&self) -> &[i32] {
        if self.kind.has_codes() { &self.codes } else { &[] }
    }

    /// Microvolts, `[frame][channel]`; empty when the packet has none.
    pub fn microvolts(&self) -> &[f32] {
        if self.kind.has_microvolts() { &self.microvolts } else { &[] }
    }

    /// Number of frames.
    pub const fn frames(&self) -> usize {
        self.header.frames as usize
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.header.sensor.channels.len()
    }

    /// Gives the packet back to the pool it came from, shell and all, without touching the allocator.
    ///
    /// Dropping the `Arc` is always right too; then the buffers go home and the shell alone is freed.
    /// The executor does the same for every packet it lets go of, many at a time.
    pub fn recycle(self: Arc<Self>) {
        if let Some(shelf) = self.home.upgrade() {
            shelf.put(self);
        }
    }
}

impl Drop for RtPacket {
    fn drop(&mut self) {
        if let Some(shelf) = self.home.upgrade() {
            shelf
                .put_buffers(std::mem::take(&mut self.codes), std::mem::take(&mut self.microvolts));
        }
    }
}

impl fmt::Debug for RtPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtPacket")
            .field("header", &self.header)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
