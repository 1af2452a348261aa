//! Board and dongle: commands in, answers and packets out (firmware 3.1, `processChar`, `sendChannelData`, `updateBoardData`).

use super::super::packet::Packet;

/// What the chips convert: conversion number and the codes of 16 channels to be filled.
pub type Codes = Box<dyn FnMut(u64, &mut [i32; 16]) + Send>;

/// A board as its firmware behaves.
pub(super) struct Firmware {
    pub(super) has_daisy: bool,
    /// Version 1 does not know time stamps.
    pub(super) version: Option<&'static str>,
    daisy: bool,
    time_on: bool,
    /// The command under way.
    command: Vec<u8>,
    channels: [Channel; 16],
    codes: Codes,
    /// The last conversion of each chip, and its mean with the one before.
    latest: [i32; 16],
    mean: [i32; 16],
    /// The next packet's, while it streams.
    counter: Option<u8>,
}

/// What was set of a channel, as the command has it: `060110`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) settings: [u8; 6],
    pub(super) lead_off: [u8; 2],
}

const DEFAULT: Channel = Channel { settings: *b"060110", lead_off: *b"00" };

impl Firmware {
    pub(super) fn new(has_daisy: bool, codes: Codes) -> Self {
        Self {
            has_daisy,
            version: Some("v3.1.2"),
            daisy: has_daisy,
            time_on: false,
            command: Vec::new(),
            channels: [DEFAULT; 16],
            codes,
            latest: [0; 16],
            mean: [0; 16],
            counter: None,
        }
    }

    /// Switched off and on.
    pub(super) fn power_up(&mut self) {
        (self.daisy, self.time_on, self.counter) = (self.has_daisy, false, None);
        self.channels = [DEFAULT; 16];
        self.command.clear();
    }

    pub(super) const fn is_streaming(&self) -> bool {
        self.counter.is_some()
    }

    pub(super) const fn channels(&self) -> &[Channel; 16] {
        &self.channels
    }

    /// Takes one character. What it answers, and how long it takes over it in milliseconds.
    pub(super) fn take(&mut self, byte: u8) -> Option<(String, u64)> {
        self.command.push(byte);
        let answer = |text: &str| Some((format!("{text}$$$"), 20));
        let done = match self.command[0] {
            b'x' => self.command.len() == 9,
            b'z' => self.command.len() == 5,
            _ => true,
        };
        // A latch that comes too early ends it as well.
        let early = self.command.len() > 1 && matches!(byte, b'X' | b'Z');
        if !done && !early {
            return None;
        }
        let command = std::mem::take(&mut self.command);
        let silent = self.is_streaming();
        let answered = match command[0] {
            b'x' | b'z' if !done => answer("Failure: too few chars"),
            b'x' => self.set_channel(&command),
            b'z' => self.set_lead_off(&command),
            b'v' => {
                self.counter = None;
                self.channels = [DEFAULT; 16];
                self.daisy = self.has_daisy;
                return Some((self.banner(), 900));
            }
            b'b' => {
                self.counter = Some(0);
                None
            }
            b's' => {
                self.counter = None;
                None
            }
            b'd' => {
                self.channels = [DEFAULT; 16];
                answer("updating channel settings to default")
            }
            b'<' if self.version.is_some() => {
                self.time_on = true;
                answer("Time stamp ON")
            }
            b'>' if self.version.is_some() => {
                self.time_on = false;
                answer("Time stamp OFF")
            }
            b'c' if self.daisy => {
                self.daisy = false;
                answer("daisy removed")
            }
            b'C' if self.has_daisy => {
                let attached = if self.daisy { "" } else { "daisy attached" };
                self.daisy = true;
                answer(&format!("{attached}16"))
            }
            b'C' => answer("no daisy to attach!8"),
            b'=' => {
                self.channels.iter_mut().for_each(|channel| channel.settings[2] = b'5');
                answer("Success: Configured internal test signal.")
            }
            b'V' if self.version.is_some() => answer("v3.1.5"),
            _ => None,
        };
        answered.filter(|_| !silent)
    }

    fn banner(&self) -> String {
        let mut banner =
            "OpenBCI V3 8-16 channel\r\nOn Board ADS1299 Device ID: 0x3E\r\n".to_owned();
        if self.has_daisy {
            banner += "On Daisy ADS1299 Device ID: 0x3E\r\n";
        }
        banner += "LIS3DH Device ID: 0x33\r\n";
        if let Some(version) = self.version {
            banner.extend(["Firmware: ", version, "\r\n"]);
        }
        banner + "$$$"
    }

    fn set_channel(&mut self, command: &[u8]) -> Option<(String, u64)> {
        let answer = |text: String| Some((format!("{text}$$$"), 20));
        if command[8] != b'X' {
            return answer("Failure: Err: 9th char not X".to_owned());
        }
        let n = channel(command[1]);
        self.channels[n].settings.copy_from_slice(&command[2..8]);
        answer(format!("Success: Channel set for {}", n + 1))
    }

    fn set_lead_off(&mut self, command: &[u8]) -> Option<(String, u64)> {
        let answer = |text: String| Some((format!("{text}$$$"), 20));
        if command[4] != b'Z' {
            return answer("Failure: Err: 5th char not Z".to_owned());
        }
        let n = channel(command[1]);
        self.channels[n].lead_off.copy_from_slice(&command[2..4]);
        answer(format!("Success: Lead off set for {}", n + 1))
    }

    /// Conversion `k` is complete, `board_ms` after it was switched on: the packet it sends.
    pub(super) fn convert(&mut self, k: u64, board_ms: u32) -> [u8; 33] {
        let counter = self.counter.unwrap_or(0);
        self.counter = Some(counter.wrapping_add(1));
        let before = self.latest;
        (self.codes)(k, &mut self.latest);
        for ((mean, a), b) in self.mean.iter_mut().zip(before).zip(self.latest) {
            // As C divides: towards zero.
            *mean = a.midpoint(b);
        }
        let half = |codes: &[i32; 16], at: usize| std::array::from_fn(|n| codes[at + n]);
        let codes: [i32; 8] = match (self.daisy, counter.is_multiple_of(2)) {
            (false, _) => half(&self.latest, 0),
            (true, false) => half(&self.mean, 0),
            (true, true) => half(&self.mean, 8),
        };
        let [a, b, c, d] = board_ms.to_be_bytes();
        if self.time_on {
            Packet::encode(counter, codes, [0, 0, a, b, c, d], if counter == 0 { 3 } else { 4 })
        } else {
            Packet::encode(counter, codes, [0; 6], 0)
        }
    }

    /// Makes the counter jump.
    pub(super) fn jump(&mut self, by: u8) {
        self.counter = self.counter.map(|counter| counter.wrapping_add(by));
    }
}

fn channel(name: u8) -> usize {
    b"12345678QWERTYUI".iter().position(|known| *known == name).unwrap_or(0)
}
