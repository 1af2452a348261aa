//! A packet on the heap, for keeping, logging and comparing: `PacketOwned::from(&packet)`.

use super::{PacketData, PacketHeader, PacketKind, RtPacket};

/// A deep copy of a packet. It belongs to nobody's pool.
#[derive(Debug, Clone)]
pub struct PacketOwned {
    /// The header.
    pub header: PacketHeader,
    /// What it holds.
    pub kind: PacketKind,
    /// ADC codes, `[frame][channel]`; empty when there are none.
    pub codes: Vec<i32>,
    /// Microvolts, `[frame][channel]`; empty when there are none.
    pub microvolts: Vec<f32>,
}

impl From<&RtPacket> for PacketOwned {
    fn from(packet: &RtPacket) -> Self {
        let (codes, microvolts) = match packet.data() {
            PacketData::RawI32(codes) => (codes.to_vec(), Vec::new()),
            PacketData::Voltage(microvolts) => (Vec::new(), microvolts.to_vec()),
            PacketData::RawAndVoltage { codes, microvolts } => {
                (codes.to_vec(), microvolts.to_vec())
            }
        };
        Self { header: packet.header().clone(), kind: packet.kind(), codes, microvolts }
    }
}
