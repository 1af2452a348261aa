//! What happens to samples between source and sink.
//!
//! | folder | what |
//! |---|---|
//! | `channels/` | which channels, under which names, against which reference |
//! | `filters/` | what depends on frequency and leaves channels alone; `downsample` |
//! | `detect/` | what finds events in it |
//! | `power/` | how strong: spectra, bands, moving averages |
//!
//! What is in none of them changes values one by one, joins streams, or measures electrodes.

pub(crate) mod align_and_zip;
pub(crate) mod channels;
mod continuity;
pub(crate) mod detect;
pub(crate) mod filters;
pub(crate) mod gain;
pub(crate) mod impedance;
pub(crate) mod power;
pub(crate) mod quality;
mod response;
pub(crate) mod to_voltage;
mod windows;
