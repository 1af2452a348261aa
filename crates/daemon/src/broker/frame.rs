//! One packet as it goes over the wire: a 32-byte little-endian header, then the values, `[frame][channel]`.

use bytes::Bytes;
use plugin_api::{Flags, RtPacket};

/// First two bytes of every frame.
pub const MAGIC: u16 = 0xEE61;
/// Version of the layout.
pub const VERSION: u8 = 1;
/// The values are ADC codes.
pub const DTYPE_I32: u8 = 0;
/// The values are physical, microvolts for EEG.
pub const DTYPE_F32: u8 = 1;
/// Length of the header.
pub const HEADER_BYTES: usize = 32;
const VALUE_BYTES: usize = 4;

/// Whether a packet goes out as codes: only when it holds nothing else.
pub(super) const fn dtype_of(packet: &RtPacket) -> u8 {
    if packet.kind().has_microvolts() { DTYPE_F32 } else { DTYPE_I32 }
}

/// Encodes a packet; `gap` adds the flag to those of the header.
pub(super) fn encode(packet: &RtPacket, stream: u32, gap: bool) -> Bytes {
    let header = packet.header();
    let dtype = dtype_of(packet);
    let samples = packet.frames() * packet.channels();
    let flags = if gap { header.flags | Flags::GAP } else { header.flags };

    let mut bytes = Vec::with_capacity(HEADER_BYTES + samples * VALUE_BYTES);
    bytes.extend_from_slice(&MAGIC.to_le_bytes());
    bytes.extend_from_slice(&[VERSION, dtype]);
    bytes.extend_from_slice(&stream.to_le_bytes());
    bytes.extend_from_slice(&header.first_sample.to_le_bytes());
    bytes.extend_from_slice(&header.time_ns.to_le_bytes());
    bytes.extend_from_slice(&header.frames.to_le_bytes());
    bytes.extend_from_slice(&(packet.channels() as u16).to_le_bytes());
    bytes.extend_from_slice(&flags.bits().to_le_bytes());
    debug_assert_eq!(bytes.len(), HEADER_BYTES);

    if dtype == DTYPE_F32 {
        append(&mut bytes, packet.microvolts(), f32::to_le_bytes);
    } else {
        append(&mut bytes, packet.codes(), i32::to_le_bytes);
    }
    bytes.into()
}

/// Written as one pass over equal chunks, so that it compiles to a copy where memory is little-endian.
fn append<T: Copy>(bytes: &mut Vec<u8>, values: &[T], to_le: impl Fn(T) -> [u8; VALUE_BYTES]) {
    let start = bytes.len();
    bytes.resize(start + values.len() * VALUE_BYTES, 0);
    for (out, value) in bytes[start..].chunks_exact_mut(VALUE_BYTES).zip(values) {
        out.copy_from_slice(&to_le(*value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::{ChannelMeta, PacketHeader, PacketKind, SensorMeta, StageCtx};
    use std::sync::Arc;

    fn packet(kind: PacketKind) -> Arc<RtPacket> {
        let channels = vec![ChannelMeta::microvolts("Fp1"), ChannelMeta::microvolts("Fp2")];
        let header = PacketHeader {
            sensor: Arc::new(SensorMeta { channels, ..SensorMeta::default() }),
            first_sample: 0x0102_0304_0506_0708,
            time_ns: -2,
            captured_ns: 99,
            rate_hz: 250.0,
            frames: 0,
            flags: Flags::RAILED,
        };
        let mut fresh = StageCtx::for_test(4).fresh(header, kind);
        if kind.has_codes() {
            fresh.codes_mut().extend([1, -1, 8_388_607, -8_388_608]);
        }
        if kind.has_microvolts() {
            fresh.microvolts_mut().extend([1.0, -2.5, 0.0, f32::INFINITY]);
        }
        fresh.share()
    }

    /// The table of the contract written out by hand, byte by byte.
    const HEADER: [u8; HEADER_BYTES] = [
        0x61, 0xEE, // magic
        1, 1, // version, dtype f32
        0x0D, 0x0C, 0x0B, 0x0A, // stream
        8, 7, 6, 5, 4, 3, 2, 1, // index
        0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, // time -2 ns
        2, 0, 0, 0, // frames
        2, 0, // channels
        5, 0, // railed | gap
    ];

    #[test]
    fn microvolts_byte_by_byte() {
        let bytes = encode(&packet(PacketKind::Voltage), 0x0A0B_0C0D, true);
        assert_eq!(bytes[..HEADER_BYTES], HEADER);
        // IEEE 754 binary32: 1.0 = 3F800000, -2.5 = C0200000, infinity = 7F800000.
        let values = [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0, 0, 0, 0, 0, 0, 0, 0x80, 0x7F];
        assert_eq!(bytes[HEADER_BYTES..], values);
    }

    #[test]
    fn codes_byte_by_byte() {
        let bytes = encode(&packet(PacketKind::RawI32), 0x0A0B_0C0D, false);
        let mut header = HEADER;
        (header[3], header[30]) = (0, 4);
        assert_eq!(bytes[..HEADER_BYTES], header);
        let values = [1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0x80, 0xFF];
        assert_eq!(bytes[HEADER_BYTES..], values);
    }

    #[test]
    fn a_packet_with_both_goes_out_as_microvolts() {
        let both = encode(&packet(PacketKind::RawAndVoltage), 1, false);
        assert_eq!(both, encode(&packet(PacketKind::Voltage), 1, false));
    }
}
