//! A Cyton without a Cyton: the firmware's commands and packets, the radio link's losses, the dongle's bursts, and faults by a script.
//!
//! [`SimulatedLink`] runs it in simulated time, as fast as it is read; [`pty::run`] in real time on a pseudo-terminal, so that any
//! program can open it as a serial port.

mod firmware;
mod link;
pub mod pty;

pub use firmware::Codes;
pub use link::SimulatedLink;

use firmware::Firmware;
use std::collections::VecDeque;

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct CytonSimulation {
    /// Whether a daisy is plugged on.
    pub daisy: bool,
    /// Whether the firmware is older than version 2, which has no time stamps.
    pub old_firmware: bool,
    /// By how much the chips' oscillator is fast, in parts per million.
    pub oscillator_ppm: f64,
    /// By how much the microcontroller's crystal is fast, in parts per million.
    pub crystal_ppm: f64,
    /// The adapter hands bytes over when so many milliseconds are over: its latency timer.
    pub latency_ms: u64,
    /// Another seed, another jitter.
    pub seed: u64,
    /// What happens, by the time it happens at.
    pub faults: Vec<(f64, CytonFault)>,
}

impl Default for CytonSimulation {
    fn default() -> Self {
        Self {
            daisy: false,
            old_firmware: false,
            oscillator_ppm: 0.0,
            crystal_ppm: 0.0,
            latency_ms: 16,
            seed: 0,
            faults: Vec::new(),
        }
    }
}

/// Something that goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CytonFault {
    /// The radio link loses packets.
    LosePackets(u32),
    /// The adapter loses bytes.
    LoseBytes(u32),
    /// Bytes that nobody sent.
    StrayBytes(u32),
    /// A byte of the next packet arrives changed: one of its first two or its last, where it can be noticed.
    DamageByte(u8),
    /// So many of the next commands of several characters lose one on the radio link.
    LoseCharacters(u32),
    /// A packet comes twice.
    Repeat,
    /// The counter jumps without anything being lost.
    JumpCounter(u8),
    /// The dongle is pulled out for so many seconds.
    Unplug(f64),
    /// The board is out of reach for so many seconds; it goes on converting.
    OutOfReach(f64),
    /// The board is switched off for so many seconds.
    SwitchOff(f64),
}

/// Board, radio link and dongle.
pub struct SimulatedCyton {
    firmware: Firmware,
    simulation: CytonSimulation,
    faults: VecDeque<(u64, CytonFault)>,
    random: u64,
    /// When the board was switched on.
    switched_on_ns: u64,
    /// When the conversions under way began, and how many there have been since.
    started_ns: u64,
    conversions: u64,
    /// Number of the first of them.
    first_conversion: u64,
    /// Bytes on their way to the host, and when they arrive.
    on_the_way: VecDeque<(u64, Vec<u8>)>,
    unplugged_until_ns: u64,
    unreachable_until_ns: u64,
    off_until_ns: u64,
    lose_packets: u32,
    lose_bytes: u32,
    lose_characters: u32,
    damage: Option<u8>,
    repeat: bool,
}

/// From a conversion to the first byte on the wire, at least.
const RADIO_NS: u64 = 6_000_000;
/// What the radio's time slots add, at most.
const SLOT_NS: u64 = 4_000_000;
/// A byte on the wire.
const BYTE_NS: u64 = 10 * 1_000_000_000 / 115_200;

impl SimulatedCyton {
    /// A board that is switched on at time 0.
    pub fn new(simulation: CytonSimulation, codes: Codes) -> Self {
        let mut firmware = Firmware::new(simulation.daisy, codes);
        if simulation.old_firmware {
            firmware.version = None;
        }
        let at = |(at_s, fault): &(f64, CytonFault)| ((at_s * 1e9) as u64, *fault);
        let mut faults: Vec<_> = simulation.faults.iter().map(at).collect();
        faults.sort_by_key(|(at_ns, _)| *at_ns);
        Self {
            firmware,
            faults: faults.into(),
            random: simulation.seed,
            switched_on_ns: 0,
            started_ns: 0,
            conversions: 0,
            first_conversion: 0,
            on_the_way: VecDeque::new(),
            unplugged_until_ns: 0,
            unreachable_until_ns: 0,
            off_until_ns: 0,
            lose_packets: 0,
            lose_bytes: 0,
            lose_characters: 0,
            damage: None,
            repeat: false,
            simulation,
        }
    }

    /// Whether the dongle is plugged in.
    pub fn is_plugged_in(&mut self, now_ns: u64) -> bool {
        self.advance(now_ns);
        now_ns >= self.unplugged_until_ns
    }

    /// What a channel was set to, as the command has it (`060110`), and its lead-off (`00`); channels count from 0.
    pub fn channel(&self, channel: usize) -> ([u8; 6], [u8; 2]) {
        let channel = self.firmware.channels()[channel];
        (channel.settings, channel.lead_off)
    }

    /// The host sends bytes.
    pub fn receive(&mut self, bytes: &[u8], now_ns: u64) {
        self.advance(now_ns);
        if now_ns < self.unplugged_until_ns {
            return;
        }
        if now_ns < self.off_until_ns.max(self.unreachable_until_ns) {
            // The dongle notices that nobody polls it.
            let text = "Failure: Communications timeout - Device failed to poll Host$$$";
            self.send(text.as_bytes().to_vec(), now_ns + 300_000_000);
            return;
        }
        let lost = if bytes.len() > 2 && self.lose_characters > 0 {
            self.lose_characters -= 1;
            Some(2)
        } else {
            None
        };
        for byte in bytes.iter().enumerate().filter(|(n, _)| Some(*n) != lost).map(|(_, byte)| byte)
        {
            let streamed = self.firmware.is_streaming();
            if let Some((answer, ms)) = self.firmware.take(*byte) {
                self.send(answer.into_bytes(), now_ns + ms * 1_000_000);
            }
            if self.firmware.is_streaming() && !streamed {
                // The numbers of conversions go on as if it had converted all the time.
                let passed = (now_ns - self.started_ns) as f64 / self.period_ns();
                self.first_conversion += passed.round() as u64;
                (self.started_ns, self.conversions) = (now_ns, 0);
            }
        }
    }

    /// Moves the bytes that have arrived by now to `bytes`.
    pub fn transmit(&mut self, now_ns: u64, bytes: &mut VecDeque<u8>) {
        self.advance(now_ns);
        while self.on_the_way.front().is_some_and(|(at_ns, _)| *at_ns <= now_ns) {
            bytes.extend(self.on_the_way.pop_front().into_iter().flat_map(|(_, bytes)| bytes));
        }
    }

    /// When the next bytes arrive, as far as is known.
    pub fn next_ns(&self) -> Option<u64> {
        self.on_the_way.front().map(|(at_ns, _)| *at_ns)
    }

    /// When conversion `n` (as the codes are asked for) is complete.
    pub fn conversion_ns(&self, n: u64) -> f64 {
        self.started_ns as f64 + (n as f64 - self.first_conversion as f64 + 1.0) * self.period_ns()
    }

    fn period_ns(&self) -> f64 {
        1e9 / super::PACKETS_PER_S / (1.0 + self.simulation.oscillator_ppm / 1e6)
    }

    /// Everything that happens up to now.
    fn advance(&mut self, now_ns: u64) {
        loop {
            let next = self.first_conversion + self.conversions;
            let complete_ns = self.conversion_ns(next) as u64;
            let fault = self.faults.front().filter(|(at_ns, _)| *at_ns <= now_ns).copied();
            let converts = self.firmware.is_streaming() && complete_ns <= now_ns;
            match fault {
                Some((at_ns, fault)) if !converts || at_ns <= complete_ns => {
                    self.faults.pop_front();
                    self.begin(fault, at_ns);
                }
                _ if converts => {
                    self.conversions += 1;
                    self.convert(next, complete_ns);
                }
                _ => return,
            }
        }
    }

    fn begin(&mut self, fault: CytonFault, at_ns: u64) {
        let until = |for_s: f64| at_ns + (for_s * 1e9) as u64;
        match fault {
            CytonFault::LosePackets(count) => self.lose_packets += count,
            CytonFault::LoseBytes(count) => self.lose_bytes += count,
            CytonFault::LoseCharacters(count) => self.lose_characters += count,
            CytonFault::StrayBytes(count) => {
                let stray = (0..count).map(|_| self.random() as u8).collect();
                self.send(stray, at_ns);
            }
            CytonFault::DamageByte(value) => self.damage = Some(value),
            CytonFault::Repeat => self.repeat = true,
            CytonFault::JumpCounter(by) => self.firmware.jump(by),
            CytonFault::Unplug(for_s) => {
                self.unplugged_until_ns = until(for_s);
                self.on_the_way.clear();
            }
            CytonFault::OutOfReach(for_s) => self.unreachable_until_ns = until(for_s),
            CytonFault::SwitchOff(for_s) => {
                self.off_until_ns = until(for_s);
                self.switched_on_ns = self.off_until_ns;
                self.firmware.power_up();
            }
        }
    }

    fn convert(&mut self, k: u64, complete_ns: u64) {
        let crystal = 1.0 + self.simulation.crystal_ppm / 1e6;
        let board_ms = (complete_ns - self.switched_on_ns) as f64 * crystal / 1e6;
        let mut packet = self.firmware.convert(k, board_ms as u64 as u32).to_vec();
        let away = complete_ns < self.unreachable_until_ns || complete_ns < self.unplugged_until_ns;
        if away || self.lose_packets > 0 {
            self.lose_packets = self.lose_packets.saturating_sub(u32::from(!away));
            return;
        }
        if let Some(value) = self.damage.take() {
            let at = [0, 1, 32][usize::from(value) % 3];
            packet[at] ^= value | 0x08;
        }
        if self.lose_bytes > 0 {
            let from = self.random() as usize % packet.len();
            let gone = (self.lose_bytes as usize).min(packet.len() - from);
            self.lose_bytes -= gone as u32;
            packet.drain(from..from + gone);
        }
        if std::mem::take(&mut self.repeat) {
            self.send(packet.clone(), complete_ns + RADIO_NS);
        }
        let slot_ns = self.random() % SLOT_NS;
        self.send(packet, complete_ns + RADIO_NS + slot_ns);
    }

    /// The dongle sends bytes from a time on; the adapter hands them over in bursts.
    fn send(&mut self, bytes: Vec<u8>, from_ns: u64) {
        let sent_ns = from_ns + bytes.len() as u64 * BYTE_NS;
        let latency_ns = self.simulation.latency_ms.max(1) * 1_000_000;
        let burst_ns = sent_ns.next_multiple_of(latency_ns) + self.random() % 200_000;
        let earliest_ns = self.on_the_way.back().map_or(0, |(at_ns, _)| *at_ns);
        self.on_the_way.push_back((burst_ns.max(earliest_ns), bytes));
    }

    /// splitmix64 (Steele et al. 2014).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.random;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }
}

impl std::fmt::Debug for SimulatedCyton {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedCyton")
            .field("simulation", &self.simulation)
            .finish_non_exhaustive()
    }
}
