//! The pipeline: what every stage took, lost and passed on, how long it took, how full the edges are.

use super::text::Exposition;
use crate::host::{Host, State};
use crate::machine::{Root, thread_cpu_seconds};
use crate::realtime::InterruptReport;
use pipeline_core::Role;
use pipeline_core::executor::{Running, StageInfo};
use pipeline_core::telemetry::{StageState, StageStats};

/// Gauges of a source or a recorder that have a name of their own, by the name the stage gives them.
const FIGURES: [(&str, &str, &str); 6] = [
    ("rate_hz", "eegd_source_rate_hertz", "Rate of the source's clock, measured by the host's."),
    (
        "rate_ppm",
        "eegd_source_clock_ppm",
        "By how much the source's clock is faster than it should be, parts per million.",
    ),
    (
        "rate_ppm_uncertainty",
        "eegd_source_clock_uncertainty_ppm",
        "How well that is known, parts per million.",
    ),
    (
        "system_clock_ahead_s",
        "eegd_source_system_clock_ahead_seconds",
        "By how much the system's clock was set away from the times of the source's samples.",
    ),
    (
        "recorder_queue_frames",
        "eegd_recorder_queue_frames",
        "Frames that wait for the recorder's disk.",
    ),
    (
        "recorder_queue_capacity_frames",
        "eegd_recorder_queue_capacity_frames",
        "Frames that may wait for the recorder's disk.",
    ),
];

pub(super) fn write(out: &mut Exposition, host: &Host, root: &Root) {
    let state = *host.states().borrow();
    let mut family = out.gauge("eegd_pipeline_state", "1 for the state the pipeline is in.");
    for known in State::ALL {
        family.sample(&[("state", known.name())], u8::from(known == state));
    }
    out.gauge("eegd_pipeline_revision", "Revision of the document; every change raises it.")
        .sample(&[], host.revision());
    let Some(running) = host.last() else { return };
    let stages = running.stages();
    states(out, &stages);
    counts(out, &stages);
    durations(out, &stages);
    edges(out, &running);
    sources(out, &stages);
    figures(out, &stages);
    threads(out, host, &running, root);
}

fn states(out: &mut Exposition, stages: &[StageInfo]) {
    let help = "1 for the state the stage is in.";
    let mut family = out.gauge("eegd_stage_state", help);
    let all = [
        (StageState::Running, "running"),
        (StageState::Ended, "ended"),
        (StageState::Failed, "failed"),
    ];
    for stage in stages {
        for (state, name) in all {
            let is = u8::from(stage.stats.state() == state);
            family.sample(&[("stage", &stage.id), ("state", name)], is);
        }
    }
}

fn counts(out: &mut Exposition, stages: &[StageInfo]) {
    let all: [(&'static str, &str, fn(&StageStats) -> u64); 9] = [
        ("eegd_stage_packets_in_total", "Packets the stage took.", |s| s.packets_in.get()),
        ("eegd_stage_packets_out_total", "Packets the stage passed on.", |s| s.packets_out.get()),
        ("eegd_stage_frames_in_total", "Frames (samples of all channels) the stage took.", |s| {
            s.frames_in.get()
        }),
        ("eegd_stage_frames_out_total", "Frames the stage passed on.", |s| s.frames_out.get()),
        (
            "eegd_stage_lost_frames_total",
            "Frames missing in what the stage took, wherever they were lost.",
            |s| s.lost_frames.get(),
        ),
        (
            "eegd_stage_overflow_frames_total",
            "Of these, frames lost because the stage's queue was full.",
            |s| s.overflow_frames.get(),
        ),
        ("eegd_stage_dropped_frames_total", "Frames the stage itself let go of.", |s| {
            s.dropped_frames.get()
        }),
        ("eegd_stage_errors_total", "Errors of the stage, panics included.", |s| s.errors.get()),
        (
            "eegd_stage_skipped_packets_total",
            "Packets skipped after an error, as the stage's policy says.",
            |s| s.skipped_packets.get(),
        ),
    ];
    for (name, help, count) in all {
        let mut family = out.counter(name, help);
        for stage in stages {
            let labels =
                [("stage", &*stage.id), ("group", &stage.group), ("role", stage.role.name())];
            family.sample(&labels, count(&stage.stats));
        }
    }
}

fn durations(out: &mut Exposition, stages: &[StageInfo]) {
    let help = "Time the stage took for a packet; one packet in 32 is timed.";
    let mut process = out.durations("eegd_stage_process_seconds", help);
    for stage in stages.iter().filter(|stage| stage.role != Role::Source) {
        let labels = [("stage", &*stage.id), ("group", &stage.group)];
        process.histogram(&labels, &stage.stats.process_ns.snapshot());
    }
    let help = "Age of a packet's newest sample, from its arrival at the host (the edge of the ADC's data-ready \
                line, where there is one) until the sink has taken it.";
    let mut age = out.durations("eegd_sink_age_seconds", help);
    for stage in stages.iter().filter(|stage| stage.role == Role::Sink) {
        age.histogram(&[("stage", &stage.id)], &stage.stats.age_ns.snapshot());
    }
}

fn edges(out: &mut Exposition, running: &Running) {
    let edges = running.edges();
    let gauges: [(&'static str, &str, fn(&pipeline_core::telemetry::EdgeInfo) -> u64); 3] = [
        (
            "eegd_edge_depth_packets",
            "Packets that waited between two threads when last looked at.",
            |e| e.stats.depth(),
        ),
        ("eegd_edge_high_water_packets", "The most packets that have ever waited there.", |e| {
            e.stats.high_water()
        }),
        ("eegd_edge_capacity_packets", "Packets there is room for.", |e| e.room as u64),
    ];
    for (name, help, value) in gauges {
        let mut family = out.gauge(name, help);
        for edge in &*edges {
            family.sample(&[("from", &edge.from), ("to", &edge.to)], value(edge));
        }
    }
    let mut lost = out.counter(
        "eegd_edge_overflow_frames_total",
        "Frames that found no room between two threads.",
    );
    for edge in &*edges {
        let labels = [("from", &*edge.from), ("to", &edge.to)];
        lost.sample(&labels, edge.stats.overflow_frames.get());
    }
    let help = "How long a packet waited between two threads; one packet in 32 is timed.";
    let mut wait = out.durations("eegd_edge_wait_seconds", help);
    for edge in &*edges {
        let labels = [("from", &*edge.from), ("to", &edge.to)];
        wait.histogram(&labels, &edge.stats.wait_ns.snapshot());
    }
}

/// What sources count of their devices.
fn sources(out: &mut Exposition, stages: &[StageInfo]) {
    let accounts = || stages.iter().filter_map(|s| Some((&*s.id, s.stats.account()?)));
    let mut acquired =
        out.counter("eegd_source_acquired_frames_total", "Conversions of the source's device.");
    for (stage, account) in accounts() {
        acquired.sample(&[("stage", stage)], account.acquired());
    }
    let help = "Conversions that became no samples, by cause.";
    let mut lost = out.counter("eegd_source_lost_frames_total", help);
    for (stage, account) in accounts() {
        for (cause, frames) in account.lost() {
            lost.sample(&[("stage", stage), ("cause", cause)], frames);
        }
    }
}

/// What stages say of themselves: each under its own name if it has one, the rest under one name together.
fn figures(out: &mut Exposition, stages: &[StageInfo]) {
    let all: Vec<(&str, &'static str, f64)> = stages
        .iter()
        .flat_map(|stage| {
            let of_source = stage.stats.account().map_or_else(Vec::new, |a| a.figures());
            let all = of_source.into_iter().chain(stage.stats.figures());
            all.map(|(name, value)| (&*stage.id, name, value)).collect::<Vec<_>>()
        })
        .collect();
    for (figure, name, help) in FIGURES {
        let mut family = out.gauge(name, help);
        for (stage, _, value) in all.iter().filter(|(_, name, _)| *name == figure) {
            family.sample(&[("stage", stage)], value);
        }
    }
    let mut rest = out.gauge("eegd_stage_figure", "What else a stage says of itself, by name.");
    for (stage, name, value) in all {
        if FIGURES.iter().all(|(figure, ..)| *figure != name) {
            rest.sample(&[("stage", stage), ("name", name)], value);
        }
    }
}

/// How the threads are scheduled, and how long they have run.
fn threads(out: &mut Exposition, host: &Host, running: &Running, root: &Root) {
    let threads = running.scheduling();
    let priority = |priority: Option<u8>| priority.unwrap_or(0);
    let mut asked = out.gauge(
        "eegd_thread_asked_priority",
        "Real-time priority that the thread's group asks for; 0 is the normal policy.",
    );
    for thread in &threads {
        let labels = [("thread", &*thread.thread), ("group", &*thread.asked.name)];
        asked.sample(&labels, priority(thread.asked.priority));
    }
    let mut got = out.gauge("eegd_thread_priority", "Real-time priority that the thread has.");
    for thread in &threads {
        let labels = [("thread", &*thread.thread), ("group", &*thread.asked.name)];
        got.sample(&labels, priority(thread.priority));
    }
    let help = "Wishes of the thread's group (priority, cores) that the system refused.";
    let mut refused = out.gauge("eegd_thread_refused", help);
    for thread in &threads {
        let labels = [("thread", &*thread.thread), ("group", &*thread.asked.name)];
        refused.sample(&labels, thread.refused.len());
    }
    let mut cpu = out.counter("eegd_thread_cpu_seconds_total", "Time the thread has run.");
    for thread in &threads {
        if let Some(seconds) = thread_cpu_seconds(root, thread.thread_id) {
            cpu.sample(&[("thread", &*thread.thread), ("group", &*thread.asked.name)], seconds);
        }
    }
    let scheduling = host.scheduling();
    if let Some(locked) = scheduling.memory_locked {
        let help = "1 when the process's memory stays in memory; absent when no group asks for a priority.";
        out.gauge("eegd_memory_locked", help).sample(&[], u8::from(locked));
    }
    interrupts(out, &scheduling.interrupts);
}

/// Where the interrupts that a board needs are.
fn interrupts(out: &mut Exposition, interrupts: &[InterruptReport]) {
    let help =
        "Real-time priority of the thread that serves the interrupt; 0 is the normal policy.";
    let mut priority = out.gauge("eegd_interrupt_priority", help);
    for interrupt in interrupts {
        let number = interrupt.interrupt.to_string();
        if let Some(has) = interrupt.priority {
            priority.sample(&[("interrupt", &number), ("name", &interrupt.name)], has);
        }
    }
    let help = "What the interrupt should be and is not: above acquisition, on its cores.";
    let mut refused = out.gauge("eegd_interrupt_refused", help);
    for interrupt in interrupts {
        let number = interrupt.interrupt.to_string();
        refused
            .sample(&[("interrupt", &number), ("name", &interrupt.name)], interrupt.refused.len());
    }
}
