//! Another reference: subtracts one channel, or the mean of some, from the others.
//!
//! `y_i[n] = x_i[n] - (1 / M) sum_m x_m[n]` over the M channels of `to`; in f64, rounded once. No delay.
//! `to: [M1, M2]` is linked mastoids. As `mne.set_eeg_reference`: the new reference stays in the stream (one alone is then 0),
//! and a NaN in it makes its frame NaN in all channels. `select` drops channels that are no longer wanted.

use super::{labels, reference::Reference};
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Subtracts one channel, or the mean of some, from the others.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RereferenceDesc {
    /// Labels of the new reference: one channel, or several whose mean it is.
    pub to: Vec<String>,
    /// Labels of channels that are left as they are: triggers, accelerometers.
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl StageDesc for RereferenceDesc {
    const KIND: &'static str = "rereference";
    const ROLE: Role = Role::Transform;
    const MIXES_CHANNELS: bool = true;

    fn example() -> Self {
        Self { to: vec!["Cz".to_owned()], exclude: Vec::new() }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let to = labels::indices(input, "to", &self.to);
        let exclude = labels::indices(input, "exclude", &self.exclude);
        let (to, exclude) = match (to, exclude) {
            (Ok(to), Ok(exclude)) => (to, exclude),
            (to, exclude) => {
                let mistakes = [to, exclude].into_iter().filter_map(Result::err);
                return Err(mistakes.flatten().collect());
            }
        };
        if to.is_empty() {
            let message = "`to` must name a channel; for the mean of all there is `car`";
            return Err(ConfigError::param_message("to", message).into());
        }
        let mut used: Vec<usize> = (0..input.channels()).filter(|c| !exclude.contains(c)).collect();
        used.extend(&to);
        labels::one_unit(input, "exclude", &used, "put what is no EEG into `exclude`")?;
        Ok(Built::same(Reference::new(input.channels(), to, &exclude), input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, microvolt_spec};

    fn rereference(to: &[&str], exclude: &[&str]) -> Result<Harness, Vec<ConfigError>> {
        let list = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        let desc = RereferenceDesc { to: list(to), exclude: list(exclude) };
        Harness::new(&desc, microvolt_spec(4, 250.0), &StageInitCtx::in_folder("."))
    }

    #[test]
    fn to_one_channel_and_to_the_mean_of_two() {
        let frame = [10.0, 20.0, 40.0, 7.0];
        let mut one = rereference(&["ch2"], &["ch4"]).unwrap();
        assert_eq!(one.run(&frame, 1), [-10.0, 0.0, 20.0, 7.0]);
        let mut linked = rereference(&["ch3", "ch1"], &["ch4"]).unwrap();
        assert_eq!(linked.run(&frame, 1), [-15.0, -5.0, 15.0, 7.0]);
    }

    #[test]
    fn mistakes_of_both_lists_come_together() {
        let mistakes = rereference(&["ch9"], &["x"]).err().unwrap();
        let places: Vec<_> = mistakes.iter().filter_map(ConfigError::param).collect();
        assert_eq!(places, ["to/0", "exclude/0"]);
        assert_eq!(rereference(&[], &[]).err().unwrap()[0].param(), Some("to"));
    }
}
