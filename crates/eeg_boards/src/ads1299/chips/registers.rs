//! The chips' registers: which parts they are, what they are told, whether they keep it.

use super::{Chips, Select};
use crate::ads1299::bus::{Bus, Drdy};
use crate::ads1299::command;
use crate::ads1299::problem::Problem;
use crate::ads1299::register::{self as reg, Registers};
use crate::ads1299::settings::Input;
use std::ops::Range;

/// How often registers are looked at before they are believed to have changed.
const LOOKS: usize = 3;

impl<W: Bus + Drdy> Chips<W> {
    pub(in crate::ads1299) fn read_registers(
        &mut self,
        select: usize,
        first: u8,
        values: &mut [u8],
    ) -> Result<(), Problem> {
        let mut bytes = [0; 2 + reg::COUNT];
        let length = 2 + values.len();
        bytes[..2].copy_from_slice(&command::read_registers(first, values.len() as u8));
        let read = self.wires.command(select, &mut bytes[..length]);
        read.map_err(|error| self.transfer_error(select, error))?;
        values.copy_from_slice(&bytes[2..length]);
        Ok(())
    }

    fn write_registers(&mut self, select: usize, first: u8, values: &[u8]) -> Result<(), Problem> {
        let mut bytes = [0; 2 + reg::COUNT];
        let length = 2 + values.len();
        bytes[..2].copy_from_slice(&command::write_registers(first, values.len() as u8));
        bytes[2..length].copy_from_slice(values);
        let written = self.wires.command(select, &mut bytes[..length]);
        written.map_err(|error| self.transfer_error(select, error))
    }

    /// Finds out which parts they are.
    pub(in crate::ads1299) fn identify(&mut self) -> Result<(), Problem> {
        for select in 0..self.selects() {
            let mut identity = [0];
            self.read_registers(select, reg::ID, &mut identity)?;
            let [identity] = identity;
            let Some(channels) = reg::channels_of(identity) else {
                return Err(Problem::Identity { chip: self.wires.name(select), identity });
            };
            // Only the first chip of a chain can be asked; those behind it are taken for the same part.
            self.selects[select].on_chip = channels;
        }
        let found = self.selects.iter().map(|select| select.chain * select.on_chip).sum();
        let wanted = self.settings.channels.len();
        if found < wanted {
            return Err(Problem::Channels { found, wanted });
        }
        self.lay_out();
        self.check_chains()
    }

    /// All chips of a chain hear the same, so their channels cannot be set each in its own way.
    fn check_chains(&self) -> Result<(), Problem> {
        let channels = &self.settings.channels;
        for (n, select) in self.selects.iter().enumerate() {
            let Range { start, end } = self.channels(n);
            for channel in (start + select.on_chip..end).take_while(|n| *n < channels.len()) {
                let like = start + (channel - start) % select.on_chip;
                if channels[channel] != channels[like] {
                    return Err(Problem::Chain { channel: channel + 1, like: like + 1 });
                }
            }
        }
        Ok(())
    }

    /// Switches the reference on: it needs its time.
    pub(in crate::ads1299) fn start_reference(&mut self) -> Result<(), Problem> {
        (0..self.selects()).try_for_each(|select| {
            let config3 = self.registers(select).get(reg::CONFIG3) & 0xE0;
            self.write_registers(select, reg::CONFIG3, &[config3])
        })
    }

    /// The channels behind a chip select, those that are not in use included.
    pub(in crate::ads1299) fn channels(&self, select: usize) -> Range<usize> {
        let channels = |select: &Select| select.chain * select.on_chip;
        let first = self.selects[..select].iter().map(channels).sum();
        first..first + channels(&self.selects[select])
    }

    /// What the first chip behind a chip select should hold; in a chain all hear the same.
    fn registers(&self, select: usize) -> Registers {
        let Select { chain, on_chip, .. } = self.selects[select];
        let first = self.channels(select).start;
        let registers = self.settings.registers(first, on_chip, chain > 1);
        self.test_input.map_or(registers, |input| registers.measuring(input, on_chip))
    }

    /// As [`configure`](Self::configure), for the self-test: whatever the settings say, all channels measure `input`; `None`: what
    /// the settings say again.
    pub(in crate::ads1299) fn configure_to_measure(
        &mut self,
        input: Option<Input>,
    ) -> Result<(), Problem> {
        self.test_input = input;
        self.configure()
    }

    /// Writes every register and reads every one back.
    pub(in crate::ads1299) fn configure(&mut self) -> Result<(), Problem> {
        for select in 0..self.selects() {
            let registers = self.registers(select);
            for (first, last) in [(reg::CONFIG1, reg::LOFF_FLIP), (reg::GPIO, reg::CONFIG4)] {
                let values = &registers.0[usize::from(first)..=usize::from(last)];
                self.write_registers(select, first, values)?;
            }
        }
        for select in 0..self.selects() {
            let mut read = [0; reg::COUNT];
            self.read_registers(select, 0, &mut read)?;
            let (registers, on_chip) = (self.registers(select), self.selects[select].on_chip);
            if let Some((register, written, read)) = registers.difference(&Registers(read), on_chip)
            {
                let chip = self.wires.name(select);
                return Err(Problem::ReadBack { chip, register, written, read });
            }
        }
        Ok(())
    }

    /// Looks whether the chips still are as they were set up: CONFIG3, which holds another value after any reset, and one
    /// more register, another one each time.
    pub(in crate::ads1299) fn look(&mut self) -> Result<(), Problem> {
        self.next_look = (self.next_look + 1) % reg::COUNT as u8;
        for select in 0..self.selects() {
            let mut seen = self.look_at(select)?;
            for _ in 1..LOOKS {
                // A disturbed transfer is no reset.
                if seen.is_some() {
                    seen = self.look_at(select)?;
                }
            }
            if let Some((register, written, read)) = seen {
                let chip = self.wires.name(select);
                return Err(Problem::Reset { chip, register, written, read });
            }
        }
        Ok(())
    }

    /// The register of the two that is not what it should be, what it should be, and what it is.
    fn look_at(&mut self, select: usize) -> Result<Option<(u8, u8, u8)>, Problem> {
        let [first, count] = command::read_registers(reg::CONFIG3, 1);
        let [second, _] = command::read_registers(self.next_look, 1);
        let mut bytes = [first, count, 0, second, count, 0];
        let read = self.wires.command(select, &mut bytes);
        read.map_err(|error| self.transfer_error(select, error))?;
        let (registers, on_chip) = (self.registers(select), self.selects[select].on_chip);
        let differs = |(register, read): (u8, u8)| {
            let mask = registers.kept_bits(register, on_chip);
            let written = registers.get(register) & mask;
            (read & mask != written).then_some((register, written, read & mask))
        };
        Ok([(reg::CONFIG3, bytes[2]), (self.next_look, bytes[5])].into_iter().find_map(differs))
    }
}
