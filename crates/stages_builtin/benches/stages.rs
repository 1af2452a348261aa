//! What each stage costs by itself, beside copying the samples into a packet.
//!
//! `cargo bench -p stages_builtin --bench stages [-- --quick]`
//!
//! Every transform and sink of the table with its example parameters, in packets of 40 frames at 4000 samples/s. A turn
//! takes a packet from a pool, copies samples into it, calls the stage, and gives the packet back; the first row is that
//! without a stage. No executor.

#[path = "../../pipeline_core/benches/support/mod.rs"]
mod bench;
mod support;

use bench::contest::Contest;
use bench::effort::Effort;
use plugin_api::{Role, StageEntry, StageInitCtx};
use std::time::Instant;
use support::feed::{FRAMES, Feed};

fn main() {
    let effort = Effort::from_args();
    for channels in [8, 16] {
        let folder = tempfile::tempdir().expect("a scratch folder can be made");
        let ctx = StageInitCtx::in_folder(folder.path());
        let title = format!("stages: {channels} channels, {FRAMES} frames");
        let mut contest = Contest::new(title, "ns per sample and channel");
        contest.row("no stage: a packet filled by copying", turn(None, channels, &ctx, effort));
        for entry in stages_builtin::STAGES.iter().filter(|entry| entry.role != Role::Source) {
            contest.row(entry.kind, turn(Some(entry), channels, &ctx, effort));
        }
        contest.run(effort);
    }
}

fn turn<'a>(
    entry: Option<&StageEntry>,
    channels: usize,
    ctx: &StageInitCtx,
    effort: Effort,
) -> impl FnMut() -> f64 + use<'a> {
    let mut feed = Feed::new(entry, channels, ctx);
    let packets = effort.count(FRAMES * channels * 2);
    move || {
        let began = Instant::now();
        for _ in 0..packets {
            feed.packet();
        }
        let samples = packets * FRAMES * channels * feed.ports();
        began.elapsed().as_nanos() as f64 / samples as f64
    }
}
