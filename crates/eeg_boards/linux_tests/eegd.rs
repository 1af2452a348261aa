//! `eegd` as its user starts it, what it records, and its ledger.

use crate::board::code;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "/tmp/run";
const PATIENCE: Duration = Duration::from_mins(5);

/// `eegd run` on a pipeline, as a user: 0 is root.
pub(crate) fn command(pipeline: &str, user: u32) -> Command {
    let _ = fs::remove_dir_all(FOLDER);
    fs::create_dir(FOLDER).unwrap();
    std::os::unix::fs::chown(FOLDER, Some(user), Some(user)).unwrap();
    fs::write(format!("{FOLDER}/p.yaml"), pipeline).unwrap();
    let mut command = Command::new("/bin/eegd");
    command.args(["run", "p.yaml", "--data-dir", "out", "--listen", "127.0.0.1:8077"]);
    command.current_dir(FOLDER).stdin(Stdio::null()).uid(user).gid(user);
    command
}

/// What it says when it does not start: its exit code, and standard error.
pub(crate) fn refused(pipeline: &str, user: u32) -> (Option<i32>, String) {
    let output = command(pipeline, user).output().unwrap();
    (output.status.code(), text(&output))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim_end().to_owned()
}

/// One that runs. Killed when a test fails before it has ended.
pub(crate) struct Running(Option<Child>);

impl Running {
    /// Starts it, and waits until it serves.
    pub(crate) fn start(pipeline: &str, user: u32) -> Self {
        let mut child = command(pipeline, user).stdout(Stdio::piped()).spawn().unwrap();
        let mut banner = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let running = Self(Some(child));
        while !banner.contains("Ctrl-C") {
            assert_ne!(stdout.read_line(&mut banner).unwrap(), 0, "eegd ended: {banner}");
        }
        let read_on = move || stdout.lines().count();
        std::thread::Builder::new().name("stdout".to_owned()).spawn(read_on).unwrap();
        running
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.0.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("/bin/kill").args([name, &id]).status().unwrap().success());
    }

    /// Stops the pipeline and ends it: the source's line of the ledger, which has to balance.
    pub(crate) fn stop(mut self) -> Value {
        ctl(&["stop"]);
        let ledger: Value = serde_json::from_str(&ctl(&["ledger", "--json"])).unwrap();
        assert_eq!(ledger["balances"], true, "{ledger:#}");
        self.signal("-INT");
        let mut child = self.0.take().expect("it runs");
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "eegd does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(0));
        ledger["stages"][0].clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
        }
    }
}

fn ctl(arguments: &[&str]) -> String {
    let mut command = Command::new("/bin/eegd");
    command.args(["ctl", "--url", "http://127.0.0.1:8077"]).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// What was lost, by cause.
pub(crate) fn losses(source: &Value) -> BTreeMap<String, u64> {
    let causes = source["lost_by_cause"].as_object().unwrap();
    let counts = causes.iter().map(|(cause, n)| (cause.clone(), n.as_u64().unwrap()));
    counts.filter(|(_, n)| *n > 0).collect()
}

/// The codes recorded, all of them checked.
pub(crate) struct Recorded {
    pub(crate) rows: u64,
    pub(crate) last: u64,
    /// Where samples are missing: the first of them, and how many.
    pub(crate) gaps: Vec<(u64, u64)>,
    /// By how many microseconds the kernel saw each edge later than the time the sample bears.
    pub(crate) late_us: Vec<f64>,
}

/// Reads `codes.csv`: every code has to be that of its sample and channel, and what is missing has to be what the ledger says.
pub(crate) fn recorded(channels: usize, source: &Value) -> Recorded {
    let table = fs::read_to_string(format!("{FOLDER}/out/codes.csv")).unwrap();
    let mut lines = table.lines().filter(|line| !line.starts_with('#'));
    let header = lines.next().unwrap();
    assert_eq!(header.split(',').count(), 2 + channels + 1, "{header}");
    let mut recorded = Recorded { rows: 0, last: 0, gaps: Vec::new(), late_us: Vec::new() };
    let mut next = 0;
    for line in lines {
        let mut cells = line.split(',');
        let sample: u64 = cells.next().unwrap().parse().unwrap();
        let codes: Vec<i32> = cells.skip(1).map(|cell| cell.parse().unwrap()).collect();
        let (late, codes) = codes.split_last().unwrap();
        let right: Vec<i32> = (0..channels).map(|channel| code(sample, channel)).collect();
        assert_eq!(codes, right, "sample {sample} is not what the chip converted");
        assert!(sample >= next, "sample {sample} after {next}");
        if sample > next {
            recorded.gaps.push((next, sample - next));
        }
        next = sample + 1;
        recorded.rows += 1;
        // The lowest code: no edge was seen.
        if *late != -(1 << 23) {
            recorded.late_us.push(f64::from(*late) / 10.0);
        }
    }
    recorded.last = next.saturating_sub(1);
    recorded.late_us.sort_by(f64::total_cmp);
    let number = |key: &str| source[key].as_u64().unwrap();
    assert_eq!(recorded.rows, number("passed_on"), "{source:#}");
    let lost: u64 = losses(source).values().sum();
    assert_eq!(number("acquired"), recorded.rows + lost, "{source:#}");
    // Nothing but losses at the very end comes after the last row.
    let gaps: u64 = recorded.gaps.iter().map(|(_, n)| n).sum();
    assert!(gaps <= lost, "{gaps} samples are missing, {lost} were reported: {source:#}");
    recorded
}
