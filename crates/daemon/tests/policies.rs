//! A stage that returns an error, and one that panics, under each policy: the other branch loses nothing, and the exit
//! code and the message say what happened.
//!
//! The stages that fail are rows of a table of this file. A pipeline with them runs in this process, where every figure can
//! be seen, and in a process of its own, where the exit code can: this very test started again as an `eegd`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Scratch, Table, code_and_words, root};
use daemon::document::{Format, load};
use daemon::host::Host;
use pipeline_core::executor::Outcome;
use plugin_api::{
    Built, ConfigError, Registry, StageEntry, StageError, StageInitCtx, simple_stage,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::process::Command;

const ROWS: u64 = 22_250;
const PACKET: u64 = 10;
const AT: u64 = 5_000;
/// Beyond the end of the recording.
const HEALTHY: u64 = 1_000_000;

/// Passes packets on but for one.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FaultyDesc {
    /// First sample of the packet it fails on.
    at_sample: u64,
    /// Panics instead of returning an error.
    panics: bool,
}

#[derive(Debug)]
struct Faulty {
    at_sample: u64,
    panics: bool,
}

simple_stage! {
    FaultyDesc as "faulty" => Faulty, example: FaultyDesc { at_sample: 0, panics: false };
    build(desc, inputs) {
        ConfigError::require(desc.at_sample.is_multiple_of(PACKET), "at_sample", "where a packet begins", desc.at_sample)?;
        Ok(Built::same(Faulty { at_sample: desc.at_sample, panics: desc.panics }, inputs.microvolts()?))
    }
    process(stage, packet, _ctx) {
        if packet.header().first_sample == stage.at_sample {
            assert!(!stage.panics, "planted");
            return Err(StageError::Data("planted"));
        }
        Ok(Some(packet))
    }
}

const FAULTY: &[StageEntry] = &[StageEntry::of::<FaultyDesc>()];

/// The branch that fails and the other one part after `to_voltage`, or after nothing but the thread they share.
fn pipeline(at_sample: u64, panics: bool, policy: &str) -> String {
    format!(
        "\
- playback: {{ path: '{{data}}/cyton_blinks_jaw_alpha.bdf', speed: 0, packet_frames: {PACKET} }}
- to_voltage
- notch: {{ hz: 60 }}
- csv_sink: {{ id: other, path: other.csv }}
- faulty: {{ at_sample: {at_sample}, panics: {panics}, inputs: to_voltage, on_error: {policy} }}
- csv_sink: {{ id: behind, path: behind.csv }}
"
    )
}

const ARGUMENTS: &str = "EEGD_WITH_FAULTY_STAGES";

/// In the process that is started for it, an `eegd` that knows the faulty stages; it does not return there.
fn be_eegd_if_asked() {
    if let Ok(arguments) = std::env::var(ARGUMENTS) {
        let code = daemon::main_from(arguments.split(' '), &[stages_builtin::STAGES, FAULTY]);
        std::process::exit(code.into());
    }
}

/// What `eegd process` on it leaves: exit code, words, the other branch's file, the file behind the stage that fails.
fn process(test: &str, pipeline: &str) -> (Option<i32>, String, Table, Table) {
    let scratch = Scratch::new(pipeline);
    let mut eegd = Command::new(std::env::current_exe().unwrap());
    eegd.args(["--exact", test, "--nocapture"])
        .env(ARGUMENTS, "eegd process p.yaml --data-dir out");
    let (code, words) = code_and_words(&eegd.current_dir(scratch.folder.path()).output().unwrap());
    assert!(scratch.path("out").exists(), "exit code {code:?}: {words}");
    let [other, behind] = ["other.csv", "behind.csv"].map(|name| Table::parse(&scratch.out(name)));
    (code, words, other, behind)
}

/// Frames that the source gave and that each sink took, and the outcome.
fn figures(pipeline: &str) -> (u64, [u64; 2], Outcome) {
    let scratch = Scratch::new(pipeline);
    let registry = Registry::default().with(stages_builtin::STAGES).unwrap().with(FAULTY).unwrap();
    let text = pipeline.replace("{data}", &root().join("data").display().to_string());
    let loaded = load(text.as_bytes(), "p.yaml", Format::Yaml, &registry).unwrap();
    let ctx = StageInitCtx { offline: true, ..StageInitCtx::in_folder(scratch.folder.path()) };
    let host = Host::new(None);
    let running = host.start(loaded.build(&registry, &ctx).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(host.ended());
    let stages = running.stages();
    let stats = |id: &str| &stages.iter().find(|stage| &*stage.id == id).unwrap().stats;
    let taken = ["other", "behind"].map(|sink| stats(sink).frames_in.get());
    (stats("playback").frames_out.get(), taken, host.outcome().unwrap())
}

fn undisturbed(test: &str) -> (Table, Table) {
    let (code, words, other, behind) = process(test, &pipeline(HEALTHY, false, "fatal"));
    assert_eq!(code, Some(0), "{words}");
    assert_eq!((other.rows(), behind.rows()), (ROWS, ROWS));
    (other, behind)
}

/// The sentence about a failure of `faulty`, for an error and for a panic.
fn sentence(panics: bool, then: &str) -> String {
    let message =
        if panics { "it panicked (a defect in the stage): \"planted\"" } else { "planted" };
    format!("eegd: stage `faulty` failed before sample {}: {message}; {then}\n", AT + PACKET)
}

#[test]
fn under_skip_packet_one_packet_is_missing_behind_it_and_none_elsewhere() {
    be_eegd_if_asked();
    let name = "under_skip_packet_one_packet_is_missing_behind_it_and_none_elsewhere";
    let (whole_other, whole_behind) = undisturbed(name);
    for panics in [false, true] {
        let text = pipeline(AT, panics, "skip_packet");
        let (code, words, other, behind) = process(name, &text);
        assert_eq!(code, Some(0), "{words}");
        assert!(words.contains(&sentence(panics, "the packet was skipped")), "{words}");
        assert!(
            words.contains(&format!("`behind` got {} frames; {PACKET} are missing", ROWS - PACKET)),
            "{words}"
        );
        assert_eq!(other.lines, whole_other.lines);
        let mut expected = whole_behind.lines.clone();
        expected.drain(AT as usize..(AT + PACKET) as usize);
        assert_eq!(behind.lines, expected);
        let (given, taken, outcome) = figures(&text);
        assert_eq!((given, taken), (ROWS, [ROWS, ROWS - PACKET]));
        assert!(!outcome.is_fatal() && outcome.failures.len() == 1, "{outcome:?}");
    }
}

#[test]
fn under_drain_then_stop_the_branch_ends_there_and_the_other_goes_on() {
    be_eegd_if_asked();
    let name = "under_drain_then_stop_the_branch_ends_there_and_the_other_goes_on";
    let (whole_other, whole_behind) = undisturbed(name);
    for panics in [false, true] {
        let text = pipeline(AT, panics, "drain_then_stop");
        let (code, words, other, behind) = process(name, &text);
        assert_eq!(code, Some(1), "{words}");
        assert!(
            words.contains(&sentence(panics, "its branch was closed, the others went on")),
            "{words}"
        );
        assert_eq!(other.lines, whole_other.lines);
        assert_eq!(behind.lines, whole_behind.lines[..AT as usize]);
        let (given, taken, outcome) = figures(&text);
        assert_eq!((given, taken), (ROWS, [ROWS, AT]));
        assert!(!outcome.is_fatal() && outcome.failures.len() == 1, "{outcome:?}");
    }
}

#[test]
fn under_fatal_what_was_acquired_is_still_delivered() {
    be_eegd_if_asked();
    let name = "under_fatal_what_was_acquired_is_still_delivered";
    let (whole_other, whole_behind) = undisturbed(name);
    for panics in [false, true] {
        let text = pipeline(AT, panics, "fatal");
        let (code, words, other, behind) = process(name, &text);
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains(&sentence(panics, "the pipeline was stopped")), "{words}");
        assert!(other.rows() > AT, "{} rows", other.rows());
        assert_eq!(other.lines, whole_other.lines[..other.rows() as usize]);
        assert_eq!(behind.lines, whole_behind.lines[..AT as usize]);
        // To the sample: all that the source gave before it stopped came to the other branch.
        let (given, taken, outcome) = figures(&text);
        assert_eq!(taken, [given, AT]);
        assert!(outcome.is_fatal() && outcome.failures.len() == 1, "{outcome:?}");
    }
}
