//! `eegd run --resume` after a kill: the pipeline as it was, and the study recorded on, both parts whole.

use crate::common::{code_and_words, eegd};
use crate::support::{Rig, TWO_BRANCHES, start};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

fn retune(rig: &Rig, hz: f64) {
    let patch = json!([{ "op": "replace", "path": "/stages/notch/params/hz", "value": hz }]);
    rig.patch(&patch).ok();
}

fn kill(rig: &mut Rig) {
    rig.live.signal("-KILL");
    rig.live.until_over();
}

fn studies(rig: &Rig) -> Vec<Value> {
    rig.live.get("/studies")["studies"].as_array().unwrap().clone()
}

/// The start of what was being written when the supply failed: of a data record, of a chunk.
fn tear(study: &Path) {
    let append = |name: &str, bytes: &[u8]| {
        let file = fs::OpenOptions::new().append(true).open(study.join(name));
        file.unwrap().write_all(bytes).unwrap();
    };
    append("P1_rest_synthetic.bdf", &[1; 100]);
    append("P1_rest_notch.xdf", &[4, 0xFF, 0xFF, 0, 0, 3, 0]);
}

/// What `eegd info` says of a recording.
fn info(path: &Path) -> String {
    let output = eegd(&["info"]).arg(path).output().unwrap();
    let (code, words) = code_and_words(&output);
    assert_eq!(code, Some(0), "{words}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_study_is_recorded_on_after_a_kill_and_both_parts_are_whole() {
    let mut rig = Rig::with(TWO_BRANCHES, &["--resume"]);
    let form = json!({"participant": "P1", "task": "rest", "notes": "n", "record": ["notch"]});
    let first = rig.json("POST /studies", &form);
    assert_eq!(first.status, 201, "{:#}", first.body);
    let first = first.body["study"].as_str().unwrap().to_owned();
    rig.until_frames("study_notch", 1500);
    retune(&rig, 50.0);
    // The answer comes first, the file a moment later.
    let running = rig.scratch.path("out/running.yaml");
    rig.live.until("the change is kept", |_| {
        fs::read_to_string(&running).is_ok_and(|text| text.contains("hz: 50.0"))
    });
    rig.until_frames("study_notch", 2500);

    kill(&mut rig);
    tear(&rig.scratch.path("out").join(&first));
    let began = Instant::now();
    rig.live = start(&rig.scratch, &["--resume"]);
    let all = studies(&rig);
    println!("recording again {:?} after the start", began.elapsed());
    assert_eq!(rig.pipeline()["config"]["stages"]["notch"]["params"]["hz"], 50.0);
    let second = all[0]["study"].as_str().unwrap().to_owned();
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_ne!(second, first);
    assert_eq!(all[0]["state"], "recording", "{all:#?}");
    assert_eq!(all[0]["continues"], first, "{all:#?}");
    assert_eq!((&all[0]["participant"], &all[0]["notes"]), (&json!("P1"), &json!("n")));
    rig.until_frames("study_notch", 1000);
    rig.until_frames("study_synthetic", 1000);
    rig.live.until("the first part is made whole", |_| studies(&rig)[1]["state"] == "interrupted");
    assert_eq!(studies(&rig)[1]["checksums"].as_object().unwrap().len(), 3);

    rig.live.signal("-TERM");
    let (code, words) = rig.live.end();
    assert_eq!(code, Some(0), "{words}");
    assert!(
        words.contains(&format!("{first} was interrupted; it is recorded on as {second}")),
        "{words}"
    );
    assert!(!running.exists(), "there was a shutdown");
    for study in [&first, &second] {
        for (name, of) in [("P1_rest_synthetic.bdf", "raw"), ("P1_rest_notch.xdf", "filtered")] {
            let text = info(&rig.scratch.path("out").join(study).join(name));
            assert!(text.contains("the file is whole"), "{study}, {of}:\n{text}");
        }
    }
    // Nothing but what the recorder had not yet written: a second at most.
    let raw = rig.scratch.path("out").join(&first).join("P1_rest_synthetic.bdf");
    assert!(
        fs::metadata(&raw).unwrap().len() > 1500 * 2 * 3,
        "a second and a half of two channels"
    );
}

#[test]
fn a_recorder_of_the_pipeline_goes_on_in_another_file_after_a_kill() {
    let pipeline = "\
- synthetic: { sps: 1000, channels: 2 }
- bdf_sink: { path: raw.bdf }
";
    let mut rig = Rig::with(pipeline, &["--resume"]);
    rig.until_frames("bdf_sink", 2500);
    kill(&mut rig);
    rig.live = start(&rig.scratch, &["--resume"]);
    rig.until_frames("bdf_sink", 1500);
    rig.live.signal("-TERM");
    let (code, words) = rig.live.end();
    assert_eq!(code, Some(0), "{words}");
    let files = fs::read_dir(rig.scratch.path("out")).unwrap().map(|entry| entry.unwrap().path());
    let recordings: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|e| e == "bdf")).collect();
    assert_eq!(recordings.len(), 2, "{recordings:?}");
    for path in recordings {
        assert!(fs::metadata(&path).unwrap().len() > 1000 * 2 * 3, "{}", path.display());
        let text = info(&path);
        assert!(text.contains("1000 samples/s") || text.contains("1000 Hz"), "{text}");
    }
}

#[test]
fn what_was_left_and_cannot_be_used_gives_way_to_the_pipeline_that_was_named() {
    let mut rig = Rig::with(TWO_BRANCHES, &["--resume"]);
    retune(&rig, 50.0);
    kill(&mut rig);
    fs::write(rig.scratch.path("out/running.yaml"), "- synthetic: { spss: 1 }\n").unwrap();
    rig.live = start(&rig.scratch, &["--resume"]);
    assert_eq!(rig.pipeline()["config"]["stages"]["notch"]["params"]["hz"], 60.0);
    rig.live.signal("-TERM");
    let (code, words) = rig.live.end();
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("p.yaml is started instead of what was left"), "{words}");
    assert!(words.contains("spss"), "{words}");
}

#[test]
fn without_resume_a_study_that_was_interrupted_is_left_alone() {
    let mut rig = Rig::new(TWO_BRANCHES);
    let begun = rig.json("POST /studies", &json!({"participant": "P1"}));
    assert_eq!(begun.status, 201, "{:#}", begun.body);
    rig.until_frames("study_synthetic", 1000);
    assert!(!rig.scratch.path("out/running.yaml").exists());
    kill(&mut rig);
    rig.live = start(&rig.scratch, &[]);
    rig.until_frames("filtered", 500);
    let all = studies(&rig);
    assert_eq!((all.len(), &all[0]["state"]), (1, &json!("recording")));
}
