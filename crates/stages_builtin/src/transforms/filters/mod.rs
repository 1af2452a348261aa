//! Filters: what depends on frequency. Each channel for itself.

pub(crate) mod bandpass;
pub(crate) mod bandstop;
pub(crate) mod dc_block;
pub(crate) mod detrend;
pub(crate) mod downsample;
mod edges;
pub(crate) mod fir;
pub(crate) mod highpass;
pub(crate) mod iir;
pub(crate) mod lowpass;
pub(crate) mod notch;
pub(crate) mod peak;
pub(crate) mod resample;
pub(super) mod sections;
