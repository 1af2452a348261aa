//! The registers: where they are, what they hold after a reset, which of their bits read back as written (data sheet table 11).

/// Number of registers.
pub const COUNT: usize = 24;

/// Chip and revision; read-only.
pub const ID: u8 = 0x00;
/// Data rate, daisy chain, clock output.
pub const CONFIG1: u8 = 0x01;
/// Test signal.
pub const CONFIG2: u8 = 0x02;
/// Reference and bias amplifier.
pub const CONFIG3: u8 = 0x03;
/// Lead-off current, frequency and threshold.
pub const LOFF: u8 = 0x04;
/// The first channel's settings; the others follow.
pub const CH1SET: u8 = 0x05;
/// Channels whose positive input drives the bias.
pub const BIAS_SENSP: u8 = 0x0D;
/// Channels whose negative input drives the bias.
pub const BIAS_SENSN: u8 = 0x0E;
/// Channels whose positive input gets the lead-off current.
pub const LOFF_SENSP: u8 = 0x0F;
/// Channels whose negative input gets the lead-off current.
pub const LOFF_SENSN: u8 = 0x10;
/// Channels whose lead-off current flows the other way.
pub const LOFF_FLIP: u8 = 0x11;
/// Positive electrodes that are off; read-only.
pub const LOFF_STATP: u8 = 0x12;
/// Negative electrodes that are off; read-only.
pub const LOFF_STATN: u8 = 0x13;
/// The four general pins.
pub const GPIO: u8 = 0x14;
/// SRB1.
pub const MISC1: u8 = 0x15;
/// Reserved.
pub const MISC2: u8 = 0x16;
/// Single shot, lead-off comparators.
pub const CONFIG4: u8 = 0x17;

/// What each register holds after a reset. The identity depends on the part: this is an ADS1299-8.
pub const RESET_VALUES: [u8; COUNT] = [
    0x3E, 0x96, 0xC0, 0x60, 0x00, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x0F, 0x00, 0x00, 0x00,
];

/// The names of the data sheet.
pub const NAMES: [&str; COUNT] = [
    "ID",
    "CONFIG1",
    "CONFIG2",
    "CONFIG3",
    "LOFF",
    "CH1SET",
    "CH2SET",
    "CH3SET",
    "CH4SET",
    "CH5SET",
    "CH6SET",
    "CH7SET",
    "CH8SET",
    "BIAS_SENSP",
    "BIAS_SENSN",
    "LOFF_SENSP",
    "LOFF_SENSN",
    "LOFF_FLIP",
    "LOFF_STATP",
    "LOFF_STATN",
    "GPIO",
    "MISC1",
    "MISC2",
    "CONFIG4",
];

/// The values of all registers of one chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registers(pub [u8; COUNT]);

impl Registers {
    /// After a reset, of a part with `channels` channels.
    pub fn reset(channels: usize) -> Self {
        let mut values = RESET_VALUES;
        values[usize::from(ID)] = identity(channels);
        for absent in channels..8 {
            values[usize::from(CH1SET) + absent] = 0;
        }
        Self(values)
    }

    /// One register's value.
    pub fn get(&self, address: u8) -> u8 {
        self.0[usize::from(address)]
    }

    /// Sets one register's value.
    pub fn set(&mut self, address: u8, value: u8) {
        self.0[usize::from(address)] = value;
    }

    /// The first register that does not read back as written: its address, what it should hold, what it holds.
    pub fn difference(&self, read_back: &Self, channels: usize) -> Option<(u8, u8, u8)> {
        (0..COUNT as u8).find_map(|address| {
            let mask = self.kept_bits(address, channels);
            let (written, read) = (self.get(address) & mask, read_back.get(address) & mask);
            (written != read).then_some((address, written, read))
        })
    }

    /// The bits of a register that read back as they were written.
    pub fn kept_bits(&self, address: u8, channels: usize) -> u8 {
        match address {
            ID | LOFF_STATP | LOFF_STATN => 0,
            CONFIG3 => 0xFE,
            // The data bit of a pin that is an input shows the pin.
            GPIO => 0x0F | !self.get(GPIO) << 4,
            _ if (CH1SET + channels as u8..BIAS_SENSP).contains(&address) => 0,
            _ => 0xFF,
        }
    }
}

/// The identity of a part, in the revision seen in practice.
pub fn identity(channels: usize) -> u8 {
    0x3C | ((channels.saturating_sub(4) / 2) as u8 & 3)
}

/// How many channels the part with this identity has; `None` when it is no ADS1299. The revision does not matter.
pub fn channels_of(identity: u8) -> Option<usize> {
    match (identity & 0x1C, identity & 3) {
        (0x1C, size @ 0..=2) => Some(4 + 2 * usize::from(size)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_values_are_those_of_the_data_sheet() {
        // Table 11, register by register.
        let table = [
            ("CONFIG1", 0x96),
            ("CONFIG2", 0xC0),
            ("CONFIG3", 0x60),
            ("LOFF", 0x00),
            ("CH1SET", 0x61),
            ("CH2SET", 0x61),
            ("CH3SET", 0x61),
            ("CH4SET", 0x61),
            ("CH5SET", 0x61),
            ("CH6SET", 0x61),
            ("CH7SET", 0x61),
            ("CH8SET", 0x61),
            ("BIAS_SENSP", 0x00),
            ("BIAS_SENSN", 0x00),
            ("LOFF_SENSP", 0x00),
            ("LOFF_SENSN", 0x00),
            ("LOFF_FLIP", 0x00),
            ("LOFF_STATP", 0x00),
            ("LOFF_STATN", 0x00),
            ("GPIO", 0x0F),
            ("MISC1", 0x00),
            ("MISC2", 0x00),
            ("CONFIG4", 0x00),
        ];
        for (address, (name, value)) in (1..).zip(table) {
            assert_eq!((NAMES[address], RESET_VALUES[address]), (name, value));
        }
    }

    #[test]
    fn a_part_is_known_by_its_identity_whatever_its_revision() {
        // 3Eh is what OpenBCI documents of an ADS1299.
        assert_eq!([0x3C, 0x3D, 0x3E].map(channels_of), [Some(4), Some(6), Some(8)]);
        assert_eq!([0x1E, 0xFE, 0x9E].map(channels_of), [Some(8); 3]);
        // ADS1298, ADS1298R, nothing connected, the reserved size.
        assert_eq!([0x92, 0xD2, 0x00, 0xFF, 0x3F].map(channels_of), [None; 5]);
        assert_eq!([4, 6, 8].map(|n| channels_of(identity(n))), [Some(4), Some(6), Some(8)]);
    }

    #[test]
    fn a_register_that_differs_is_named_and_read_only_bits_are_not() {
        let written = Registers::reset(8);
        let mut read = written;
        read.set(CONFIG3, 0x61);
        read.set(LOFF_STATP, 0xFF);
        read.set(GPIO, 0xAF);
        assert_eq!(written.difference(&read, 8), None);
        read.set(MISC1, 0x20);
        assert_eq!(written.difference(&read, 8), Some((MISC1, 0x00, 0x20)));
        let mut absent = Registers::reset(4);
        absent.set(CH1SET + 4, 0x33);
        assert_eq!(Registers::reset(4).difference(&absent, 4), None);
        assert!(Registers::reset(6).difference(&absent, 6).is_some());
    }
}
