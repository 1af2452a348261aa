//! Does a channel look like EEG? A guess from its label, unit and transducer; it only orders the streams.

use crate::ChannelInfo;

/// Site letters of the 10-20 and 10-10 systems, to be followed by a number or by `z`.
const SITES: &[&str] = &[
    "FP", "AF", "FFC", "F", "FT", "FC", "T", "TP", "C", "CP", "CCP", "P", "PO", "O", "I", "N",
    "AFF", "FFT", "PPO",
];

/// Words in a label or transducer that say it is something else, although it may be a voltage.
const NOT_EEG: &[&str] = &[
    "ECG", "EKG", "EOG", "EMG", "RESP", "TRIG", "STATUS", "EVENT", "MARK", "PHOTIC", "GSR",
    "PULSE", "ACC", "TEMP",
];

/// Whether the channel looks like EEG.
pub(crate) fn is_eeg(channel: &ChannelInfo) -> bool {
    let label = channel.label.to_uppercase();
    if channel.microvolts.is_none() || NOT_EEG.iter().any(|word| label.contains(word)) {
        return false;
    }
    let transducer = channel.transducer.to_uppercase();
    label.starts_with("EEG")
        || label.starts_with("EXG")
        || transducer.contains("ELECTRODE")
        || is_site(&label)
}

/// `FP1`, `CZ..`, `C3-A2`, `O1 REF`: an electrode site of the 10-10 system before any reference.
fn is_site(label: &str) -> bool {
    let site = label.split(['-', ' ', '.', '/', ':']).next().unwrap_or("");
    let letters = site.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &site[letters.len()..];
    if number.is_empty() {
        letters.strip_suffix('Z').is_some_and(|site| SITES.contains(&site))
    } else {
        number.len() <= 2 && SITES.contains(&letters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scaling;

    fn channel(label: &str, transducer: &str, voltage: bool) -> ChannelInfo {
        ChannelInfo {
            label: label.into(),
            name: label.into(),
            unit: String::new(),
            scaling: Scaling::IDENTITY,
            microvolts: voltage.then_some(Scaling::IDENTITY),
            physical_min: -1.0,
            physical_max: 1.0,
            digital_min: -1,
            digital_max: 1,
            transducer: transducer.into(),
            prefilter: String::new(),
            gain: None,
        }
    }

    #[test]
    fn sites_and_prefixes() {
        for label in [
            "Fp1",
            "Fc5.",
            "Iz..",
            "Cz",
            "C3-A2",
            "EEG Fpz-Cz",
            "EXG Channel 3",
            "AFz",
            "PO10",
            "T7",
        ] {
            assert!(is_eeg(&channel(label, "", true)), "{label}");
        }
        for label in [
            "ECG",
            "EOG horizontal",
            "Status",
            "3Hz +5/-5 V",
            "0.2Hz Blk 1/0uV",
            "Z",
            "",
            "SpO2",
            "T123",
        ] {
            assert!(!is_eeg(&channel(label, "", true)), "{label}");
        }
    }

    #[test]
    fn electrodes_are_eeg_and_other_units_are_not() {
        assert!(is_eeg(&channel("A17", "Active Electrode", true)));
        assert!(!is_eeg(&channel("EMG chin", "AgAgCl electrode", true)));
        assert!(!is_eeg(&channel("Cz", "Active Electrode", false)));
    }
}
