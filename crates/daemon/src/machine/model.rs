//! What machine this is.

use super::Root;

/// Its name and its processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Model {
    /// As its maker calls it.
    pub(crate) name: String,
    /// The processor; `None` where the name says it.
    pub(crate) cpu: Option<String>,
    /// Whether it is a Raspberry Pi.
    pub(crate) is_raspberry_pi: bool,
}

/// From the device tree of a board, else from the firmware of a PC.
pub(crate) fn model(root: &Root) -> Model {
    let dmi =
        |what: &str| root.text(&format!("/sys/class/dmi/id/{what}")).filter(|t| !t.is_empty());
    let name = root
        .text("/proc/device-tree/model")
        .or_else(|| Some([dmi("sys_vendor")?, dmi("product_name")?].join(" ")))
        .unwrap_or_else(|| "unknown machine".to_owned());
    let cpuinfo = root.text("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpuinfo.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    Model { is_raspberry_pi: name.starts_with("Raspberry Pi"), name, cpu }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn boards_pcs_and_what_says_nothing() {
        let pi = Tree::new(&[("/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")]);
        let pi = model(&pi.root());
        assert_eq!(
            (pi.name.as_str(), pi.is_raspberry_pi),
            ("Raspberry Pi 5 Model B Rev 1.0", true)
        );
        let pc = Tree::new(&[
            ("/sys/class/dmi/id/sys_vendor", "LENOVO\n"),
            ("/sys/class/dmi/id/product_name", "20XW\n"),
            ("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"),
        ]);
        let pc = model(&pc.root());
        assert_eq!((pc.name.as_str(), pc.is_raspberry_pi), ("LENOVO 20XW", false));
        assert_eq!(pc.cpu.as_deref(), Some("Some CPU @ 2 GHz"));
        assert_eq!(model(&Tree::new(&[]).root()).name, "unknown machine");
    }
}
