//! The whole chain in the real executor, beside the same work written by hand as one loop.
//!
//! `cargo bench -p stages_builtin --bench chain [-- --quick]`
//!
//! 24-bit codes to volts, notch, band-pass, sink, in one group and in two, 8 and 16 channels, f32 between stages. Then 16 channels at 20,000 samples/s in packets of 10 frames with two
//! sinks, packet by packet. Then what a stage costs that does nothing.

#[path = "../../pipeline_core/benches/support/mod.rs"]
mod bench;
mod support;

use bench::contest::Contest;
use bench::effort::Effort;
use bench::stages::{Node, Pass, Replay, StopWatch, WARM_UP, codes, codes_spec, run_line};
use serde_json::json;
use stages_builtin::dsp::{Band, Sos, butterworth, iirnotch};
use std::hint::black_box;
use std::time::Instant;
use support::by_hand::{ByHand, limit, limit_avx2, rounded_avx2};
use support::kinds::node;

const RATE_HZ: f64 = 4000.0;
const FRAMES: usize = 40;

fn main() {
    let effort = Effort::from_args();
    // Sections: one of the notch, and twice the half of the order that scipy counts.
    chain::<3, 8>(effort, 2);
    chain::<5, 8>(effort, 4);
    chain::<3, 16>(effort, 2);
    chain::<5, 16>(effort, 4);
    fast_rate(effort);
    idle_stages(effort);
}

/// `to_voltage`, `notch`, `bandpass`.
fn filters(order: usize) -> [Node; 3] {
    [
        node("to_voltage", &json!({})),
        node("notch", &json!({"hz": 50.0})),
        node("bandpass", &json!({"low_hz": 0.5, "high_hz": 100.0, "order": order})),
    ]
}

fn sections<const S: usize>(order: usize) -> [Sos; S] {
    let band = Band::BandPass { low_hz: 0.5, high_hz: 100.0 };
    let mut all = vec![iirnotch(50.0, 30.0, RATE_HZ).expect("50 Hz is below 2000 Hz")];
    all.extend(butterworth(order as u32, band, RATE_HZ).expect("the band is sound"));
    all.try_into().expect("a band-pass has as many sections as its order says")
}

fn chain<const S: usize, const N: usize>(effort: Effort, order: usize) {
    let per_packet = (FRAMES * N) as f64;
    let packets = effort.count(FRAMES * N * S / 3);
    let by_hand = |work: fn(&mut ByHand<S, N>, &[i32], &mut [f32])| {
        let codes = codes(FRAMES * N);
        let mut out = vec![0.0; codes.len()];
        let unit_per_code = 4.5e6 / 24.0 / f64::from(1 << 23);
        let mut chain =
            ByHand { unit_per_code, sections: sections(order), state: [[[0.0; N]; 2]; S] };
        move || {
            let began = Instant::now();
            for _ in 0..packets {
                work(&mut chain, black_box(&codes), black_box(&mut out));
            }
            began.elapsed().as_nanos() as f64 / packets as f64 / per_packet
        }
    };
    let executor = |groups: [&'static str; 3]| {
        let filters = filters(order);
        move || {
            let [acquire, dsp, sinks] = groups;
            let watch = StopWatch::over(packets);
            let source = Replay::node(&codes_spec(N, RATE_HZ, FRAMES), packets + WARM_UP);
            let [volts, notch, bandpass] = &filters;
            let sink = watch.node();
            let line =
                [(acquire, &source), (dsp, volts), (dsp, notch), (dsp, bandpass), (sinks, &sink)];
            run_line(&line, &[]);
            watch.mean_ns() / per_packet
        }
    };
    let title = format!("chain: {N} channels, {FRAMES} frames, notch + band-pass of order {order}");
    let mut contest = Contest::new(title, "ns per sample and channel");
    contest.row("by hand, the limit (AVX-512 where there is)", by_hand(limit));
    contest.row("by hand, AVX2 and fused multiply-add", by_hand(limit_avx2));
    contest.row("by hand, AVX2, rounded as scipy rounds", by_hand(rounded_avx2));
    contest.row("executor, one group", executor(["dsp", "dsp", "dsp"]));
    contest.row("executor, two groups: source | the rest", executor(["acquire", "dsp", "dsp"]));
    contest.row("executor, two groups: all but the sink | sink", executor(["dsp", "dsp", "sinks"]));
    contest.run(effort);
}

/// 16 channels at 20,000 samples/s, 10 frames a packet, two sinks, in one group.
fn fast_rate(effort: Effort) {
    let packets = effort.count(1000);
    let line = |source: Node| {
        let [volts, notch, bandpass] = filters(4);
        let (watch, second) = (StopWatch::each_of(packets), StopWatch::over(packets));
        let (one, two) = (second.node(), watch.node());
        let line = [&source, &volts, &notch, &bandpass, &one, &two].map(|node| ("dsp", node));
        run_line(&line, &[]);
        watch.median_ns() / 1e3
    };
    let title = "16 channels x 20,000 samples/s, packets of 10 frames, notch + band-pass of order 4, two sinks";
    let mut contest = Contest::new(title, "us per packet, the median of a turn; target below 10");
    contest.row("codes replayed", || {
        line(Replay::node(&codes_spec(16, 20_000.0, 10), packets + WARM_UP))
    });
    contest.row("codes of a simulated board, its arithmetic included", || {
        let seconds = (packets + WARM_UP) as f64 * 10.0 / 20_000.0;
        let params =
            json!({"sps": 20_000.0, "channels": 16, "packet_frames": 10, "duration_s": seconds});
        line(node("synthetic", &params))
    });
    contest.run(effort);
}

fn idle_stages(effort: Effort) {
    let packets = effort.count(100);
    let line = |stages: usize| {
        move || {
            let watch = StopWatch::over(packets);
            let source = Replay::node(&codes_spec(8, RATE_HZ, FRAMES), packets + WARM_UP);
            let (pass, sink) = (Pass::node(), watch.node());
            let mut line = vec![("dsp", &source)];
            line.extend(std::iter::repeat_n(("dsp", &pass), stages));
            line.push(("dsp", &sink));
            run_line(&line, &[]);
            watch.mean_ns()
        }
    };
    let mut contest = Contest::new("stages that do nothing", "ns per packet");
    contest.row("source and sink", line(0));
    contest.row("the same with 10 stages in between", line(10));
    let ns = contest.run(effort);
    println!("{:25.1} ns per stage and packet; target 50", (ns[1] - ns[0]) / 10.0);
}
