//! The built `eegd` as its user has it: files in a folder of their own, a command line, signals, an exit code.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "every test binary uses its own part"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing here takes this long; a test that hangs says so instead.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// A recording of the `data` folder.
pub fn recording(name: &str) -> PathBuf {
    let path = root().join("data").join(name);
    assert!(path.is_file(), "{} is missing: it belongs to the repository", path.display());
    path
}

/// A folder with a pipeline file, and a data dir beside it.
pub struct Scratch {
    pub folder: TempDir,
}

impl Scratch {
    /// `pipeline` with `{data}` replaced by the folder of the recordings.
    pub fn new(pipeline: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = root().join("data");
        fs::write(
            folder.path().join("p.yaml"),
            pipeline.replace("{data}", &data.display().to_string()),
        )
        .unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn out(&self, name: &str) -> String {
        fs::read_to_string(self.path("out").join(name)).unwrap()
    }

    /// `eegd COMMAND p.yaml --data-dir out`, not started yet.
    pub fn eegd(&self, command: &str, more: &[&str]) -> Command {
        let mut eegd = eegd(&[command, "p.yaml", "--data-dir", "out"]);
        eegd.current_dir(self.folder.path()).args(more);
        eegd
    }
}

/// `eegd` with these arguments, not started yet.
pub fn eegd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eegd"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Exit code, and standard error as text.
pub fn code_and_words(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// An `eegd` that runs. Killed when a test fails before it has ended.
pub struct Live {
    child: Child,
    stderr: Option<JoinHandle<String>>,
    stdout: BufReader<ChildStdout>,
    /// What it listens on, `127.0.0.1:PORT`.
    pub address: String,
}

impl Live {
    /// Starts it and waits until it says where it listens.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = gather(child.stderr.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("Ctrl-C") {
            if stdout.read_line(&mut banner).unwrap() == 0 {
                let words = stderr.join().unwrap();
                panic!("eegd ended before it listened:\n{banner}{words}");
            }
        }
        let address =
            banner.split("http://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        Self { child, stderr: Some(stderr), stdout, address }
    }

    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success(), "kill {name}");
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until it is over, as after a kill.
    pub fn until_over(&mut self) {
        let _ = self.child.wait().unwrap();
    }

    /// Waits for the end: exit code and standard error.
    pub fn end(mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "eegd does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        (status.code(), self.stderr.take().unwrap().join().unwrap())
    }

    /// The answer to a GET, as JSON.
    pub fn get(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.get_text(path)).unwrap()
    }

    /// The answer to a GET, as text.
    pub fn get_text(&self, path: &str) -> String {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        body.to_owned()
    }

    /// The figure of a stage in `GET /pipeline`.
    pub fn figure(&self, stage: &str, figure: &str) -> u64 {
        let pipeline = self.get("/pipeline");
        pipeline["stages"][stage][figure]
            .as_u64()
            .unwrap_or_else(|| panic!("no {stage}.{figure} in {pipeline:#}"))
    }

    /// Polls until something holds.
    pub fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < PATIENCE, "still waiting: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Over already, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gather(mut stderr: ChildStderr) -> JoinHandle<String> {
    let name = "stderr of eegd".to_owned();
    let read = move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    };
    std::thread::Builder::new().name(name).spawn(read).unwrap()
}

/// A CSV file taken apart: that every line is whole is checked on the way.
pub struct Table {
    pub columns: Vec<String>,
    /// First column.
    pub samples: Vec<u64>,
    pub lines: Vec<String>,
}

impl Table {
    pub fn parse(text: &str) -> Self {
        assert!(
            text.ends_with('\n'),
            "the last line is torn: {:?}",
            &text[text.len().saturating_sub(80)..]
        );
        let mut lines = text.lines();
        let columns: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        for line in &lines {
            assert_eq!(
                line.split(',').count(),
                columns.len(),
                "a line with missing columns: {line}"
            );
            let numbers = line.split(',').all(|value| value.parse::<f64>().is_ok());
            assert!(numbers, "no number in {line}");
        }
        let samples =
            lines.iter().map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
        Self { columns, samples, lines }
    }

    /// That samples 0, 1, 2, ... are there, each once.
    pub fn assert_complete(&self) {
        self.assert_complete_from(0);
    }

    /// That samples `first`, `first + 1`, ... are there, each once.
    pub fn assert_complete_from(&self, first: u64) {
        let gap = (first..).zip(&self.samples).find(|(due, sample)| due != *sample);
        assert!(gap.is_none(), "due and found: {gap:?}");
    }

    pub fn rows(&self) -> u64 {
        self.samples.len() as u64
    }
}
