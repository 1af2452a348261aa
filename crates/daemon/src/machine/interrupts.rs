//! The interrupts of SPI controllers, GPIO chips and our own lines: on which cores they are taken, and the threads of the
//! kernel that serve them.

use super::Root;
use super::cores::parse_list;
use std::collections::BTreeMap;

/// What is in the names of the handlers of an SPI controller and of a GPIO chip.
const CONTROLLERS: [&str; 4] = [".spi", ".gpio", "pinctrl", "gpiochip"];
/// What our lines are requested as (their consumer) begins with this.
const OURS: &str = "eegd";

/// An interrupt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interrupt {
    /// As in `/proc/interrupts`.
    pub(crate) number: u32,
    /// Its handler: `eegd data-ready`, `1f00050000.spi`.
    pub(crate) name: String,
    /// The cores it may be taken on; empty when that is not shown.
    pub(crate) cores: Vec<usize>,
    /// The threads that serve it. A line of ours has one on every kernel; with `PREEMPT_RT` nearly all interrupts have.
    pub(crate) threads: Vec<InterruptThread>,
}

/// A kernel thread that serves an interrupt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InterruptThread {
    /// Its name: `irq/185-eegd data-ready`.
    pub(crate) name: String,
    /// Its number with the system.
    pub(crate) thread: i32,
    /// Its priority under `SCHED_FIFO`; 0 under the normal policy.
    pub(crate) priority: u8,
    /// The cores it may run on; empty when that is not shown.
    pub(crate) cores: Vec<usize>,
}

impl Interrupt {
    /// Whether it is of a line that this program has requested.
    pub(crate) fn is_ours(&self) -> bool {
        self.name.starts_with(OURS)
    }
}

/// Those of SPI, GPIO, and our own lines.
pub(crate) fn interrupts(root: &Root) -> Vec<Interrupt> {
    let mut threads: BTreeMap<u32, Vec<InterruptThread>> = BTreeMap::new();
    for (number, thread) in root.names("/proc", "").iter().filter_map(|pid| serves(root, pid)) {
        threads.entry(number).or_default().push(thread);
    }
    let interrupt = |folder: String| {
        let number = folder.parse().ok()?;
        // Beside the settings of an interrupt there is a folder for each of its handlers. A thread's name may be cut off.
        let handlers = root.names(&format!("/proc/irq/{folder}"), "");
        let name = handlers.into_iter().find(|handler| is_wanted(handler))?;
        let cores = root.text(&affinity_file(number)).unwrap_or_default();
        let threads = threads.remove(&number).unwrap_or_default();
        Some(Interrupt { number, name, cores: parse_list(&cores), threads })
    };
    root.names("/proc/irq", "").into_iter().filter_map(interrupt).collect()
}

/// The file with the cores on which an interrupt may be taken.
pub(crate) fn affinity_file(number: u32) -> String {
    format!("/proc/irq/{number}/smp_affinity_list")
}

fn is_wanted(handler: &str) -> bool {
    handler.starts_with(OURS)
        || handler.starts_with("spi")
        || CONTROLLERS.iter().any(|part| handler.contains(part))
}

/// The interrupt that a thread serves, if it serves one, and the thread.
fn serves(root: &Root, pid: &str) -> Option<(u32, InterruptThread)> {
    let thread = pid.parse().ok()?;
    let name = root.text(&format!("/proc/{pid}/comm"))?;
    let number = name.strip_prefix("irq/")?.split_once('-')?.0.parse().ok()?;
    let stat = root.text(&format!("/proc/{pid}/stat"))?;
    // Field 40 is the real-time priority, counted behind the name in brackets, which is field 2 (proc(5)).
    let priority = stat.rsplit_once(')')?.1.split_whitespace().nth(40 - 3)?.parse().ok()?;
    let status = root.text(&format!("/proc/{pid}/status")).unwrap_or_default();
    let cores = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let cores = parse_list(cores.unwrap_or_default());
    Some((number, InterruptThread { name, thread, priority, cores }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    /// Adds an interrupt that may be taken on any of four cores.
    pub(crate) fn put_interrupt(tree: &Tree, number: u32, handler: &str) {
        tree.put(&affinity_file(number), "0-3\n");
        tree.put(&format!("/proc/irq/{number}/spurious"), "count 1\n");
        std::fs::create_dir_all(tree.root().path(&format!("/proc/irq/{number}/{handler}")))
            .unwrap();
    }

    /// Adds a kernel thread, or changes it.
    pub(crate) fn put_thread(tree: &Tree, thread: i32, name: &str, priority: u8, cores: &str) {
        let zeros = "0 ".repeat(40 - 4);
        tree.put(&format!("/proc/{thread}/comm"), &format!("{name}\n"));
        let stat = format!("{thread} ({name}) S {zeros}{priority} 1 0\n");
        tree.put(&format!("/proc/{thread}/stat"), &stat);
        tree.put(&format!("/proc/{thread}/status"), &format!("Cpus_allowed_list:\t{cores}\n"));
    }

    #[test]
    fn those_of_spi_gpio_and_our_lines_with_their_threads() {
        let tree = Tree::new(&[("/proc/version", "x"), ("/proc/irq/default_smp_affinity", "f\n")]);
        put_interrupt(&tree, 185, "eegd data-ready");
        put_interrupt(&tree, 170, "1f00050000.spi");
        put_interrupt(&tree, 99, "mmc1");
        put_interrupt(&tree, 100, "pwr_button");
        tree.put(&affinity_file(170), "0,2\n");
        put_thread(&tree, 301, "irq/185-eegd data-ready", 50, "0-3");
        // Cut off, as kernels before 5.17 do.
        put_thread(&tree, 90, "irq/170-1f00050", 51, "2");
        put_thread(&tree, 94, "irq/170-s-1f00050", 50, "2");
        put_thread(&tree, 91, "irq/99-mmc1", 50, "0-3");
        put_thread(&tree, 7, "gpiod", 0, "0-3");
        let all = interrupts(&tree.root());
        let seen: Vec<_> =
            all.iter().map(|i| (i.number, &*i.name, i.is_ours(), &*i.cores)).collect();
        let (two, four): (&[usize], &[usize]) = (&[0, 2], &[0, 1, 2, 3]);
        assert_eq!(
            seen,
            [(170, "1f00050000.spi", false, two), (185, "eegd data-ready", true, four)]
        );
        let threads = |n: usize| -> Vec<_> {
            all[n].threads.iter().map(|t| (t.thread, t.priority, t.cores.len())).collect()
        };
        assert_eq!((threads(0), threads(1)), (vec![(90, 51, 1), (94, 50, 1)], vec![(301, 50, 4)]));
        assert!(interrupts(&Tree::new(&[]).root()).is_empty());
    }
}
