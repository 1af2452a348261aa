//! The interrupts that a board on SPI needs, put where acquisition waits for them: their threads above its priority, and on
//! its cores. Tried, read back, and told like the threads of the data path.
//!
//! Nothing is touched while no line of ours is watched: a machine without such a board keeps its interrupts as they are.

use crate::machine::{Interrupt, Root, affinity_file, interrupts};
use rustix::thread::{CpuSet, Pid, sched_setaffinity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::process::Command;

/// How far above the threads of the data path the threads of interrupts should be.
const ABOVE: u8 = 5;
const HIGHEST: u8 = 99;

/// What acquisition needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The highest priority that a thread of the data path asks for.
    pub(crate) above: u8,
    /// The cores that acquisition asks for; empty means any.
    pub(crate) cores: Vec<usize>,
}

/// One interrupt: what it should be and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct InterruptReport {
    /// Its number.
    pub(crate) interrupt: u32,
    /// Its handler: our data-ready line, the SPI controller, the GPIO chip.
    pub(crate) name: String,
    /// The priority that its threads should have at least.
    pub(crate) asked_priority: u8,
    /// The cores it and its threads should be on; empty means any.
    pub(crate) asked_cores: Vec<usize>,
    /// The lowest priority of its threads under `SCHED_FIFO`, 0 under the normal policy; `null` when no thread serves it.
    pub(crate) priority: Option<u8>,
    /// The cores it may be taken on.
    pub(crate) cores: Vec<usize>,
    /// The cores its threads may run on.
    pub(crate) thread_cores: Vec<usize>,
    /// What could not be had, with what to type.
    pub(crate) refused: Vec<String>,
}

/// What changes a thread of the kernel; a test has others.
pub(super) trait Hands {
    fn raise(&self, thread: i32, priority: u8) -> Result<(), String>;
    fn pin(&self, thread: i32, cores: &[usize]) -> Result<(), String>;
}

/// The system's.
pub(super) struct System;

impl Hands for System {
    /// By `chrt`, which is on every Debian: the call takes a thread of another process only by its number, and no library
    /// has it without `unsafe`.
    fn raise(&self, thread: i32, priority: u8) -> Result<(), String> {
        let arguments = ["--fifo", "--pid", &priority.to_string(), &thread.to_string()];
        let done = Command::new("chrt").args(arguments).env("LC_ALL", "C").output();
        let done = done.map_err(|error| format!("chrt: {error}"))?;
        if done.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&done.stderr);
        Err(said.trim().rsplit(": ").next().unwrap_or_default().to_owned())
    }

    fn pin(&self, thread: i32, cores: &[usize]) -> Result<(), String> {
        let mut set = CpuSet::new();
        cores.iter().for_each(|core| set.set(*core));
        let pinned = sched_setaffinity(Pid::from_raw(thread), &set);
        pinned.map_err(|error| std::io::Error::from(error).to_string())
    }
}

/// Arranges the interrupts of SPI and GPIO, if a line of ours is watched, and reads back what came of it.
pub(super) fn arrange(root: &Root, needs: &Needs, hands: &dyn Hands) -> Vec<InterruptReport> {
    let before = interrupts(root);
    if !before.iter().any(Interrupt::is_ours) {
        return Vec::new();
    }
    let tried: Vec<Tried> = before.iter().map(|each| Tried::on(root, each, needs, hands)).collect();
    let after = interrupts(root);
    let report = |(interrupt, tried): (&Interrupt, &Tried)| {
        // One that has gone meanwhile was released; the next look sees what took its place.
        let now = after.iter().find(|now| now.number == interrupt.number)?;
        Some(tried.report(now, needs))
    };
    before.iter().zip(&tried).filter_map(report).collect()
}

/// Why something was not done, where it was not.
#[derive(Debug, Default)]
struct Tried {
    raised: Option<String>,
    moved: Option<String>,
}

impl Tried {
    fn on(root: &Root, interrupt: &Interrupt, needs: &Needs, hands: &dyn Hands) -> Self {
        let mut tried = Self::default();
        // The threads of an interrupt go where it goes; not every controller lets it go.
        if !within(&interrupt.cores, &needs.cores) {
            let file = root.path(&affinity_file(interrupt.number));
            tried.moved = std::fs::write(file, list(&needs.cores)).err().map(|e| e.to_string());
        }
        for thread in &interrupt.threads {
            if thread.priority < needs.priority() {
                tried.raised = hands.raise(thread.thread, needs.priority()).err().or(tried.raised);
            }
            if !within(&thread.cores, &needs.cores) {
                // Read back; why it was refused is why its interrupt was.
                let _ = hands.pin(thread.thread, &needs.cores);
            }
        }
        tried
    }

    fn report(&self, now: &Interrupt, needs: &Needs) -> InterruptReport {
        let Interrupt { number, name, cores, threads } = now;
        let why =
            |why: &Option<String>| why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
        let mut refused = Vec::new();
        for thread in threads.iter().filter(|thread| !needs.are_met_by(thread.priority)) {
            refused.push(format!(
                "`{}` has priority {}, not above the {} of the threads that wait for it{}: \
                 `sudo chrt --fifo --pid {} {}`",
                thread.name,
                thread.priority,
                needs.above,
                why(&self.raised),
                needs.priority(),
                thread.thread
            ));
        }
        if !within(cores, &needs.cores) {
            let (is, wanted) = (list(cores), list(&needs.cores));
            refused.push(format!(
                "the interrupt of `{name}` comes in on cores {is}, acquisition is on {wanted}{}: \
                 `echo {wanted} | sudo tee /proc/irq/{number}/smp_affinity_list`",
                why(&self.moved)
            ));
        }
        let mut thread_cores: Vec<usize> = threads.iter().flat_map(|t| t.cores.clone()).collect();
        thread_cores.sort_unstable();
        thread_cores.dedup();
        InterruptReport {
            interrupt: *number,
            name: name.clone(),
            asked_priority: needs.priority(),
            asked_cores: needs.cores.clone(),
            priority: threads.iter().map(|thread| thread.priority).min(),
            cores: cores.clone(),
            thread_cores,
            refused,
        }
    }
}

impl Needs {
    /// What the threads of interrupts are raised to.
    fn priority(&self) -> u8 {
        self.above.saturating_add(ABOVE).min(HIGHEST)
    }

    /// There is nothing above 99.
    const fn are_met_by(&self, priority: u8) -> bool {
        priority > self.above || priority == HIGHEST
    }
}

/// Whether all of `cores` are among the wanted ones; what is not shown, or not asked for, is right.
fn within(cores: &[usize], wanted: &[usize]) -> bool {
    wanted.is_empty() || cores.iter().all(|core| wanted.contains(core))
}

fn list(cores: &[usize]) -> String {
    cores.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::interrupts::tests::{put_interrupt, put_thread};
    use crate::machine::tree::Tree;
    use std::process::{Child, Stdio};

    /// Does what a kernel would do, in a tree; or refuses.
    struct InTree<'t>(&'t Tree, bool);

    impl InTree<'_> {
        fn change(
            &self,
            thread: i32,
            priority: Option<u8>,
            cores: Option<&str>,
        ) -> Result<(), String> {
            if !self.1 {
                return Err("Operation not permitted".to_owned());
            }
            let all = interrupts(&self.0.root());
            let is = all.iter().flat_map(|i| &i.threads).find(|t| t.thread == thread).unwrap();
            let (was, on) = (is.priority, list(&is.cores));
            put_thread(self.0, thread, &is.name, priority.unwrap_or(was), cores.unwrap_or(&on));
            Ok(())
        }
    }

    impl Hands for InTree<'_> {
        fn raise(&self, thread: i32, priority: u8) -> Result<(), String> {
            self.change(thread, Some(priority), None)
        }

        fn pin(&self, thread: i32, cores: &[usize]) -> Result<(), String> {
            self.change(thread, None, Some(&list(cores)))
        }
    }

    fn pi() -> Tree {
        let tree = Tree::new(&[]);
        put_interrupt(&tree, 185, "eegd data-ready");
        put_interrupt(&tree, 170, "1f00050000.spi");
        put_interrupt(&tree, 99, "mmc1");
        put_thread(&tree, 301, "irq/185-eegd data-ready", 50, "0-3");
        put_thread(&tree, 91, "irq/99-mmc1", 50, "0-3");
        tree
    }

    fn needs(above: u8, cores: &[usize]) -> Needs {
        Needs { above, cores: cores.to_vec() }
    }

    #[test]
    fn a_thread_is_raised_above_acquisition_and_moved_to_its_core() {
        let tree = pi();
        let root = tree.root();
        // The same priority is not enough.
        put_thread(&tree, 301, "irq/185-eegd data-ready", 80, "0-3");
        let reports = arrange(&root, &needs(80, &[3]), &InTree(&tree, true));
        assert!(reports.iter().all(|report| report.refused.is_empty()), "{reports:#?}");
        let seen: Vec<_> = reports
            .iter()
            .map(|r| (r.interrupt, r.priority, &*r.cores, &*r.thread_cores))
            .collect();
        let (three, none): (&[usize], &[usize]) = (&[3], &[]);
        assert_eq!(seen, [(170, None, three, none), (185, Some(85), three, three)]);
        assert_eq!(root.text(&affinity_file(99)).unwrap(), "0-3", "a stranger's is left alone");
        // What is right already is not touched, so the second look needs no rights.
        let again = arrange(&root, &needs(80, &[3]), &InTree(&tree, false));
        assert_eq!(again, reports);
    }

    /// Puts something in the place of the file that cannot be written, not even by root.
    fn closed(tree: &Tree, number: u32) {
        let file = tree.root().path(&affinity_file(number));
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(file).unwrap();
    }

    #[test]
    fn what_is_refused_is_told_with_what_to_type() {
        let tree = pi();
        closed(&tree, 170);
        let reports = arrange(&tree.root(), &needs(80, &[]), &InTree(&tree, false));
        assert!(reports[0].refused.is_empty(), "any core will do: {reports:#?}");
        assert_eq!(
            reports[1].refused,
            [
                "`irq/185-eegd data-ready` has priority 50, not above the 80 of the threads that wait for it \
              (Operation not permitted): `sudo chrt --fifo --pid 85 301`"
            ]
        );
        closed(&tree, 185);
        let reports = arrange(&tree.root(), &needs(99, &[3]), &InTree(&tree, false));
        assert_eq!((reports[1].priority, &*reports[1].thread_cores), (Some(50), &[0, 1, 2, 3][..]));
        assert!(reports[1].refused[0].contains("`sudo chrt --fifo --pid 99 301`"), "{reports:#?}");
    }

    #[test]
    fn an_interrupt_that_stays_where_it_is_is_told() {
        // A controller that takes no orders.
        let stays = Interrupt {
            number: 170,
            name: "1f00050000.spi".to_owned(),
            cores: vec![0, 1],
            threads: vec![],
        };
        let tried =
            Tried { moved: Some("Input/output error (os error 5)".to_owned()), raised: None };
        assert_eq!(
            tried.report(&stays, &needs(80, &[3])).refused,
            ["the interrupt of `1f00050000.spi` comes in on cores 0,1, acquisition is on 3 \
              (Input/output error (os error 5)): `echo 3 | sudo tee /proc/irq/170/smp_affinity_list`"]
        );
    }

    #[test]
    fn without_a_line_of_ours_nothing_is_touched() {
        let tree = Tree::new(&[]);
        put_interrupt(&tree, 170, "1f00050000.spi");
        put_thread(&tree, 90, "irq/170-1f00050000.spi", 50, "0-3");
        assert_eq!(arrange(&tree.root(), &needs(80, &[3]), &InTree(&tree, true)), []);
        assert_eq!(tree.root().text(&affinity_file(170)).unwrap(), "0-3");
    }

    struct Sleeper(Child);

    impl Drop for Sleeper {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn a_thread_of_another_process_is_raised_and_pinned_or_it_is_said_why_not() {
        let sleep = Command::new("sleep").arg("600").stdout(Stdio::null()).spawn().unwrap();
        let sleeper = Sleeper(sleep);
        let thread = i32::try_from(sleeper.0.id()).unwrap();
        let root = Root::default();
        let stat = || root.text(&format!("/proc/{thread}/stat")).unwrap();
        match System.raise(thread, 7) {
            Ok(()) => {
                let after = stat().rsplit_once(')').unwrap().1.to_owned();
                assert_eq!(after.split_whitespace().nth(40 - 3), Some("7"));
            }
            Err(why) => assert_eq!(why, "Operation not permitted"),
        }
        System.pin(thread, &[0]).unwrap();
        let status = root.text(&format!("/proc/{thread}/status")).unwrap();
        assert!(status.contains("Cpus_allowed_list:\t0\n"), "{status}");
        assert_eq!(System.raise(i32::MAX, 7).unwrap_err(), "No such process");
        assert_eq!(System.pin(i32::MAX, &[0]).unwrap_err(), "No such process (os error 3)");
    }
}
