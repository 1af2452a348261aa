//! Who keeps the system's clock right, and what it ticks by.

use super::Root;

/// Who keeps the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// systemd-timesyncd, and it has heard from a server.
    TimesyncdInStep,
    /// systemd-timesyncd, which has not heard from any server yet.
    TimesyncdWaiting,
    /// chrony; how well is known to `chronyc tracking` alone.
    Chrony,
    /// ntpd; likewise `ntpq -p`.
    Ntpd,
    /// Nobody that is known here.
    Nobody,
}

/// From the files that each leaves below `/run`.
pub(crate) fn clock_keeper(root: &Root) -> Keeper {
    let any = |files: &[&str]| files.iter().any(|file| root.exists(file));
    if any(&["/run/systemd/timesync/synchronized"]) {
        Keeper::TimesyncdInStep
    } else if any(&["/run/chrony/chronyd.pid", "/run/chronyd.pid"]) {
        Keeper::Chrony
    } else if any(&["/run/ntpd.pid", "/run/ntpsec/ntpd.pid"]) {
        Keeper::Ntpd
    } else if any(&["/run/systemd/timesync"]) {
        Keeper::TimesyncdWaiting
    } else {
        Keeper::Nobody
    }
}

/// The counter that the kernel reads the time from, such as `tsc`.
pub(crate) fn clock_source(root: &Root) -> Option<String> {
    root.text("/sys/devices/system/clocksource/clocksource0/current_clocksource")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn every_keeper_by_its_files() {
        let of = |file: &str| clock_keeper(&Tree::new(&[(file, "")]).root());
        assert_eq!(of("/run/systemd/timesync/synchronized"), Keeper::TimesyncdInStep);
        assert_eq!(of("/run/systemd/timesync/something"), Keeper::TimesyncdWaiting);
        assert_eq!(of("/run/chrony/chronyd.pid"), Keeper::Chrony);
        assert_eq!(of("/run/ntpsec/ntpd.pid"), Keeper::Ntpd);
        assert_eq!(of("/run/else"), Keeper::Nobody);
    }
}
