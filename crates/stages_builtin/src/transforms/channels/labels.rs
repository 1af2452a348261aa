//! Channels by name, with an answer for every name that is not there.

use plugin_api::{ChannelMeta, ConfigError, StreamSpec, nearest};

/// How many labels an error lists.
const MOST_LISTED: usize = 20;

/// The index of the channel that a parameter names.
///
/// # Errors
/// When no channel, or more than one, is called so; with the nearest right name, or all of them.
pub(in crate::transforms) fn index(
    input: &StreamSpec,
    param: &str,
    label: &str,
) -> Result<usize, ConfigError> {
    let channels = &input.sensor.channels;
    let mut found = channels.iter().enumerate().filter(|(_, channel)| channel.label == label);
    let message = match (found.next(), found.next()) {
        (Some((index, _)), None) => return Ok(index),
        (Some(_), Some(_)) => format!(
            "{} channels are called `{label}`: give them names of their own where they come from",
            2 + found.count()
        ),
        (None, _) => missing(channels, label),
    };
    Err(ConfigError::ParamForInput { param: param.to_owned(), message })
}

/// The name of an electrode as the 10-20 system writes it, in small letters: EDF files end labels with dots.
pub(in crate::transforms) fn electrode(label: &str) -> String {
    label.trim().trim_end_matches('.').to_lowercase()
}

/// The indices of several, all mistakes at once; a name may stand there once.
///
/// # Errors
/// As [`index`], and for names that occur twice.
pub(in crate::transforms) fn indices(
    input: &StreamSpec,
    param: &str,
    labels: &[String],
) -> Result<Vec<usize>, Vec<ConfigError>> {
    let (mut found, mut mistakes) = (Vec::with_capacity(labels.len()), Vec::new());
    for (at, label) in labels.iter().enumerate() {
        let here = format!("{param}/{at}");
        if labels[..at].contains(label) {
            mistakes.push(ConfigError::param_message(&here, format!("`{label}` is listed twice")));
            continue;
        }
        match index(input, &here, label) {
            Ok(index) => found.push(index),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(found) } else { Err(mistakes) }
}

fn missing(channels: &[ChannelMeta], label: &str) -> String {
    let labels = || channels.iter().map(|channel| channel.label.as_str());
    let meant = labels()
        .find(|known| known.to_lowercase() == label.to_lowercase())
        .or_else(|| nearest(label, labels()));
    if let Some(meant) = meant {
        return format!("there is no channel `{label}`; did you mean `{meant}`?");
    }
    let mut listed: Vec<String> =
        labels().take(MOST_LISTED).map(|known| format!("`{known}`")).collect();
    if channels.len() > MOST_LISTED {
        listed.push(format!("and {} more", channels.len() - MOST_LISTED));
    }
    format!("there is no channel `{label}`; there are {}", listed.join(", "))
}

/// That channels whose values are added or subtracted have one unit.
///
/// # Errors
/// [`ConfigError::ParamForInput`] naming two that differ; `what_to_do` ends the sentence.
pub(in crate::transforms) fn one_unit(
    input: &StreamSpec,
    param: &str,
    channels: &[usize],
    what_to_do: &str,
) -> Result<(), ConfigError> {
    let meta = |index: usize| &input.sensor.channels[index];
    let Some((first, rest)) = channels.split_first() else { return Ok(()) };
    let first = meta(*first);
    match rest.iter().map(|index| meta(*index)).find(|other| other.unit != first.unit) {
        None => Ok(()),
        Some(other) => Err(ConfigError::ParamForInput {
            param: param.to_owned(),
            message: format!(
                "`{}` is in {}, `{}` in {}: {what_to_do}",
                first.label, first.unit, other.label, other.unit
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::microvolt_spec;

    #[test]
    fn a_name_that_is_not_there_gets_the_nearest_one_or_all() {
        let input = microvolt_spec(3, 250.0);
        assert_eq!(index(&input, "to", "ch2").unwrap(), 1);
        let said = |label: &str| index(&input, "to", label).unwrap_err().to_string();
        assert_eq!(said("CH2"), "there is no channel `CH2`; did you mean `ch2`?");
        assert_eq!(said("hc3"), "there is no channel `hc3`; did you mean `ch3`?");
        assert_eq!(said("Cz"), "there is no channel `Cz`; there are `ch1`, `ch2`, `ch3`");
        let many = microvolt_spec(64, 250.0);
        let said = index(&many, "to", "Oz").unwrap_err().to_string();
        assert!(said.ends_with("`ch20`, and 44 more"), "{said}");
    }

    #[test]
    fn all_mistakes_at_once_and_each_in_its_place() {
        let labels = ["ch1", "x", "ch1", "y"].map(str::to_owned);
        let mistakes = indices(&microvolt_spec(3, 250.0), "exclude", &labels).unwrap_err();
        let places: Vec<_> = mistakes.iter().filter_map(ConfigError::param).collect();
        assert_eq!(places, ["exclude/1", "exclude/2", "exclude/3"]);
    }
}
