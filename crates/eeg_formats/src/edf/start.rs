//! The start date and time of an EDF header.

use crate::CivilDateTime;

pub(super) const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Date `dd.mm.yy` and time `hh.mm.ss`, with any separator. The century: an EDF+ `Startdate dd-MMM-yyyy` that
/// names the same day decides, else 85 to 99 are 19xx and the rest 20xx (the standard's clipping date).
pub(super) fn parse(date: &str, time: &str, recording: &str) -> Option<CivilDateTime> {
    let time = three_numbers(time)?;
    let full = startdate(recording);
    let Some([day, month, short_year]) = three_numbers(date) else {
        // After 2084 the standard has `dd.mm.yy` written literally: the full date is the only one.
        let (year, month, day) = full?;
        return CivilDateTime::new(year, month, day, time);
    };
    let year = match full {
        Some((year, m, d)) if (m, d) == (month, day) && year % 100 == i32::from(short_year) => year,
        _ if short_year >= 85 => 1900 + i32::from(short_year),
        _ => 2000 + i32::from(short_year),
    };
    CivilDateTime::new(year, month, day, time)
}

fn three_numbers(text: &str) -> Option<[u8; 3]> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let mut next = || parts.next()?.parse::<u8>().ok().filter(|&n| n < 100);
    let three = [next()?, next()?, next()?];
    parts.next().is_none().then_some(three)
}

/// `Startdate 12-AUG-2009 X X BCI2000`: year, month, day.
fn startdate(recording: &str) -> Option<(i32, u8, u8)> {
    let mut words = recording.split_whitespace();
    if words.next()? != "Startdate" {
        return None;
    }
    let mut parts = words.next()?.split('-');
    let day = parts.next()?.parse().ok()?;
    let name = parts.next()?.to_uppercase();
    let month = MONTHS.iter().position(|&month| month == name)? + 1;
    let year = parts.next()?.parse().ok().filter(|year| (1800..=2200).contains(year))?;
    Some((year, month as u8, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(date: &str, time: &str, recording: &str) -> Option<String> {
        parse(date, time, recording).map(|start| start.to_string())
    }

    #[test]
    fn centuries() {
        assert_eq!(iso("12.08.09", "16.15.00", ""), Some("2009-08-12T16:15:00".into()));
        assert_eq!(iso("01.01.85", "00.00.00", ""), Some("1985-01-01T00:00:00".into()));
        assert_eq!(iso("01.01.84", "00.00.00", ""), Some("2084-01-01T00:00:00".into()));
        assert_eq!(
            iso("02.03.51", "00.00.00", "Startdate 02-MAR-1951 X X X"),
            Some("1951-03-02T00:00:00".into())
        );
        assert_eq!(
            iso("02.03.51", "00.00.00", "Startdate 03-MAR-1951 X X X"),
            Some("2051-03-02T00:00:00".into())
        );
        assert_eq!(
            iso("02.03.yy", "01.02.03", "Startdate 02-MAR-2101 X X X"),
            Some("2101-03-02T01:02:03".into())
        );
    }

    #[test]
    fn separators_and_rubbish() {
        assert_eq!(iso("12:08-09", "16:15:59", ""), Some("2009-08-12T16:15:59".into()));
        for (date, time) in [
            ("", ""),
            ("31.02.20", "00.00.00"),
            ("01.01.20", "25.00.00"),
            ("1.1", "0.0.0"),
            ("XX.XX.XX", "00.00.00"),
        ] {
            assert_eq!(iso(date, time, "X X X"), None, "{date} {time}");
        }
    }
}
