//! What the board is told, and what it answers (OpenBCI documentation, "Cyton SDK"; firmware 3.1, `processChar`).

use crate::ads1299::settings::{Channel, Reference};

/// Soft reset: the board answers with what it is.
pub const RESET: &[u8] = b"v";
/// Starts streaming. Not answered.
pub const START: &[u8] = b"b";
/// Stops streaming. Not answered.
pub const STOP: &[u8] = b"s";
/// Puts the board's time into every packet.
pub const TIME_ON: &[u8] = b"<";
/// Sixteen channels, with the daisy.
pub const ATTACH_DAISY: &[u8] = b"C";
/// Eight channels, without.
pub const REMOVE_DAISY: &[u8] = b"c";
/// Turns the internal square wave on, 1.875 mV at 1.953 Hz, and all channels to it.
pub const TEST_SIGNAL: &[u8] = b"=";
/// How every answer ends.
pub const END: &[u8] = b"$$$";

/// What channels are called in commands, 1 to 16.
const NAMES: &[u8; 16] = b"12345678QWERTYUI";

/// `x CH PD GAIN INPUT BIAS SRB2 SRB1 X`: sets one channel, counted from 0.
pub fn set_channel(channel: usize, settings: Channel, reference: Reference, bias: bool) -> [u8; 9] {
    let digit = |code: u8| b'0' + code;
    let flag = |on| digit(u8::from(on));
    [
        b'x',
        NAMES[channel],
        flag(false),
        digit(settings.gain.code()),
        digit(settings.input.code()),
        flag(bias),
        flag(reference == Reference::Srb2),
        flag(reference == Reference::Srb1),
        b'X',
    ]
}

/// `z CH P N Z`: sends the lead-off current, 6 nA at 31.25 Hz, through a channel's electrodes; channels count from 0.
pub fn set_lead_off(channel: usize, positive: bool, negative: bool) -> [u8; 5] {
    let flag = |on| b'0' + u8::from(on);
    [b'z', NAMES[channel], flag(positive), flag(negative), b'Z']
}

/// What the board is, from its answer to [`RESET`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// Whether a daisy answers.
    pub daisy: bool,
    /// Like `v3.1.2`; `None` before version 2.
    pub firmware: Option<String>,
}

impl Banner {
    /// `None` when no Cyton speaks like this.
    pub fn parse(answer: &str) -> Option<Self> {
        if !(answer.contains("OpenBCI V3") && answer.contains("ADS1299")) {
            return None;
        }
        let firmware = answer.lines().find_map(|line| line.trim().strip_prefix("Firmware: "));
        Some(Self {
            daisy: answer.contains("On Daisy ADS1299"),
            firmware: firmware.map(|version| version.trim_end_matches("$$$").to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads1299::settings::{Gain, Input};

    #[test]
    fn commands_are_those_of_the_documentation() {
        let channel = |gain, input| Channel { gain, input };
        let normal = channel(Gain::X24, Input::Normal);
        assert_eq!(&set_channel(2, normal, Reference::Srb2, true), b"x3060110X");
        // Channels 9 to 16 have letters.
        let shorted = channel(Gain::X1, Input::Shorted);
        assert_eq!(&set_channel(8, shorted, Reference::Srb1, false), b"xQ001001X");
        let test = channel(Gain::X12, Input::TestSignal);
        assert_eq!(&set_channel(15, test, Reference::Pairs, true), b"xI055100X");
        assert_eq!(&set_lead_off(7, false, true), b"z801Z");
    }

    #[test]
    fn a_board_tells_what_it_is() {
        let alone = "OpenBCI V3 8-16 channel\r\nOn Board ADS1299 Device ID: 0x3E\r\nLIS3DH Device ID: 0x33\r\nFirmware: v3.1.2\r\n";
        assert_eq!(
            Banner::parse(alone),
            Some(Banner { daisy: false, firmware: Some("v3.1.2".to_owned()) })
        );
        let both = "OpenBCI V3 8-16 channel\nOn Board ADS1299 Device ID: 0x3E\nOn Daisy ADS1299 Device ID: 0x3E\nLIS3DH Device ID: 0x33\n";
        assert_eq!(Banner::parse(both), Some(Banner { daisy: true, firmware: None }));
        assert_eq!(Banner::parse("OpenBCI Ganglion v2.0.0"), None);
    }
}
