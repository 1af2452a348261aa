//! Common average reference: subtracts the mean of the good channels from each of them.
//!
//! `y_i[n] = x_i[n] - (1 / M) sum_m x_m[n]` over the M channels that are not excluded; in f64, rounded once. No delay.
//! Source: Offner, *EEG Clin Neurophysiol* 2, 1950, p. 213; numpy: `x - x[:, good].mean(axis=1, keepdims=True)`.
//!
//! Excluded channels (bad electrodes, triggers, accelerometers) are neither in the mean nor changed, as in EEGLAB's
//! `pop_reref(..., "exclude")`. Channels are good or bad by name alone: one that was left out of the mean by
//! itself when it fails would put a step into all the others. So a NaN makes its frame NaN in all channels, and no other.

use super::{labels, reference::Reference};
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Common average reference: subtracts the mean of all channels but the excluded ones.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CarDesc {
    /// Labels of channels that are neither in the mean nor changed: bad electrodes, triggers.
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl StageDesc for CarDesc {
    const KIND: &'static str = "car";
    const ROLE: Role = Role::Transform;
    const MIXES_CHANNELS: bool = true;

    fn example() -> Self {
        Self { exclude: Vec::new() }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let exclude = labels::indices(input, "exclude", &self.exclude)?;
        let good: Vec<usize> = (0..input.channels()).filter(|c| !exclude.contains(c)).collect();
        if good.len() < 2 {
            let message =
                format!("an average needs 2 channels or more, and {} is left", good.len());
            return Err(ConfigError::ParamForInput { param: "exclude".to_owned(), message }.into());
        }
        labels::one_unit(input, "exclude", &good, "put what is no EEG into `exclude`")?;
        Ok(Built::same(Reference::new(input.channels(), good, &exclude), input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, microvolt_spec};
    use plugin_api::{ChannelMeta, SensorMeta, StreamSpec};
    use std::sync::Arc;

    fn car(exclude: &[&str], input: StreamSpec) -> Result<Harness, Vec<ConfigError>> {
        let desc = CarDesc { exclude: exclude.iter().map(|label| (*label).to_owned()).collect() };
        Harness::new(&desc, input, &StageInitCtx::in_folder("."))
    }

    #[test]
    fn what_all_electrodes_share_goes_and_what_one_has_stays() {
        // 5 mV of reference electrode on all, 30 uV of alpha on the second: its mean share of 10 uV goes to all.
        let mut car = car(&[], microvolt_spec(3, 250.0)).unwrap();
        assert_eq!(car.run(&[5000.0, 5030.0, 5000.0], 1), [-10.0, 20.0, -10.0]);
    }

    #[test]
    fn an_excluded_channel_is_neither_in_the_mean_nor_changed() {
        let mut car = car(&["ch2"], microvolt_spec(3, 250.0)).unwrap();
        assert_eq!(car.run(&[10.0, 187_500.0, 30.0], 1), [-10.0, 187_500.0, 10.0]);
        // Not even when it is no number.
        assert_eq!(car.run(&[10.0, f32::NAN, 30.0], 1)[2], 10.0);
    }

    #[test]
    fn no_number_spoils_its_frame_and_no_other() {
        let mut car = car(&[], microvolt_spec(2, 250.0)).unwrap();
        let out = car.run(&[1.0, 3.0, f32::NAN, 3.0, 1.0, 3.0], 3);
        assert!(out[2].is_nan() && out[3].is_nan());
        assert_eq!((&out[..2], &out[4..]), (&[-1.0, 1.0][..], &[-1.0, 1.0][..]));
    }

    #[test]
    fn mistakes_name_the_label_and_the_unit() {
        let said = |exclude: &[&str], input| car(exclude, input).err().unwrap()[0].to_string();
        assert_eq!(
            said(&["Ch2"], microvolt_spec(3, 250.0)),
            "there is no channel `Ch2`; did you mean `ch2`?"
        );
        assert_eq!(
            said(&["ch1", "ch2"], microvolt_spec(3, 250.0)),
            "an average needs 2 channels or more, and 1 is left"
        );
        let mut input = microvolt_spec(3, 250.0);
        let mut sensor = SensorMeta::clone(&input.sensor);
        sensor.channels[2] = ChannelMeta { unit: "g".to_owned(), ..ChannelMeta::microvolts("acc") };
        input.sensor = Arc::new(sensor);
        assert_eq!(
            said(&[], input.clone()),
            "`ch1` is in uV, `acc` in g: put what is no EEG into `exclude`"
        );
        assert!(car(&["acc"], input).is_ok());
    }
}
