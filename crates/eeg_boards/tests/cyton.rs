//! The Cyton driver against a simulated board: every sample has the right value and number, every loss the right length and place, and after each
//! fault the stream comes back by itself.

use eeg_boards::Board;
use eeg_boards::board::{Frames, Loss, Reading};
use eeg_boards::cyton::link::Link;
use eeg_boards::cyton::simulator::CytonFault::{
    DamageByte, JumpCounter, LoseBytes, LosePackets, OutOfReach, Repeat, StrayBytes, SwitchOff,
    Unplug,
};
use eeg_boards::cyton::simulator::{
    CytonFault, CytonSimulation, SimulatedCyton, SimulatedLink, pty,
};
use eeg_boards::cyton::{ChannelSettings, Cyton, CytonSettings, SerialLink};

/// The code of conversion `k` in a channel: full range, all bytes.
fn code(k: u64, channel: usize) -> i32 {
    let mut x = (k * 16 + channel as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 27;
    (x & 0xFF_FFFF) as i32 - (1 << 23)
}

/// What a frame's codes are when its last conversion is `k`.
fn frame(k: u64, daisy: bool) -> Vec<i32> {
    if !daisy {
        return (0..8).map(|channel| code(k, channel)).collect();
    }
    // The means of two conversions, the daisy's one later.
    let sum = |k: u64, channel| f64::from(code(k - 1, channel)) + f64::from(code(k, channel));
    let mean = |k: u64, channel| (sum(k, channel) / 2.0).trunc() as i32;
    (0..16).map(|channel| mean(if channel < 8 { k - 1 } else { k }, channel)).collect()
}

const NORMAL: ChannelSettings =
    ChannelSettings { gain_code: 6, input_code: 0, bias: true, srb2: true, srb1: false };

struct Rig {
    board: Cyton,
    link: SimulatedLink,
    daisy: bool,
    frames: Frames,
    /// Numbers of the frames that came, and of the conversions they are of.
    got: Vec<(u64, u64)>,
    lost: u64,
    events: Vec<String>,
}

impl Rig {
    fn new(simulation: CytonSimulation) -> Self {
        let daisy = simulation.daisy;
        let codes = Box::new(|k: u64, codes: &mut [i32; 16]| {
            codes.iter_mut().enumerate().for_each(|(channel, to)| *to = code(k, channel));
        });
        let link = SimulatedLink::new(SimulatedCyton::new(simulation, codes));
        let channels = vec![NORMAL; if daisy { 16 } else { 8 }];
        let settings = CytonSettings { channels, lead_off: (false, false) };
        let board = Cyton::new(Box::new(link.clone()), settings);
        Self {
            board,
            link,
            daisy,
            frames: Frames::default(),
            got: Vec::new(),
            lost: 0,
            events: Vec::new(),
        }
    }

    fn now_s(&self) -> f64 {
        self.board.now().0 as f64 / 1e9
    }

    /// Reads until a time; every frame is looked up among the conversions not seen yet.
    fn run(&mut self, until_s: f64) {
        let channels = if self.daisy { 16 } else { 8 };
        while self.now_s() < until_s {
            match self.board.read(25, &mut self.frames) {
                Reading::Block(block) => {
                    assert!(block.captured_ns <= self.board.now().0);
                    self.lost += block.lost_before;
                    for (n, codes) in self.frames.codes.chunks_exact(channels).enumerate() {
                        let after =
                            self.got.last().map_or(u64::from(self.daisy) * 2, |(_, k)| k + 1);
                        let k = (after..after + 20_000).find(|k| frame(*k, self.daisy) == codes);
                        let k = k.unwrap_or_else(|| {
                            panic!("a frame that was never sent, after {after}: {codes:?}")
                        });
                        self.got.push((block.first_sample + n as u64, k));
                    }
                    self.frames.clear();
                }
                Reading::Idle => {}
                Reading::Event(event) => self.events.push(event.text),
            }
        }
    }

    /// The numbers of frames are those of their conversions, but for a constant, and what is missing was told.
    fn assert_numbered(&self, but_for: u64) {
        let per_frame = if self.daisy { 2 } else { 1 };
        let offset = |(n, k): (u64, u64)| k as i64 - (n * per_frame) as i64;
        let first = offset(self.got[0]);
        for (at, got) in self.got.iter().enumerate() {
            assert!(
                offset(*got).abs_diff(first) <= but_for,
                "frame {at}, number {}: conversion {}, {} off, after {:?}",
                got.0,
                got.1,
                offset(*got) - first,
                self.got[at.saturating_sub(1)]
            );
        }
        assert!(self.got.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let (first, last) = (self.got[0].0, self.got[self.got.len() - 1].0);
        assert_eq!(last - first + 1, self.got.len() as u64 + self.lost, "got and lost make all");
        let counters = self.board.counters();
        let lost: u64 = Loss::ALL.iter().map(|cause| counters.lost(*cause)).sum();
        assert_eq!((counters.delivered(), lost), (self.got.len() as u64, self.lost));
    }

    fn lost(&self, cause: Loss) -> u64 {
        self.board.counters().lost(cause)
    }
}

#[test]
fn every_sample_comes_once_with_its_number() {
    for daisy in [false, true] {
        for latency_ms in [1, 16] {
            let mut rig = Rig::new(CytonSimulation {
                daisy,
                latency_ms,
                oscillator_ppm: -21_000.0,
                ..CytonSimulation::default()
            });
            rig.board.open().unwrap();
            rig.run(100.0);
            rig.assert_numbered(0);
            let rate = if daisy { 125.0 } else { 250.0 } * 0.979;
            assert!((rig.got.len() as f64 / rate - 97.0).abs() < 2.0, "{}", rig.got.len());
            assert_eq!((rig.lost, rig.events.len()), (0, 0));
            // The very first packet has values that are not valid; a frame is made of what comes after it.
            assert_eq!(rig.got[0].0, 0);
            rig.board.close();
        }
    }
}

#[test]
fn each_fault_costs_what_it_must_and_nothing_else() {
    let faults = [
        (10.0, LosePackets(1)),
        (12.0, LosePackets(3)),
        (14.0, LosePackets(700)),
        (20.0, LoseBytes(5)),
        (22.0, LoseBytes(33)),
        (24.0, LoseBytes(400)),
        (26.0, StrayBytes(7)),
        (28.0, DamageByte(0x40)),
        (30.0, DamageByte(0x81)),
        (32.0, DamageByte(0x02)),
        (34.0, Repeat),
        (36.0, OutOfReach(1.5)),
        (45.0, LosePackets(10)),
    ];
    for daisy in [false, true] {
        for seed in 0..20 {
            let mut rig = Rig::new(CytonSimulation {
                daisy,
                seed,
                crystal_ppm: 40.0,
                oscillator_ppm: 8000.0,
                faults: faults.to_vec(),
                ..CytonSimulation::default()
            });
            rig.board.open().unwrap();
            rig.run(60.0);
            rig.assert_numbered(0);
            let per_frame = if daisy { 2 } else { 1 };
            // 714 on the radio link and 375 out of reach; a packet or two around each loss; damaged ones and their neighbours.
            let least = (714 + 375) / per_frame;
            assert!((least..least + 60).contains(&rig.lost), "{} lost", rig.lost);
            assert!(rig.lost(Loss::Corrupt) > 0 && rig.lost(Loss::Missed) >= 385 / per_frame);
            // 700 packets are 2.8 s without a word, which is told.
            assert!((700 / per_frame..720 / per_frame).contains(&rig.lost(Loss::Outage)));
            assert_eq!(
                (rig.events.len(), rig.board.counters().recoveries()),
                (2, 0),
                "{:?}",
                rig.events
            );
        }
    }
}

#[test]
fn old_firmware_without_time_stamps_is_numbered_by_the_hosts_clock() {
    let faults = vec![(10.0, LosePackets(300)), (20.0, LosePackets(1)), (30.0, OutOfReach(1.9))];
    let mut rig = Rig::new(CytonSimulation {
        old_firmware: true,
        oscillator_ppm: 5000.0,
        faults,
        ..CytonSimulation::default()
    });
    rig.board.open().unwrap();
    rig.run(40.0);
    rig.assert_numbered(0);
    assert!((301 + 475..301 + 490).contains(&rig.lost), "{}", rig.lost);
}

#[test]
fn a_host_that_is_busy_takes_nothing_for_lost_that_waits_in_a_buffer() {
    for old_firmware in [false, true] {
        let mut rig = Rig::new(CytonSimulation { old_firmware, ..CytonSimulation::default() });
        rig.board.open().unwrap();
        rig.run(10.0);
        // 400 ms are 100 packets, 3300 bytes: the system keeps 4096.
        for at_s in [11.0, 12.0, 13.0] {
            rig.link.be_away(400);
            rig.run(at_s);
        }
        rig.assert_numbered(0);
        assert_eq!(rig.lost, 0);
        // In 3 s, some 630 packets are lost.
        rig.link.be_away(3000);
        rig.run(20.0);
        if !old_firmware {
            rig.assert_numbered(0);
            assert!((600..660).contains(&rig.lost), "{}", rig.lost);
        }
    }
}

#[test]
fn a_dongle_pulled_out_is_told_and_comes_back() {
    // BrainFlow takes the error for nothing to read: an unplugged board looks quiet.
    for daisy in [false, true] {
        let faults = vec![(10.0, Unplug(7.0))];
        let mut rig = Rig::new(CytonSimulation {
            daisy,
            crystal_ppm: -30.0,
            faults,
            ..CytonSimulation::default()
        });
        rig.board.open().unwrap();
        rig.run(40.0);
        let told = &rig.events;
        assert!(
            told[0].contains("the simulated port is gone") && told[0].contains("plugged in?"),
            "{told:?}"
        );
        assert!(told[1].contains("cannot open the simulated port"), "{told:?}");
        assert!(told[2].contains("streams again after"), "{told:?}");
        assert_eq!((told.len(), rig.board.counters().recoveries()), (3, 1), "{told:?}");
        // The chips were started anew, between two conversions: the numbers can be right to one only.
        rig.assert_numbered(if daisy { 3 } else { 2 });
        assert!(rig.lost(Loss::Outage) > 7 * 125);
    }
}

#[test]
fn a_board_switched_off_is_told_and_comes_back() {
    let faults = vec![(10.0, OutOfReach(6.0)), (20.0, SwitchOff(20.0))];
    let mut rig = Rig::new(CytonSimulation { faults, ..CytonSimulation::default() });
    rig.board.open().unwrap();
    rig.run(60.0);
    let told = [
        "no data from the board",
        "the board streams again after 6",
        "no data from the board",
        "the board sends nothing: it is set up anew",
        "the dongle on the simulated port answers, the board does not",
        "the board streams again after 2",
    ];
    assert_eq!(rig.events.len(), told.len(), "{:?}", rig.events);
    assert!(
        rig.events.iter().zip(told).all(|(event, told)| event.contains(told)),
        "{:?}",
        rig.events
    );
    assert_eq!(rig.board.counters().recoveries(), 1);
    // Its own clock started over, so the second gap is measured by the host's.
    rig.assert_numbered(8);
    let before = rig.got.iter().take_while(|(_, k)| *k < 4000).count();
    assert_eq!(
        rig.got[0].1 + rig.got[before].0 - rig.got[0].0,
        rig.got[before].1,
        "the first one is exact"
    );
}

#[test]
fn a_counter_that_jumps_is_a_loss_and_the_numbers_do_not_slip_twice() {
    let faults = vec![(10.0, JumpCounter(5)), (12.0, JumpCounter(251))];
    let mut rig = Rig::new(CytonSimulation { faults, ..CytonSimulation::default() });
    rig.board.open().unwrap();
    rig.run(20.0);
    // Five packets said to be missing that never were, then 251 of 256.
    let (n, k) = rig.got[rig.got.len() - 1];
    let (n0, k0) = rig.got[0];
    assert_eq!((n - n0) as i64 - (k - k0) as i64, 256, "the counter is what the board says");
}

#[test]
fn commands_are_the_settings_and_answers_are_checked() {
    let codes = || Box::new(|_: u64, _: &mut [i32; 16]| {});
    let link = SimulatedLink::new(SimulatedCyton::new(
        CytonSimulation { daisy: true, ..CytonSimulation::default() },
        codes(),
    ));
    let mut channels = vec![NORMAL; 16];
    channels[1] =
        ChannelSettings { gain_code: 0, input_code: 1, bias: false, srb2: false, srb1: false };
    channels[12] = ChannelSettings { gain_code: 5, input_code: 5, ..NORMAL };
    let settings = CytonSettings { channels, lead_off: (false, true) };
    let mut board = Cyton::new(Box::new(link.clone()), settings);
    board.open().unwrap();
    let channel = |n| link.with(|board| board.channel(n));
    assert_eq!(channel(0), (*b"060110", *b"01"));
    assert_eq!(channel(1), (*b"001000", *b"01"));
    assert_eq!(channel(12), (*b"055110", *b"01"));
    assert_eq!(channel(15), (*b"060110", *b"01"));
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let open = |simulation: CytonSimulation, channels: usize| {
        let codes = Box::new(|_: u64, _: &mut [i32; 16]| {});
        let link = SimulatedLink::new(SimulatedCyton::new(simulation, codes));
        let settings = CytonSettings { channels: vec![NORMAL; channels], lead_off: (false, false) };
        Cyton::new(Box::new(link), settings).open().unwrap_err().to_string()
    };
    let with = |fault: CytonFault| CytonSimulation {
        faults: vec![(0.0, fault)],
        ..CytonSimulation::default()
    };
    let no_daisy = open(CytonSimulation::default(), 16);
    assert!(
        no_daisy.contains("no Daisy answers") && no_daisy.contains("channels: 8"),
        "{no_daisy}"
    );
    let off = open(with(SwitchOff(1e6)), 8);
    assert!(off.contains("the dongle on the simulated port answers, the board does not"), "{off}");
    let unplugged = open(with(Unplug(1e6)), 8);
    assert!(unplugged.contains("plug the dongle in"), "{unplugged}");
}

#[test]
fn times_are_those_of_the_conversions_but_for_what_all_packets_take() {
    for latency_ms in [1, 16] {
        let mut rig = Rig::new(CytonSimulation {
            latency_ms,
            oscillator_ppm: 15_000.0,
            ..CytonSimulation::default()
        });
        rig.board.open().unwrap();
        rig.run(120.0);
        let mut late_ms = Vec::new();
        while rig.now_s() < 300.0 {
            let from = rig.got.len();
            let until_s = rig.now_s() + 0.1;
            rig.run(until_s);
            for (n, k) in &rig.got[from..] {
                let truth_ns = rig.link.with(|board| board.conversion_ns(*k));
                late_ms.push((rig.board.time_ns(*n) as f64 - truth_ns) / 1e6);
            }
        }
        let mean = late_ms.iter().sum::<f64>() / late_ms.len() as f64;
        let rms = (late_ms.iter().map(|ms| (ms - mean).powi(2)).sum::<f64>()
            / late_ms.len() as f64)
            .sqrt();
        let worst = late_ms.iter().map(|ms| (ms - mean).abs()).fold(0.0, f64::max);
        let (rate_hz, ppm, sd) = rig.board.counters().rate().unwrap();
        println!(
            "latency timer {latency_ms} ms: {mean:.3} ms late, rms {rms:.3} ms around that, worst {worst:.3} ms; {rate_hz:.4} Hz, {ppm:.1} +- {sd:.1} ppm"
        );
        assert!(rms < 0.1 * latency_ms as f64 && worst < 0.5 * latency_ms as f64);
        assert!((ppm - 15_000.0).abs() < 20.0);
    }
}

#[test]
fn a_real_serial_port_with_a_simulated_board_behind_it() {
    let codes = Box::new(|k: u64, codes: &mut [i32; 16]| {
        codes.iter_mut().enumerate().for_each(|(channel, to)| *to = code(k, channel));
    });
    let faults = vec![(3.0, LoseBytes(40)), (3.5, LosePackets(5)), (5.0, Unplug(1e6))];
    let simulation = CytonSimulation { latency_ms: 1, faults, ..CytonSimulation::default() };
    let pty = pty::run(SimulatedCyton::new(simulation, codes)).unwrap();
    let settings = CytonSettings { channels: vec![NORMAL; 8], lead_off: (false, false) };
    let mut board = Cyton::new(Box::new(SerialLink::new(pty.path.clone())), settings);
    board.open().unwrap();
    let (mut frames, mut next, mut got, mut expected) = (Frames::default(), 0, 0, None);
    let told = loop {
        match board.read(25, &mut frames) {
            Reading::Block(block) => {
                assert_eq!(
                    block.first_sample - block.lost_before,
                    expected.unwrap_or(block.first_sample)
                );
                expected = Some(block.first_sample + frames.len() as u64);
                for codes in frames.codes.chunks_exact(8) {
                    let k = (next..next + 20_000).find(|k| frame(*k, false) == codes);
                    next = k.expect("every frame is one that was sent") + 1;
                    got += 1;
                }
                frames.clear();
            }
            Reading::Idle => {}
            Reading::Event(event) => break event.text,
        }
    };
    assert!(told.contains("is gone") && told.contains("still plugged in?"), "{told}");
    assert!(got > 100, "{got} frames before the dongle was pulled out");
    let (_, ppm, _) = board.counters().rate().unwrap();
    println!("{got} frames, {ppm:.0} ppm");
    board.close();
}

#[test]
fn a_port_that_is_in_use_is_not_shared() {
    let pty =
        pty::run(SimulatedCyton::new(CytonSimulation::default(), Box::new(|_, _| {}))).unwrap();
    let mut first = SerialLink::new(pty.path.clone());
    first.open().unwrap();
    let mut second = SerialLink::new(pty.path.clone());
    assert_eq!(second.open().unwrap_err().kind(), std::io::ErrorKind::ResourceBusy);
    first.close();
    second.open().unwrap();
}
