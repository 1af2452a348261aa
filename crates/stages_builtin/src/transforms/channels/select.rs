//! Selection: some of the channels, in the order in which they are listed. Codes and microvolts alike; no value changes.

use super::labels;
use super::sensor::DerivedSensor;
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, PacketHeader, Role, RtPacket, SensorMeta, StageCtx,
    StageDesc, StageImpl, StageInitCtx, StageResult, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Some of the channels, in the order in which they are listed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelectDesc {
    /// Labels of the channels that go on, in this order.
    pub channels: Vec<String>,
}

impl StageDesc for SelectDesc {
    const KIND: &'static str = "select";
    const ROLE: Role = Role::Transform;

    fn example() -> Self {
        Self { channels: vec!["Cz".to_owned(), "Fp1".to_owned()] }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.only();
        if self.channels.is_empty() {
            let message = "`channels` must name a channel or more";
            return Err(ConfigError::param_message("channels", message).into());
        }
        let channels = labels::indices(input, "channels", &self.channels)?;
        let sensor = DerivedSensor::new(&input.sensor, |from| selected(from, &channels));
        let output = StreamSpec { sensor: Arc::clone(sensor.output()), ..input.clone() };
        let stage = Select { sensor, channels: channels.into() };
        Ok(Built::transform(stage, input, output, 0.0))
    }
}

fn selected(from: &SensorMeta, channels: &[usize]) -> SensorMeta {
    let channels = channels.iter().map(|index| from.channels[*index].clone()).collect();
    SensorMeta { channels, ..from.clone() }
}

#[derive(Debug)]
struct Select {
    sensor: DerivedSensor,
    channels: Box<[usize]>,
}

impl Lockable for Select {}

impl StageImpl for Select {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        let header = packet.header();
        let sensor = self.sensor.of(&header.sensor, |from| selected(from, &self.channels))?;
        let flags = header.flags | ctx.take_flags();
        let mut out = ctx.fresh(PacketHeader { sensor, flags, ..header.clone() }, packet.kind());
        let width = packet.channels();
        copy(&self.channels, width, packet.codes(), out.codes_mut());
        copy(&self.channels, width, packet.microvolts(), out.microvolts_mut());
        packet.recycle();
        Ok(Some(out.share()))
    }
}

/// Appends the chosen values of every frame; nothing when the packet has no such values.
fn copy<T: Copy>(channels: &[usize], width: usize, from: &[T], to: &mut Vec<T>) {
    for frame in from.chunks_exact(width.max(1)) {
        to.extend(channels.iter().map(|channel| frame[*channel]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, microvolt_spec, raw_spec};
    use plugin_api::{ChannelMeta, Flags};

    fn select(channels: &[&str], input: StreamSpec) -> Result<Harness, Vec<ConfigError>> {
        let desc =
            SelectDesc { channels: channels.iter().map(|label| (*label).to_owned()).collect() };
        Harness::new(&desc, input, &StageInitCtx::in_folder("."))
    }

    #[test]
    fn the_chosen_channels_in_the_order_chosen() {
        let mut two = select(&["ch3", "ch1"], microvolt_spec(3, 250.0)).unwrap();
        assert_eq!(two.run(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2), [3.0, 1.0, 6.0, 4.0]);
    }

    #[test]
    fn codes_keep_their_scale() {
        let mut input = raw_spec(2, 250.0);
        let mut sensor = SensorMeta::clone(&input.sensor);
        sensor.channels[1] = ChannelMeta::adc24("ch2", 4.5e6, 12.0);
        input.sensor = Arc::new(sensor);
        let mut one = select(&["ch2"], input).unwrap();
        let out = one.feed(&[7.0, 8.0], Flags::NONE).unwrap().unwrap();
        assert_eq!(out.codes, [8]);
        assert_eq!(out.header.sensor.channels[0].gain, 12.0);
    }

    #[test]
    fn what_is_not_there_or_twice_is_refused() {
        for (channels, place) in [
            (&["ch1", "ch7"][..], "channels/1"),
            (&["ch1", "ch1"], "channels/1"),
            (&[], "channels"),
        ] {
            let mistakes = select(channels, microvolt_spec(3, 250.0)).err().unwrap();
            assert_eq!(mistakes[0].param(), Some(place));
        }
    }
}
