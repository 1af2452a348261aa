//! From codes to physical values: the header's two points, and the units that are voltages.
//!
//! `physical = code * scale + offset`, with `scale = (pmax - pmin) / (dmax - dmin)` and
//! `offset = (pmin * dmax - pmax * dmin) / (dmax - dmin)`, all in f64
//! (<https://www.edfplus.info/specs/edf.html>, "physical minimum"). Written like this, the offset of a symmetric
//! header is exactly zero, and a BDF header of -8388608..8388607 for +-187500 keeps its half step.

/// A straight line from codes to physical values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// Physical units per code; negative where the file's polarity is reversed.
    pub scale: f64,
    /// Physical value of code 0.
    pub offset: f64,
}

impl Scaling {
    /// Code and value are the same number.
    pub const IDENTITY: Self = Self { scale: 1.0, offset: 0.0 };

    /// The line through `(dmin, pmin)` and `(dmax, pmax)`; `None` where they do not define one.
    pub fn from_ranges(pmin: f64, pmax: f64, dmin: i64, dmax: i64) -> Option<Self> {
        let (d0, d1) = (dmin as f64, dmax as f64);
        let steps = d1 - d0;
        let line = Self { scale: (pmax - pmin) / steps, offset: (pmin * d1 - pmax * d0) / steps };
        let usable = line.scale != 0.0 && line.scale.is_finite() && line.offset.is_finite();
        usable.then_some(line)
    }

    /// Physical value of a code.
    pub fn apply(self, code: i32) -> f64 {
        f64::from(code) * self.scale + self.offset
    }

    /// The same line in a unit of which `factor` make one.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { scale: self.scale * factor, offset: self.offset * factor }
    }
}

/// Microvolts in one of `unit`, or `None` where it is not a voltage.
///
/// The micro sign may be `u`, U+00B5 or the Greek letter U+03BC. `m` and `M` differ, so case counts there.
pub(crate) fn microvolts_per_unit(unit: &str) -> Option<f64> {
    let prefix = unit.trim().strip_suffix(['V', 'v'])?;
    Some(match prefix {
        "" => 1e6,
        "m" => 1e3,
        "u" | "U" | "\u{b5}" | "\u{3bc}" => 1.0,
        "n" => 1e-3,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symmetric_header_has_no_offset() {
        let s = Scaling::from_ranges(-187_500.0, 187_500.0, -8_388_607, 8_388_607).unwrap();
        assert!(s.offset == 0.0, "{s:?}");
        assert!((s.scale - 0.022_351_744_455_307_063).abs() < 1e-17, "{s:?}");
    }

    #[test]
    fn full_range_bdf_header_keeps_its_half_step() {
        let s = Scaling::from_ranges(-187_500.0, 187_500.0, -8_388_608, 8_388_607).unwrap();
        assert!((s.apply(0) - s.scale / 2.0).abs() < 1e-12, "{s:?}");
        assert!((s.apply(-8_388_608) + 187_500.0).abs() < 1e-9);
        assert!((s.apply(8_388_607) - 187_500.0).abs() < 1e-9);
    }

    #[test]
    fn reversed_physical_or_digital_range_is_a_negative_gain() {
        let physical = Scaling::from_ranges(100.0, -100.0, -32768, 32767).unwrap();
        let digital = Scaling::from_ranges(-100.0, 100.0, 32767, -32768).unwrap();
        assert!(physical.scale < 0.0);
        assert_eq!(physical, digital);
    }

    #[test]
    fn no_line_through_one_point() {
        for (pmin, pmax, dmin, dmax) in
            [(1.0, 1.0, -10, 10), (-1.0, 1.0, 5, 5), (f64::NAN, 1.0, 0, 1), (-1e308, 1e308, 0, 1)]
        {
            assert_eq!(Scaling::from_ranges(pmin, pmax, dmin, dmax), None);
        }
    }

    #[test]
    fn units_of_voltage() {
        for (unit, factor) in [
            ("uV", 1.0),
            (" \u{b5}V ", 1.0),
            ("\u{3bc}V", 1.0),
            ("uv", 1.0),
            ("mV", 1e3),
            ("V", 1e6),
        ] {
            assert_eq!(microvolts_per_unit(unit), Some(factor), "{unit}");
        }
        assert_eq!(microvolts_per_unit("nV"), Some(1e-3));
        for unit in ["", "MV", "Boolean", "g", "uV/Hz", "kPa", "%"] {
            assert_eq!(microvolts_per_unit(unit), None, "{unit}");
        }
    }
}
