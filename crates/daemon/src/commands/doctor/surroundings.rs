//! The checks of what eegd works with: SPI, GPIO, sensors, disk, clock, port, memory.

use super::disk::Disk;
use super::facts::{Facts, Trials};
use super::finding::Finding;
use super::sensors::{Counted, Sensor};
use crate::machine::{Device, Gpio, Keeper, Memory};
use std::io::ErrorKind;

/// The internal oscillator of an ADS1299 over its whole range of temperatures (datasheet, section 7.5).
const RATE_TOLERANCE: f64 = 0.025;
/// A recorder holds ten seconds; one sync as long as that leaves a gap.
const SLOW_SYNC_S: f64 = 1.0;
const HOPELESS_SYNC_S: f64 = 10.0;
/// 16 channels at 4000 samples/s as text, the largest of the formats, are about 1 MB/s.
const SLOW_BYTES_PER_S: f64 = 5e6;
/// A day of 16 channels at 1000 samples/s in BDF is 4 GB.
const LITTLE_ROOM: u64 = 4 << 30;
const NO_ROOM: u64 = 64 << 20;
const LITTLE_MEMORY: u64 = 200 << 20;

/// Everything that is not timing.
pub(super) fn surroundings(facts: &Facts, trials: &Trials) -> Vec<Finding> {
    let mut findings = vec![spi(facts), gpio(facts)];
    findings.extend(trials.sensors.iter().flatten().map(sensor));
    findings.push(disk(trials));
    findings.push(clock(facts));
    findings.push(port(trials));
    findings.extend(facts.memory.map(memory));
    findings
}

fn spi(facts: &Facts) -> Finding {
    let devices: Vec<&Device> = facts.spi.iter().collect();
    if devices.is_empty() {
        if facts.model.is_raspberry_pi {
            let advice = "sudo raspi-config nonint do_spi 0, or `dtparam=spi=on` in /boot/firmware/config.txt; then reboot";
            return Finding::fail("spi", "SPI is off: there is no /dev/spidev*", advice);
        }
        return Finding::ok("spi", "none (needed for boards on SPI alone)");
    }
    usable("spi", &devices, &names(&devices))
}

fn gpio(facts: &Facts) -> Finding {
    let devices: Vec<&Device> = facts.gpio.iter().map(|chip| &chip.device).collect();
    if devices.is_empty() {
        if facts.model.is_raspberry_pi {
            let advice = "use a kernel with CONFIG_GPIO_CDEV=y, as Raspberry Pi OS has it";
            return Finding::fail("gpio", "there is no /dev/gpiochip*", advice);
        }
        return Finding::ok("gpio", "none (needed for boards on SPI alone)");
    }
    let name = |chip: &Gpio| match &chip.label {
        Some(label) => format!("{} ({label})", chip.device.path),
        None => chip.device.path.clone(),
    };
    let names: Vec<String> = facts.gpio.iter().map(name).collect();
    usable("gpio", &devices, &names.join(", "))
}

fn names(devices: &[&Device]) -> String {
    devices.iter().map(|device| &*device.path).collect::<Vec<_>>().join(", ")
}

/// Whether all of these devices may be used.
fn usable(check: &'static str, devices: &[&Device], names_of_all: &str) -> Finding {
    let closed: Vec<&Device> = devices.iter().copied().filter(|device| !device.usable).collect();
    let Some(first) = closed.first() else {
        return Finding::ok(check, names_of_all);
    };
    let found = format!("no right to use {}", names(&closed));
    let advice = if first.group == "root" {
        format!(
            "they belong to root: install the udev rules of eegd, or `sudo chgrp {check} {0} && sudo chmod g+rw {0}`",
            first.path
        )
    } else {
        format!("sudo usermod -aG {} $USER, then log in again", first.group)
    };
    Finding::fail(check, found, advice)
}

fn sensor(sensor: &Sensor) -> Finding {
    let Sensor { stage, name, asked_hz, outcome } = sensor;
    let counted = match outcome {
        Ok(counted) => counted,
        Err(why) => {
            let advice = "check power, wiring and the `sensors:` of the pipeline; docs/hardware-checklist.md has the readings to expect";
            return Finding::fail("sensor", format!("{stage}, {name}: {why}"), advice);
        }
    };
    let Counted { rate_hz, seconds, lost } = counted;
    let found = format!(
        "{stage}, {name}: {rate_hz:.1} conversions/s over {seconds:.1} s, asked for {asked_hz}"
    );
    let within = (rate_hz / asked_hz - 1.0).abs() <= RATE_TOLERANCE;
    if !within {
        let advice = "check the board's clock (`clock:` in `sensors:`) and the line of data-ready";
        return Finding::fail("sensor", found, advice);
    }
    if lost.is_empty() {
        return Finding::ok("sensor", found + ", none lost");
    }
    let lost: Vec<String> = lost.iter().map(|(cause, n)| format!("{n} {cause}")).collect();
    let advice = "give acquisition priority and a core of its own (above), or ask for fewer samples per second";
    Finding::warn("sensor", format!("{found}, lost: {}", lost.join(", ")), advice)
}

fn disk(trials: &Trials) -> Finding {
    let data_dir = trials.data_dir.display();
    let Disk { free_bytes, bytes_per_s, sync_p50_s, sync_max_s, .. } = match &trials.disk {
        Ok(disk) => disk,
        Err(why) => {
            let advice = format!(
                "make {data_dir} writable for this user, or choose another folder with --data-dir"
            );
            return Finding::fail("disk", format!("{why:#}"), advice);
        }
    };
    let found = format!(
        "{data_dir}: {:.1} GB free, writes {:.0} MB/s, a sync takes {:.1} ms, at most {:.1} ms",
        *free_bytes as f64 / 1e9,
        bytes_per_s / 1e6,
        sync_p50_s * 1e3,
        sync_max_s * 1e3
    );
    if *free_bytes < NO_ROOM {
        return Finding::fail("disk", found, "make room, or choose another folder with --data-dir");
    }
    if *sync_max_s > HOPELESS_SYNC_S {
        let advice = "use another disk: one that stalls as long as this leaves gaps in recordings";
        return Finding::fail("disk", found, advice);
    }
    if *free_bytes < LITTLE_ROOM {
        let advice = "make room: a day of 16 channels at 1000 samples/s takes 4 GB in BDF";
        return Finding::warn("disk", found, advice);
    }
    if *sync_max_s > SLOW_SYNC_S || *bytes_per_s < SLOW_BYTES_PER_S {
        let advice = "use a faster disk or card; ten seconds of buffer bridge its pauses meanwhile";
        return Finding::warn("disk", found, advice);
    }
    Finding::ok("disk", found)
}

fn clock(facts: &Facts) -> Finding {
    let source = facts.clock_source.as_deref().unwrap_or("unknown");
    if matches!(source, "hpet" | "acpi_pm" | "jiffies") {
        let found = format!("the kernel reads time from {source}, which is slow or coarse");
        let advice = "look for `clocksource` in `sudo dmesg`: why the fast one was given up";
        return Finding::warn("clock", found, advice);
    }
    match facts.clock_keeper {
        Keeper::TimesyncdInStep => {
            Finding::ok("clock", format!("kept by systemd-timesyncd, in step; ticks by {source}"))
        }
        Keeper::Chrony => Finding::ok(
            "clock",
            format!("kept by chrony (`chronyc tracking` says how well); ticks by {source}"),
        ),
        Keeper::Ntpd => Finding::ok(
            "clock",
            format!("kept by ntpd (`ntpq -p` says how well); ticks by {source}"),
        ),
        Keeper::TimesyncdWaiting => Finding::warn(
            "clock",
            "systemd-timesyncd has not heard from a time server yet: recordings may bear a wrong time",
            "timedatectl timesync-status tells which server it asks; is there a network?",
        ),
        Keeper::Nobody => Finding::warn(
            "clock",
            "nobody keeps the clock: recordings may bear a wrong time",
            "sudo apt install chrony, or `sudo timedatectl set-ntp true`",
        ),
    }
}

fn port(trials: &Trials) -> Finding {
    let listen = trials.listen;
    match trials.port {
        Ok(()) => Finding::ok("port", format!("{listen} is free")),
        Err(ErrorKind::AddrInUse) => Finding::warn(
            "port",
            format!("{listen} is taken, by an eegd that runs or by something else"),
            format!(
                "`ss -ltnp 'sport = :{}'` tells by whom; `--listen {}:0` takes a free port",
                listen.port(),
                listen.ip()
            ),
        ),
        Err(ErrorKind::PermissionDenied) => Finding::fail(
            "port",
            format!("{listen} may not be listened on by this user"),
            "choose a port above 1023 with --listen",
        ),
        Err(kind) => Finding::fail(
            "port",
            format!("{listen} cannot be listened on: {kind}"),
            "choose an address of this machine with --listen",
        ),
    }
}

fn memory(memory: Memory) -> Finding {
    let Memory { total, available, swapped } = memory;
    let gb = |bytes: u64| bytes as f64 / 1e9;
    let found = format!("{:.1} of {:.1} GB available", gb(available), gb(total));
    if available < LITTLE_MEMORY {
        return Finding::warn("memory", found, "end other programs: eegd itself takes about 30 MB");
    }
    match swapped >> 20 {
        0 => Finding::ok("memory", found),
        mib => Finding::ok("memory", format!("{found}; {mib} MiB are swapped out")),
    }
}
