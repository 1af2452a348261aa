//! The source on a board in simulated time, whose truth is known to the nanosecond: which time a sample bears, what the kernel saw, what is
//! told of board and clock.

use super::sensor::About;
use super::{AcquireDesc, TimeOf};
use crate::sinks::bdf_sink::BdfSinkDesc;
use eeg_boards::ads1299::settings::{Gain, Rate, Settings};
use eeg_boards::ads1299::{Ads1299, Ads1299Options, VREF_UV};
use eeg_boards::board::{Frames, Reading};
use eeg_boards::sample_clock::SampleClockSettings;
use eeg_boards::simulator::{
    Bench, BenchSettings, Fault, OscillatorError, TestSignals, TrueRun, Wiring,
};
use eeg_boards::{Board, Signal};
use plugin_api::{
    ChannelMeta, Event, EventKind, Inputs, RtPacket, SourceImpl, SourceStep, StageCtx, StageDesc,
    StageInitCtx, StreamSpec,
};
use std::path::Path;
use std::sync::Arc;

/// Chips whose oscillator is 1.2 % fast.
const PPM: f64 = 12_000.0;

fn bench(faults: Vec<Fault>) -> BenchSettings {
    let oscillator = OscillatorError { ppm: PPM, ..OscillatorError::default() };
    BenchSettings { faults, oscillator, ..BenchSettings::new(Wiring::Cascade(vec![4])) }
}

fn board(bench: BenchSettings, rate: Rate) -> Ads1299<Bench> {
    let options = Ads1299Options {
        chains: vec![1],
        gap_bits: None,
        read_twice: false,
        clock: SampleClockSettings::KERNEL_EDGES,
    };
    let inputs = Box::new(TestSignals::new(vec![Signal::Counter {}], 1));
    Ads1299::new(Bench::new(bench, inputs), Settings::new(rate, Gain::X24, 4), options)
}

/// What came out of the source, and what it reported with the packet after which it did.
struct Run {
    spec: StreamSpec,
    packets: Vec<Arc<RtPacket>>,
    events: Vec<(usize, Event)>,
    figures: Vec<(&'static str, f64)>,
}

fn run(desc: &AcquireDesc, faults: Vec<Fault>, seconds: f64) -> Run {
    let rate = Rate::ALL.into_iter().find(|rate| f64::from(rate.sps()) == desc.sps).unwrap();
    let channels = (1..=4).map(|n| ChannelMeta::adc24(format!("ch{n}"), VREF_UV, 24.0));
    let mut metas: Vec<ChannelMeta> = channels.collect();
    if desc.edge_channel {
        metas.push(super::source::edge_channel());
    }
    let about = About {
        name: "simulated",
        converts_at_hz: desc.sps,
        clocks: rate.clocks(),
        conversions: 1,
    };
    let board = Box::new(board(bench(faults), rate));
    let ctx = StageInitCtx::in_folder(".");
    let (mut source, spec) = desc.source(board, &about, metas, &ctx);
    let mut ctx = StageCtx::for_test(spec.max_samples());
    let reports = ctx.hear_reports();
    source.open().unwrap();
    let (mut packets, mut events) = (Vec::new(), Vec::new());
    let mut next = 0;
    while next < (seconds * desc.sps) as u64 {
        if let SourceStep::Packet(packet) = source.next(&mut ctx).unwrap() {
            next = packet.header().first_sample + packet.frames() as u64;
            packets.push(packet);
        }
        events.extend(reports.try_iter().map(|event| (packets.len(), event)));
    }
    let figures = source.account().unwrap().figures();
    source.close().unwrap();
    Run { spec, packets, events, figures }
}

/// When conversions really were complete, in Unix time, and when the kernel saw the edge of each (which takes it a microsecond or three).
struct Truth {
    run: TrueRun,
    seen_ns: Vec<(u64, f64)>,
}

impl Truth {
    fn of(rate: Rate, faults: Vec<Fault>, seconds: f64) -> Self {
        let mut board = board(bench(faults), rate);
        board.open().unwrap();
        let (mut frames, mut seen_ns) = (Frames::default(), Vec::new());
        let (monotonic_ns, unix_ns) = bench(Vec::new()).began_ns;
        while (board.wires().elapsed_ns() as f64) < (seconds + 1.0) * 1e9 {
            if let Reading::Block(block) = board.read(20, &mut frames) {
                let seen = frames.edges_ns.iter().map(|edge_ns| {
                    (*edge_ns as i64 - monotonic_ns as i64 + unix_ns - UNIX_NS) as f64
                });
                seen_ns.extend((block.first_sample..).zip(seen));
                frames.clear();
            }
        }
        Self { run: *board.wires().true_runs().last().unwrap(), seen_ns }
    }

    fn unix_ns(&self, sample: u64) -> f64 {
        let (monotonic_ns, unix_ns) = bench(Vec::new()).began_ns;
        let since_ns = self.run.first_ns + self.run.period_ns * sample as f64 - monotonic_ns as f64;
        // To the nanosecond: a double holds a quarter of a microsecond at the size of Unix time.
        since_ns + (unix_ns - UNIX_NS) as f64
    }
}

/// What Unix times are compared from.
const UNIX_NS: i64 = 1_700_000_000_000_000_000;

fn desc(sps: f64) -> AcquireDesc {
    AcquireDesc { sps, ..AcquireDesc::example() }
}

/// First sample and time of each packet.
fn times(run: &Run) -> Vec<(u64, i64)> {
    let of = |packet: &Arc<RtPacket>| (packet.header().first_sample, packet.header().time_ns);
    run.packets.iter().map(of).collect()
}

#[test]
fn a_samples_time_is_its_edge_or_exactly_the_chips_group_delay_before_it() {
    // 1.5 tDR by the nominal clock.
    for (sps, delay_ns, rate) in
        [(250.0, 6_000_000, Rate::Sps250), (4000.0, 375_000, Rate::Sps4000)]
    {
        let edge = run(&AcquireDesc { time_of: TimeOf::Edge, ..desc(sps) }, Vec::new(), 20.0);
        let input = run(&AcquireDesc { time_of: TimeOf::Input, ..desc(sps) }, Vec::new(), 20.0);
        assert_eq!((edge.spec.delay_s, input.spec.delay_s), (delay_ns as f64 / 1e9, 0.0));
        assert_eq!(edge.packets.len(), input.packets.len());
        let truth = Truth::of(rate, Vec::new(), 0.0);
        for (one, other) in times(&edge).into_iter().zip(times(&input)) {
            assert_eq!((other.0, one.1 - other.1), (one.0, delay_ns), "{sps}: {one:?} {other:?}");
            if one.0 as f64 > 15.0 * sps {
                let off_ns = (one.1 - UNIX_NS) as f64 - truth.unix_ns(one.0);
                assert!((0.0..3000.0).contains(&off_ns), "sample {} is {off_ns} ns off", one.0);
            }
        }
    }
}

/// The codes of a channel of a recording.
fn read_back(path: &Path, channel: usize) -> Vec<i32> {
    let mut recording = eeg_formats::open_path(path).unwrap();
    let stream = recording.info().streams[0].clone();
    assert_eq!(stream.channels[channel].label, "edge_late");
    assert_eq!(stream.channels[channel].unit, "us");
    let channels = stream.channels.len();
    let (mut codes, mut all) = (vec![0; 1000 * channels], Vec::new());
    while let Some(chunk) = recording.read_codes(0, &mut codes).unwrap() {
        let frames = codes.chunks_exact(channels).take(chunk.frames);
        all.extend(frames.map(|frame| frame[channel]));
    }
    all
}

fn record(run: &Run, folder: &Path) {
    let spec = StreamSpec { live: false, ..run.spec.clone() };
    let desc = BdfSinkDesc { path: "a.bdf".to_owned(), ..BdfSinkDesc::example() };
    let ctx = StageInitCtx::in_folder(folder);
    let built = desc.build(&Inputs::new(&[("acquire", spec)]), &ctx).unwrap();
    let mut sink = built.into_stage().unwrap();
    let mut ctx = StageCtx::for_test(run.spec.max_samples());
    sink.open().unwrap();
    let mut next = 0;
    for packet in &run.packets {
        let header = packet.header();
        ctx.prepare(0, header.first_sample - next);
        next = header.first_sample + packet.frames() as u64;
        drop(sink.process(Arc::clone(packet), &mut ctx).unwrap());
    }
    ctx.prepare(0, 0);
    drop(sink.end(&mut ctx).unwrap());
    sink.close().unwrap();
}

/// An interrupt that is 300 us late, edges that nobody saw, a reader that is held up: some samples are lost, the others tell it.
fn troubles() -> Vec<Fault> {
    vec![
        Fault::LateEdge { at_s: 17.0, for_s: 0.0003 },
        Fault::MissedEdges { at_s: 18.0, count: 2 },
        Fault::LateRead { at_s: 18.5, for_s: 0.01 },
    ]
}

#[test]
fn what_the_kernel_saw_is_in_the_recording() {
    let truth = Truth::of(Rate::Sps1000, troubles(), 21.0);
    for (time_of, packet_frames) in [
        (TimeOf::Edge, Some(1)),
        (TimeOf::Input, Some(1)),
        (TimeOf::Edge, None),
        (TimeOf::Input, Some(250)),
    ] {
        let asked = AcquireDesc { time_of, edge_channel: true, packet_frames, ..desc(1000.0) };
        let run = run(&asked, troubles(), 20.0);
        let folder = tempfile::tempdir().unwrap();
        record(&run, folder.path());
        let recorded = read_back(&folder.path().join("a.bdf"), 4);
        let period_ns = truth.run.period_ns;
        // Half a step, and the nanoseconds that times are rounded to; within a packet, how sure the fit is of the rate.
        let tolerance_ns = if packet_frames == Some(1) { 52.0 } else { 1500.0 };
        let (mut late_us, mut seen) = (Vec::new(), truth.seen_ns.iter());
        for packet in &run.packets {
            let (first, time_ns) = (packet.header().first_sample, packet.header().time_ns);
            for n in 0..packet.frames() {
                let sample = first + n as u64;
                let bears_ns = (time_ns - UNIX_NS) as f64 + n as f64 * period_ns;
                let edge_ns = bears_ns + f64::from(recorded[sample as usize]) * 100.0;
                let (of, seen_ns) = *seen.next().unwrap();
                assert_eq!(of, sample, "the same are lost");
                if packet_frames == Some(1) || sample > 15_000 {
                    let off_ns = edge_ns - seen_ns;
                    assert!(off_ns.abs() < tolerance_ns, "{sample}: {off_ns} ns {packet_frames:?}");
                }
                let after_us = (seen_ns - truth.unix_ns(sample)) / 1e3;
                if !(0.0..5.0).contains(&after_us) {
                    late_us.push(after_us.round());
                }
            }
        }
        let [late_us] = late_us[..] else { panic!("one edge was late, not {}", late_us.len()) };
        assert!((300.0..305.0_f64).contains(&late_us), "{late_us} us");
        let taken: usize = run.packets.iter().map(|packet| packet.frames()).sum();
        let last = run.packets.last().unwrap();
        let lost = last.header().first_sample + last.frames() as u64 - taken as u64;
        assert!((5..40).contains(&lost), "{lost} samples");
    }
}

#[test]
fn setting_the_systems_clock_moves_no_time_and_no_sample_and_is_told_once() {
    let step = |by_s| vec![Fault::ClockStep { at_s: 4.0, by_s }];
    let undisturbed = run(&desc(500.0), Vec::new(), 10.0);
    for by_s in [3600.0, -2.5] {
        let run = run(&desc(500.0), step(by_s), 10.0);
        assert_eq!(times(&run), times(&undisturbed), "{by_s}");
        assert_eq!(run.events.len(), 1, "{:?}", run.events);
        let (_, event) = &run.events[0];
        let way = if by_s > 0.0 { "forward by 3600.000 s" } else { "back by 2.500 s" };
        assert!(
            event.text.starts_with(&format!("the system's clock was set {way};")),
            "{}",
            event.text
        );
        assert_eq!(event.kind, EventKind::Board);
        // Two pairs of readings a second apart have to agree.
        let at_s = (event.time_ns - UNIX_NS) as f64 / 1e9;
        assert!((4.0..7.0).contains(&at_s), "told at {at_s} s");
        assert!(run.figures.contains(&("system_clock_ahead_s", by_s)), "{:?}", run.figures);
    }
    assert!(undisturbed.figures.contains(&("system_clock_ahead_s", 0.0)));
}

#[test]
fn the_clock_is_looked_at_while_the_board_is_away() {
    for away in
        [Fault::Unplugged { at_s: 2.0, for_s: 20.0 }, Fault::SilentDrdy { at_s: 2.0, for_s: 20.0 }]
    {
        let faults = vec![away.clone(), Fault::ClockStep { at_s: 8.0, by_s: 60.0 }];
        let run = run(&desc(250.0), faults, 25.0);
        let told = run.events.iter().find(|(_, event)| event.text.contains("clock was set"));
        let (after, event) = told.unwrap_or_else(|| panic!("{away:?}: {:?}", run.events));
        let at_s = (event.time_ns - UNIX_NS) as f64 / 1e9;
        assert!((8.0..11.0).contains(&at_s), "{away:?}: told at {at_s} s");
        let last = run.packets[after - 1].header().first_sample;
        assert!(last < 3 * 250 && run.packets.len() > *after, "told while it was away");
    }
}

#[test]
fn times_go_on_in_unix_time_over_an_outage() {
    let faults = vec![
        Fault::Unplugged { at_s: 2.0, for_s: 3.0 },
        Fault::ClockStep { at_s: 3.0, by_s: -86_400.0 },
    ];
    let run = run(&desc(250.0), faults, 15.0);
    let times = times(&run);
    for pair in times.windows(2) {
        let [(one, one_ns), (other, other_ns)] = [pair[0], pair[1]];
        let expected_ns = (other - one) as f64 / (250.0 * (1.0 + PPM / 1e6)) * 1e9;
        let off_ns = (other_ns - one_ns) as f64 - expected_ns;
        // Conversions begin anew after it: the number fits to half a period, the first second's rate to 1 %.
        assert!(off_ns.abs() < 2_500_000.0, "{pair:?}: {off_ns} ns");
    }
}

/// What `to_voltage` makes of codes of channel 1: of a board that is described so.
fn microvolts_of(sensor: &serde_json::Value, sps: f64, codes: &[i32]) -> Vec<f64> {
    let sensors = serde_json::json!({ "0": sensor });
    let ctx = StageInitCtx { sensors: Arc::new(sensors), ..StageInitCtx::in_folder(".") };
    let built = desc(sps).build(&Inputs::new(&[]), &ctx).unwrap();
    let sensor = Arc::clone(&built.output().unwrap().sensor);
    codes.iter().map(|code| sensor.channels[0].physical(*code)).collect()
}

#[test]
fn microvolts_are_electrode_minus_reference_on_a_cyton_too() {
    use eeg_boards::cyton::packet::Packet;
    // The board as it starts: every IN1P at SRB2, electrodes at IN1N. One that is 100 uV above the reference makes -4474 steps of 0.02235 uV,
    // as the data sheet's equation 8 has it; 24 bits of two's complement, most significant byte first.
    let mut bytes = [0; 33];
    (bytes[0], bytes[32]) = (0xA0, 0xC0);
    bytes[2..5].copy_from_slice(&[0xFF, 0xEE, 0x86]);
    let codes = Packet::decode(&bytes).unwrap().codes();
    assert_eq!(codes[0], -4474);
    let cyton = |reference: Option<&str>| {
        let mut sensor = serde_json::json!({ "driver": "cyton", "port": "/dev/ttyUSB0" });
        if let Some(reference) = reference {
            sensor["reference"] = reference.into();
        }
        microvolts_of(&sensor, 250.0, &codes[..1])[0]
    };
    for (reference, uv) in
        [(None, 100.0), (Some("srb2"), 100.0), (Some("srb1"), -100.0), (Some("pairs"), -100.0)]
    {
        assert!((cyton(reference) - uv).abs() < 0.012, "{reference:?}: {} uV", cyton(reference));
    }
}

#[test]
fn a_signal_at_the_electrode_keeps_its_sign_wherever_the_reference_is() {
    for reference in ["pairs", "srb1", "srb2"] {
        // 0.5 Hz: the first half second is above the reference.
        let signals = serde_json::json!([{ "square": { "hz": 0.5, "uv": 500.0 } }]);
        let sensor = serde_json::json!({ "driver": "simulated", "channels": 1, "reference": reference, "signals": signals });
        let sensors = serde_json::json!({ "0": sensor });
        let ctx = StageInitCtx { sensors: Arc::new(sensors), ..StageInitCtx::in_folder(".") };
        let built = desc(1000.0).build(&Inputs::new(&[]), &ctx).unwrap();
        let spec = built.output().unwrap().clone();
        let mut source = built.into_source().unwrap();
        let mut ctx = StageCtx::for_test(spec.max_samples());
        source.open().unwrap();
        let packet = loop {
            match source.next(&mut ctx).unwrap() {
                SourceStep::Packet(packet) if packet.header().first_sample >= 20 => break packet,
                _ => {}
            }
        };
        source.close().unwrap();
        let uv = spec.sensor.channels[0].physical(packet.codes()[0]);
        assert!((uv - 500.0).abs() < 20.0, "{reference}: {uv} uV");
    }
}
