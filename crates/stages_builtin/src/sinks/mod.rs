//! Where samples go.

pub(crate) mod bdf_sink;
pub(crate) mod csv_sink;
mod edf_part;
pub(crate) mod edf_sink;
mod recorder;
pub use recorder::wait_for_late_recordings;
#[cfg(test)]
mod tests;
pub(crate) mod websocket_sink;
pub(crate) mod xdf_sink;
