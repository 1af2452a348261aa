//! Which kernel runs, how it preempts, and what it was booted with.

use super::Root;

/// The kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// As `uname -r` says it.
    pub(crate) release: String,
    pub(crate) preemption: Preemption,
}

/// When the kernel lets a thread of higher priority have the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preemption {
    /// `PREEMPT_RT`: nearly always; interrupt handlers are threads with priorities of their own.
    RealTime,
    /// `PREEMPT`, or `PREEMPT_DYNAMIC` as it was booted: outside of locks and interrupts.
    Full,
    /// When it returns to a program, or at chosen places.
    Seldom,
}

impl Preemption {
    /// As the kernel calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RealTime => "PREEMPT_RT",
            Self::Full => "PREEMPT",
            Self::Seldom => "without PREEMPT",
        }
    }
}

/// From `/proc/version`, and `/sys/kernel/realtime` where there is one.
pub(crate) fn kernel(root: &Root) -> Kernel {
    let version = root.text("/proc/version").unwrap_or_default();
    let release = version.strip_prefix("Linux version ").and_then(|rest| rest.split(' ').next());
    let is = |word: &str| version.split([' ', '\n']).any(|w| w == word);
    let preemption = if root.number("/sys/kernel/realtime") == Some(1) || is("PREEMPT_RT") {
        Preemption::RealTime
    } else if is("PREEMPT") {
        Preemption::Full
    } else if is("PREEMPT_DYNAMIC") {
        // What it does is decided when it is booted, `full` unless somebody said otherwise.
        match boot_parameter(root, "preempt").as_deref() {
            None | Some("full") => Preemption::Full,
            Some(_) => Preemption::Seldom,
        }
    } else {
        Preemption::Seldom
    };
    Kernel { release: release.unwrap_or("unknown").to_owned(), preemption }
}

/// The value of a parameter the kernel was booted with.
fn boot_parameter(root: &Root, name: &str) -> Option<String> {
    let line = root.text("/proc/cmdline")?;
    // The last one counts.
    let mut values = line.split_whitespace().rev().filter_map(|word| word.split_once('='));
    values.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    fn preemption(version: &str, cmdline: &str) -> Preemption {
        let version = format!("Linux version 6.12.47+rpt-rpi-2712 (a@b) (gcc 14) {version}\n");
        let tree = Tree::new(&[("/proc/version", &version), ("/proc/cmdline", cmdline)]);
        let kernel = kernel(&tree.root());
        assert_eq!(kernel.release, "6.12.47+rpt-rpi-2712");
        kernel.preemption
    }

    #[test]
    fn every_way_to_preempt() {
        assert_eq!(preemption("#1 SMP PREEMPT_RT Debian", ""), Preemption::RealTime);
        assert_eq!(preemption("#1 SMP PREEMPT Debian 1:6.12", ""), Preemption::Full);
        assert_eq!(preemption("#1 SMP PREEMPT_DYNAMIC @0", "quiet"), Preemption::Full);
        assert_eq!(preemption("#1 SMP PREEMPT_DYNAMIC @0", "preempt=none"), Preemption::Seldom);
        assert_eq!(preemption("#1 SMP Debian", ""), Preemption::Seldom);
        let tree = Tree::new(&[("/sys/kernel/realtime", "1\n")]);
        assert_eq!(kernel(&tree.root()).preemption, Preemption::RealTime);
    }

    #[test]
    fn the_last_boot_parameter_counts() {
        let tree = Tree::new(&[("/proc/cmdline", "isolcpus=2 quiet isolcpus=3\n")]);
        assert_eq!(boot_parameter(&tree.root(), "isolcpus").as_deref(), Some("3"));
        assert_eq!(boot_parameter(&tree.root(), "quiet"), None);
    }
}
