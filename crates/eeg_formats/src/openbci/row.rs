//! One row of numbers: which columns are what, and how they are separated.

/// Where things stand in a row.
#[derive(Debug, Clone)]
pub(super) struct RowFormat {
    /// Decimal commas (v4 in some countries): fields are separated by a comma and a space.
    pub(super) decimal_comma: bool,
    /// Column of the sample counter.
    pub(super) counter: usize,
    /// Columns of the EXG channels, ascending.
    pub(super) exg: Vec<usize>,
    /// Column of the time of arrival, Unix seconds or milliseconds.
    pub(super) timestamp: Option<usize>,
    /// Columns of a whole row.
    pub(super) columns: usize,
}

/// What a row says beside its samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    /// The board's sample counter.
    pub(super) counter: u64,
    /// Time of arrival, Unix seconds.
    pub(super) arrival_s: Option<f64>,
    /// Fields that were found.
    pub(super) fields: usize,
}

impl RowFormat {
    /// The fields of a line, without the spaces around them.
    pub(super) fn fields<'a>(&self, line: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let comma_space = self.decimal_comma;
        let mut rest = Some(line);
        std::iter::from_fn(move || {
            let text = rest?;
            let split = if comma_space { text.split_once(", ") } else { text.split_once(',') };
            let (field, after) = split.map_or((text, None), |(field, after)| (field, Some(after)));
            rest = after;
            Some(field.trim())
        })
    }

    /// Reads a row into `out`, one place a channel. `None` where the counter or a channel is no number.
    ///
    /// `NaN` is a number here and stays one; `Infinity` is not.
    pub(super) fn parse(&self, line: &str, out: &mut [f32]) -> Option<Row> {
        let mut row = Row { counter: 0, arrival_s: None, fields: 0 };
        let mut channel = 0;
        let mut has_counter = false;
        for (column, field) in self.fields(line).enumerate() {
            row.fields += 1;
            if self.exg.get(channel) == Some(&column) {
                out[channel] = self.microvolts(field)?;
                channel += 1;
            } else if column == self.counter {
                row.counter = counter(field)?;
                has_counter = true;
            } else if self.timestamp == Some(column) {
                row.arrival_s = self.number(field).and_then(unix_s);
            }
        }
        (has_counter && channel == self.exg.len()).then_some(row)
    }

    fn microvolts(&self, field: &str) -> Option<f32> {
        let value: f32 = self.parse_number(field)?;
        (!value.is_infinite()).then_some(value)
    }

    pub(super) fn number(&self, field: &str) -> Option<f64> {
        self.parse_number(field)
    }

    fn parse_number<T: std::str::FromStr>(&self, field: &str) -> Option<T> {
        if !self.decimal_comma {
            return field.parse().ok();
        }
        // On the stack: rows are read without allocating.
        let mut copy = [0_u8; 32];
        let copy = copy.get_mut(..field.len())?;
        copy.copy_from_slice(field.as_bytes());
        if let Some(comma) = copy.iter().position(|&b| b == b',') {
            copy[comma] = b'.';
        }
        std::str::from_utf8(copy).ok()?.parse().ok()
    }
}

/// A sample counter: `12`, or `12.0` as Java prints a double.
pub(super) fn counter(field: &str) -> Option<u64> {
    // Every whole number below 10^15 is exact in an f64.
    let value: f64 = field.parse().ok()?;
    (value.fract() == 0.0 && (0.0..1e15).contains(&value)).then_some(value as u64)
}

/// Unix seconds of a time stamp in seconds or milliseconds; smaller numbers are none.
pub(super) fn unix_s(value: f64) -> Option<f64> {
    match value {
        // From 1973 to 2255, so that nanoseconds fit an i64.
        v if (1e11..9e12).contains(&v) => Some(v / 1e3),
        v if (1e8..9e9).contains(&v) => Some(v),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(exg: std::ops::Range<usize>, timestamp: usize) -> RowFormat {
        RowFormat {
            decimal_comma: false,
            counter: 0,
            exg: exg.collect(),
            timestamp: Some(timestamp),
            columns: timestamp + 1,
        }
    }

    #[test]
    fn both_separators_and_java_doubles() {
        let mut out = [0.0; 2];
        let row =
            format(1..3, 4).parse("215.0, 1.5E1,-2.25,0, 1.706088515318075E9", &mut out).unwrap();
        assert_eq!((row.counter, row.fields, out), (215, 5, [15.0, -2.25]));
        assert!((row.arrival_s.unwrap() - 1_706_088_515.318_075).abs() < 1e-6);
        let row = format(1..3, 3).parse("7,1,2,1557936053329", &mut out).unwrap();
        assert!((row.arrival_s.unwrap() - 1_557_936_053.329).abs() < 1e-6);
    }

    #[test]
    fn decimal_commas() {
        let format = RowFormat { decimal_comma: true, ..format(1..3, 3) };
        let mut out = [0.0; 2];
        let row = format.parse("3, -187500,02, 0,50, 12:00:53,329", &mut out).unwrap();
        assert_eq!((row.counter, row.arrival_s, out), (3, None, [-187_500.02, 0.5]));
    }

    #[test]
    fn counters_and_times_out_of_all_reason() {
        assert_eq!(counter("18446744073709551615"), None);
        assert_eq!(counter("255.0"), Some(255));
        for value in [0.0, 1e10, 1e13, f64::NAN, f64::INFINITY, -1e9] {
            assert_eq!(unix_s(value), None, "{value}");
        }
    }

    #[test]
    fn nan_stays_and_rubbish_is_refused() {
        let format = format(1..3, 9);
        let mut out = [0.0; 2];
        assert!(format.parse("1, NaN, 2", &mut out).is_some());
        assert!(out[0].is_nan());
        for bad in [
            "",
            "1",
            "1, 2",
            "1, 2,",
            "x, 1, 2",
            "1, a, 2",
            "1.5, 1, 2",
            "-1, 1, 2",
            "1, Infinity, 2",
            "NaN, 1, 2",
        ] {
            assert_eq!(format.parse(bad, &mut out), None, "{bad:?}");
        }
    }
}
