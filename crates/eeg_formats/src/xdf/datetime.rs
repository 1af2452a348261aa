//! The date and time of a file header: ISO 8601, with or without a fraction and a zone.

use crate::{CivilDateTime, Start};

/// When the recording began, from the file's header.
pub(super) fn start_of(datetime: &str) -> Option<Start> {
    let number = |from: usize, to: usize| datetime.get(from..to)?.parse::<u16>().ok();
    let time = [number(11, 13)?, number(14, 16)?, number(17, 19)?].map(|n| n.min(255) as u8);
    let civil = CivilDateTime::new(
        i32::from(number(0, 4)?),
        number(5, 7)?.min(255) as u8,
        number(8, 10)?.min(255) as u8,
        time,
    )?;
    let rest = datetime.get(19..)?;
    let digits = rest
        .strip_prefix('.')
        .map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let zone = if digits > 0 { &rest[digits + 1..] } else { rest };
    let fraction = if digits > 0 { format!("0{}", &rest[..=digits]) } else { "0".to_owned() };
    let civil = civil.plus_ns(crate::text::parse_seconds_ns(&fraction)?)?;
    let sign = match zone.chars().next() {
        None => return Some(Start::Local(civil)),
        Some('Z' | 'z') => 0,
        Some('+') => 1,
        Some('-') => -1,
        Some(_) => return None,
    };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize| {
        digits.get(from..from + 2).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0)
    };
    let ahead_s = sign * (part(0) * 3600 + part(2) * 60);
    Some(Start::Unix { ns: civil.unix_ns_as_utc() - ahead_s * 1_000_000_000 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_fractions() {
        let ns = |text| start_of(text).map(Start::unix_ns_as_utc);
        for text in [
            "2009-08-12T16:15:00Z",
            "2009-08-12T18:15:00+0200",
            "2009-08-12T18:15:00+02:00",
            "2009-08-12T15:15:00-01",
        ] {
            assert_eq!(ns(text), Some(1_250_093_700_000_000_000), "{text}");
        }
        assert_eq!(ns("2009-08-12T16:15:00.25Z"), Some(1_250_093_700_250_000_000));
        assert!(matches!(start_of("2009-08-12T16:15:00"), Some(Start::Local(_))));
        for text in [
            "",
            "2009",
            "2009-13-12T16:15:00",
            "2009-08-12T16:15:00.",
            "2009-08-12T16:15:00 CET",
            "\u{e4}\u{e4}\u{e4}",
        ] {
            assert_eq!(start_of(text), None, "{text}");
        }
    }
}
