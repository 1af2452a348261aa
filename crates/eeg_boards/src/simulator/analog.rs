//! What a simulated chip's channels measure: electrodes with their impedances, the test signal, its own noise; and the codes
//! that come of it.

use super::bench::Defect;
use super::chip::Chip;
use super::filter;
use super::inputs::Inputs;
use super::noise;
use super::oscillator::Oscillator;
use crate::ads1299::noise::rms_uv;
use crate::ads1299::register::{self as reg, Registers};
use crate::ads1299::settings::{Drive, Gain, Input, Rate};
use crate::ads1299::{CODE_RANGE, VREF_UV, step_uv};

/// An electrode that is off, in ohms.
const OFF_OHM: f64 = 1e9;
/// What flows into an input (section 7.5), in amperes.
const INPUT_BIAS_A: f64 = 0.3e-9;
/// Mains that an electrode which is off picks up, in microvolts.
const PICKED_UP_UV: f64 = 5000.0;

/// Everything on the analogue side of a board.
pub(super) struct Analog {
    pub(super) oscillator: Oscillator,
    pub(super) inputs: Box<dyn Inputs>,
    /// Ohms of each channel's electrode, and of the reference.
    pub(super) electrodes_ohm: Vec<f64>,
    pub(super) reference_ohm: f64,
    /// Ohms in series with each electrode, on the board.
    pub(super) series_ohm: f64,
    pub(super) seed: u64,
    pub(super) degrees: f64,
    /// Microvolts of something that overrides a channel.
    pub(super) stuck_uv: Vec<Option<f64>>,
    /// Channels whose electrode is off.
    pub(super) off: Vec<bool>,
    /// What is wrong with the channels' amplifiers.
    pub(super) defects: Vec<Defect>,
    /// The last conversion's microvolts, or codes, of all channels.
    sample: Option<u64>,
    uv: Vec<f64>,
    codes: Vec<i32>,
    has_codes: bool,
}

impl std::fmt::Debug for Analog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analog").field("degrees", &self.degrees).finish_non_exhaustive()
    }
}

impl Analog {
    pub(super) fn new(
        oscillator: Oscillator,
        inputs: Box<dyn Inputs>,
        channels: usize,
        seed: u64,
    ) -> Self {
        Self {
            oscillator,
            inputs,
            electrodes_ohm: vec![0.0; channels],
            reference_ohm: 0.0,
            series_ohm: 0.0,
            seed,
            degrees: 25.0,
            stuck_uv: vec![None; channels],
            off: vec![false; channels],
            defects: Vec::new(),
            sample: None,
            uv: vec![0.0; channels],
            codes: vec![0; channels],
            has_codes: false,
        }
    }

    /// Status and codes of conversion `k` of the chip's present run, as they are sent.
    pub(super) fn convert(&mut self, chip: &Chip, first_channel: usize, k: u64, out: &mut [u8]) {
        let Some(run) = chip.run else { return };
        let (sample, clk) = (run.base + k, run.clk_of(k));
        self.measure(sample, clk, run.period_clk);
        let registers = &chip.registers;
        let off = self.status(registers, first_channel, chip.channels);
        let pins = registers.get(reg::GPIO) >> 4 & !registers.get(reg::GPIO) & 0x0F;
        out[..3].copy_from_slice(&[0xC0 | off.0 >> 4, off.0 << 4 | off.1 >> 4, off.1 << 4 | pins]);
        let reference = self.reference_share(chip, clk);
        let (values, _) = out[3..].as_chunks_mut::<3>();
        for (channel, bytes) in values.iter_mut().enumerate() {
            let code = self.code(chip, first_channel, channel, sample, clk, reference);
            *bytes = [(code >> 16) as u8, (code >> 8) as u8, code as u8];
        }
    }

    /// Electrode voltages of a conversion, once for all chips.
    fn measure(&mut self, sample: u64, clk: f64, period_clk: f64) {
        if self.sample == Some(sample) {
            return;
        }
        self.sample = Some(sample);
        self.has_codes = self.inputs.codes(sample, &mut self.codes);
        if !self.has_codes {
            let hz = self.oscillator.hz() / period_clk;
            let at_s = self.oscillator.ns_at(clk) / 1e9 - 1.5 / hz;
            self.inputs.microvolts(sample, at_s, hz, &mut self.uv);
        }
    }

    /// The reference's voltage as a share of its final one: it takes 150 ms to get there.
    fn reference_share(&self, chip: &Chip, clk: f64) -> f64 {
        let Some(on_clk) = chip.reference_clk else { return 1e-3 };
        let ms = (clk - on_clk) / self.oscillator.hz() * 1e3;
        if ms >= 150.0 { 1.0 } else { (1.0 - (-ms / 20.0).exp()).max(1e-3) }
    }

    fn code(
        &self,
        chip: &Chip,
        first_channel: usize,
        channel: usize,
        sample: u64,
        clk: f64,
        reference: f64,
    ) -> i32 {
        let normalized = |registers: &Registers| {
            Chip::channel(registers, channel).map_or(0.0, |(gain, input)| {
                let on_board = first_channel + channel;
                let uv = self.input_uv(chip, registers, first_channel, channel, input, clk);
                let uv = uv + self.noise_uv(gain, chip.rate(), on_board, sample);
                self.through_defects(uv, on_board, sample) / step_uv(f64::from(gain.value()))
            })
        };
        let on_board = first_channel + channel;
        let plain = self.has_codes
            && self.stuck_uv.get(on_board).is_none_or(Option::is_none)
            && !self.off.get(on_board).copied().unwrap_or(false);
        if plain && chip.registers.get(reg::CH1SET + channel as u8) & 0x87 == 0 && reference == 1.0
        {
            return self.codes.get(on_board).copied().unwrap_or(0);
        }
        let mut steps = normalized(&chip.registers);
        if let (Some(replaced), Some(run)) = (&chip.replaced, &chip.run) {
            let share = filter::step((clk - replaced.at_clk) / run.period_clk);
            if share < 1.0 {
                steps = share * steps + (1.0 - share) * normalized(&replaced.registers);
            }
        }
        ((steps / reference).round() as i32).clamp(CODE_RANGE.0, CODE_RANGE.1)
    }

    fn noise_uv(&self, gain: Gain, rate: Rate, channel: usize, sample: u64) -> f64 {
        rms_uv(gain, rate) * noise::unit(self.seed, channel as u64, sample)
    }

    fn through_defects(&self, uv: f64, channel: usize, sample: u64) -> f64 {
        let of_channel = self.defects.iter().filter(|defect| defect.channel() == channel + 1);
        of_channel.fold(uv, |uv, defect| match *defect {
            Defect::Gain { factor, .. } => uv * factor,
            Defect::Noise { rms_uv, .. } => {
                uv + rms_uv * noise::unit(self.seed + 1, channel as u64, sample)
            }
        })
    }

    fn input_uv(
        &self,
        chip: &Chip,
        registers: &Registers,
        first_channel: usize,
        channel: usize,
        input: Option<Input>,
        clk: f64,
    ) -> f64 {
        match input {
            None | Some(Input::Shorted) => 0.0,
            Some(Input::Normal) => self.electrode_uv(chip, registers, first_channel, channel, clk),
            // 5 V of supply, halved; 3.3 V of digital supply, a quarter.
            Some(Input::Supply) => {
                if matches!(channel, 2 | 3) {
                    825_000.0
                } else {
                    2_500_000.0
                }
            }
            Some(Input::Temperature) => 145_300.0 + 490.0 * (self.degrees - 25.0),
            Some(Input::TestSignal) => test_signal_uv(chip, registers, clk),
        }
    }

    fn electrode_uv(
        &self,
        chip: &Chip,
        registers: &Registers,
        first_channel: usize,
        channel: usize,
        clk: f64,
    ) -> f64 {
        let on_board = first_channel + channel;
        if let Some(uv) = self.stuck_uv.get(on_board).copied().flatten() {
            return uv;
        }
        let mut uv = self.uv.get(on_board).copied().unwrap_or(0.0);
        if self.off.get(on_board).copied().unwrap_or(false) {
            let seconds = self.oscillator.ns_at(clk) / 1e9;
            uv += INPUT_BIAS_A * OFF_OHM * 1e6
                + PICKED_UP_UV * (std::f64::consts::TAU * 50.0 * seconds).sin();
        }
        // With SRB2, the reference is at the non-inverting inputs and the electrode at the inverting one.
        let srb2 = registers.get(reg::CH1SET + channel as u8) & 0x08 != 0;
        let signal_uv = if srb2 { -uv } else { uv };
        signal_uv + self.lead_off_uv(chip, registers, on_board, channel, srb2, clk)
    }

    /// What the lead-off currents make of the electrodes' impedances: one flows into the non-inverting input's, the other out of the
    /// inverting input's, so that their voltages add up.
    fn lead_off_uv(
        &self,
        chip: &Chip,
        registers: &Registers,
        on_board: usize,
        channel: usize,
        srb2: bool,
        clk: f64,
    ) -> f64 {
        let bit = 1 << channel;
        let sign = if registers.get(reg::LOFF_FLIP) & bit != 0 { -1.0 } else { 1.0 };
        let uv_per_ohm = sign * lead_off_amperes(chip, registers, clk) * 1e6;
        let own = self.series_ohm + self.ohm(on_board);
        let reference = self.series_ohm + self.reference_ohm;
        let srb1 = registers.get(reg::MISC1) & 0x20 != 0;
        // What is connected to one pin carries the currents of all inputs there.
        let currents = |address: u8, shared: bool| {
            let driven = registers.get(address);
            f64::from(if shared { driven } else { driven & bit }.count_ones())
        };
        let positive = currents(reg::LOFF_SENSP, srb2) * if srb2 { reference } else { own };
        let negative = currents(reg::LOFF_SENSN, srb1) * if srb2 { own } else { reference };
        uv_per_ohm * (positive + negative)
    }

    fn ohm(&self, channel: usize) -> f64 {
        if self.off.get(channel).copied().unwrap_or(false) {
            return OFF_OHM;
        }
        self.electrodes_ohm.get(channel).copied().unwrap_or(0.0)
    }

    /// Electrodes the comparators take for off: positive and negative.
    fn status(&self, registers: &Registers, first_channel: usize, channels: usize) -> (u8, u8) {
        if registers.get(reg::CONFIG4) & 0x02 == 0 {
            return (0, 0);
        }
        let off = (0..channels)
            .filter(|channel| self.off.get(first_channel + channel).copied().unwrap_or(false))
            .fold(0, |bits, channel| bits | 1 << channel);
        (off & registers.get(reg::LOFF_SENSP), 0)
    }
}

/// 1.875 or 3.75 mV, constant or a square wave locked to the clock.
fn test_signal_uv(chip: &Chip, registers: &Registers, clk: f64) -> f64 {
    let config2 = registers.get(reg::CONFIG2);
    if config2 & 0x10 == 0 {
        return 0.0;
    }
    let uv = VREF_UV / 2400.0 * if config2 & 0x04 == 0 { 1.0 } else { 2.0 };
    let period_clk = chip.run.map_or(1.0, |run| run.period_clk);
    match config2 & 3 {
        0 => uv * filter::square(clk, f64::from(1 << 20), period_clk),
        1 => uv * filter::square(clk, f64::from(1 << 19), period_clk),
        _ => uv,
    }
}

/// The lead-off current as the decimation filter sees it: it is switched in direction, so it is a square wave.
fn lead_off_amperes(chip: &Chip, registers: &Registers, clk: f64) -> f64 {
    let loff = registers.get(reg::LOFF);
    let amperes = [6e-9, 24e-9, 6e-6, 24e-6][usize::from(loff >> 2 & 3)];
    let drive = [Drive::Dc, Drive::Hz8, Drive::Hz31, Drive::QuarterRate][usize::from(loff & 3)];
    let period_clk = chip.run.map_or(1.0, |run| run.period_clk);
    match drive.clocks(period_clk as u64) {
        None => amperes,
        Some(clocks) => amperes * filter::square(clk, clocks as f64 / 2.0, period_clk),
    }
}
