//! How hot the processor is.

use super::Root;

/// The hottest of the thermal zones, in degrees Celsius.
pub(crate) fn temperature_c(root: &Root) -> Option<f64> {
    const ZONES: &str = "/sys/class/thermal";
    let zone = |zone: String| root.number(&format!("{ZONES}/{zone}/temp"));
    let hottest = root.names(ZONES, "thermal_zone").into_iter().filter_map(zone).max()?;
    Some(hottest as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn the_hottest_zone_counts() {
        let tree = Tree::new(&[
            ("/sys/class/thermal/thermal_zone0/temp", "51050\n"),
            ("/sys/class/thermal/thermal_zone1/temp", "62300\n"),
            ("/sys/class/thermal/cooling_device0/temp", "99999\n"),
        ]);
        assert_eq!(temperature_c(&tree.root()), Some(62.3));
        assert_eq!(temperature_c(&Tree::new(&[]).root()), None);
    }
}
