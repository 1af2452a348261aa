//! What is used: the time of each core, and what this process and its threads take.

use super::Root;

/// Ticks per second in which the kernel counts for programs (`USER_HZ`): 100 on every architecture that eegd runs on.
const TICKS: f64 = 100.0;
const KIB: u64 = 1024;

/// How a core has spent its time since it was started, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CoreTime {
    pub(crate) core: usize,
    pub(crate) busy_s: f64,
    pub(crate) idle_s: f64,
}

/// The time of each core.
pub(crate) fn core_times(root: &Root) -> Vec<CoreTime> {
    let text = root.text("/proc/stat").unwrap_or_default();
    text.lines().filter_map(core_time).collect()
}

/// `cpu0 user nice system idle iowait irq softirq steal guest guest_nice`; the last two are in `user` and `nice` already
/// (proc(5)).
fn core_time(line: &str) -> Option<CoreTime> {
    let mut words = line.strip_prefix("cpu")?.split(' ');
    let core = words.next()?.parse().ok()?;
    let ticks: Vec<f64> = words.map_while(|word| word.parse().ok()).take(8).collect();
    let idle: f64 = ticks.iter().skip(3).take(2).sum();
    let all: f64 = ticks.iter().sum();
    Some(CoreTime { core, busy_s: (all - idle) / TICKS, idle_s: idle / TICKS })
}

/// What this process uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ProcessUsage {
    pub(crate) cpu_s: f64,
    pub(crate) resident_bytes: u64,
    pub(crate) threads: u64,
    pub(crate) open_files: u64,
}

/// What this process uses.
pub(crate) fn process_usage(root: &Root) -> Option<ProcessUsage> {
    let stat = root.text("/proc/self/stat")?;
    // The name in brackets may hold anything; fields are counted behind it, the first is number 3 (proc(5)).
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let status = root.text("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(ProcessUsage {
        cpu_s: (field(14)? + field(15)?) as f64 / TICKS,
        resident_bytes: resident.split_whitespace().next()?.parse::<u64>().ok()? * KIB,
        threads: field(20)?,
        open_files: root.names("/proc/self/fd", "").len() as u64,
    })
}

/// How long a thread of this process has run, in seconds.
pub(crate) fn thread_cpu_seconds(root: &Root, thread: i32) -> Option<f64> {
    let text = root.text(&format!("/proc/self/task/{thread}/schedstat"))?;
    let ns: u64 = text.split(' ').next()?.parse().ok()?;
    Some(ns as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn cores_with_the_time_of_guests_counted_once() {
        let stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 100 10 50 800 40 5 5 2 100 10\ncpu1 0 0 0 7 0 0 0 0 0 0\nintr 5\n";
        let times = core_times(&Tree::new(&[("/proc/stat", stat)]).root());
        assert_eq!(
            times,
            [
                CoreTime { core: 0, busy_s: 1.72, idle_s: 8.4 },
                CoreTime { core: 1, busy_s: 0.0, idle_s: 0.07 }
            ]
        );
        assert!(core_times(&Tree::new(&[]).root()).is_empty());
    }

    #[test]
    fn this_process_whatever_its_name() {
        let stat =
            "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 250 150 0 0 20 0 13 0 500 123 45\n";
        let tree = Tree::new(&[
            ("/proc/self/stat", stat),
            ("/proc/self/status", "Name:\ta\nVmRSS:\t   20480 kB\n"),
            ("/proc/self/fd/0", ""),
            ("/proc/self/fd/17", ""),
            ("/proc/self/task/43/schedstat", "1500000000 20 3\n"),
        ]);
        let usage = process_usage(&tree.root()).unwrap();
        assert_eq!((usage.cpu_s, usage.resident_bytes), (4.0, 20480 * 1024));
        assert_eq!((usage.threads, usage.open_files), (13, 2));
        assert_eq!(thread_cpu_seconds(&tree.root(), 43), Some(1.5));
        assert_eq!(thread_cpu_seconds(&tree.root(), 44), None);
    }

    #[test]
    fn the_real_files_are_understood() {
        let root = Root::default();
        assert!(!core_times(&root).is_empty());
        let usage = process_usage(&root).unwrap();
        assert!(usage.resident_bytes > 0 && usage.threads > 0 && usage.open_files > 0, "{usage:?}");
        let thread = rustix::thread::gettid().as_raw_nonzero().get();
        assert!(thread_cpu_seconds(&root, thread).is_some_and(|s| s > 0.0));
    }
}
