//! Where samples come from.

pub(crate) mod acquire;
mod clockwork;
pub(crate) mod playback;
pub(crate) mod synthetic;

use plugin_api::{Flags, SensorMeta};

/// Whether a code is within 5 % of either end of 24 bits, where boards say that an ADC is at its rail.
pub(crate) const fn at_rail(code: i32) -> bool {
    const AT_RAIL: u32 = 7_969_177;
    code.unsigned_abs() >= AT_RAIL
}

/// The flag of codes that have a voltage at a rail among them, as a board sets it: what is played or made up is filtered in the same way as
/// what was measured.
fn rail_flag(codes: &[i32], sensor: &SensorMeta) -> Flags {
    let channels = sensor.channels.len().max(1);
    let any = |frame: &[i32]| {
        frame.iter().zip(&sensor.channels).any(|(code, of)| at_rail(*code) && of.unit == "uV")
    };
    if codes.chunks_exact(channels).any(any) { Flags::RAILED } else { Flags::NONE }
}

/// Packets of about 10 ms, unless the file says otherwise; never more than 4096 frames.
fn frames_per_packet(asked: Option<u32>, rate_hz: f64) -> usize {
    asked.map_or_else(|| ((rate_hz / 100.0).round() as usize).clamp(1, 4096), |n| n as usize)
}

/// `packet_frames` must make sense.
fn require_packet_frames(asked: Option<u32>) -> Result<(), plugin_api::ConfigError> {
    let frames = asked.unwrap_or(1);
    plugin_api::ConfigError::require(
        (1..=65_536).contains(&frames),
        "packet_frames",
        "from 1 to 65536",
        frames,
    )
}
