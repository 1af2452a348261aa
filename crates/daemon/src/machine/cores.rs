//! The cores: which there are, which are set aside, how their clocks are governed, how busy they are.

use super::Root;

const CPU: &str = "/sys/devices/system/cpu";

/// The cores, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cores {
    pub(crate) online: Vec<usize>,
    /// Left alone by the scheduler (`isolcpus`).
    pub(crate) isolated: Vec<usize>,
    /// Without a timer tick while one thread runs (`nohz_full`).
    pub(crate) tickless: Vec<usize>,
}

/// Which cores there are.
pub(crate) fn cores(root: &Root) -> Cores {
    let list = |name: &str| parse_list(&root.text(&format!("{CPU}/{name}")).unwrap_or_default());
    Cores { online: list("online"), isolated: list("isolated"), tickless: list("nohz_full") }
}

/// The governor of each core that has one.
pub(crate) fn governors(root: &Root) -> Vec<(usize, String)> {
    let governor = |core: usize| root.text(&format!("{CPU}/cpu{core}/cpufreq/scaling_governor"));
    cores(root).online.into_iter().filter_map(|core| Some((core, governor(core)?))).collect()
}

/// Threads that ran or waited for a core, on average over the last minute.
pub(crate) fn load_average(root: &Root) -> Option<f64> {
    root.text("/proc/loadavg")?.split(' ').next()?.parse().ok()
}

/// `0-2,5` as numbers; what is no number is left out.
pub(super) fn parse_list(text: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse::<usize>().ok()?..=last.trim().parse().ok()?)
    };
    text.split(',').filter_map(range).flatten().collect()
}

/// "core 3", "cores 0-2, 5"; "no core" for none.
pub(crate) fn in_words(cores: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for core in cores {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *core => *last = *core,
            _ => ranges.push((*core, *core)),
        }
    }
    let range = |(first, last): &(usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    let list = ranges.iter().map(range).collect::<Vec<_>>().join(", ");
    match cores.len() {
        0 => "no core".to_owned(),
        1 => format!("core {list}"),
        _ => format!("cores {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn lists_of_cores_there_and_back() {
        assert_eq!(parse_list("0-2,5"), [0, 1, 2, 5]);
        assert_eq!((parse_list(""), parse_list("(null)")), (vec![], vec![]));
        assert_eq!(in_words(&[0, 1, 2, 5]), "cores 0-2, 5");
        assert_eq!((in_words(&[3]).as_str(), in_words(&[]).as_str()), ("core 3", "no core"));
    }

    #[test]
    fn cores_and_governors() {
        let tree = Tree::new(&[
            ("/sys/devices/system/cpu/online", "0-3\n"),
            ("/sys/devices/system/cpu/isolated", "3\n"),
            ("/sys/devices/system/cpu/nohz_full", "3\n"),
            ("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "ondemand\n"),
            ("/proc/loadavg", "0.25 0.10 0.05 1/100 4242\n"),
        ]);
        let root = tree.root();
        let cores = cores(&root);
        assert_eq!((cores.online.len(), cores.isolated, cores.tickless), (4, vec![3], vec![3]));
        assert_eq!(governors(&root), [(1, "ondemand".to_owned())]);
        assert_eq!(load_average(&root), Some(0.25));
    }
}
