//! Looking at a packet without caring where it lives.

use super::PacketHeader;

/// The samples of a packet, `[frame][channel]`, by what it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PacketData<'a> {
    /// ADC codes.
    RawI32(&'a [i32]),
    /// Microvolts.
    Voltage(&'a [f32]),
    /// Both, sample for sample.
    RawAndVoltage {
        /// ADC codes.
        codes: &'a [i32],
        /// Microvolts.
        microvolts: &'a [f32],
    },
}

/// Header and samples of a packet, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct PacketView<'a> {
    /// The header.
    pub header: &'a PacketHeader,
    /// The samples.
    pub data: PacketData<'a>,
}

impl<'a> PacketView<'a> {
    pub(super) const fn new(header: &'a PacketHeader, data: PacketData<'a>) -> Self {
        Self { header, data }
    }

    /// Microvolts, `[frame][channel]`; empty when the packet has none.
    pub const fn microvolts(&self) -> &'a [f32] {
        match self.data {
            PacketData::Voltage(microvolts) | PacketData::RawAndVoltage { microvolts, .. } => {
                microvolts
            }
            PacketData::RawI32(_) => &[],
        }
    }

    /// ADC codes, `[frame][channel]`; empty when the packet has none.
    pub const fn codes(&self) -> &'a [i32] {
        match self.data {
            PacketData::RawI32(codes) | PacketData::RawAndVoltage { codes, .. } => codes,
            PacketData::Voltage(_) => &[],
        }
    }

    /// The microvolts of one channel, frame by frame.
    pub fn channel_uv(&self, channel: usize) -> impl Iterator<Item = f32> + 'a {
        let step = self.header.sensor.channels.len().max(1);
        self.microvolts().iter().skip(channel).step_by(step).copied()
    }
}
