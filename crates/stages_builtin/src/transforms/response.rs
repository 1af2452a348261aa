//! What the filters tell about themselves: the response of the coefficients that run.

use crate::dsp::{Cascade, Complex, Fir};
use plugin_api::FrequencyResponse;

/// A filter and the rate of the samples it gets.
#[derive(Debug, Clone)]
pub(super) struct Response<F> {
    pub(super) filter: F,
    pub(super) rate_hz: f64,
}

fn parts(z: Complex) -> [f64; 2] {
    [z.re, z.im]
}

impl FrequencyResponse for Response<Cascade> {
    fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    fn response(&self, hz: f64) -> [f64; 2] {
        parts(self.filter.response(hz, self.rate_hz))
    }

    fn group_delay_s(&self, hz: f64) -> f64 {
        self.filter.group_delay_samples(hz, self.rate_hz) / self.rate_hz
    }

    fn settling_s(&self) -> f64 {
        self.filter.settling_samples() as f64 / self.rate_hz
    }
}

impl FrequencyResponse for Response<Fir> {
    fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    fn response(&self, hz: f64) -> [f64; 2] {
        parts(self.filter.response(hz, self.rate_hz))
    }

    fn group_delay_s(&self, hz: f64) -> f64 {
        self.filter.group_delay_samples(hz, self.rate_hz) / self.rate_hz
    }

    fn settling_s(&self) -> f64 {
        self.filter.settling_samples() as f64 / self.rate_hz
    }
}
