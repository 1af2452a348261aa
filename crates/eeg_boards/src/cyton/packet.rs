//! The 33 bytes of a packet: what each means.
//!
//! | byte | what |
//! |---|---|
//! | 0 | `A0` |
//! | 1 | counter, 0 to 255 and round again |
//! | 2 to 25 | eight channels, 24-bit two's complement, most significant byte first |
//! | 26 to 31 | accelerometer, pins or time, as the last byte says |
//! | 32 | `C0` to `C6` |
//!
//! (OpenBCI documentation, "Cyton Data Format".) There is no checksum; what can be checked is in [`framing`](super::framing).

use crate::ads1299::frame::code;

/// Bytes of a packet.
pub const LENGTH: usize = 33;
/// Channels of a packet.
pub const CHANNELS: usize = 8;
/// The first byte. The board sends 41h, which the dongle replaces.
pub const START: u8 = 0xA0;
/// The last byte, without the kind of packet.
pub const STOP: u8 = 0xC0;

/// A whole packet with its first and last byte in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    bytes: [u8; LENGTH],
}

/// What bytes 26 to 31 say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aux {
    /// Accelerometer X, Y, Z, in 0.002 / 16 g; all zero when there is no new value (it has 25 a second).
    Accelerometer([i16; 3]),
    /// The pins.
    Pins([i16; 3]),
    /// Whatever the firmware was made to send.
    User([u8; 6]),
    /// The board's time of the sample.
    Time {
        /// Milliseconds since it was switched on, and round again after 49.7 days.
        board_ms: u32,
        /// Two bytes of the accelerometer or the pins.
        rest: [u8; 2],
    },
}

impl Packet {
    /// The packet in these bytes; `None` when the first or the last is none of a packet's.
    pub fn decode(bytes: &[u8; LENGTH]) -> Option<Self> {
        let known = (STOP..=STOP | 6).contains(&bytes[LENGTH - 1]);
        (bytes[0] == START && known).then_some(Self { bytes: *bytes })
    }

    /// One more than in the packet before, modulo 256.
    pub const fn counter(&self) -> u8 {
        self.bytes[1]
    }

    /// The channels' codes.
    pub fn codes(&self) -> [i32; CHANNELS] {
        std::array::from_fn(|channel| {
            let at = 2 + 3 * channel;
            code([self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]])
        })
    }

    /// The other bytes.
    pub fn aux(&self) -> Aux {
        let aux: [u8; 6] = std::array::from_fn(|n| self.bytes[26 + n]);
        let words = || [0, 2, 4].map(|n| i16::from_be_bytes([aux[n], aux[n + 1]]));
        match self.bytes[LENGTH - 1] - STOP {
            0 => Aux::Accelerometer(words()),
            1 => Aux::Pins(words()),
            2 => Aux::User(aux),
            _ => Aux::Time {
                board_ms: u32::from_be_bytes([aux[2], aux[3], aux[4], aux[5]]),
                rest: [aux[0], aux[1]],
            },
        }
    }

    /// The board's time of the sample in milliseconds, when the packet says it.
    pub fn board_ms(&self) -> Option<u32> {
        match self.aux() {
            Aux::Time { board_ms, .. } => Some(board_ms),
            Aux::Accelerometer(_) | Aux::Pins(_) | Aux::User(_) => None,
        }
    }

    /// The bytes of a packet, for a simulator.
    pub(super) fn encode(
        counter: u8,
        codes: [i32; CHANNELS],
        aux: [u8; 6],
        kind: u8,
    ) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        (bytes[0], bytes[1], bytes[LENGTH - 1]) = (START, counter, STOP | kind);
        for (place, code) in bytes[2..26].chunks_exact_mut(3).zip(codes) {
            place.copy_from_slice(&code.to_be_bytes()[1..]);
        }
        bytes[26..32].copy_from_slice(&aux);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(stop: u8, channels: &[[u8; 3]], aux: [u8; 6]) -> Option<Packet> {
        let mut bytes = [0; LENGTH];
        (bytes[0], bytes[1], bytes[32]) = (0xA0, 0x45, stop);
        for (n, code) in channels.iter().enumerate() {
            bytes[2 + 3 * n..5 + 3 * n].copy_from_slice(code);
        }
        bytes[26..32].copy_from_slice(&aux);
        Packet::decode(&bytes)
    }

    #[test]
    fn codes_are_twos_complement_most_significant_byte_first() {
        // PiEEG's scripts and BrainFlow's PiEEG driver make +1 or a huge number of -1.
        let channels = [
            [0x00, 0x00, 0x00],
            [0x00, 0x00, 0x01],
            [0xFF, 0xFF, 0xFF],
            [0xFF, 0xFF, 0xFE],
            [0x7F, 0xFF, 0xFF],
            [0x80, 0x00, 0x00],
            [0x01, 0x02, 0x03],
            [0xA0, 0xC0, 0xA0],
        ];
        let packet = packet(0xC0, &channels, [0; 6]).unwrap();
        assert_eq!(packet.counter(), 0x45);
        assert_eq!(
            packet.codes(),
            [0, 1, -1, -2, 8_388_607, -8_388_608, 0x01_0203, 0xA0_C0A0 - (1 << 24)]
        );
    }

    #[test]
    fn the_last_byte_tells_the_six_before_it() {
        let aux = [0x01, 0x02, 0xFF, 0xFE, 0x00, 0x80];
        let kind = |stop| packet(stop, &[], aux).unwrap().aux();
        assert_eq!(kind(0xC0), Aux::Accelerometer([258, -2, 128]));
        assert_eq!(kind(0xC1), Aux::Pins([258, -2, 128]));
        assert_eq!(kind(0xC2), Aux::User(aux));
        for stop in [0xC3, 0xC4, 0xC5, 0xC6] {
            let time = Aux::Time { board_ms: 0xFFFE_0080, rest: [1, 2] };
            assert_eq!(kind(stop), time);
        }
        assert_eq!(packet(0xC3, &[], aux).unwrap().board_ms(), Some(0xFFFE_0080));
        assert_eq!(packet(0xC0, &[], aux).unwrap().board_ms(), None);
    }

    #[test]
    fn other_first_or_last_bytes_are_no_packet() {
        // BrainFlow goes on with any last byte after the first few; A0 and C0 occur among the data too.
        assert_eq!(packet(0xC7, &[], [0; 6]), None);
        assert_eq!(packet(0xB0, &[], [0; 6]), None);
        let mut bytes = Packet::encode(1, [0; 8], [0; 6], 0);
        bytes[0] = 0x41;
        assert_eq!(Packet::decode(&bytes), None);
    }

    #[test]
    fn a_packet_is_read_as_it_was_written() {
        let codes = [0, 1, -1, -2, 8_388_607, -8_388_608, 123_456, -654_321];
        let bytes = Packet::encode(200, codes, [1, 2, 3, 4, 5, 6], 4);
        let packet = Packet::decode(&bytes).unwrap();
        assert_eq!((packet.counter(), packet.codes()), (200, codes));
        assert_eq!(packet.board_ms(), Some(0x0304_0506));
    }
}
