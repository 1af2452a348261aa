//! EDF+: 16 bits for programs that read no other. What the conversion costs is said in the file, or refused.
//!
//! Values become the nearest of 65535 steps over the range; what lies outside becomes its end and is counted. The
//! resolution and the bits lost to it are the first annotation.

use super::edf_part::{EdfFormat, labels_are_short};
use super::recorder::{Recorder, recording_desc};
use eeg_formats::SampleWidth;
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};

/// What filtered EEG fits into with steps of 0.1 uV.
const FILTERED_UV: f64 = 3276.7;

recording_desc! {
    /// Records EDF+ (16 bits) below the data dir, in steps as fine as `range_uv` allows.
    pub(crate) struct EdfSinkDesc {
        /// Records values from minus to plus this many microvolts, in steps of a 32,767th of it. Without it 3276.7 (steps of
        /// 0.1 uV) for microvolts, the ADC's full scale for raw codes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub range_uv: Option<f64> = None,
        /// Coarsest step allowed, in microvolts: a range that needs a coarser one is refused.
        #[serde(default = "max_step_uv")]
        pub max_step_uv: f64 = max_step_uv(),
    }
    path: "filtered_{start}.edf"
}

/// What a digital EEG has to resolve (IFCN standard, Nuwer et al. 1998).
const fn max_step_uv() -> f64 {
    0.5
}

impl StageDesc for EdfSinkDesc {
    const KIND: &'static str = "edf_sink";
    const ROLE: Role = Role::Sink;

    fn example() -> Self {
        Self { range_uv: Some(1000.0), ..Self::sample() }
    }

    fn build(&self, inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let settings = self.settings(ctx)?;
        let range_uv = self.range_uv.unwrap_or(1.0);
        ConfigError::all([
            ConfigError::require(
                range_uv > 0.0 && range_uv <= 9_999_999.0,
                "range_uv",
                "above 0 and at most 9999999",
                range_uv,
            ),
            ConfigError::require(
                self.max_step_uv > 0.0 && self.max_step_uv.is_finite(),
                "max_step_uv",
                "above 0",
                self.max_step_uv,
            ),
        ])?;
        let input = inputs.only();
        labels_are_short(&input.sensor)?;
        let format = EdfFormat {
            width: SampleWidth::Edf16,
            bit_for_bit: false,
            range: self.range_uv.or((!input.kind.has_codes()).then_some(FILTERED_UV)),
            max_step_uv: Some(self.max_step_uv),
            participant: None,
            task: None,
        }
        .in_study(ctx);
        format.check(input, "range_uv")?;
        Ok(Built::sink(Recorder::new(settings, input, format)))
    }
}
