//! A disk that is full, played by a limit on the length of files: what each policy makes of it.

use crate::common::{Scratch, Table, code_and_words};
use std::process::Command;

/// The limit, in the 512 bytes that `ulimit -f` counts in where the shell keeps to POSIX: 205 kB, or twice that.
const BLOCKS: &str = "400";
const ROWS: u64 = 22_250;

/// The first file grows far beyond the limit, the second, at a twenty-fifth of the rate, does not.
const PIPELINE: &str = "\
- playback: { path: '{data}/cyton_blinks_jaw_alpha.bdf', speed: 0 }
- to_voltage
- csv_sink: { id: big, path: big.csv{on_error} }
- downsample: { to: 10, inputs: to_voltage }
- csv_sink: { id: small, path: small.csv }
";

struct Ended {
    scratch: Scratch,
    code: Option<i32>,
    words: String,
    big: Table,
}

fn under(policy: &str) -> Ended {
    let scratch = Scratch::new(&PIPELINE.replace("{on_error}", policy));
    let process = scratch.eegd("process", &[]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -f \"$0\" && trap '' XFSZ && exec \"$@\"", BLOCKS])
        .arg(process.get_program());
    limited.args(process.get_args()).current_dir(scratch.folder.path());
    let (code, words) = code_and_words(&limited.output().unwrap());
    let big = Table::parse(&scratch.out("big.csv"));
    big.assert_complete();
    // Every whole line that had room is there: less than a line is left of the limit.
    let bytes = scratch.out("big.csv").len();
    let limit = if bytes < 205_000 { 204_800 } else { 409_600 };
    assert!((limit - 200..=limit).contains(&bytes), "{bytes} of {limit} bytes");
    let sentence = "stage `big` failed before sample ";
    assert!(
        words.contains(sentence) && words.contains("cannot write the CSV file: File too large"),
        "{words}"
    );
    Ended { scratch, code, words, big }
}

#[test]
fn by_default_the_branch_is_closed_and_the_others_lose_nothing() {
    let Ended { scratch, code, words, .. } = under("");
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("its branch was closed, the others went on"), "{words}");
    assert_eq!(words.matches("stage `").count(), 1, "told once: {words}");
    let small = Table::parse(&scratch.out("small.csv"));
    small.assert_complete();
    assert_eq!(small.rows(), ROWS.div_ceil(25));
}

#[test]
fn fatal_stops_the_pipeline() {
    let Ended { scratch, code, words, big } = under(", on_error: fatal");
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("the pipeline was stopped"), "{words}");
    // What was in flight has been delivered to the other branch.
    let small = Table::parse(&scratch.out("small.csv"));
    small.assert_complete();
    assert!(small.rows() >= big.rows().div_ceil(25), "{} rows beside {}", small.rows(), big.rows());
}

#[test]
fn skip_packet_goes_on_and_counts_what_is_missing() {
    let Ended { scratch, code, words, big } = under(", on_error: skip_packet");
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("the packet was skipped"), "{words}");
    let lost = ROWS - big.rows();
    assert!(
        words.contains(&format!("`big` had to let go of {lost} of the {ROWS} frames it got")),
        "{words}"
    );
    let small = Table::parse(&scratch.out("small.csv"));
    small.assert_complete();
    assert_eq!(small.rows(), ROWS.div_ceil(25));
}
