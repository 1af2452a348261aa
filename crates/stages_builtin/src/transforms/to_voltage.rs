//! ADC codes to microvolts: scaled once, in f64, by the step the sensor declares.
//!
//! `uv = code * unit_per_code + unit_offset`; for an ADS1299 the step is vref / gain / 2^23 (data sheet SBAS499C,
//! equation 8). A stream that is in microvolts already passes through, so one pipeline fits any recording.

use plugin_api::{Built, PacketKind, ScaleCache, StreamSpec, simple_stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Raw ADC codes to microvolts.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToVoltageDesc {}

#[derive(Debug)]
struct ToVoltage(ScaleCache);

simple_stage! {
    ToVoltageDesc as "to_voltage" => ToVoltage, example: Self {};
    build(_desc, inputs) {
        let input = inputs.only();
        let stage = ToVoltage(ScaleCache::for_sensor(&input.sensor));
        Ok(Built::transform(stage, input, StreamSpec { kind: PacketKind::Voltage, ..input.clone() }, 0.0))
    }
    process(stage, packet, ctx) {
        if !packet.kind().has_codes() {
            return Ok(Some(packet));
        }
        stage.0.refresh(&packet.header().sensor);
        packet.into_microvolts(ctx, |codes, uv| stage.0.apply(codes, uv))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, raw_spec};
    use plugin_api::{Flags, StageInitCtx};

    #[test]
    fn codes_at_gain_24_become_microvolts_of_the_data_sheet() {
        let ctx = StageInitCtx::in_folder(".");
        let mut harness = Harness::new(&ToVoltageDesc {}, raw_spec(1, 250.0), &ctx).unwrap();
        let codes = [0.0, 1.0, -1.0, 8_388_607.0, -8_388_608.0];
        let out = harness.feed(&codes, Flags::NONE).unwrap().unwrap();
        let expected = [0.0, 0.022_351_742, -0.022_351_742, 187_499.98, -187_500.0];
        assert_eq!(out.microvolts, expected);
    }
}
