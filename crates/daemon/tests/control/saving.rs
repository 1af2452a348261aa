//! `pipeline.yaml` in the data dir: what a shutdown leaves, and what a kill cannot.

use crate::common::{Scratch, eegd};
use crate::support::{Rig, TWO_BRANCHES, start};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::time::{Duration, Instant};

fn retune(rig: &Rig, hz: f64) {
    let patch = json!([{ "op": "replace", "path": "/stages/notch/params/hz", "value": hz }]);
    rig.patch(&patch).ok();
}

#[test]
fn a_shutdown_keeps_the_changes_for_the_next_run() {
    let mut rig = Rig::new(TWO_BRANCHES);
    retune(&rig, 50.0);
    assert!(!rig.scratch.path("out/pipeline.yaml").exists(), "changes live in memory until then");
    rig.live.signal("-INT");
    let (code, words) = rig.live.end();
    assert_eq!(code, Some(0), "{words}");
    let saved = rig.scratch.out("pipeline.yaml");
    assert!(saved.contains("hz: 50.0"), "{saved}");
    // A pipeline file like any other.
    let check =
        eegd(&["check", "pipeline.yaml"]).current_dir(rig.scratch.path("out")).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));

    rig.live = start(&rig.scratch, &["--resume"]);
    assert_eq!(rig.pipeline()["config"]["stages"]["notch"]["params"]["hz"], 50.0);
    rig.live = start(&rig.scratch, &[]);
    assert_eq!(
        rig.pipeline()["config"]["stages"]["notch"]["params"]["hz"],
        60.0,
        "only when asked for"
    );
}

#[test]
fn a_recording_named_relative_to_its_pipeline_is_found_again() {
    let scratch = Scratch::new(
        "- playback: { path: here.bdf, repeat: true }\n- websocket_sink: { topic: x }\n",
    );
    std::fs::copy(crate::common::recording("cyton_blinks_jaw_alpha.bdf"), scratch.path("here.bdf"))
        .unwrap();
    let live = start(&scratch, &[]);
    let rig = Rig { scratch, live };
    rig.post("/pipeline/shutdown").ok();
    rig.live.signal("-TERM");
    assert_eq!(rig.live.end().0, Some(0));
    let live = start(&rig.scratch, &["--resume"]);
    let rig = Rig { live, scratch: rig.scratch };
    rig.until_frames("websocket_sink", 10);
}

/// Killed at any moment of a shutdown, the old file or the new one is there, whole.
#[test]
fn kill_9_during_a_shutdown_leaves_the_old_pipeline_or_the_new_one() {
    const KILLS: u64 = 40;
    let scratch = Scratch::new(TWO_BRANCHES);
    let file = scratch.path("out/pipeline.yaml");
    let mut rig = Rig { live: start(&scratch, &[]), scratch };
    // How long a shutdown takes here decides where the kills fall.
    let began = Instant::now();
    rig.live.signal("-INT");
    assert_eq!(rig.live.end().0, Some(0));
    let took = began.elapsed();
    let hz_in = |text: &str| -> f64 {
        let hz = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("hz: "))
            .unwrap_or_else(|| panic!("torn:\n{text}"));
        hz.parse().unwrap()
    };
    let whole = std::fs::read_to_string(&file).unwrap();
    assert_eq!(hz_in(&whole), 60.0);
    let (mut old, mut new) = (0, 0);
    let mut before = 60.0;
    for kill in 0..KILLS {
        rig.live = start(&rig.scratch, &[]);
        let hz = 10.0 + kill as f64;
        retune(&rig, hz);
        let pid = Pid::from_raw(rig.live.pid().cast_signed()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        // Densest at the beginning: the file is written long before the process is gone.
        let after = took.as_nanos() as u64 * kill * kill / (KILLS * KILLS);
        std::thread::sleep(Duration::from_nanos(after));
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::KILL);
        rig.live.end();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("# The pipeline as it was") && text.ends_with("topic: doubled\n"),
            "torn:\n{text}"
        );
        let now = hz_in(&text);
        if now == hz {
            new += 1
        } else {
            old += 1
        }
        assert!(now == hz || now == before, "neither the old nor the new: {now}");
        before = now;
    }
    assert!(old > 0, "the kills came too late to prove anything");
    println!(
        "{KILLS} kills over a shutdown of {:.0} ms: {old} times the old file, {new} times the new one",
        took.as_secs_f64() * 1e3
    );
    // What the kills have left unfinished is swept away by the next shutdown.
    rig.live = start(&rig.scratch, &["--resume"]);
    rig.live.signal("-INT");
    assert_eq!(rig.live.end().0, Some(0));
    let left: Vec<_> = std::fs::read_dir(rig.scratch.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["pipeline.yaml"]);
}

#[test]
fn a_data_dir_that_cannot_be_written_is_said() {
    let scratch = Scratch::new(TWO_BRANCHES);
    std::fs::write(scratch.path("out"), "a file where the folder should be").unwrap();
    let rig = Rig { live: start(&scratch, &[]), scratch };
    let answer = rig.post("/pipeline/shutdown").ok();
    assert!(
        answer["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("the pipeline could not be kept as pipeline.yaml in out: "),
        "{answer}"
    );
    rig.live.signal("-INT");
    let (code, words) = rig.live.end();
    assert!(code == Some(0) && words.contains("could not be kept"), "{code:?} {words}");
}
