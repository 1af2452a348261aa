//! A board to which nothing happens.

use crate::support::Rig;
use eeg_boards::Board;
use eeg_boards::cyton::simulator::CytonSimulation;

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
