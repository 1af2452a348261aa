//! What happens to samples between source and sink.

pub(crate) mod align_and_zip;
pub(crate) mod bandpass;
pub(crate) mod bandstop;
pub(crate) mod downsample;
pub(crate) mod highpass;
mod iir;
pub(crate) mod lowpass;
pub(crate) mod notch;
pub(crate) mod to_voltage;
