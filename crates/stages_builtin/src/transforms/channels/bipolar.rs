//! Bipolar montage: named derivations, each the difference of two electrodes.
//!
//! `Fp1-F7` is `x_Fp1[n] - x_F7[n]`, in f64, rounded once: exactly what is left when the common reference cancels. No delay.
//! The derivations are the channels that come out, in the order in which they are listed, labelled as they are written
//! (ACNS guideline 3, *J Clin Neurophysiol* 33, 2016, p. 312, has the usual chains).

use super::labels;
use super::sensor::DerivedSensor;
use plugin_api::{
    Built, ChannelMeta, ConfigError, Inputs, Lockable, PacketHeader, PacketKind, Role, RtPacket,
    SensorMeta, StageCtx, StageDesc, StageError, StageImpl, StageInitCtx, StageResult, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Differences of two electrodes each, like `Fp1-F7`, instead of the channels.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BipolarDesc {
    /// Derivations, `Fp1-F7` being Fp1 minus F7; also their labels, in this order.
    pub pairs: Vec<String>,
}

impl StageDesc for BipolarDesc {
    const KIND: &'static str = "bipolar";
    const ROLE: Role = Role::Transform;
    const MIXES_CHANNELS: bool = true;

    fn example() -> Self {
        Self { pairs: vec!["Fp1-F7".to_owned(), "F7-Cz".to_owned()] }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        if self.pairs.is_empty() {
            let message = "`pairs` must list derivations, like `Fp1-F7`";
            return Err(ConfigError::param_message("pairs", message).into());
        }
        let (mut pairs, mut mistakes) = (Vec::with_capacity(self.pairs.len()), Vec::new());
        for (at, pair) in self.pairs.iter().enumerate() {
            let here = format!("pairs/{at}");
            if self.pairs[..at].contains(pair) {
                let message = format!("`{pair}` is listed twice");
                mistakes.push(ConfigError::param_message(&here, message));
                continue;
            }
            match electrodes(input, &here, pair) {
                Ok(electrodes) => pairs.push(electrodes),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let stage = Bipolar {
            sensor: DerivedSensor::new(&input.sensor, |from| derived(from, &self.pairs, &pairs)),
            labels: self.pairs.clone().into(),
            pairs: pairs.into(),
        };
        let sensor = Arc::clone(stage.sensor.output());
        let output = StreamSpec { sensor, kind: PacketKind::Voltage, ..input.clone() };
        Ok(Built::transform(stage, input, output, 0.0))
    }
}

/// The two channels of `Fp1-F7`. A label may hold a `-` itself: it is parted where both sides are labels.
fn electrodes(input: &StreamSpec, param: &str, pair: &str) -> Result<[usize; 2], ConfigError> {
    let find = |label: &str| labels::index(input, param, label.trim());
    let mut first_mistake = None;
    for (dash, _) in pair.match_indices('-') {
        match (find(&pair[..dash]), find(&pair[dash + 1..])) {
            (Ok(plus), Ok(minus)) => {
                labels::one_unit(input, param, &[plus, minus], "they cannot be subtracted")?;
                return Ok([plus, minus]);
            }
            (Err(mistake), _) | (_, Err(mistake)) => {
                first_mistake.get_or_insert(mistake);
            }
        }
    }
    Err(first_mistake.unwrap_or_else(|| {
        let message =
            format!("`{pair}` is no derivation: write two channels like `Fp1-F7`, Fp1 minus F7");
        ConfigError::param_message(param, message)
    }))
}

fn derived(from: &SensorMeta, labels: &[String], pairs: &[[usize; 2]]) -> SensorMeta {
    let channel = |(label, [plus, _]): (&String, &[usize; 2])| ChannelMeta {
        unit: from.channels[*plus].unit.clone(),
        ..ChannelMeta::microvolts(label.clone())
    };
    SensorMeta { channels: labels.iter().zip(pairs).map(channel).collect(), ..from.clone() }
}

#[derive(Debug)]
struct Bipolar {
    sensor: DerivedSensor,
    labels: Box<[String]>,
    pairs: Box<[[usize; 2]]>,
}

impl Lockable for Bipolar {}

impl StageImpl for Bipolar {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if !packet.kind().has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        let header = packet.header();
        let derive = |from: &SensorMeta| derived(from, &self.labels, &self.pairs);
        let sensor = self.sensor.of(&header.sensor, derive)?;
        let flags = header.flags | ctx.take_flags();
        let mut out =
            ctx.fresh(PacketHeader { sensor, flags, ..header.clone() }, PacketKind::Voltage);
        let microvolts = out.microvolts_mut();
        for frame in packet.microvolts().chunks_exact(packet.channels().max(1)) {
            let difference = |[plus, minus]: &[usize; 2]| {
                (f64::from(frame[*plus]) - f64::from(frame[*minus])) as f32
            };
            microvolts.extend(self.pairs.iter().map(difference));
        }
        packet.recycle();
        Ok(Some(out.share()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::Flags;
    use plugin_api::testing::{Harness, microvolt_spec};

    fn input(labels: &[&str]) -> StreamSpec {
        let channels = labels.iter().map(|label| ChannelMeta::microvolts(*label)).collect();
        let sensor = SensorMeta { channels, ..SensorMeta::default() };
        StreamSpec { sensor: Arc::new(sensor), ..microvolt_spec(1, 250.0) }
    }

    fn bipolar(pairs: &[&str], input: StreamSpec) -> Result<Harness, Vec<ConfigError>> {
        let desc = BipolarDesc { pairs: pairs.iter().map(|pair| (*pair).to_owned()).collect() };
        Harness::new(&desc, input, &StageInitCtx::in_folder("."))
    }

    #[test]
    fn a_chain_of_differences_with_its_labels() {
        let mut chain = bipolar(&["Fp1-F7", "F7 - T7"], input(&["Fp1", "F7", "T7", "Cz"])).unwrap();
        let out = chain.feed(&[5010.0, 5030.0, 4990.0, 0.0], Flags::GAP).unwrap().unwrap();
        assert_eq!(out.microvolts, [-20.0, 40.0]);
        assert_eq!(out.header.flags, Flags::GAP);
        let labels: Vec<_> = out.header.sensor.channels.iter().map(|c| c.label.as_str()).collect();
        assert_eq!(labels, ["Fp1-F7", "F7 - T7"]);
    }

    #[test]
    fn a_label_with_a_dash_of_its_own_is_found() {
        let mut montage = bipolar(&["A-B-C"], input(&["A-B", "C", "A"])).unwrap();
        assert_eq!(montage.run(&[7.0, 2.0, 100.0], 1), [5.0]);
    }

    #[test]
    fn mistakes_say_what_to_write() {
        let said =
            |pair: &str| bipolar(&[pair], input(&["Fp1", "F7"])).err().unwrap()[0].to_string();
        assert_eq!(said("Fp1-F8"), "there is no channel `F8`; did you mean `F7`?");
        assert_eq!(
            said("Fp1"),
            "`Fp1` is no derivation: write two channels like `Fp1-F7`, Fp1 minus F7"
        );
        let twice = bipolar(&["Fp1-F7", "Fp1-F7"], input(&["Fp1", "F7"])).err().unwrap();
        assert_eq!(twice[0].param(), Some("pairs/1"));
        assert_eq!(bipolar(&[], input(&["Fp1"])).err().unwrap()[0].param(), Some("pairs"));
    }
}
