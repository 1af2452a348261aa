//! Which band a filter with optional edges passes: `low_hz` alone, `high_hz` alone, both, or all but what lies between.

use crate::dsp::{Band, DesignError};
use plugin_api::ConfigError;

/// The edges as parameters give them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edges {
    pub(super) low_hz: Option<f64>,
    pub(super) high_hz: Option<f64>,
    pub(super) stop: bool,
}

impl Edges {
    /// The band they mean.
    ///
    /// # Errors
    /// When there is no edge, or `stop` without both.
    pub(super) fn band(self) -> Result<Band, ConfigError> {
        match (self.low_hz, self.high_hz, self.stop) {
            (Some(low_hz), Some(high_hz), true) => Ok(Band::BandStop { low_hz, high_hz }),
            (Some(low_hz), Some(high_hz), false) => Ok(Band::BandPass { low_hz, high_hz }),
            (Some(hz), None, false) => Ok(Band::HighPass { hz }),
            (None, Some(hz), false) => Ok(Band::LowPass { hz }),
            (Some(_), None, true) => Err(ConfigError::param_message(
                "high_hz",
                "a band that is stopped has two edges: `high_hz` is missing",
            )),
            (None, Some(_), true) => Err(ConfigError::param_message(
                "low_hz",
                "a band that is stopped has two edges: `low_hz` is missing",
            )),
            (None, None, _) => Err(ConfigError::param_message(
                "low_hz",
                "an edge is missing: `low_hz` keeps what lies above it, `high_hz` what lies below, both what lies between",
            )),
        }
    }

    /// The edges that are there, by name.
    pub(super) fn named(self) -> Vec<(&'static str, f64)> {
        let edges = [("low_hz", self.low_hz), ("high_hz", self.high_hz)];
        edges.into_iter().filter_map(|(name, hz)| Some((name, hz?))).collect()
    }

    /// A mistake of a design with one edge, which calls it `hz`, under the name it has here.
    pub(super) fn rename(self, error: DesignError) -> DesignError {
        match error.param {
            "hz" if self.low_hz.is_some() => DesignError { param: "low_hz", ..error },
            "hz" => DesignError { param: "high_hz", ..error },
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_say_which_band() {
        let band = |low_hz, high_hz, stop| Edges { low_hz, high_hz, stop }.band();
        assert_eq!(band(Some(1.0), None, false), Ok(Band::HighPass { hz: 1.0 }));
        assert_eq!(band(None, Some(40.0), false), Ok(Band::LowPass { hz: 40.0 }));
        let (low_hz, high_hz) = (1.0, 40.0);
        assert_eq!(band(Some(1.0), Some(40.0), false), Ok(Band::BandPass { low_hz, high_hz }));
        assert_eq!(band(Some(1.0), Some(40.0), true), Ok(Band::BandStop { low_hz, high_hz }));
        let missing = |low_hz, high_hz, stop| {
            band(low_hz, high_hz, stop).unwrap_err().param().unwrap().to_owned()
        };
        assert_eq!(missing(None, None, false), "low_hz");
        assert_eq!(missing(Some(1.0), None, true), "high_hz");
        assert_eq!(missing(None, Some(1.0), true), "low_hz");
    }
}
