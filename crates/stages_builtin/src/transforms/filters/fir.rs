//! FIR filter: the same delay at every frequency, by windowed sinc or with taps that are given.
//!
//! `y[n] = sum_k h[k] x[n - k]` with `h = scipy.signal.firwin(taps, edges, window=window, fs=rate)`: -6 dB at the edges. The delay is
//! `(taps - 1) / 2` samples, and declared. Without `taps` there are as many as MNE would take:
//! `transition * rate / width` with a width of `min(max(hz / 4, 2 Hz), hz)` at the lower edge, of
//! `min(max(hz / 4, 2 Hz), rate / 2 - hz)` at the upper, the narrower of both (`mne.filter.create_filter`). 0.5 Hz edges at
//! 1000 samples/s make 6601 taps: `downsample` first, or use `highpass`. A retune weighs the same past with the new taps; where they reach
//! further back than the old ones, the oldest sample known stands for those before it.

use super::edges::Edges;
use super::sections::{StartFrom, designed};
use crate::dsp::{Fir, FirState, Window, firwin};
use crate::transforms::continuity::{Continuity, Memory};
use crate::transforms::response::Response;
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, Role, RtPacket, StageCtx, StageDesc, StageImpl,
    StageInitCtx, StageResult,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// How the taps are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TapWindow {
    /// 53 dB down outside the band.
    #[default]
    Hamming,
    /// 44 dB down, falling off further away.
    Hann,
    /// 75 dB down, with a transition nearly twice as wide.
    Blackman,
}

impl From<TapWindow> for Window {
    fn from(window: TapWindow) -> Self {
        match window {
            TapWindow::Hamming => Self::Hamming,
            TapWindow::Hann => Self::Hann,
            TapWindow::Blackman => Self::Blackman,
        }
    }
}

/// FIR filter with the same delay at every frequency, or with taps of your own.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirDesc {
    /// Lower -6 dB edge in Hz: what lies above it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_hz: Option<f64>,
    /// Upper -6 dB edge in Hz, below half the rate: what lies below it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_hz: Option<f64>,
    /// Removes what lies between both edges instead of keeping it.
    #[serde(default)]
    pub stop: bool,
    /// Number of taps, odd, at most 20001; without it, as many as MNE would take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taps: Option<u32>,
    /// The window: `hamming`, `hann` or `blackman`.
    #[serde(default)]
    window: TapWindow,
    /// Taps of your own instead of edges, the one for the newest sample first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coefficients: Option<Vec<f64>>,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

impl StageDesc for FirDesc {
    const KIND: &'static str = "fir";
    const ROLE: Role = Role::Transform;

    fn example() -> Self {
        Self {
            low_hz: None,
            high_hz: Some(40.0),
            stop: false,
            taps: None,
            window: TapWindow::Hamming,
            coefficients: None,
            init: StartFrom::Step,
        }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let fir = Fir::new(match &self.coefficients {
            Some(coefficients) => self.given(coefficients)?,
            None => self.designed(inputs)?,
        });
        let input = inputs.microvolts()?;
        let (delay_samples, settling) = (fir.delay_samples(), fir.taps() as u64 - 1);
        let state = FirState::new(&fir, input.channels(), self.init.into());
        let response = Response { filter: fir.clone(), rate_hz: input.rate_hz };
        let stage = FirStage { fir, state, continuity: Continuity::new(input, settling) };
        let built = Built::transform(stage, input, input.clone(), delay_samples);
        Ok(built.with_response(response))
    }
}

impl FirDesc {
    fn edges(&self) -> Edges {
        Edges { low_hz: self.low_hz, high_hz: self.high_hz, stop: self.stop }
    }

    fn given(&self, coefficients: &[f64]) -> Result<Vec<f64>, ConfigError> {
        let refuse = |message: String| Err(ConfigError::param_message("coefficients", message));
        if self.taps.is_some() || self.stop || !self.edges().named().is_empty() {
            return refuse(
                "`coefficients` stand alone: without edges, `stop` and `taps`".to_owned(),
            );
        }
        let most = firwin::MAX_TAPS;
        if !(1..=most).contains(&coefficients.len()) {
            let count = coefficients.len();
            return refuse(format!("`coefficients` must be 1 to {most} numbers, not {count}"));
        }
        if let Some(bad) = coefficients.iter().find(|tap| !tap.is_finite()) {
            return refuse(format!("`coefficients` must be finite numbers, not {bad}"));
        }
        Ok(coefficients.to_vec())
    }

    fn designed(&self, inputs: &Inputs<'_>) -> Result<Vec<f64>, Vec<ConfigError>> {
        let edges = self.edges();
        let band = edges.band()?;
        let window = Window::from(self.window);
        designed(inputs, &edges.named(), |rate_hz| {
            let taps = self.taps.map_or_else(|| self.usual_taps(rate_hz), |taps| taps as usize);
            firwin(taps, band, window, rate_hz).map_err(|error| edges.rename(error))
        })
    }

    /// As many taps as the narrower transition asks for, odd.
    fn usual_taps(&self, rate_hz: f64) -> usize {
        let lower = self.low_hz.map(|hz| (hz / 4.0).max(2.0).min(hz));
        let upper = self.high_hz.map(|hz| (hz / 4.0).max(2.0).min(rate_hz / 2.0 - hz));
        let width_hz = lower.into_iter().chain(upper).fold(f64::INFINITY, f64::min);
        let length = Window::from(self.window).transition() * rate_hz / width_hz;
        // Edges that cannot be are reported by the design, whatever the length.
        let length = if length > 0.0 { length.ceil().min(1e6) as usize } else { 3 };
        (length | 1).max(3)
    }
}

impl Memory for FirState {
    fn restart(&mut self) {
        self.reset();
    }

    fn restart_channel(&mut self, channel: usize) {
        Self::restart_channel(self, channel);
    }
}

#[derive(Debug)]
struct FirStage {
    fir: Fir,
    state: FirState,
    continuity: Continuity,
}

impl Lockable for FirStage {}

impl StageImpl for FirStage {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        let Self { fir, state, continuity } = self;
        continuity.map(packet, ctx, state, |state, microvolts| state.process(fir, microvolts))
    }

    fn reset(&mut self) {
        self.state.reset();
        self.continuity.restart();
    }

    fn inherit(&mut self, previous: &mut dyn Any) {
        if let Some(previous) = previous.downcast_mut::<Self>() {
            self.state.inherit(&previous.state);
            self.continuity.inherit(&previous.continuity, self.fir == previous.fir);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, gain_db, microvolt_spec};

    fn build(desc: &FirDesc) -> Result<Harness, Vec<ConfigError>> {
        Harness::new(desc, microvolt_spec(1, 250.0), &StageInitCtx::in_folder("."))
    }

    #[test]
    fn keeps_alpha_and_removes_mains_with_the_delay_it_declares() {
        let desc = FirDesc { low_hz: Some(1.0), ..FirDesc::example() };
        assert!(gain_db(&desc, 250.0, 10.0).abs() < 0.03);
        assert!((gain_db(&desc, 250.0, 40.0) + 6.02).abs() < 0.1);
        assert!(gain_db(&desc, 250.0, 60.0) < -53.0);
        // Transition of 1 Hz at the lower edge: 3.3 * 250 = 825 taps, a delay of 412 samples.
        let delay_s = build(&desc).unwrap().output.unwrap().delay_s;
        assert!((delay_s - 412.0 / 250.0).abs() < 1e-12, "{delay_s}");
    }

    #[test]
    fn taps_of_ones_own() {
        let desc = FirDesc {
            coefficients: Some(vec![1.0, -1.0]),
            high_hz: None,
            init: StartFrom::Zero,
            ..FirDesc::example()
        };
        assert_eq!(build(&desc).unwrap().run(&[5.0, 7.0, 4.0], 2), [5.0, 2.0, -3.0]);
    }

    #[test]
    fn mistakes_name_their_parameter() {
        let param = |desc: FirDesc| build(&desc).err().unwrap()[0].param().unwrap().to_owned();
        let example = FirDesc::example;
        assert_eq!(param(FirDesc { high_hz: None, ..example() }), "low_hz");
        assert_eq!(param(FirDesc { high_hz: Some(125.0), ..example() }), "high_hz");
        assert_eq!(param(FirDesc { taps: Some(100), ..example() }), "taps");
        assert_eq!(param(FirDesc { low_hz: Some(0.001), ..example() }), "taps");
        assert_eq!(param(FirDesc { low_hz: Some(f64::NAN), ..example() }), "low_hz");
        let own = |taps: &[f64], high_hz| FirDesc {
            coefficients: Some(taps.to_vec()),
            high_hz,
            ..example()
        };
        assert_eq!(param(own(&[1.0], Some(40.0))), "coefficients");
        assert_eq!(param(own(&[], None)), "coefficients");
        assert_eq!(param(own(&[f64::NAN], None)), "coefficients");
    }
}
