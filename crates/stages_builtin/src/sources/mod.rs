//! Where samples come from.

pub(crate) mod acquire;
mod clockwork;
pub(crate) mod playback;
pub(crate) mod synthetic;

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
