//! New names for channels: what the headbox calls `ch1` is where the electrode sits. Codes and microvolts alike.

use super::labels;
use super::sensor::DerivedSensor;
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, PacketHeader, Role, RtPacket, SensorMeta, StageCtx,
    StageDesc, StageImpl, StageInitCtx, StageResult, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// New labels for channels.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameDesc {
    /// Old label to new label; channels that are not listed keep theirs.
    pub labels: BTreeMap<String, String>,
}

impl StageDesc for RenameDesc {
    const KIND: &'static str = "rename";
    const ROLE: Role = Role::Transform;

    fn example() -> Self {
        Self { labels: BTreeMap::from([("F7".to_owned(), "EOG".to_owned())]) }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.only();
        let (mut names, mut mistakes) = (Vec::with_capacity(self.labels.len()), Vec::new());
        for (old, new) in &self.labels {
            let here = format!("labels/{old}");
            if new.trim().is_empty() {
                let message = format!("the new label of `{old}` is empty");
                mistakes.push(ConfigError::param_message(&here, message));
            }
            match labels::index(input, &here, old) {
                Ok(index) => names.push((index, new.clone())),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let sensor = DerivedSensor::new(&input.sensor, |from| renamed(from, &names));
        let after = StreamSpec { sensor: Arc::clone(sensor.output()), ..input.clone() };
        for (old, new) in &self.labels {
            let same = after.sensor.channels.iter().filter(|channel| channel.label == *new);
            if same.count() > 1 {
                let message = format!("`{new}` would be the label of more than one channel");
                let param = format!("labels/{old}");
                mistakes.push(ConfigError::ParamForInput { param, message });
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Built::transform(Rename { sensor, names: names.into() }, input, after, 0.0))
    }
}

fn renamed(from: &SensorMeta, names: &[(usize, String)]) -> SensorMeta {
    let mut sensor = from.clone();
    for (index, name) in names {
        sensor.channels[*index].label.clone_from(name);
    }
    sensor
}

#[derive(Debug)]
struct Rename {
    sensor: DerivedSensor,
    names: Box<[(usize, String)]>,
}

impl Lockable for Rename {}

impl StageImpl for Rename {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        let header = packet.header();
        let sensor = self.sensor.of(&header.sensor, |from| renamed(from, &self.names))?;
        let flags = header.flags | ctx.take_flags();
        let mut out = ctx.fresh(PacketHeader { sensor, flags, ..header.clone() }, packet.kind());
        out.codes_mut().extend_from_slice(packet.codes());
        out.microvolts_mut().extend_from_slice(packet.microvolts());
        packet.recycle();
        Ok(Some(out.share()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::Flags;
    use plugin_api::testing::{Harness, microvolt_spec, raw_spec};

    fn rename(names: &[(&str, &str)], input: StreamSpec) -> Result<Harness, Vec<ConfigError>> {
        let labels = names.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned()));
        let desc = RenameDesc { labels: labels.collect() };
        Harness::new(&desc, input, &StageInitCtx::in_folder("."))
    }

    #[test]
    fn labels_change_and_samples_do_not() {
        let mut swap = rename(&[("ch1", "ch2"), ("ch2", "ch1")], raw_spec(3, 250.0)).unwrap();
        let out = swap.feed(&[1.0, 2.0, 3.0], Flags::NONE).unwrap().unwrap();
        let labels: Vec<_> = out.header.sensor.channels.iter().map(|c| c.label.as_str()).collect();
        assert_eq!((labels, out.codes), (vec!["ch2", "ch1", "ch3"], vec![1, 2, 3]));
    }

    #[test]
    fn a_name_that_is_taken_missing_or_empty_is_refused() {
        let said = |names: &[(&str, &str)]| {
            rename(names, microvolt_spec(3, 250.0)).err().unwrap()[0].to_string()
        };
        assert_eq!(said(&[("ch1", "ch3")]), "`ch3` would be the label of more than one channel");
        assert_eq!(said(&[("ch8", "Oz")]), "there is no channel `ch8`; did you mean `ch1`?");
        assert_eq!(said(&[("ch1", " ")]), "the new label of `ch1` is empty");
    }
}
