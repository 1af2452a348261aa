//! Wall-clock time of a recording: its zone, and names made of it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// By how much local time is ahead of UTC at an instant, seconds.
pub(super) fn utc_offset_s(unix_ns: i64) -> i32 {
    Timestamp::from_nanosecond(i128::from(unix_ns))
        .map_or(0, |instant| TimeZone::system().to_offset(instant).seconds())
}

/// `20261123T103000Z`: sorts by time, and no file system minds it.
pub(super) fn compact_utc(unix_ns: i64) -> String {
    Timestamp::from_nanosecond(i128::from(unix_ns)).map_or_else(
        |_| unix_ns.to_string(),
        |instant| instant.strftime("%Y%m%dT%H%M%SZ").to_string(),
    )
}

/// ISO 8601 with milliseconds and zone, as XDF files have it: `2026-11-23T10:30:00.250+0100`.
pub(crate) fn iso_local(unix_ns: i64) -> String {
    Timestamp::from_nanosecond(i128::from(unix_ns)).map_or_else(
        |_| unix_ns.to_string(),
        |instant| {
            instant.to_zoned(TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_iso() {
        let ns = 1_795_429_800_250_000_000;
        assert_eq!(compact_utc(ns), "20261123T103000Z");
        let iso = iso_local(ns);
        assert!(iso.starts_with("2026-11-2") && iso.contains(":00.250"), "{iso}");
        assert_eq!(utc_offset_s(ns) % 900, 0);
    }
}
