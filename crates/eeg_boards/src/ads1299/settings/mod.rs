//! What one wants of the chips, in words, and the register values that mean it (data sheet section 9.6.1).

mod lead_off;
mod values;

pub use lead_off::{Current, Drive, LeadOff, Side};
pub use values::{Gain, Input, Rate};

use super::register::{self as reg, Registers};

/// One channel's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// Gain of its amplifier.
    pub gain: Gain,
    /// What it measures.
    pub input: Input,
}

/// What the inverting inputs are connected to, or the other way round.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// Each channel measures between two electrodes of its own.
    #[default]
    Pairs,
    /// All inverting inputs are connected to the pin SRB1, where the reference electrode is.
    Srb1,
    /// All non-inverting inputs are connected to the pin SRB2, where the reference electrode is: codes count reference minus electrode.
    Srb2,
}

/// The settings of one board: chips of one kind of frame that convert together.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Conversions a second.
    pub rate: Rate,
    /// The channels in use, chip after chip. Channels the chips have beyond these are switched off.
    pub channels: Vec<Channel>,
    /// Where the reference is.
    pub reference: Reference,
    /// Whether the first chip drives the bias electrode from what its channels measure. In a daisy chain every chip does, for all hear
    /// the same: connect one.
    pub bias: bool,
    /// Whether the first chip gives its clock to the others.
    pub clock_out: bool,
    /// The current that shows how good the electrodes' contact is.
    pub lead_off: Option<LeadOff>,
    /// What the chips' clock runs at.
    pub clock_hz: f64,
}

impl Settings {
    /// `channels` electrodes at one gain, everything else as it is after a reset.
    pub fn new(rate: Rate, gain: Gain, channels: usize) -> Self {
        Self {
            rate,
            channels: vec![Channel { gain, input: Input::Normal }; channels],
            reference: Reference::Pairs,
            bias: false,
            clock_out: false,
            lead_off: None,
            clock_hz: super::timing::CLOCK_HZ,
        }
    }

    /// Conversions a second by the nominal clock.
    pub fn rate_hz(&self) -> f64 {
        self.clock_hz / self.rate.clocks() as f64
    }

    /// The register values of one chip that has `on_chip` channels, the first of which is channel `first` of the board.
    /// `chained`: it passes on what a chip behind it sends.
    pub fn registers(&self, first: usize, on_chip: usize, chained: bool) -> Registers {
        let used = self.channels.get(first..).unwrap_or_default();
        let used = &used[..used.len().min(on_chip)];
        let all = (0xFF_u16 >> (8 - used.len())) as u8;
        let is_first = first == 0;
        let mut registers = Registers::reset(on_chip);
        registers.set(
            reg::CONFIG1,
            0x90 | u8::from(!chained) << 6
                | u8::from(self.clock_out && is_first) << 5
                | self.rate.code(),
        );
        let test_signal = used.iter().any(|channel| channel.input == Input::TestSignal);
        // 1.875 mV at 1.953 Hz.
        registers.set(reg::CONFIG2, 0xC0 | if test_signal { 0x11 } else { 0 });
        // Reference on; its own middle for the bias; one bias amplifier for all chips.
        let bias = self.bias && is_first;
        registers.set(reg::CONFIG3, 0xE0 | u8::from(bias) << 3 | u8::from(bias) << 2);
        for channel in 0..on_chip {
            let value = used.get(channel).map_or(CHANNEL_OFF, |channel| self.channel(*channel));
            registers.set(reg::CH1SET + channel as u8, value);
        }
        if bias {
            let (positive, negative) = match self.reference {
                Reference::Pairs => (all, all),
                Reference::Srb1 => (all, 0),
                Reference::Srb2 => (0, all),
            };
            registers.set(reg::BIAS_SENSP, positive);
            registers.set(reg::BIAS_SENSN, negative);
        }
        if let Some(lead_off) = self.lead_off {
            registers.set(reg::LOFF, lead_off.code());
            let (positive, negative) = lead_off.sides(self.reference);
            registers.set(reg::LOFF_SENSP, if positive { all } else { 0 });
            registers.set(reg::LOFF_SENSN, if negative { all } else { 0 });
            // The comparators look for a constant current's voltage.
            registers.set(reg::CONFIG4, u8::from(lead_off.drive == Drive::Dc) << 1);
        }
        registers.set(reg::MISC1, u8::from(self.reference == Reference::Srb1) << 5);
        registers
    }

    fn channel(&self, channel: Channel) -> u8 {
        let srb2 = self.reference == Reference::Srb2 && channel.input == Input::Normal;
        channel.gain.code() << 4 | u8::from(srb2) << 3 | channel.input.code()
    }
}

impl Registers {
    /// The same, but every channel that is on measures something of the chip's own, and no current flows through electrodes. The
    /// test signal is constant.
    pub(super) fn measuring(mut self, input: Input, on_chip: usize) -> Self {
        for address in (reg::CH1SET..).take(on_chip) {
            let value = self.get(address);
            if value & 0x80 == 0 {
                self.set(address, value & 0x70 | input.code());
            }
        }
        self.set(reg::CONFIG2, 0xC0 | if input == Input::TestSignal { 0x13 } else { 0 });
        self.set(reg::LOFF_SENSP, 0);
        self.set(reg::LOFF_SENSN, 0);
        self
    }
}

/// Powered down, its input shorted, as the data sheet asks.
const CHANNEL_OFF: u8 = 0x81;

#[cfg(test)]
mod tests {
    use super::*;

    fn eight() -> Settings {
        Settings::new(Rate::Sps250, Gain::X24, 8)
    }

    #[test]
    fn ordinary_settings_are_the_bytes_of_the_data_sheet() {
        // From CONFIG1 on: 250 samples/s, reference on, gain 24, electrodes; everything else as after a reset. PiEEG's scripts
        // write FFh to CONFIG3, 80h to GPIO (pins driven) and 20h to MISC1 (SRB1 closed).
        let expected = [
            0xD6, 0xC0, 0xE0, 0x00, 0x60, 0x60, 0x60, 0x60, 0x60, 0x60, 0x60, 0x60, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x0F, 0x00, 0x00, 0x00,
        ];
        assert_eq!(eight().registers(0, 8, false).0[1..], expected);
    }

    #[test]
    fn bits_that_are_reserved_as_one_stay_one() {
        // A driver for the ADS1298 that builds registers from 0 clears them.
        for rate in Rate::ALL {
            let settings = Settings { rate, ..eight() };
            let registers = settings.registers(0, 8, true);
            assert_eq!(registers.get(reg::CONFIG1) & 0x98, 0x90);
            assert_eq!(registers.get(reg::CONFIG2) & 0xE8, 0xC0);
            assert_eq!(registers.get(reg::CONFIG3) & 0x60, 0x60);
            assert_eq!(registers.get(reg::LOFF) & 0x10, 0);
        }
    }

    #[test]
    fn the_test_signal_is_off_unless_a_channel_measures_it() {
        // PiEEG's scripts and BrainFlow write D4h to CONFIG2 and leave the generator on.
        let mut settings = eight();
        assert_eq!(settings.registers(0, 8, false).get(reg::CONFIG2) & 0x10, 0);
        settings.channels[3].input = Input::TestSignal;
        let registers = settings.registers(0, 8, false);
        assert_eq!((registers.get(reg::CONFIG2), registers.get(reg::CH1SET + 3)), (0xD1, 0x65));
    }

    #[test]
    fn one_chip_of_several_drives_bias_and_clock() {
        let mut settings = Settings::new(Rate::Sps1000, Gain::X12, 16);
        (settings.bias, settings.clock_out) = (true, true);
        let [first, second] = [0, 8].map(|first| settings.registers(first, 8, false));
        assert_eq!([first, second].map(|r| r.get(reg::CONFIG1)), [0xF4, 0xD4]);
        assert_eq!([first, second].map(|r| r.get(reg::CONFIG3)), [0xEC, 0xE0]);
        assert_eq!([first, second].map(|r| r.get(reg::BIAS_SENSP)), [0xFF, 0]);
    }

    #[test]
    fn channels_that_are_not_used_or_not_there_are_off_or_zero() {
        let settings = Settings::new(Rate::Sps250, Gain::X24, 11);
        let second = settings.registers(8, 6, false);
        assert_eq!(&second.0[5..13], [0x60, 0x60, 0x60, 0x81, 0x81, 0x81, 0, 0]);
    }

    #[test]
    fn references_go_to_their_pins() {
        let with = |reference| Settings { reference, bias: true, ..eight() }.registers(0, 8, false);
        let srb1 = with(Reference::Srb1);
        assert_eq!((srb1.get(reg::MISC1), srb1.get(reg::CH1SET)), (0x20, 0x60));
        assert_eq!((srb1.get(reg::BIAS_SENSP), srb1.get(reg::BIAS_SENSN)), (0xFF, 0));
        let srb2 = with(Reference::Srb2);
        assert_eq!((srb2.get(reg::MISC1), srb2.get(reg::CH1SET)), (0, 0x68));
    }

    #[test]
    fn for_the_self_test_all_channels_measure_the_same_and_no_current_flows() {
        let mut settings = Settings::new(Rate::Sps250, Gain::X8, 5);
        settings.lead_off =
            Some(LeadOff { current: Current::Na6, drive: Drive::Dc, side: Side::Both });
        settings.reference = Reference::Srb2;
        let registers = settings.registers(0, 6, false).measuring(Input::TestSignal, 6);
        assert_eq!(&registers.0[5..13], [0x45, 0x45, 0x45, 0x45, 0x45, 0x81, 0, 0]);
        assert_eq!(registers.get(reg::CONFIG2), 0xD3);
        assert_eq!((registers.get(reg::LOFF_SENSP), registers.get(reg::LOFF_SENSN)), (0, 0));
        let shorted = settings.registers(0, 6, false).measuring(Input::Shorted, 6);
        assert_eq!((shorted.get(reg::CONFIG2), shorted.get(reg::CH1SET)), (0xC0, 0x41));
    }

    #[test]
    fn lead_off_is_what_was_asked_for() {
        let lead_off = LeadOff { current: Current::Na6, drive: Drive::Hz31, side: Side::Positive };
        let registers = Settings { lead_off: Some(lead_off), ..eight() }.registers(0, 8, false);
        assert_eq!(registers.get(reg::LOFF), 0x02);
        assert_eq!((registers.get(reg::LOFF_SENSP), registers.get(reg::LOFF_SENSN)), (0xFF, 0));
        assert_eq!(registers.get(reg::CONFIG4), 0);
        let dc = LeadOff { drive: Drive::Dc, side: Side::Both, ..lead_off };
        let registers = Settings { lead_off: Some(dc), ..eight() }.registers(0, 8, false);
        assert_eq!((registers.get(reg::LOFF_SENSN), registers.get(reg::CONFIG4)), (0xFF, 0x02));
    }
}
