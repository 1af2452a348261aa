//! The server as a process of its own, so that its CPU time and its memory are nobody else's.

use super::servers::Way;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A running server; it ends when this is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts this program anew as the server for `clients` clients and waits for its address.
    pub(super) fn start(way: Way, clients: usize, frames: usize) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut child = Command::new(program)
            .args(["--serve", way.name(), &clients.to_string(), &frames.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("the server does not start: {e}"))?;
        let mut line = String::new();
        let told = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        if let (Some(Ok(_)), Ok(address)) = (told, line.trim().parse()) {
            return Ok(Self { child, address });
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("the server told no address but `{}`", line.trim()))
    }

    /// CPU time of all its threads so far (`/proc/PID/task/TID/schedstat`, first field), nanoseconds.
    pub(super) fn cpu_ns(&self) -> u64 {
        let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", self.child.id())) else { return 0 };
        let stats =
            tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
        stats.filter_map(|stat| stat.split_whitespace().next()?.parse::<u64>().ok()).sum()
    }

    /// Resident memory in MB (`VmRSS`).
    pub(super) fn resident_mb(&self) -> f64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kb.unwrap_or(f64::NAN) / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps the calling thread, and those it starts later, on one core.
pub(super) fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    // One core only, or not allowed: then the figures are those of an unpinned run.
    let _ = sched_setaffinity(None, &set);
}
