//! Ctrl-C and SIGTERM: everything delivered is in the files, the last line whole; a second one leaves at once.

use crate::common::{Live, Scratch, Table, code_and_words};
use std::fmt::Write;
use std::process::Stdio;

/// 1250 samples/s: enough for the signal to come in the middle of everything.
const LIVE: &str = "\
- playback: { path: '{data}/cyton_blinks_jaw_alpha.bdf', speed: 5, repeat: true }
- csv_sink: { id: codes, path: codes.csv }
- to_voltage
- notch: { hz: 60 }
- bandpass: { low_hz: 1, high_hz: 40 }
- csv_sink: { id: filtered, path: filtered.csv }
- websocket_sink: { topic: eeg }
";

fn drains_on(signal: &str) {
    let scratch = Scratch::new(LIVE);
    let live = Live::start(&mut scratch.eegd("run", &["--listen", "127.0.0.1:0"]));
    live.until("2000 frames", |live| live.figure("filtered", "frames_in") > 2000);
    let acquired = live.figure("playback", "frames_out");
    live.signal(signal);
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("draining"), "{words}");
    let [codes, filtered] =
        ["codes.csv", "filtered.csv"].map(|name| Table::parse(&scratch.out(name)));
    codes.assert_complete();
    filtered.assert_complete();
    // What had been acquired when the signal came is there, and both branches end with the same sample.
    assert!(codes.rows() >= acquired, "{} rows of {acquired}", codes.rows());
    assert_eq!(codes.rows(), filtered.rows());
}

#[test]
fn an_interrupt_drains_and_exits_0() {
    drains_on("-INT");
}

#[test]
fn a_termination_drains_and_exits_0() {
    drains_on("-TERM");
}

#[test]
fn an_interrupt_after_the_end_of_the_recording_leaves() {
    let scratch = Scratch::new(&LIVE.replace("speed: 5, repeat: true", "speed: 0"));
    let live = Live::start(&mut scratch.eegd("run", &["--listen", "127.0.0.1:0"]));
    live.until("the end", |live| live.get("/pipeline")["state"] == "idle");
    // The pipeline is over, so its figures stand still: the ledger is exact.
    for stage in ["codes", "filtered", "websocket_sink"] {
        assert_eq!(live.figure(stage, "frames_in"), 22_250, "{stage}");
        assert_eq!(live.figure(stage, "lost_frames"), 0, "{stage}");
    }
    assert_eq!(live.figure("playback", "frames_out"), 22_250);
    live.signal("-INT");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(Table::parse(&scratch.out("filtered.csv")).rows(), 22_250);
}

#[test]
fn a_second_interrupt_does_not_wait_for_the_drain() {
    // Filters enough that what stands in the queue takes long.
    let recording = "- playback: { path: '{data}/biosemi_73ch_2048hz_1s.bdf', speed: 0, repeat: true, packet_frames: 1 }";
    let mut pipeline = format!("{recording}\n- to_voltage\n");
    for n in 0..250 {
        writeln!(pipeline, "- bandpass: {{ id: b{n}, low_hz: 1, high_hz: 40, order: 10 }}")
            .unwrap();
    }
    pipeline += "- websocket_sink: { topic: eeg }\n";
    let scratch = Scratch::new(&pipeline);
    let live = Live::start(&mut scratch.eegd("run", &["--listen", "127.0.0.1:0"]));
    live.until("a full queue", |live| live.figure("to_voltage", "queue_packets") > 1000);
    live.signal("-INT");
    live.until("the drain", |live| live.get("/pipeline")["state"] == "draining");
    live.signal("-INT");
    let (code, words) = live.end();
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("eegd: left before everything was delivered"), "{words}");
}

#[test]
fn an_interrupted_process_keeps_what_it_read_and_exits_1() {
    // Big enough to be still at work when the signal comes.
    let pipeline = LIVE
        .replace("speed: 5, repeat: true }", "packet_frames: 1 }")
        .replace("'{data}/cyton_blinks_jaw_alpha.bdf'", "long.bdf");
    let scratch = Scratch::new(&pipeline);
    lengthen(&scratch, 60);
    let mut child = scratch.eegd("process", &[]).stderr(Stdio::piped()).spawn().unwrap();
    let file = scratch.path("out/filtered.csv");
    let began = std::time::Instant::now();
    while std::fs::metadata(&file).map_or(0, |meta| meta.len()) < 500_000 {
        assert!(child.try_wait().unwrap().is_none(), "over before it could be interrupted");
        assert!(began.elapsed() < crate::common::PATIENCE, "nothing is written");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let status = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
    let (code, words) = code_and_words(&child.wait_with_output().unwrap());
    assert_eq!(code, Some(1), "{words}");
    let frames: u64 = words
        .split("interrupted after ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    for name in ["codes.csv", "filtered.csv"] {
        let table = Table::parse(&scratch.out(name));
        table.assert_complete();
        assert_eq!(table.rows(), frames, "{name}");
    }
}

/// The recording's records, `times` over, as `long.bdf`.
fn lengthen(scratch: &Scratch, times: usize) {
    let mut bytes = std::fs::read(crate::common::recording("cyton_blinks_jaw_alpha.bdf")).unwrap();
    let number =
        |field: &[u8]| std::str::from_utf8(field).unwrap().trim().parse::<usize>().unwrap();
    let (head, records) = (number(&bytes[184..192]), number(&bytes[236..244]));
    let body = bytes[head..].to_vec();
    (1..times).for_each(|_| bytes.extend_from_slice(&body));
    bytes[236..244].copy_from_slice(format!("{:<8}", records * times).as_bytes());
    std::fs::write(scratch.path("long.bdf"), bytes).unwrap();
}
