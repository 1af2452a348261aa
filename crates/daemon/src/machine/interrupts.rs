//! The threads that serve interrupts of SPI and GPIO, and how they are scheduled.

use super::Root;

/// What is in the names of such interrupts: the SPI controller's, the GPIO chip's, and the consumer name of our own lines.
const OURS: [&str; 4] = ["spi", "gpio", "pinctrl", "eegd"];

/// A kernel thread that serves an interrupt. There are some on every kernel; with `PREEMPT_RT` nearly all are served so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InterruptThread {
    /// Its name: `irq/185-eegd`.
    pub(crate) name: String,
    /// Its number with the system.
    pub(crate) thread: i32,
    /// Its priority under `SCHED_FIFO`; 0 under the normal policy.
    pub(crate) priority: u32,
}

/// Those of SPI and GPIO.
pub(crate) fn interrupt_threads(root: &Root) -> Vec<InterruptThread> {
    let thread = |folder: String| {
        let thread = folder.parse().ok()?;
        let name = root.text(&format!("/proc/{folder}/comm"))?;
        let device = name.strip_prefix("irq/")?;
        if !OURS.iter().any(|ours| device.contains(ours)) {
            return None;
        }
        let stat = root.text(&format!("/proc/{folder}/stat"))?;
        // Field 40 is the real-time priority, counted behind the name in brackets, which is field 2 (proc(5)).
        let priority = stat.rsplit_once(')')?.1.split_whitespace().nth(40 - 3)?.parse().ok()?;
        Some(InterruptThread { name, thread, priority })
    };
    root.names("/proc", "").into_iter().filter_map(thread).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    /// Adds a kernel thread.
    pub(crate) fn put(tree: &Tree, thread: i32, name: &str, priority: u32) {
        let zeros = "0 ".repeat(40 - 4);
        tree.put(&format!("/proc/{thread}/comm"), &format!("{name}\n"));
        let stat = format!("{thread} ({name}) S {zeros}{priority} 1 0\n");
        tree.put(&format!("/proc/{thread}/stat"), &stat);
    }

    #[test]
    fn those_of_spi_and_gpio_with_their_priorities() {
        let tree = Tree::new(&[("/proc/version", "x")]);
        put(&tree, 301, "irq/185-eegd", 50);
        put(&tree, 90, "irq/170-1f00050000.spi", 51);
        put(&tree, 91, "irq/99-mmc1", 50);
        put(&tree, 7, "gpiod", 0);
        let seen = interrupt_threads(&tree.root());
        let seen: Vec<_> = seen.iter().map(|t| (t.thread, t.name.as_str(), t.priority)).collect();
        assert_eq!(seen, [(90, "irq/170-1f00050000.spi", 51), (301, "irq/185-eegd", 50)]);
        assert!(interrupt_threads(&Tree::new(&[]).root()).is_empty());
    }
}
