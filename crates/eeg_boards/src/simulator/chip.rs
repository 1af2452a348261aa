//! One simulated chip: its power, registers, mode, and which conversions it makes when. What it measures is [`analog`](super::analog)'s.

use crate::ads1299::command;
use crate::ads1299::register::{self as reg, Registers};
use crate::ads1299::settings::{Gain, Input, Rate};
use crate::ads1299::timing::{
    AFTER_RESET_CLOCKS, POWER_UP_CLOCKS, UPDATE_CLOCKS, first_drdy_clocks,
};

/// How the chip answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Every conversion is put out unasked: how it wakes up. Registers can be neither read nor written.
    Continuous,
    /// On request.
    OnRequest,
    /// Only WAKEUP is understood.
    Standby,
}

/// Conversions without a break.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    /// Clock count at which the first is complete.
    pub(super) first_clk: f64,
    pub(super) period_clk: f64,
    /// Number of the first: goes on over a fault as if the chip had converted all the time; 0 after an orderly stop.
    pub(super) base: u64,
    /// The last one, once it is stopped.
    last: Option<u64>,
}

impl Run {
    /// The conversion completed last, counted from 0.
    pub(super) fn latest(&self, clk: f64) -> Option<u64> {
        let k = ((clk - self.first_clk) / self.period_clk).floor();
        (k >= 0.0).then(|| self.last.map_or(k as u64, |last| last.min(k as u64)))
    }

    pub(super) fn clk_of(&self, k: u64) -> f64 {
        self.first_clk + k as f64 * self.period_clk
    }

    pub(super) fn is_over(&self, k: u64) -> bool {
        self.last.is_some_and(|last| k > last)
    }

    /// How many there are from `k` on, once it is stopped.
    pub(super) fn left(&self, k: u64) -> Option<u64> {
        self.last.map(|last| (last + 1).saturating_sub(k))
    }
}

/// Settings that were replaced while the chip converted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replaced {
    pub(super) at_clk: f64,
    pub(super) registers: Registers,
}

/// One ADS1299.
#[derive(Debug)]
pub(super) struct Chip {
    pub(super) channels: usize,
    pub(super) registers: Registers,
    pub(super) mode: Mode,
    pub(super) run: Option<Run>,
    /// Raised with every run, so that others see that there is a new one.
    pub(super) runs: u64,
    /// When the reference was switched on.
    pub(super) reference_clk: Option<f64>,
    pub(super) replaced: Option<Replaced>,
    /// What a driver did that the data sheet does not allow.
    pub(super) violations: Vec<String>,
    powered_clk: Option<f64>,
    reset_clk: f64,
    was_reset: bool,
    start_pin: bool,
    /// When conversion 0 was complete: that of the last run that followed an orderly stop.
    zero_clk: Option<f64>,
    orderly: bool,
}

impl Chip {
    pub(super) fn new(channels: usize) -> Self {
        Self {
            channels,
            registers: Registers::reset(channels),
            mode: Mode::Continuous,
            run: None,
            runs: 0,
            reference_clk: None,
            replaced: None,
            violations: Vec::new(),
            powered_clk: None,
            reset_clk: f64::NEG_INFINITY,
            was_reset: false,
            start_pin: false,
            zero_clk: None,
            orderly: true,
        }
    }

    /// The supplies rise (again).
    pub(super) fn power_up(&mut self, clk: f64) {
        self.powered_clk = Some(clk);
        self.was_reset = false;
        self.lose_settings(clk);
        if self.start_pin {
            self.start(clk + POWER_UP_CLOCKS as f64);
        }
    }

    pub(super) fn power_down(&mut self) {
        self.end_run();
        self.powered_clk = None;
    }

    /// Whether it hears commands: powered for long enough, and not within its reset.
    pub(super) fn is_awake(&self, clk: f64) -> bool {
        self.powered_clk.is_some_and(|powered| clk - powered >= POWER_UP_CLOCKS as f64)
    }

    pub(super) fn rate(&self) -> Rate {
        let code = self.registers.get(reg::CONFIG1) & 7;
        Rate::ALL.get(usize::from(code)).copied().unwrap_or(Rate::Sps250)
    }

    /// Gain and input of a channel; `None` when it is switched off.
    pub(super) fn channel(registers: &Registers, channel: usize) -> Option<(Gain, Option<Input>)> {
        let value = registers.get(reg::CH1SET + channel as u8);
        let gain = Gain::ALL.get(usize::from(value >> 4 & 7)).copied().unwrap_or(Gain::X24);
        let input = match value & 7 {
            0 => Some(Input::Normal),
            1 => Some(Input::Shorted),
            3 => Some(Input::Supply),
            4 => Some(Input::Temperature),
            5 => Some(Input::TestSignal),
            _ => None,
        };
        (value & 0x80 == 0).then_some((gain, input))
    }

    fn violated(&mut self, what: &str) {
        self.violations.push(what.to_owned());
    }

    /// RESET, by pin or command.
    pub(super) fn reset(&mut self, clk: f64) {
        // Before the power-up time is over it comes to nothing, and has to come again.
        if !self.is_awake(clk) {
            return;
        }
        self.was_reset = true;
        self.orderly = false;
        self.lose_settings(clk);
        if self.start_pin {
            self.start(clk + AFTER_RESET_CLOCKS as f64);
        }
    }

    fn lose_settings(&mut self, clk: f64) {
        self.end_run();
        self.orderly = false;
        self.registers = Registers::reset(self.channels);
        self.mode = Mode::Continuous;
        self.reset_clk = clk;
        self.reference_clk = None;
        self.replaced = None;
    }

    pub(super) fn set_start_pin(&mut self, high: bool, clk: f64) {
        if self.start_pin == high {
            return;
        }
        self.start_pin = high;
        if high { self.started(clk) } else { self.stop(clk) }
    }

    /// One of the commands of a single byte, but for RDATA.
    pub(super) fn command(&mut self, opcode: u8, clk: f64) {
        if clk - self.reset_clk < AFTER_RESET_CLOCKS as f64 {
            self.violated("a command within 18 clocks after RESET");
            return;
        }
        if self.mode == Mode::Standby && opcode != command::WAKEUP {
            return;
        }
        match opcode {
            command::WAKEUP if self.mode == Mode::Standby => self.mode = Mode::OnRequest,
            command::STANDBY => self.mode = Mode::Standby,
            command::RESET => self.reset(clk),
            command::START => self.started(clk),
            command::STOP => self.stop(clk),
            command::SDATAC => self.mode = Mode::OnRequest,
            command::RDATAC => self.continuous(clk),
            _ => {}
        }
    }

    fn continuous(&mut self, clk: f64) {
        if let Some(run) = self.run {
            let phase = (clk - run.first_clk).rem_euclid(run.period_clk);
            let update = UPDATE_CLOCKS as f64;
            if phase < update || phase > run.period_clk - update {
                self.violated("RDATAC within 4 clocks of DRDY");
                return;
            }
        }
        self.mode = Mode::Continuous;
    }

    /// The host wants it to convert.
    fn started(&mut self, clk: f64) {
        if !self.was_reset && self.is_awake(clk) {
            self.violated("START without a RESET after the power-up time of 2^18 clocks");
        }
        self.start(clk);
    }

    fn start(&mut self, clk: f64) {
        if self.run.is_some_and(|run| run.last.is_none()) || self.powered_clk.is_none() {
            return;
        }
        self.begin_run(clk);
    }

    fn begin_run(&mut self, clk: f64) {
        let rate = self.rate();
        let first_clk = clk + first_drdy_clocks(rate) as f64;
        let period_clk = rate.clocks() as f64;
        let zero_clk = self.zero_clk.filter(|_| !self.orderly).unwrap_or(first_clk);
        self.zero_clk = Some(zero_clk);
        let base = ((first_clk - zero_clk) / period_clk).round() as u64;
        self.run = Some(Run { first_clk, period_clk, base, last: None });
        self.runs += 1;
        self.replaced = None;
    }

    fn stop(&mut self, clk: f64) {
        if let Some(run) = self.run {
            self.orderly = true;
            // The conversion in progress is completed.
            let last = run.latest(clk).map_or(0, |k| k + 1);
            self.run = Some(Run { last: Some(run.last.unwrap_or(last)), ..run });
        }
    }

    fn end_run(&mut self) {
        self.run = None;
        self.runs += 1;
    }

    /// Registers can be read and written now.
    pub(super) fn takes_registers(&mut self, clk: f64) -> bool {
        if clk - self.reset_clk < AFTER_RESET_CLOCKS as f64 {
            self.violated("a register command within 18 clocks after RESET");
            return false;
        }
        if self.mode == Mode::Continuous {
            self.violated("a register command without SDATAC before it");
        }
        self.mode == Mode::OnRequest
    }

    pub(super) fn write(&mut self, address: u8, value: u8, clk: f64) {
        let keeps = match address {
            reg::ID | reg::LOFF_STATP | reg::LOFF_STATN => 0,
            _ if (reg::CH1SET + self.channels as u8..reg::BIAS_SENSP).contains(&address) => 0,
            _ if usize::from(address) >= reg::COUNT => return,
            _ => 0xFF,
        };
        if (reg::CH1SET..reg::BIAS_SENSP).contains(&address) && keeps == 0 && value != 0 {
            self.violated("a bit of a missing channel was written as 1");
        }
        let before = self.registers;
        let value = value & keeps | before.get(address) & !keeps;
        if value == before.get(address) {
            return;
        }
        self.registers.set(address, value);
        match address {
            // A new value of CONFIG1 resets the digital filter.
            reg::CONFIG1 if self.run.is_some_and(|run| run.last.is_none()) => {
                self.end_run();
                self.orderly = false;
                self.begin_run(clk);
            }
            reg::CONFIG3 => {
                let on = value & 0x80 != 0;
                self.reference_clk = on.then(|| self.reference_clk.unwrap_or(clk));
            }
            reg::CH1SET..reg::BIAS_SENSP => {
                self.replaced = Some(Replaced { at_clk: clk, registers: before });
            }
            _ => {}
        }
    }
}
