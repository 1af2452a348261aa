//! Joins several streams into one with all their channels, sample by sample, where their times agree.
//!
//! Frames are compared by time, never by count: the header says when a packet's first sample was taken (fitted to the board's clock, on the
//! host's), and two packets in a row say how far apart its samples are. Where two inputs are further apart than the tolerance, the older
//! frames have no partner: they are dropped and counted. An input that falls silent holds the others back for at most
//! two seconds of data.
//!
//! Boards with oscillators of their own drift apart: the output goes at the pace of the slowest, and every faster one now and then has a
//! frame without a partner (one in 200 for 0.5 %). Values are never changed, codes stay codes; the price is that
//! channels of different boards are up to `tolerance_samples` apart and jump by one sample where a frame was left out. The first time an input
//! does that is told as an event, with its pace. Boards that share a clock do not drift, which is better for anything that
//! depends on phase between boards.
//!
//! The output's index counts samples of its own: a frame left out for pace is no gap, one lost by all inputs or any of them is.

mod port;
mod stage;

use plugin_api::{
    Built, ChannelMeta, ConfigError, Inputs, LeadOff, Role, SensorMeta, StageDesc, StageInitCtx,
    StreamSpec,
};
use port::Port;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::AlignAndZip;
use std::sync::Arc;

/// Joins inputs whose times agree into one stream with the channels of all.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlignAndZipDesc {
    /// By how many samples the times of two inputs may differ and still be taken for one; at least 0.5 for boards with clocks of
    /// their own.
    #[serde(default = "one")]
    pub tolerance_samples: f64,
}

const fn one() -> f64 {
    1.0
}

impl StageDesc for AlignAndZipDesc {
    const KIND: &'static str = "align_and_zip";
    const ROLE: Role = Role::Transform;
    const INPUTS: (usize, usize) = (2, 64);

    fn example() -> Self {
        Self { tolerance_samples: one() }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let tolerance = self.tolerance_samples;
        ConfigError::require(
            tolerance >= 0.0 && tolerance.is_finite(),
            "tolerance_samples",
            "0 or more",
            tolerance,
        )?;
        let (first_id, first) =
            inputs.all().next().ok_or_else(|| ConfigError::Input("has no inputs".to_owned()))?;
        for (id, spec) in inputs.all() {
            if spec.kind != first.kind {
                let message =
                    format!("`{first_id}` gives {}, but `{id}` gives {}", first.kind, spec.kind);
                return Err(ConfigError::Input(format!(
                    "{message}: bring them to one kind with `to_voltage`"
                ))
                .into());
            }
            if spec.rate_hz != first.rate_hz {
                let message = format!(
                    "`{first_id}` has {} samples/s, `{id}` {}",
                    first.rate_hz, spec.rate_hz
                );
                return Err(ConfigError::Input(format!(
                    "{message}: bring them to one rate with `downsample`"
                ))
                .into());
            }
        }
        let sensor = Arc::new(joined(inputs));
        let max_frames = 2 * inputs.all().map(|(_, spec)| spec.max_frames).max().unwrap_or(1);
        let output = StreamSpec {
            sensor: Arc::clone(&sensor),
            max_frames,
            delay_s: inputs.all().map(|(_, spec)| spec.delay_s).fold(0.0, f64::max),
            total_frames: None,
            live: inputs.all().any(|(_, spec)| spec.live),
            ..first.clone()
        };
        let ports = inputs.all().map(|(id, spec)| Port::new(id, spec, tolerance)).collect();
        let tolerance_ns = tolerance * 1e9 / first.rate_hz;
        let stage = AlignAndZip::new(ports, first.kind, tolerance_ns, max_frames, sensor);
        Ok(Built::transform(stage, first, output.clone(), 0.0).with_delay_s(output.delay_s))
    }
}

/// All channels, in the order of the inputs; a label that occurs twice gets its input's name before it.
fn joined(inputs: &Inputs<'_>) -> SensorMeta {
    let all: Vec<(&str, &ChannelMeta)> = inputs
        .all()
        .flat_map(|(id, spec)| spec.sensor.channels.iter().map(move |c| (id, c)))
        .collect();
    let unique = |label: &str| all.iter().filter(|(_, c)| c.label == label).count() == 1;
    let channels = all.iter().map(|(id, channel)| {
        let label = if unique(&channel.label) {
            channel.label.clone()
        } else {
            format!("{id}.{}", channel.label)
        };
        ChannelMeta { label, ..(*channel).clone() }
    });
    let names: Vec<&str> = inputs.all().map(|(_, spec)| spec.sensor.name.as_str()).collect();
    // The same current through all electrodes is one that can be measured by.
    let mut currents = inputs.all().map(|(_, spec)| spec.sensor.lead_off);
    let current = currents.next().unwrap_or_default();
    let lead_off = if currents.all(|other| other == current) { current } else { LeadOff::Unknown };
    let channels = channels.collect();
    SensorMeta { name: names.join(" + "), lead_off, channels, ..SensorMeta::default() }
}

#[cfg(test)]
mod tests;
