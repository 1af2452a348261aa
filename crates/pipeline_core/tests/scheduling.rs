//! What a group asks of the scheduler, compared with what the system says about its threads.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use pipeline_core::ErrorAction;
use pipeline_core::executor::{AchievedScheduling, Group, Proposal, Refused, Running, Wait, start};
use rustix::process::{Resource, getrlimit};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use support::*;

const FATAL: ErrorAction = ErrorAction::Fatal;

fn group(name: &str) -> Group {
    Group { name: name.to_owned(), ..Group::default() }
}

/// Source, transform and sink in a group each, and the frames acquired.
fn run(groups: &[Group]) -> (Running, Tally, Arc<AtomicU64>) {
    let (tally, acquired) = (Tally::default(), Arc::new(AtomicU64::new(0)));
    let running = start(line(&tally, &acquired), groups).unwrap();
    (running, tally, acquired)
}

fn line(tally: &Tally, acquired: &Arc<AtomicU64>) -> pipeline_core::graph::CheckedGraph {
    let (source, add, sink) = (source(u64::MAX, true, 500_000, acquired), add(0.5), sink(tally));
    graph(&[
        ("a", &source, &[], None, FATAL),
        ("b", &add, &[], None, FATAL),
        ("c", &sink, &[], None, FATAL),
    ])
}

fn of<'t>(threads: &'t [AchievedScheduling], group: &str) -> &'t AchievedScheduling {
    threads.iter().find(|thread| thread.asked.name == group).unwrap()
}

/// Policy and real-time priority of a thread: fields 41 and 40 of its `stat` (proc(5)).
fn policy_and_priority(thread_id: i32) -> (u32, u32) {
    let stat = fs::read_to_string(format!("/proc/self/task/{thread_id}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[41 - 3].parse().unwrap(), fields[40 - 3].parse().unwrap())
}

/// A line of a thread's `status`.
fn status(thread_id: i32, key: &str) -> String {
    let status = fs::read_to_string(format!("/proc/self/task/{thread_id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap().trim().to_owned()
}

#[test]
fn what_is_reported_is_what_the_system_says_granted_or_not() {
    let acquire = Group { priority: Some(80), cores: vec![0], ..group("acquire") };
    let (running, ..) = run(&[acquire, Group { priority: Some(70), ..group("dsp") }]);
    let threads = running.scheduling();
    assert_eq!(threads.len(), 3);
    for (name, asked) in [("acquire", Some(80)), ("dsp", Some(70)), ("sinks", None)] {
        let thread = of(&threads, name);
        assert_eq!(thread.asked.priority, asked, "{name}");
        let (policy, priority) = policy_and_priority(thread.thread_id);
        match thread.priority {
            // SCHED_FIFO is 1, SCHED_OTHER 0.
            Some(got) => assert_eq!((policy, priority), (1, u32::from(got)), "{name}"),
            None => assert_eq!((policy, priority), (0, 0), "{name}"),
        }
        let refused = thread.refused.iter().any(|r| matches!(r, Refused::Priority { .. }));
        assert_eq!(refused, thread.priority != asked, "{name}: {:?}", thread.refused);
        assert_eq!(thread.timer_slack_ns, Some(thread.timer_slack_ns.unwrap().min(1)), "{name}");
    }
    assert_eq!(of(&threads, "acquire").cores, [0]);
    assert_eq!(status(of(&threads, "acquire").thread_id, "Cpus_allowed_list"), "0");
    running.stop();
    assert!(running.wait().failures.is_empty());
}

#[test]
fn cores_that_are_not_there_and_priorities_that_do_not_exist_are_refused_in_words_and_cost_no_sample()
 {
    let acquire = Group { cores: vec![0, 1023], ..group("acquire") };
    let (running, tally, acquired) = run(&[acquire, Group { priority: Some(0), ..group("dsp") }]);
    let threads = running.scheduling();
    let said =
        |name: &str| of(&threads, name).refused.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(said("acquire"), ["it is not pinned: this machine has no core [1023]"]);
    let dsp = said("dsp");
    assert!(
        dsp.len() == 1 && dsp[0].starts_with("it runs without real-time priority 0"),
        "{dsp:?}"
    );
    assert_eq!(of(&threads, "acquire").cores, of(&threads, "sinks").cores);
    wait_for(|| acquired.load(Ordering::Acquire) > 1000);
    running.stop();
    assert!(running.wait().failures.is_empty());
    assert_eq!(tally.0.load(Ordering::Relaxed), acquired.load(Ordering::Acquire));
}

#[test]
fn another_priority_and_other_cores_reach_threads_that_run_and_can_be_given_up() {
    let (running, tally, acquired) = run(&[]);
    let before = running.scheduling();
    let mut seen = Vec::new();
    for groups in [
        vec![Group { priority: Some(60), cores: vec![0], ..group("dsp") }],
        vec![Group { wait: Wait::Spin, ..group("dsp") }],
        vec![],
    ] {
        let graph = line(&tally, &acquired);
        let (changed, restart) = (HashSet::new(), HashSet::new());
        running.change(Proposal { graph, groups, changed, restart }).unwrap();
        let threads = running.scheduling();
        let dsp = of(&threads, "dsp");
        assert_eq!(dsp.thread_id, of(&before, "dsp").thread_id, "the same thread");
        let (policy, priority) = policy_and_priority(dsp.thread_id);
        assert_eq!((policy == 1).then_some(priority), dsp.priority.map(u32::from));
        seen.push((dsp.priority.is_some(), dsp.cores.clone(), dsp.asked.wait));
    }
    let anywhere = of(&before, "dsp").cores.clone();
    let granted = seen[0].0;
    assert_eq!(seen[0], (granted, vec![0], Wait::Park));
    assert_eq!(seen[1], (false, anywhere.clone(), Wait::Spin));
    assert_eq!(seen[2], (false, anywhere, Wait::Park));
    running.stop();
    running.wait();
    assert_eq!(tally.0.load(Ordering::Relaxed), acquired.load(Ordering::Acquire));
}

#[test]
fn without_the_privilege_it_is_refused_said_and_everything_runs_all_the_same() {
    let unprivileged = || {
        let mut sets = capabilities(None).unwrap();
        sets.effective -= CapabilitySet::SYS_NICE;
        set_capabilities(None, sets).unwrap();
        // The pipeline's threads have the privileges of the one that starts them.
        let (running, tally, acquired) = run(&[Group { priority: Some(80), ..group("acquire") }]);
        let threads = running.scheduling();
        let acquire = of(&threads, "acquire");
        wait_for(|| acquired.load(Ordering::Acquire) > 1000);
        running.stop();
        assert!(running.wait().failures.is_empty());
        assert_eq!(tally.0.load(Ordering::Relaxed), acquired.load(Ordering::Acquire));
        (acquire.priority, acquire.refused.clone())
    };
    let thread = std::thread::Builder::new().name("unprivileged".to_owned());
    let (priority, refused) = thread.spawn(unprivileged).unwrap().join().unwrap();
    let limit = getrlimit(Resource::Rtprio).current;
    if limit.is_none_or(|limit| limit >= 80) {
        assert_eq!((priority, refused.len()), (Some(80), 0), "the limit allows it to anybody");
        return;
    }
    assert_eq!(priority, None);
    assert!(
        matches!(&*refused, [Refused::Priority { priority: 80, not_permitted: true, .. }]),
        "{refused:?}"
    );
}

/// How often a thread has given up its core: one that spins never does, one that parks for each packet.
fn slept(thread_id: i32) -> u64 {
    status(thread_id, "voluntary_ctxt_switches").parse().unwrap()
}

#[test]
fn a_group_that_spins_never_sleeps_and_gets_everything_and_the_end() {
    let mut sleeps = Vec::new();
    for wait in [Wait::Park, Wait::Spin] {
        let (running, tally, acquired) = run(&[Group { wait, ..group("sinks") }]);
        let threads = running.scheduling();
        let sinks = of(&threads, "sinks").thread_id;
        wait_for(|| tally.0.load(Ordering::Relaxed) > 100);
        let before = slept(sinks);
        let from = acquired.load(Ordering::Acquire);
        wait_for(|| acquired.load(Ordering::Acquire) > from + 2000);
        sleeps.push(slept(sinks) - before);
        running.stop();
        assert!(running.wait().failures.is_empty());
        assert_eq!(tally.0.load(Ordering::Relaxed), acquired.load(Ordering::Acquire));
    }
    assert!(sleeps[0] > 0, "{sleeps:?}");
    assert_eq!(sleeps[1], 0, "{sleeps:?}");
}
