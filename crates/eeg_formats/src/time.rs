//! When a recording started: an instant, or a date and time on a wall clock of unknown zone.

/// Start of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// An instant, nanoseconds since the Unix epoch (OpenBCI text).
    Unix {
        /// Nanoseconds since 1970-01-01T00:00:00Z.
        ns: i64,
    },
    /// Local date and time at the place of recording, zone unknown (EDF, BDF).
    Local(CivilDateTime),
}

impl Start {
    /// Nanoseconds since the Unix epoch; a local time is taken as if it were UTC.
    pub fn unix_ns_as_utc(self) -> i64 {
        match self {
            Self::Unix { ns } => ns,
            Self::Local(civil) => civil.unix_ns_as_utc(),
        }
    }
}

/// A date and a time of day in the Gregorian calendar, without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilDateTime {
    /// Year, as in 2026.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// Nanosecond, below 10^9.
    pub nanosecond: u32,
}

impl CivilDateTime {
    /// Checks the ranges; `None` for a day that does not exist.
    pub(crate) fn new(
        year: i32,
        month: u8,
        day: u8,
        [hour, minute, second]: [u8; 3],
    ) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => return None,
        };
        let valid = (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
        valid.then_some(Self { year, month, day, hour, minute, second, nanosecond: 0 })
    }

    /// Date and time in a zone that is ahead of UTC by some seconds (behind it where negative).
    pub fn from_unix_ns(ns: i64, ahead_of_utc_s: i32) -> Self {
        let epoch =
            Self { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanosecond: 0 };
        epoch.plus_ns(ns.saturating_add(i64::from(ahead_of_utc_s) * 1_000_000_000)).unwrap_or(epoch)
    }

    /// Nanoseconds since the Unix epoch, taking this as UTC.
    pub fn unix_ns_as_utc(self) -> i64 {
        let time_s =
            i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        (days_from_civil(self.year, self.month, self.day) * 86_400 + time_s) * 1_000_000_000
            + i64::from(self.nanosecond)
    }

    /// Later (or earlier) by a fraction of a second.
    pub(crate) fn plus_ns(self, ns: i64) -> Option<Self> {
        let total = self.unix_ns_as_utc().checked_add(ns)?;
        let (days, in_day) =
            (total.div_euclid(86_400_000_000_000), total.rem_euclid(86_400_000_000_000));
        let (year, month, day) = civil_from_days(days);
        let s = in_day / 1_000_000_000;
        Some(Self {
            year,
            month,
            day,
            hour: (s / 3600) as u8,
            minute: (s / 60 % 60) as u8,
            second: (s % 60) as u8,
            nanosecond: (in_day % 1_000_000_000) as u32,
        })
    }
}

impl std::fmt::Display for CivilDateTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { year, month, day, hour, minute, second, nanosecond } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if *nanosecond > 0 { write!(f, ".{nanosecond:09}") } else { Ok(()) }
    }
}

/// Days since 1970-01-01, counting years from March so that the leap day comes last.
fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let month_from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

/// The inverse of `days_from_civil`, by looking for the year that holds the day.
fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let mut year = (1970 + days.div_euclid(365)) as i32;
    while days_from_civil(year, 1, 1) > days {
        year -= 1;
    }
    let mut month = 12;
    while days_from_civil(year, month, 1) > days {
        month -= 1;
    }
    (year, month, (days - days_from_civil(year, month, 1) + 1) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        let epoch = CivilDateTime::new(1970, 1, 1, [0, 0, 0]).unwrap();
        assert_eq!(epoch.unix_ns_as_utc(), 0);
        // `date -u -d '2009-08-12 16:15:00' +%s`
        let eegmmidb = CivilDateTime::new(2009, 8, 12, [16, 15, 0]).unwrap();
        assert_eq!(eegmmidb.unix_ns_as_utc(), 1_250_093_700_000_000_000);
        assert_eq!(eegmmidb.to_string(), "2009-08-12T16:15:00");
    }

    #[test]
    fn days_that_do_not_exist() {
        assert_eq!(CivilDateTime::new(2023, 2, 29, [0, 0, 0]), None);
        assert!(CivilDateTime::new(2024, 2, 29, [0, 0, 0]).is_some());
        assert_eq!(CivilDateTime::new(2024, 13, 1, [0, 0, 0]), None);
        assert_eq!(CivilDateTime::new(2024, 1, 0, [0, 0, 0]), None);
        assert_eq!(CivilDateTime::new(2024, 1, 1, [24, 0, 0]), None);
    }

    #[test]
    fn every_day_goes_there_and_back() {
        for days in -40_000..60_000 {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn a_fraction_carries_over_midnight() {
        let late = CivilDateTime::new(1999, 12, 31, [23, 59, 59]).unwrap();
        assert_eq!(
            late.plus_ns(1_500_000_000).unwrap().to_string(),
            "2000-01-01T00:00:00.500000000"
        );
    }
}
