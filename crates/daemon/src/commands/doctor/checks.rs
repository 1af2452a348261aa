//! The checks of timing: machine, kernel, privileges, cores, heat. From facts to findings, nothing is read here.

use super::facts::{Facts, Trials};
use super::finding::Finding;
use crate::machine::{
    Cores, IdleState, Model, Power, Preemption, how_to_stay_awake, in_words, slow_idle_states,
};
use crate::realtime::{ACQUISITION_PRIORITY, MemoryLock};

/// Below this, no core can be set aside for acquisition.
const CORES_TO_SET_ASIDE: usize = 4;
/// A Raspberry Pi slows down between 80 and 85 degrees (its documentation, "frequency management and thermal control").
const HOT_C: f64 = 80.0;
const WARM_C: f64 = 70.0;

/// Everything about timing.
pub(super) fn timing(facts: &Facts, trials: &Trials, program: &str) -> Vec<Finding> {
    let mut findings = vec![machine(&facts.model, &facts.cores), kernel(facts)];
    findings.extend(rights(facts, trials, program));
    findings.push(isolated(&facts.cores, &facts.model));
    findings.push(governor(&facts.governors));
    findings.push(idle(&facts.idle_states, trials.may_stay_awake));
    findings.extend(facts.load_average.map(|load| busy(load, &facts.cores)));
    findings.push(heat(facts.temperature_c));
    findings.extend(facts.power.map(power));
    findings
}

fn machine(model: &Model, cores: &Cores) -> Finding {
    let cpu = model.cpu.as_ref().map(|cpu| format!(", {cpu}")).unwrap_or_default();
    let count = cores.online.len();
    let found = format!("{}{cpu}, {count} cores, {}", model.name, std::env::consts::ARCH);
    if count == 1 {
        let advice =
            "acquisition and filters share one core: keep everything else off this machine";
        return Finding::warn("machine", found.replace("1 cores", "1 core"), advice);
    }
    Finding::ok("machine", found)
}

fn kernel(facts: &Facts) -> Finding {
    let found = format!("{}, {}", facts.kernel.release, facts.kernel.preemption.name());
    if facts.kernel.preemption == Preemption::RealTime {
        return Finding::ok("kernel", found);
    }
    let found = format!("{found}: under load a thread may wake up milliseconds late");
    let advice = if facts.model.is_raspberry_pi {
        "build the kernel with CONFIG_PREEMPT_RT=y, or keep this machine for eegd alone"
    } else {
        "sudo apt install linux-image-rt-$(dpkg --print-architecture)   (Debian), or keep this machine for eegd alone"
    };
    Finding::warn("kernel", found, advice)
}

fn rights(facts: &Facts, trials: &Trials, program: &str) -> [Finding; 2] {
    let grant = format!(
        "sudo setcap cap_sys_nice,cap_ipc_lock=ep {program}   (the service of the package has both without)"
    );
    let priority = match &trials.priority {
        Ok(given) => Finding::ok("priority", format!("SCHED_FIFO {given} was asked for and given")),
        Err(why) if facts.highest_priority == 0 => Finding::warn(
            "priority",
            format!("no SCHED_FIFO {ACQUISITION_PRIORITY}: {why}"),
            &grant,
        ),
        Err(why) => {
            let found =
                format!("no SCHED_FIFO {ACQUISITION_PRIORITY}, in spite of the right to it: {why}");
            let advice = format!(
                "`ulimit -r` has to be {ACQUISITION_PRIORITY} or more, `sysctl kernel.sched_rt_runtime_us` not 0; \
                 a container needs CAP_SYS_NICE of its own"
            );
            Finding::warn("priority", found, advice)
        }
    };
    let memory = match &trials.memory {
        MemoryLock::Locked => Finding::ok("mlock", "memory was asked to stay, and stays"),
        MemoryLock::Refused(why) => {
            let found = format!(
                "memory does not stay: {why}; a page that was moved away costs milliseconds"
            );
            Finding::warn("mlock", found, grant)
        }
    };
    [priority, memory]
}

fn isolated(cores: &Cores, model: &Model) -> Finding {
    let Some(last) = cores.online.last().filter(|_| cores.online.len() >= CORES_TO_SET_ASIDE)
    else {
        return Finding::ok("isolation", "too few cores to set one aside for acquisition");
    };
    if cores.isolated.is_empty() {
        let add =
            format!("isolcpus={last} nohz_full={last} rcu_nocbs={last} irqaffinity=0-{}", last - 1);
        let advice = if model.is_raspberry_pi {
            format!(
                "add `{add}` to the line in /boot/firmware/cmdline.txt, reboot, then `groups: {{ acquire: {{ cores: [{last}] }} }}` in the pipeline"
            )
        } else {
            format!(
                "add `{add}` to GRUB_CMDLINE_LINUX in /etc/default/grub, `sudo update-grub`, reboot, then `groups: {{ acquire: {{ cores: [{last}] }} }}` in the pipeline"
            )
        };
        return Finding::warn("isolation", "no core is set aside for acquisition", advice);
    }
    let found = format!("{} set aside", in_words(&cores.isolated));
    let ticking: Vec<usize> =
        cores.isolated.iter().copied().filter(|core| !cores.tickless.contains(core)).collect();
    if ticking.is_empty() {
        return Finding::ok("isolation", format!("{found}, without a timer tick"));
    }
    let list: Vec<String> = ticking.iter().map(ToString::to_string).collect();
    let list = list.join(",");
    Finding::warn(
        "isolation",
        format!("{found}, but interrupted by the timer tick"),
        format!("add `nohz_full={list} rcu_nocbs={list}` to the kernel's command line and reboot"),
    )
}

fn governor(governors: &[(usize, String)]) -> Finding {
    const WANTED: &str = "performance";
    if governors.is_empty() {
        return Finding::ok("governor", "the clock of the cores is not governed from here");
    }
    let slow = governors.iter().filter(|(_, governor)| governor != WANTED);
    let (cores, names): (Vec<usize>, Vec<&str>) = slow.map(|(n, name)| (*n, &**name)).unzip();
    let Some(name) = names.first() else {
        return Finding::ok("governor", WANTED);
    };
    Finding::warn(
        "governor",
        format!("{name} on {}: the clock comes up only after the work has come", in_words(&cores)),
        "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
    )
}

fn idle(states: &[IdleState], may_stay_awake: bool) -> Finding {
    let slow = slow_idle_states(states);
    let Some(deepest) = slow.last() else {
        let found = match states.iter().max_by_key(|state| state.exit_us) {
            Some(deepest) => {
                format!("an idle core wakes up within {} us ({})", deepest.exit_us, deepest.name)
            }
            None => "idle cores stay awake, or sleep out of sight".to_owned(),
        };
        return Finding::ok("idle", found);
    };
    let found =
        format!("an idle core may take {} us to wake up ({})", deepest.exit_us, deepest.name);
    if may_stay_awake {
        let held = "eegd keeps it from that while a group has a priority";
        return Finding::ok("idle", format!("{found}; {held}"));
    }
    Finding::warn("idle", found, how_to_stay_awake(&slow))
}

fn busy(load: f64, cores: &Cores) -> Finding {
    let found = format!("{load:.1} threads at work or waiting, over the last minute");
    if load > cores.online.len() as f64 {
        return Finding::warn(
            "load",
            found,
            "`top` tells which programs are at work; end what is not needed",
        );
    }
    Finding::ok("load", found)
}

fn heat(temperature_c: Option<f64>) -> Finding {
    let Some(celsius) = temperature_c else {
        return Finding::ok("heat", "no thermometer to be seen");
    };
    let found = format!("{celsius:.1} degrees Celsius");
    if celsius >= HOT_C {
        let advice =
            "cool it: a fan, a heat sink, free air; from 80 degrees on a Raspberry Pi slows down";
        Finding::fail("heat", found, advice)
    } else if celsius >= WARM_C {
        Finding::warn(
            "heat",
            found,
            "cool it before it works for long: a fan, a heat sink, free air",
        )
    } else {
        Finding::ok("heat", found)
    }
}

fn power(power: Power) -> Finding {
    let advice = if power.under_voltage() {
        "use a supply that is strong enough (Raspberry Pi 5: 5 V, 5 A) and a short, thick cable; then reboot"
    } else {
        "cool it: a fan, a heat sink, free air; then reboot to clear the record"
    };
    let (now, before) = (power.now().join(", "), power.since_boot().join(", "));
    if !now.is_empty() {
        Finding::fail("power", format!("now: {now}"), advice)
    } else if !before.is_empty() {
        Finding::warn("power", format!("since it was booted: {before}"), advice)
    } else {
        Finding::ok("power", "no under-voltage and no throttling since it was booted")
    }
}
