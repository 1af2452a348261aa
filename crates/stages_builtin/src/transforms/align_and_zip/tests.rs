//! Two inputs whose clocks are known.

use super::*;
use plugin_api::testing::microvolt_spec;
use plugin_api::{Flags, PacketHeader, PacketKind, StageCtx, StageImpl};

/// Two inputs of one channel at 1000 samples/s; the second begins `late_ns` later.
struct Rig {
    stage: Box<dyn StageImpl>,
    ctx: StageCtx,
    source: StageCtx,
    spec: StreamSpec,
}

impl Rig {
    fn new() -> Self {
        let spec = microvolt_spec(1, 1000.0);
        let streams = [("a", spec.clone()), ("b", spec.clone())];
        let ctx = StageInitCtx::in_folder(".");
        let built = AlignAndZipDesc::example().build(&Inputs::new(&streams), &ctx).unwrap();
        let labels: Vec<String> =
            built.output().unwrap().sensor.channels.iter().map(|c| c.label.clone()).collect();
        assert_eq!(labels, ["a.ch1", "b.ch1"]);
        let stage = built.into_stage().unwrap();
        Self { stage, ctx: StageCtx::for_test(100), source: StageCtx::for_test(100), spec }
    }

    /// Feeds samples `first..first + frames`, each bearing its own index, at `ms` on the input's clock.
    fn feed(&mut self, port: usize, first: u64, frames: u64, ms: f64) -> Option<(u64, Vec<f32>)> {
        let header = PacketHeader {
            sensor: Arc::clone(&self.spec.sensor),
            first_sample: first,
            time_ns: (ms * 1e6) as i64,
            captured_ns: 0,
            rate_hz: 1000.0,
            frames: 0,
            flags: Flags::NONE,
        };
        let mut packet = self.source.fresh(header, PacketKind::Voltage);
        packet.microvolts_mut().extend((first..first + frames).map(|n| n as f32));
        self.ctx.prepare(port, 0);
        let out = self.stage.process(packet.share(), &mut self.ctx).unwrap()?;
        Some((out.header().first_sample, out.microvolts().to_vec()))
    }
}

#[test]
fn packets_of_different_lengths_meet_by_time() {
    let mut rig = Rig::new();
    assert_eq!(rig.feed(0, 0, 3, 0.0), None);
    assert_eq!(rig.feed(0, 3, 3, 3.0), None);
    // The other begins 0.4 ms late: within the tolerance of one sample.
    assert_eq!(rig.feed(1, 0, 5, 0.4), Some((0, vec![0., 0., 1., 1., 2., 2., 3., 3., 4., 4.])));
    assert_eq!(rig.feed(1, 5, 5, 5.4), Some((5, vec![5., 5.])));
    assert_eq!(rig.ctx.take_dropped(), 0);
}

#[test]
fn what_has_no_partner_is_dropped_and_counted_and_the_index_jumps() {
    let mut rig = Rig::new();
    rig.feed(0, 0, 10, 0.0);
    // The second input begins 4 ms later: the first four frames of the first have no partner.
    assert_eq!(rig.feed(1, 0, 4, 4.0), Some((0, vec![4., 0., 5., 1., 6., 2., 7., 3.])));
    assert_eq!(rig.ctx.take_dropped(), 4);
    // It loses 20 frames.
    assert_eq!(rig.feed(1, 24, 2, 28.0), None);
    assert_eq!(rig.ctx.take_dropped(), 2);
    assert_eq!(rig.feed(0, 28, 2, 28.0), Some((24, vec![28., 24., 29., 25.])));
}

#[test]
fn an_input_that_falls_silent_does_not_fill_the_memory() {
    let mut rig = Rig::new();
    let mut held = 0;
    for n in 0..1000 {
        assert_eq!(rig.feed(0, n * 10, 10, n as f64 * 10.0), None);
        held += 10;
        held -= rig.ctx.take_dropped();
    }
    assert!(held <= 2000 + 4096, "{held}");
}

/// Two boards that convert at rates of their own, each value the time of its sample; the times joined, second to first.
struct Drift {
    apart_ms: Vec<(f64, f64)>,
    /// Index and frames of what came out.
    out: Vec<(u64, usize)>,
    dropped: u64,
    told: Vec<String>,
}

/// `rates_hz` of the two, in packets of so many frames, for `seconds`; the second loses `lost` frames halfway.
fn drift(rates_hz: [f64; 2], packet_frames: [u64; 2], seconds: f64, lost: u64) -> Drift {
    let mut rig = Rig::new();
    let heard = rig.ctx.hear_reports();
    let mut drift = Drift { apart_ms: Vec::new(), out: Vec::new(), dropped: 0, told: Vec::new() };
    let mut next = [0_u64; 2];
    let time_ns = |port: usize, n: u64| 5e9 + n as f64 / rates_hz[port] * 1e9;
    loop {
        // Whichever comes first.
        let due = |port: usize| time_ns(port, next[port] + packet_frames[port]);
        let port = usize::from(due(1) < due(0));
        if time_ns(port, next[port]) > 5e9 + seconds * 1e9 {
            break;
        }
        if port == 1
            && lost > 0
            && next[1] == (seconds * 500.0) as u64 / packet_frames[1] * packet_frames[1]
        {
            next[1] += lost;
        }
        let first = next[port];
        next[port] += packet_frames[port];
        let header = PacketHeader {
            sensor: Arc::clone(&rig.spec.sensor),
            first_sample: first,
            time_ns: time_ns(port, first).round() as i64,
            captured_ns: 0,
            rate_hz: 1000.0,
            frames: 0,
            flags: Flags::NONE,
        };
        let mut packet = rig.source.fresh(header, PacketKind::Voltage);
        // Milliseconds modulo a second, exact enough in f32.
        let value = |n: u64| ((time_ns(port, n) - 5e9) / 1e6 % 1000.0) as f32;
        packet.microvolts_mut().extend((first..next[port]).map(value));
        rig.ctx.prepare(port, 0);
        if let Some(out) = rig.stage.process(packet.share(), &mut rig.ctx).unwrap() {
            let header = out.header();
            drift.out.push((header.first_sample, out.frames()));
            for pair in out.microvolts().chunks_exact(2) {
                drift.apart_ms.push((f64::from(pair[0]), f64::from(pair[1])));
            }
        }
        drift.dropped += rig.ctx.take_dropped();
    }
    drift.told = heard.try_iter().map(|event| event.text).collect();
    drift
}

impl Drift {
    fn assert_together(&self, most_ms: f64) {
        for (a, b) in &self.apart_ms {
            let apart = (a - b).abs();
            let apart = apart.min(1000.0 - apart);
            assert!(apart < most_ms + 0.01, "{a} ms with {b} ms");
        }
    }
}

#[test]
fn a_board_half_a_percent_fast_is_joined_by_time_and_told() {
    // By count, the two would be 600 ms apart in the end.
    for (rates, packets) in [
        ([1000.0, 1005.0], [10, 10]),
        ([1005.0, 1000.0], [10, 7]),
        ([1000.0, 995.0], [40, 10]),
        ([980.0, 984.9], [1000, 1000]),
    ] {
        let drift = drift(rates, packets, 120.0, 0);
        drift.assert_together(1.03);
        let (slow, fast) = (rates[0].min(rates[1]), rates[0].max(rates[1]));
        let expected = 120.0 * (fast - slow);
        assert!((drift.dropped as f64 - expected).abs() < 8.0, "{} of {expected}", drift.dropped);
        // At the pace of the slower one, without a gap.
        let (first, frames) = drift.out[drift.out.len() - 1];
        let all: usize = drift.out.iter().map(|(_, frames)| frames).sum();
        assert_eq!(first + frames as u64, all as u64);
        assert!((all as f64 - 120.0 * slow).abs() < 2100.0, "{all}");
        let [told] = &drift.told[..] else { panic!("{:?}", drift.told) };
        let names = if rates[0] > rates[1] { ["`a`", "`b`"] } else { ["`b`", "`a`"] };
        assert!(
            told.starts_with(names[0]) && told.contains(&format!("faster than {}", names[1])),
            "{told}"
        );
        assert!(
            told.contains(" 50") && told.contains("one of 199") || told.contains("one of 200"),
            "{told}"
        );
    }
}

#[test]
fn boards_on_one_clock_far_from_its_nominal_rate_lose_nothing() {
    // 2 % off, in packets of a tenth of a second: by the nominal rate, a packet's end would be two samples off.
    for packets in [[100, 100], [100, 10], [13, 70]] {
        let drift = drift([980.0, 980.0], packets, 20.0, 0);
        drift.assert_together(0.0);
        assert_eq!((drift.dropped, &drift.told[..]), (0, &[][..]));
    }
}

#[test]
fn a_loss_is_a_gap_of_its_length_also_while_boards_drift() {
    let drift = drift([1000.0, 1003.0], [10, 10], 20.0, 50);
    drift.assert_together(1.03);
    let gaps: Vec<u64> = drift
        .out
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0 - pair[0].1 as u64)
        .filter(|gap| *gap > 0)
        .collect();
    assert!(gaps == [49] || gaps == [50], "{gaps:?}");
}
