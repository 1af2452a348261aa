//! The buses and pins that boards are on: SPI devices and GPIO chips, and whether this process may use them.

use super::{Identity, Root, group_name};
use std::os::unix::fs::MetadataExt;

/// A device file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device {
    /// Its path.
    pub(crate) path: String,
    /// Whether this process may read and write it.
    pub(crate) usable: bool,
    /// The group it belongs to.
    pub(crate) group: String,
}

/// A GPIO chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gpio {
    pub(crate) device: Device,
    /// By which pipelines name it (`pinctrl-rp1`), where sysfs tells.
    pub(crate) label: Option<String>,
}

/// Every SPI device that programs can use (`/dev/spidevB.C`).
pub(crate) fn spi_buses(root: &Root) -> Vec<Device> {
    devices(root, "spidev")
}

/// Every GPIO chip.
pub(crate) fn gpio_chips(root: &Root) -> Vec<Gpio> {
    let with_label = |device: Device| {
        let chip = device.path.trim_start_matches("/dev/").to_owned();
        Gpio { label: label(root, &chip), device }
    };
    devices(root, "gpiochip").into_iter().map(with_label).collect()
}

fn devices(root: &Root, prefix: &str) -> Vec<Device> {
    let identity = Identity::read(root);
    let device = |name: String| {
        let path = format!("/dev/{name}");
        let meta = std::fs::metadata(root.path(&path)).ok()?;
        let group = group_name(root, meta.gid());
        Some(Device { usable: identity.may_use(&meta), group, path })
    };
    root.names("/dev", prefix).into_iter().filter_map(device).collect()
}

/// The old interface's folder of the same device has the label; its name has another number.
fn label(root: &Root, chip: &str) -> Option<String> {
    const OLD: &str = "/sys/class/gpio";
    let same = |old: &String| root.exists(&format!("{OLD}/{old}/device/{chip}"));
    let old = root.names(OLD, "gpiochip").into_iter().find(same)?;
    root.text(&format!("{OLD}/{old}/label"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn chips_by_number_and_label() {
        let tree = Tree::new(&[
            ("/dev/gpiochip0", ""),
            ("/dev/gpiochip10", ""),
            ("/dev/gpiomem0", ""),
            ("/dev/spidev0.0", ""),
            ("/dev/spidev10.0", ""),
            ("/sys/class/gpio/gpiochip569/label", "pinctrl-rp1\n"),
            ("/sys/class/gpio/gpiochip569/device/gpiochip0/dev", "254:0\n"),
        ]);
        let root = tree.root();
        std::fs::set_permissions(root.path("/dev/spidev0.0"), PermissionsExt::from_mode(0o000))
            .unwrap();
        std::fs::set_permissions(root.path("/dev/spidev10.0"), PermissionsExt::from_mode(0o666))
            .unwrap();
        tree.put("/proc/self/status", "Uid:\t4242\t4242\t4242\t4242\n");
        let chips = gpio_chips(&root);
        let labels: Vec<_> = chips.iter().map(|c| (&*c.device.path, c.label.as_deref())).collect();
        assert_eq!(labels, [("/dev/gpiochip0", Some("pinctrl-rp1")), ("/dev/gpiochip10", None)]);
        let spi: Vec<_> = spi_buses(&root).into_iter().map(|d| (d.path, d.usable)).collect();
        assert_eq!(spi, [("/dev/spidev0.0".into(), false), ("/dev/spidev10.0".into(), true)]);
    }
}
