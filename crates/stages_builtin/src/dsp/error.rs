//! Why a filter cannot be designed: the parameter, the rule it breaks and its value.

use std::fmt;

/// A parameter of a design that breaks a rule; NaN breaks every rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DesignError {
    /// Name of the parameter, e.g. `low_hz`.
    pub param: &'static str,
    /// What the value was.
    pub value: f64,
    /// What it should have been.
    pub rule: Rule,
}

/// What a parameter of a design must obey.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// A finite number above zero.
    Positive,
    /// Above zero and not above a limit.
    UpTo {
        /// Largest allowed.
        max: f64,
    },
    /// Above zero and below half the sampling rate.
    InsideBand {
        /// Half the sampling rate.
        nyquist_hz: f64,
    },
    /// Below another parameter.
    Below {
        /// Name of the other parameter.
        other: &'static str,
        /// Value of the other parameter.
        other_value: f64,
    },
    /// A whole number from `min` to `max`.
    WholeNumber {
        /// Smallest allowed.
        min: u32,
        /// Largest allowed.
        max: u32,
    },
    /// An odd number.
    Odd,
    /// Far enough from zero, half the sampling rate and the other edge for coefficients in f64 to hold the filter.
    Precise {
        /// The sampling rate it is too small or too narrow for.
        rate_hz: f64,
    },
}

impl fmt::Display for DesignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { param, value, rule } = self;
        match rule {
            Rule::Positive => write!(f, "`{param}` must be a number above 0, not {value}"),
            Rule::UpTo { max } => {
                write!(f, "`{param}` must be a number above 0 and at most {max}, not {value}")
            }
            Rule::InsideBand { nyquist_hz } => {
                write!(
                    f,
                    "`{param}` must be above 0 Hz and below {nyquist_hz} Hz, half the sampling rate, not {value}"
                )
            }
            Rule::Below { other, other_value } => {
                write!(f, "`{param}` must be below `{other}`, which is {other_value}, not {value}")
            }
            Rule::WholeNumber { min, max } => {
                write!(f, "`{param}` must be a whole number from {min} to {max}, not {value}")
            }
            Rule::Odd => write!(f, "`{param}` must be odd, not {value}"),
            Rule::Precise { rate_hz } => write!(
                f,
                "`{param}` of {value} is too extreme for {rate_hz} samples/s: rounding would spoil the filter; \
                 use a lower order, a wider band or a lower sampling rate"
            ),
        }
    }
}

impl std::error::Error for DesignError {}

/// Checks that a rate, quality or similar is a finite number above zero.
pub(super) fn positive(param: &'static str, value: f64) -> Result<f64, DesignError> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(DesignError { param, value, rule: Rule::Positive })
    }
}

/// Checks that a value is above zero and at most `max`.
pub(super) fn up_to(param: &'static str, value: f64, max: f64) -> Result<f64, DesignError> {
    if value > 0.0 && value <= max {
        Ok(value)
    } else {
        Err(DesignError { param, value, rule: Rule::UpTo { max } })
    }
}

/// Checks that a frequency lies strictly between 0 and half the sampling rate.
pub(super) fn inside_band(param: &'static str, hz: f64, rate_hz: f64) -> Result<f64, DesignError> {
    let nyquist_hz = positive("rate_hz", rate_hz)? / 2.0;
    if hz > 0.0 && hz < nyquist_hz {
        Ok(hz)
    } else {
        Err(DesignError { param, value: hz, rule: Rule::InsideBand { nyquist_hz } })
    }
}

/// Checks a count against its limits.
pub(super) fn whole_number(
    param: &'static str,
    value: u32,
    min: u32,
    max: u32,
) -> Result<u32, DesignError> {
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(DesignError { param, value: f64::from(value), rule: Rule::WholeNumber { min, max } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_and_infinity_break_every_rule() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0] {
            assert_eq!(positive("q", bad).unwrap_err().param, "q");
            assert_eq!(inside_band("hz", bad, 250.0).unwrap_err().param, "hz");
            assert_eq!(inside_band("hz", 10.0, bad).unwrap_err().param, "rate_hz");
        }
    }

    #[test]
    fn messages_say_what_to_do() {
        let err = inside_band("high_hz", 125.0, 250.0).unwrap_err();
        assert_eq!(
            err.to_string(),
            "`high_hz` must be above 0 Hz and below 125 Hz, half the sampling rate, not 125"
        );
        let err = whole_number("order", 11, 1, 10).unwrap_err();
        assert_eq!(err.to_string(), "`order` must be a whole number from 1 to 10, not 11");
    }
}
