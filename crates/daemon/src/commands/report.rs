//! What is said at the end: losses, failures, and whether that makes an exit code.

use anyhow::anyhow;
use pipeline_core::ErrorAction;
use pipeline_core::executor::{Failure, Outcome, StageInfo};

/// Prints what went wrong and what was lost.
///
/// # Errors
/// When a stage failed under a policy other than `skip_packet`, with which the user has chosen to go on.
pub(super) fn report(outcome: &Outcome, stages: &[StageInfo]) -> anyhow::Result<()> {
    outcome.remarks.iter().for_each(|remark| tracing::warn!("{remark}"));
    for stage in stages.iter().filter(|s| s.role == pipeline_core::Role::Sink) {
        let (lost, frames) = (stage.stats.lost_frames.get(), stage.stats.frames_in.get());
        if lost > 0 {
            tracing::info!(
                "`{}` got {frames} frames; {lost} are missing, each gap marked where it is",
                stage.id
            );
        }
    }
    for stage in stages.iter().filter(|s| s.stats.dropped_frames.get() > 0) {
        let (dropped, frames) = (stage.stats.dropped_frames.get(), stage.stats.frames_in.get());
        tracing::info!("`{}` had to let go of {dropped} of the {frames} frames it got", stage.id);
    }
    let (skipped, failed): (Vec<&Failure>, Vec<&Failure>) =
        outcome.failures.iter().partition(|f| f.action == ErrorAction::SkipPacket);
    skipped.iter().for_each(|failure| tracing::info!("{}", sentence(failure)));
    if failed.is_empty() {
        return Ok(());
    }
    let sentences: Vec<String> = failed.iter().map(|failure| sentence(failure)).collect();
    Err(anyhow!(sentences.join("\neegd: ")))
}

/// One failure in words.
pub(super) fn sentence(failure: &Failure) -> String {
    let Failure { stage, message, at_sample, times, .. } = failure;
    let times = if *times > 1 { format!(" ({times} times)") } else { String::new() };
    let then = match failure.action {
        ErrorAction::Fatal => "the pipeline was stopped",
        ErrorAction::DrainThenStop => "its branch was closed, the others went on",
        ErrorAction::SkipPacket => "the packet was skipped",
    };
    format!("stage `{stage}` failed before sample {at_sample}: {message}{times}; {then}")
}
