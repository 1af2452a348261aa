//! Whether a Raspberry Pi has had to slow down: too little voltage, too much heat. What `vcgencmd get_throttled` says.

use super::Root;

/// What its firmware has noticed, now and since it was booted.
///
/// Bits as in the Raspberry Pi documentation of `vcgencmd get_throttled`: 0 under-voltage, 1 clock capped, 2 throttled,
/// 3 soft temperature limit; the same from bit 16 for what has been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Power(u32);

impl Power {
    /// What goes on now, in words.
    pub(crate) fn now(self) -> Vec<&'static str> {
        Self::words(self.0)
    }

    /// What has been since it was booted, and is over.
    pub(crate) fn since_boot(self) -> Vec<&'static str> {
        Self::words(self.0 >> 16 & !self.0)
    }

    /// Whether the supply was too weak, now or before.
    pub(crate) const fn under_voltage(self) -> bool {
        self.0 & 0x1_0001 != 0
    }

    fn words(bits: u32) -> Vec<&'static str> {
        let all = ["under-voltage", "a capped clock", "throttling", "the soft temperature limit"];
        all.into_iter()
            .enumerate()
            .filter(|(bit, _)| bits >> bit & 1 == 1)
            .map(|(_, w)| w)
            .collect()
    }
}

/// `None` where no firmware of a Raspberry Pi is asked.
pub(crate) fn power(root: &Root) -> Option<Power> {
    firmware(root).or_else(|| voltage_monitor(root))
}

/// The firmware driver's file; the name of its device differs between models.
fn firmware(root: &Root) -> Option<Power> {
    const DRIVER: &str = "/sys/bus/platform/drivers/raspberrypi-firmware";
    let bound = root.names(DRIVER, "").into_iter().map(|device| format!("{DRIVER}/{device}"));
    let known = std::iter::once("/sys/devices/platform/soc/soc:firmware".to_owned());
    let text =
        bound.chain(known).find_map(|folder| root.text(&format!("{folder}/get_throttled")))?;
    u32::from_str_radix(text.trim_start_matches("0x"), 16).ok().map(Power)
}

/// The kernel's own monitor of under-voltage (hwmon `rpi_volt`), which remembers an alarm until it is read.
fn voltage_monitor(root: &Root) -> Option<Power> {
    const HWMON: &str = "/sys/class/hwmon";
    let file = |monitor: &str, name: &str| format!("{HWMON}/{monitor}/{name}");
    let monitors = root.names(HWMON, "hwmon");
    let monitor =
        monitors.iter().find(|m| root.text(&file(m, "name")).as_deref() == Some("rpi_volt"))?;
    Some(Power(u32::from(root.number(&file(monitor, "in0_lcrit_alarm"))? != 0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn now_and_since_boot() {
        let of = |text: &str| {
            let file = "/sys/bus/platform/drivers/raspberrypi-firmware/soc@107c000000:firmware/get_throttled";
            power(&Tree::new(&[(file, text)]).root()).unwrap()
        };
        let fine = of("0\n");
        assert!(fine.now().is_empty() && fine.since_boot().is_empty() && !fine.under_voltage());
        // The documentation's own example: 0x50005 is under-voltage and throttled, now and before.
        let bad = of("50005\n");
        assert_eq!((bad.now(), bad.since_boot()), (vec!["under-voltage", "throttling"], vec![]));
        let was = of("0x50000\n");
        assert_eq!((was.now(), was.since_boot()), (vec![], vec!["under-voltage", "throttling"]));
        assert!(bad.under_voltage() && was.under_voltage());
        assert_eq!(of("e0008").now(), ["the soft temperature limit"]);
    }

    #[test]
    fn the_voltage_monitor_where_the_firmware_has_no_file() {
        let tree = Tree::new(&[
            ("/sys/class/hwmon/hwmon0/name", "cpu_thermal\n"),
            ("/sys/class/hwmon/hwmon1/name", "rpi_volt\n"),
            ("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n"),
        ]);
        assert_eq!(power(&tree.root()).unwrap().now(), ["under-voltage"]);
        tree.put("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
        assert!(power(&tree.root()).unwrap().now().is_empty());
        assert_eq!(power(&Tree::new(&[]).root()), None);
    }
}
