//! BDF+: the ADC's 24-bit codes bit for bit, and what happened beside them as annotations.
//!
//! Records of at most half a second and 61440 bytes, written whole; then the count in the header is set. Lost samples are
//! filler of the digital minimum, declared by an annotation. Gain and true step stand in the transducer field.

use super::edf_part::{EdfFormat, labels_are_short};
use super::recorder::{Recorder, recording_desc};
use eeg_formats::SampleWidth;
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};

recording_desc! {
    /// Records BDF+ (24 bits) below the data dir: raw codes bit for bit.
    pub(crate) struct BdfSinkDesc {
        /// Takes microvolts instead of codes: values from minus to plus this many, in steps of an 8,388,607th of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub range_uv: Option<f64> = None,
    }
    path: "raw_{start}.bdf"
}

impl StageDesc for BdfSinkDesc {
    const KIND: &'static str = "bdf_sink";
    const ROLE: Role = Role::Sink;

    fn example() -> Self {
        Self::sample()
    }

    fn build(&self, inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let settings = self.settings(ctx)?;
        let input = inputs.only();
        let bit_for_bit = input.kind.has_codes();
        if let Some(range_uv) = self.range_uv {
            ConfigError::require(
                range_uv > 0.0 && range_uv <= 9_999_999.0,
                "range_uv",
                "above 0 and at most 9999999",
                range_uv,
            )?;
        }
        match (bit_for_bit, self.range_uv) {
            (false, None) => Err(ConfigError::Input(
                "records raw codes, but is given microvolts: take them from a stage before `to_voltage`, or give \
                 `range_uv` (187500 keeps steps of 0.022 uV)"
                    .to_owned(),
            ))?,
            (true, Some(_)) => Err(ConfigError::param_message(
                "range_uv",
                "`range_uv` is for microvolts, and this stage is given raw codes, which it records bit for bit: leave it out",
            ))?,
            _ => {}
        }
        labels_are_short(&input.sensor)?;
        let format = EdfFormat {
            width: SampleWidth::Bdf24,
            bit_for_bit,
            range: self.range_uv,
            max_step_uv: None,
            participant: None,
            task: None,
        }
        .in_study(ctx);
        format.check(input, "range_uv")?;
        Ok(Built::sink(Recorder::new(settings, input, format)))
    }
}
