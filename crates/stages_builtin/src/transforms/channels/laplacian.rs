//! Surface Laplacian after Hjorth: each electrode less the mean of its neighbours, which leaves what arises below it.
//!
//! ```text
//! y_i[n] = x_i[n] - sum_j w_ij x_j[n],      w_ij = (1 / d_ij) / sum_j (1 / d_ij)
//! ```
//!
//! over the `nearest` electrodes, at the distances d along a spherical head of the 10-20 or 10-10 positions that the labels name (Hjorth,
//! *EEG Clin Neurophysiol* 39, 1975, p. 526); or over the `neighbours` that are given, all with the same weight. In f64, summed in the order of
//! the channels, rounded once. No delay. Channels without a position (or that `neighbours` does not name) are left as they are. A
//! NaN spoils its frame in the channels it is a neighbour of.

use super::labels;
use crate::dsp::electrodes::{Position, distance, position};
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, Role, RtPacket, StageCtx, StageDesc, StageError,
    StageImpl, StageInitCtx, StageResult, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most neighbours an electrode can have.
const MOST_NEAREST: u32 = 16;

/// Each electrode less the mean of its neighbours (Hjorth's Laplacian).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LaplacianDesc {
    /// Label to the labels of its neighbours; without it, by the positions that labels of the 10-20 and 10-10 system name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<BTreeMap<String, Vec<String>>>,
    /// How many of the nearest electrodes are neighbours, 1 to 16, when they are found by position.
    #[serde(default = "four")]
    pub nearest: u32,
}

const fn four() -> u32 {
    4
}

/// A channel and its neighbours with their weights.
type Derivation = (usize, Box<[(usize, f64)]>);

impl StageDesc for LaplacianDesc {
    const KIND: &'static str = "laplacian";
    const ROLE: Role = Role::Transform;
    const MIXES_CHANNELS: bool = true;
    // What is the same in all channels, of which a delay would be measured, leaves nothing.
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { neighbours: None, nearest: four() }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let derivations = match &self.neighbours {
            Some(neighbours) => given(input, neighbours)?,
            None => self.by_position(input)?,
        };
        for (centre, neighbours) in &derivations {
            let mut used = vec![*centre];
            used.extend(neighbours.iter().map(|(channel, _)| channel));
            labels::one_unit(input, "neighbours", &used, "they cannot be subtracted")?;
        }
        let stage = Laplacian {
            channels: input.channels(),
            derivations: derivations.into(),
            frame: vec![0.0; input.channels()].into(),
        };
        Ok(Built::same(stage, input))
    }
}

impl LaplacianDesc {
    fn by_position(&self, input: &StreamSpec) -> Result<Vec<Derivation>, Vec<ConfigError>> {
        let fits = (1..=MOST_NEAREST).contains(&self.nearest);
        ConfigError::require(fits, "nearest", "from 1 to 16", self.nearest)?;
        let channels = input.sensor.channels.iter().enumerate();
        let place = |label: &str| position(&labels::electrode(label));
        let placed: Vec<(usize, Position)> =
            channels.filter_map(|(index, c)| Some((index, place(&c.label)?))).collect();
        if placed.len() < 2 {
            let message = "no two labels name positions of the 10-20 system: give `neighbours`, like `C3: [F3, P3, T7, Cz]`";
            let param = "neighbours".to_owned();
            return Err(ConfigError::ParamForInput { param, message: message.to_owned() }.into());
        }
        Ok(placed.iter().map(|centre| nearest(*centre, &placed, self.nearest as usize)).collect())
    }
}

/// The nearest others with weights by distance; of two at one distance, the one that comes first.
fn nearest(
    (centre, at): (usize, Position),
    placed: &[(usize, Position)],
    count: usize,
) -> Derivation {
    let others = placed.iter().filter(|(channel, _)| *channel != centre);
    let mut others: Vec<(usize, f64)> =
        others.map(|(channel, there)| (*channel, distance(at, *there))).collect();
    // Equal distances differ in their last bits.
    others.sort_by_key(|(channel, d)| ((d * 1e9).round() as u64, *channel));
    others.truncate(count);
    others.sort_by_key(|(channel, _)| *channel);
    let sum: f64 = others.iter().map(|(_, d)| 1.0 / d).sum();
    (centre, others.iter().map(|(channel, d)| (*channel, 1.0 / d / sum)).collect())
}

/// The neighbours somebody named, all with the same weight.
fn given(
    input: &StreamSpec,
    neighbours: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<Derivation>, Vec<ConfigError>> {
    let (mut derivations, mut mistakes) = (Vec::with_capacity(neighbours.len()), Vec::new());
    for (label, names) in neighbours {
        let here = format!("neighbours/{label}");
        let centre = labels::index(input, &here, label).map_err(|mistake| vec![mistake]);
        match (centre, labels::indices(input, &here, names)) {
            (Ok(_), Ok(found)) if found.is_empty() => {
                let message = format!("`{label}` needs a neighbour or more");
                mistakes.push(ConfigError::param_message(&here, message));
            }
            (Ok(centre), Ok(found)) if found.contains(&centre) => {
                let message = format!("`{label}` is no neighbour of itself");
                mistakes.push(ConfigError::param_message(&here, message));
            }
            (Ok(centre), Ok(mut found)) => {
                found.sort_unstable();
                let weight = 1.0 / found.len() as f64;
                derivations.push((centre, found.into_iter().map(|c| (c, weight)).collect()));
            }
            (centre, found) => {
                mistakes.extend(centre.err().into_iter().chain(found.err()).flatten());
            }
        }
    }
    if neighbours.is_empty() {
        let message = "`neighbours` must name an electrode or more, like `C3: [F3, P3, T7, Cz]`";
        mistakes.push(ConfigError::param_message("neighbours", message));
    }
    if mistakes.is_empty() { Ok(derivations) } else { Err(mistakes) }
}

#[derive(Debug)]
struct Laplacian {
    channels: usize,
    derivations: Box<[Derivation]>,
    /// Scratch: the frame before it is changed.
    frame: Box<[f32]>,
}

impl Lockable for Laplacian {}

impl StageImpl for Laplacian {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if packet.channels() != self.channels {
            return Err(StageError::Data(
                "the number of channels changed: start the pipeline anew",
            ));
        }
        packet.map_samples(ctx, |microvolts| {
            for frame in microvolts.chunks_exact_mut(self.channels.max(1)) {
                self.frame.copy_from_slice(frame);
                for (centre, neighbours) in &self.derivations {
                    let weighted = neighbours.iter().map(|(c, w)| w * f64::from(self.frame[*c]));
                    let mean: f64 = weighted.sum();
                    frame[*centre] = (f64::from(self.frame[*centre]) - mean) as f32;
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, microvolt_spec};
    use plugin_api::{ChannelMeta, SensorMeta};

    const TEN_TWENTY: [&str; 19] = [
        "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz",
        "P4", "P8", "O1", "O2",
    ];

    fn input(labels: &[&str]) -> StreamSpec {
        let channels = labels.iter().map(|label| ChannelMeta::microvolts(*label)).collect();
        let sensor = SensorMeta { channels, ..SensorMeta::default() };
        StreamSpec { sensor: Arc::new(sensor), ..microvolt_spec(1, 250.0) }
    }

    fn build(labels: &[&str], desc: &LaplacianDesc) -> Result<Harness, Vec<ConfigError>> {
        Harness::new(desc, input(labels), &StageInitCtx::in_folder("."))
    }

    fn around(pairs: &[(&str, &[&str])]) -> LaplacianDesc {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let neighbours = pairs.iter().map(|(label, names)| ((*label).to_owned(), list(names)));
        LaplacianDesc { neighbours: Some(neighbours.collect()), nearest: four() }
    }

    #[test]
    fn neighbours_of_the_ten_twenty_system_are_hjorths() {
        let found = LaplacianDesc::example().by_position(&input(&TEN_TWENTY)).unwrap();
        let names = |label: &str| {
            let centre = TEN_TWENTY.iter().position(|l| *l == label).unwrap();
            let (_, neighbours) = found.iter().find(|(c, _)| *c == centre).unwrap();
            assert!((neighbours.iter().map(|(_, w)| w).sum::<f64>() - 1.0).abs() < 1e-12);
            neighbours.iter().map(|(c, _)| TEN_TWENTY[*c]).collect::<Vec<_>>()
        };
        assert_eq!(names("C3"), ["F3", "T7", "Cz", "P3"]);
        assert_eq!(names("Cz"), ["Fz", "C3", "C4", "Pz"]);
        assert_eq!(names("Pz"), ["Cz", "P3", "P4", "O1"], "O2 is as near, and comes later");
    }

    #[test]
    fn what_all_share_goes_and_what_one_has_stays() {
        let desc = around(&[("C3", &["F3", "P3"])]);
        let mut stage = build(&["F3", "C3", "P3", "acc"], &desc).unwrap();
        assert_eq!(stage.run(&[5000.0, 5030.0, 5010.0, 7.0], 1), [5000.0, 25.0, 5010.0, 7.0]);
        // A plane over the head has no Laplacian.
        let mut stage = build(
            &["C3..", "C1.", "CZ"],
            &LaplacianDesc { nearest: 2, ..LaplacianDesc::example() },
        )
        .unwrap();
        let out = stage.run(&[10.0, 20.0, 30.0], 1);
        assert!(out[1].abs() < 1e-5, "{out:?}");
    }

    #[test]
    fn mistakes_say_what_to_write() {
        let said = |labels: &[&str], desc: &LaplacianDesc| {
            build(labels, desc).err().unwrap()[0].to_string()
        };
        let labels = ["F3", "C3", "P3"];
        assert_eq!(
            said(&["ch1", "ch2", "Cz"], &LaplacianDesc::example()),
            "no two labels name positions of the 10-20 system: give `neighbours`, like `C3: [F3, P3, T7, Cz]`"
        );
        assert_eq!(said(&labels, &around(&[("C3", &["C3"])])), "`C3` is no neighbour of itself");
        assert_eq!(said(&labels, &around(&[("C3", &[])])), "`C3` needs a neighbour or more");
        assert_eq!(
            said(&labels, &around(&[("C3", &["F4"])])),
            "there is no channel `F4`; did you mean `F3`?"
        );
        let none = LaplacianDesc { nearest: 0, ..LaplacianDesc::example() };
        assert_eq!(said(&labels, &none), "`nearest` must be from 1 to 16, not 0");
    }
}
