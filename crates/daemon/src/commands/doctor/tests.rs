//! The doctor's words, line by line, on machines made of files: a Raspberry Pi in order, one out of order, a container.

use super::disk::Disk;
use super::facts::{Facts, Trials};
use super::finding::{Verdict, to_text, worst};
use super::sensors::{Counted, Sensor};
use super::{Finding, examine};
use crate::machine::tree::Tree;
use crate::realtime::MemoryLock;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

const CPU: &str = "/sys/devices/system/cpu";

fn trials() -> Trials {
    let disk = Disk {
        folder: "data".into(),
        free_bytes: 100_000_000_000,
        bytes_per_s: 80e6,
        sync_p50_s: 0.002,
        sync_max_s: 0.0105,
    };
    Trials {
        priority: Ok(80),
        memory: MemoryLock::Locked,
        may_stay_awake: false,
        data_dir: "data".into(),
        disk: Ok(disk),
        listen: "127.0.0.1:8080".parse().unwrap(),
        port: Ok(()),
        sensors: None,
    }
}

fn lines(tree: &Tree, trials: &Trials) -> (Vec<Finding>, String) {
    let findings = examine(&Facts::read(&tree.root()), trials, "/usr/bin/eegd");
    let text = to_text(&findings, false).replace(std::env::consts::ARCH, "ARCH");
    (findings, text)
}

/// As on a machine that gives nothing.
fn without_rights() -> Trials {
    Trials {
        priority: Err("Operation not permitted".to_owned()),
        memory: MemoryLock::Refused("this process may lock 64 KiB only".to_owned()),
        ..trials()
    }
}

/// A Raspberry Pi 5 and the user `pi`, who is in the groups that its devices belong to.
fn raspberry_pi() -> Tree {
    let tree = Tree::new(&[
        ("/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0"),
        ("/proc/version", "Linux version 6.12.47-rt (pi@pi5) (gcc) #1 SMP PREEMPT_RT Debian\n"),
        ("/proc/self/status", "CapEff:\t0000000000804000\n"),
        ("/proc/self/limits", "Max locked memory         8388608   8388608   bytes\n"),
        ("/proc/meminfo", "MemTotal: 8244944 kB\nMemAvailable: 7000000 kB\n"),
        ("/proc/loadavg", "0.31 0.20 0.10 1/100 4242\n"),
        ("/sys/class/thermal/thermal_zone0/temp", "51050\n"),
        ("/sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled", "0\n"),
        ("/sys/devices/system/clocksource/clocksource0/current_clocksource", "arch_sys_counter\n"),
        ("/sys/class/gpio/gpiochip569/label", "pinctrl-rp1\n"),
        ("/sys/class/gpio/gpiochip569/device/gpiochip0/dev", "254:0\n"),
        ("/run/systemd/timesync/synchronized", ""),
        ("/dev/spidev0.0", ""),
        ("/dev/spidev0.1", ""),
        ("/dev/gpiochip0", ""),
    ]);
    tree.put(&format!("{CPU}/online"), "0-3\n");
    tree.put(&format!("{CPU}/isolated"), "3\n");
    tree.put(&format!("{CPU}/nohz_full"), "3\n");
    for core in 0..4 {
        tree.put(&format!("{CPU}/cpu{core}/cpufreq/scaling_governor"), "performance\n");
    }
    tree.put(&format!("{CPU}/cpu0/cpuidle/state0/name"), "WFI\n");
    tree.put(&format!("{CPU}/cpu0/cpuidle/state0/latency"), "1\n");
    join_group(&tree, true);
    tree
}

/// The devices belong to the group `spi`; the user is in it, or is not.
fn join_group(tree: &Tree, member: bool) {
    let root = tree.root();
    let group = fs::metadata(root.path("/dev/gpiochip0")).unwrap().gid();
    for device in ["spidev0.0", "spidev0.1", "gpiochip0"] {
        let path = root.path(&format!("/dev/{device}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o660)).unwrap();
    }
    let mine = if member { group } else { group + 4242 };
    let status = root.text("/proc/self/status").unwrap();
    let status = status.lines().find(|line| line.starts_with("CapEff")).unwrap();
    let ids = "Uid:\t4242\t4242\t4242\t4242\nGid:\t4242\t4242\t4242\t4242";
    tree.put("/proc/self/status", &format!("{ids}\nGroups:\t{mine}\n{status}\n"));
    tree.put("/etc/group", &format!("spi:x:{group}:pi\n"));
}

#[test]
fn a_raspberry_pi_in_order() {
    let mut trials = trials();
    trials.sensors = Some(vec![Sensor {
        stage: "acquire".to_owned(),
        name: "board 0 (PiEEG)".to_owned(),
        asked_hz: 250.0,
        outcome: Ok(Counted { rate_hz: 250.31, seconds: 3.0, lost: vec![] }),
    }]);
    let (findings, text) = lines(&raspberry_pi(), &trials);
    let expected = "\
ok    machine    Raspberry Pi 5 Model B Rev 1.0, 4 cores, ARCH
ok    kernel     6.12.47-rt, PREEMPT_RT
ok    priority   SCHED_FIFO 80 was asked for and given
ok    mlock      memory was asked to stay, and stays
ok    isolation  core 3 set aside, without a timer tick
ok    governor   performance
ok    idle       an idle core wakes up within 1 us (WFI)
ok    load       0.3 threads at work or waiting, over the last minute
ok    heat       51.0 degrees Celsius
ok    power      no under-voltage and no throttling since it was booted
ok    spi        /dev/spidev0.0, /dev/spidev0.1
ok    gpio       /dev/gpiochip0 (pinctrl-rp1)
ok    sensor     acquire, board 0 (PiEEG): 250.3 conversions/s over 3.0 s, asked for 250, none lost
ok    disk       data: 100.0 GB free, writes 80 MB/s, a sync takes 2.0 ms, at most 10.5 ms
ok    clock      kept by systemd-timesyncd, in step; ticks by arch_sys_counter
ok    port       127.0.0.1:8080 is free
ok    memory     7.2 of 8.4 GB available

Everything is as it should be.
";
    assert_eq!(text, expected);
    assert_eq!(worst(&findings), Verdict::Ok);
}

#[test]
fn a_raspberry_pi_out_of_order() {
    let tree = raspberry_pi();
    tree.put("/proc/version", "Linux version 6.12.47+rpt-rpi-2712 (a@b) #1 SMP PREEMPT Debian\n");
    tree.put("/proc/self/status", "CapEff:\t0000000000000000\n");
    tree.put(&format!("{CPU}/isolated"), "\n");
    tree.put(&format!("{CPU}/cpu1/cpufreq/scaling_governor"), "ondemand\n");
    tree.put(&format!("{CPU}/cpu2/cpufreq/scaling_governor"), "ondemand\n");
    tree.put(&format!("{CPU}/cpu0/cpuidle/state1/name"), "cpu-sleep\n");
    tree.put(&format!("{CPU}/cpu0/cpuidle/state1/latency"), "250\n");
    tree.put("/sys/class/thermal/thermal_zone0/temp", "82300\n");
    tree.put(
        "/sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled",
        "50005\n",
    );
    tree.put("/proc/loadavg", "4.50 0.20 0.10 1/100 4242\n");
    tree.put("/proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 100000 kB\n");
    fs::remove_file(tree.root().path("/run/systemd/timesync/synchronized")).unwrap();
    join_group(&tree, false);
    let mut trials = without_rights();
    trials.port = Err(ErrorKind::AddrInUse);
    trials.disk.as_mut().unwrap().sync_max_s = 2.5;
    trials.sensors = Some(vec![
        Sensor {
            stage: "left".to_owned(),
            name: "board 0 (ADS1299)".to_owned(),
            asked_hz: 4000.0,
            outcome: Ok(Counted { rate_hz: 4001.0, seconds: 3.0, lost: vec![("late", 7)] }),
        },
        Sensor {
            stage: "right".to_owned(),
            name: "board 1 (ADS1299)".to_owned(),
            asked_hz: 4000.0,
            outcome: Err("the chip does not answer".to_owned()),
        },
    ]);
    let (findings, text) = lines(&tree, &trials);
    let expected = "\
ok    machine    Raspberry Pi 5 Model B Rev 1.0, 4 cores, ARCH
warn  kernel     6.12.47+rpt-rpi-2712, PREEMPT: under load a thread may wake up milliseconds late
                 -> build the kernel with CONFIG_PREEMPT_RT=y, or keep this machine for eegd alone
warn  priority   no SCHED_FIFO 80: Operation not permitted
                 -> sudo setcap cap_sys_nice,cap_ipc_lock=ep /usr/bin/eegd   (the service of the package has both without)
warn  mlock      memory does not stay: this process may lock 64 KiB only; a page that was moved away costs milliseconds
                 -> sudo setcap cap_sys_nice,cap_ipc_lock=ep /usr/bin/eegd   (the service of the package has both without)
warn  isolation  no core is set aside for acquisition
                 -> add `isolcpus=3 nohz_full=3 rcu_nocbs=3 irqaffinity=0-2` to the line in /boot/firmware/cmdline.txt, reboot, then `groups: { acquire: { cores: [3] } }` in the pipeline
warn  governor   ondemand on cores 1-2: the clock comes up only after the work has come
                 -> echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor
warn  idle       an idle core may take 250 us to wake up (cpu-sleep)
                 -> echo 1 | sudo tee /sys/devices/system/cpu/cpu*/cpuidle/state1/disable
warn  load       4.5 threads at work or waiting, over the last minute
                 -> `top` tells which programs are at work; end what is not needed
fail  heat       82.3 degrees Celsius
                 -> cool it: a fan, a heat sink, free air; from 80 degrees on a Raspberry Pi slows down
fail  power      now: under-voltage, throttling
                 -> use a supply that is strong enough (Raspberry Pi 5: 5 V, 5 A) and a short, thick cable; then reboot
fail  spi        no right to use /dev/spidev0.0, /dev/spidev0.1
                 -> sudo usermod -aG spi $USER, then log in again
fail  gpio       no right to use /dev/gpiochip0
                 -> sudo usermod -aG spi $USER, then log in again
warn  sensor     left, board 0 (ADS1299): 4001.0 conversions/s over 3.0 s, asked for 4000, lost: 7 late
                 -> give acquisition priority and a core of its own (above), or ask for fewer samples per second
fail  sensor     right, board 1 (ADS1299): the chip does not answer
                 -> check power, wiring and the `sensors:` of the pipeline; docs/hardware-checklist.md has the readings to expect
warn  disk       data: 100.0 GB free, writes 80 MB/s, a sync takes 2.0 ms, at most 2500.0 ms
                 -> use a faster disk or card; ten seconds of buffer bridge its pauses meanwhile
warn  clock      systemd-timesyncd has not heard from a time server yet: recordings may bear a wrong time
                 -> timedatectl timesync-status tells which server it asks; is there a network?
warn  port       127.0.0.1:8080 is taken, by an eegd that runs or by something else
                 -> `ss -ltnp 'sport = :8080'` tells by whom; `--listen 127.0.0.1:0` takes a free port
warn  memory     0.1 of 1.0 GB available
                 -> end other programs: eegd itself takes about 30 MB

5 things have to be put right, 12 could be better.
";
    assert_eq!(text, expected);
    assert_eq!(worst(&findings), Verdict::Fail);
}

#[test]
fn a_container_that_shows_next_to_nothing() {
    let tree = Tree::new(&[
        ("/proc/version", "Linux version 6.1.0-x (a@b) #1 SMP PREEMPT_DYNAMIC Debian\n"),
        ("/proc/self/status", "Uid:\t4242\t4242\t4242\t4242\nCapEff:\t0000000000000000\n"),
        ("/proc/self/limits", "Max locked memory         65536   65536   bytes\n"),
    ]);
    tree.put(&format!("{CPU}/online"), "0-1\n");
    let mut trials = without_rights();
    trials.disk = super::disk::try_disk(Path::new("/proc/self/status"));
    let (findings, text) = lines(&tree, &trials);
    let expected = "\
ok    machine    unknown machine, 2 cores, ARCH
warn  kernel     6.1.0-x, PREEMPT: under load a thread may wake up milliseconds late
                 -> sudo apt install linux-image-rt-$(dpkg --print-architecture)   (Debian), or keep this machine for eegd alone
warn  priority   no SCHED_FIFO 80: Operation not permitted
                 -> sudo setcap cap_sys_nice,cap_ipc_lock=ep /usr/bin/eegd   (the service of the package has both without)
warn  mlock      memory does not stay: this process may lock 64 KiB only; a page that was moved away costs milliseconds
                 -> sudo setcap cap_sys_nice,cap_ipc_lock=ep /usr/bin/eegd   (the service of the package has both without)
ok    isolation  too few cores to set one aside for acquisition
ok    governor   the clock of the cores is not governed from here
ok    idle       idle cores stay awake, or sleep out of sight
ok    heat       no thermometer to be seen
ok    spi        none (needed for boards on SPI alone)
ok    gpio       none (needed for boards on SPI alone)
fail  disk       cannot write in /proc/self/status: ";
    assert!(text.starts_with(expected), "{text}");
    let (_, rest) = text[expected.len()..].split_once('\n').unwrap();
    let expected = "                 \
                    -> make data writable for this user, or choose another folder with --data-dir
warn  clock      nobody keeps the clock: recordings may bear a wrong time
                 -> sudo apt install chrony, or `sudo timedatectl set-ntp true`
ok    port       127.0.0.1:8080 is free

One thing has to be put right, 4 could be better.
";
    assert_eq!(rest, expected);
    assert_eq!(worst(&findings), Verdict::Fail);
}

#[test]
fn what_is_read_from_a_machine_decides_alone() {
    // Each of these, on an otherwise good machine, is the one thing that is found.
    let one: [(&str, &str, &str, Verdict); 7] = [
        ("/sys/devices/system/cpu/nohz_full", "", "isolation", Verdict::Warn),
        ("/sys/class/thermal/thermal_zone0/temp", "70000", "heat", Verdict::Warn),
        ("/sys/class/thermal/thermal_zone0/temp", "80000", "heat", Verdict::Fail),
        (
            "/sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled",
            "40000",
            "power",
            Verdict::Warn,
        ),
        (
            "/sys/devices/system/clocksource/clocksource0/current_clocksource",
            "hpet",
            "clock",
            Verdict::Warn,
        ),
        ("/proc/version", "Linux version 6 (a) #1 SMP PREEMPT", "kernel", Verdict::Warn),
        ("/sys/devices/system/cpu/online", "0", "machine", Verdict::Warn),
    ];
    for (file, text, check, verdict) in one {
        let tree = raspberry_pi();
        tree.put(file, text);
        let (findings, _) = lines(&tree, &trials());
        let odd: Vec<_> = findings.iter().filter(|f| f.verdict != Verdict::Ok).collect();
        assert_eq!(odd.len(), 1, "{file}: {odd:?}");
        assert_eq!((odd[0].check, odd[0].verdict), (check, verdict), "{file}");
    }
    // The right is there, and something else takes it away.
    let trials_of = |priority| Trials { priority, ..trials() };
    let (findings, _) = lines(&raspberry_pi(), &trials_of(Err("Invalid argument".to_owned())));
    let odd: Vec<_> = findings.iter().filter(|f| f.verdict != Verdict::Ok).collect();
    assert_eq!(odd.len(), 1, "{odd:?}");
    assert_eq!(odd[0].found, "no SCHED_FIFO 80, in spite of the right to it: Invalid argument");
    assert!(odd[0].advice.as_ref().unwrap().contains("kernel.sched_rt_runtime_us"));
    let tree = raspberry_pi();
    tree.put(&format!("{CPU}/cpu0/cpuidle/state0/latency"), "90\n");
    let may = Trials { may_stay_awake: true, ..trials() };
    assert_eq!(worst(&lines(&tree, &may).0), Verdict::Ok);
    assert_eq!(worst(&lines(&tree, &trials()).0), Verdict::Warn);
    let tree = raspberry_pi();
    for device in ["spidev0.0", "spidev0.1", "gpiochip0"] {
        fs::remove_file(tree.root().path(&format!("/dev/{device}"))).unwrap();
    }
    let (findings, _) = lines(&tree, &trials());
    let odd: Vec<_> = findings.iter().filter(|f| f.verdict != Verdict::Ok).collect();
    assert_eq!(odd.iter().map(|f| f.check).collect::<Vec<_>>(), ["spi", "gpio"]);
}

#[test]
fn a_rate_beyond_what_the_chip_s_clock_may_be_off_is_wrong() {
    let of = |rate_hz: f64| {
        let mut trials = trials();
        trials.sensors = Some(vec![Sensor {
            stage: "acquire".to_owned(),
            name: "board 0".to_owned(),
            asked_hz: 1000.0,
            outcome: Ok(Counted { rate_hz, seconds: 3.0, lost: vec![] }),
        }]);
        worst(&lines(&raspberry_pi(), &trials).0)
    };
    assert_eq!([976.0, 1024.0].map(of), [Verdict::Ok; 2]);
    assert_eq!([974.0, 1026.0, 500.0, f64::INFINITY].map(of), [Verdict::Fail; 4]);
}
