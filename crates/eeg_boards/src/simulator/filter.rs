//! The decimation filter's answer to steps: a sinc of third order, of which the chip puts out one value a period.

/// The share of a step that has come through, `periods` after it (data sheet section 9.4.1.1: settled on the fourth DRDY).
///
/// The integral of the filter's impulse response, the quadratic B-spline, in the limit of many modulator samples a period.
pub(super) fn step(periods: f64) -> f64 {
    match periods {
        x if x <= 0.0 => 0.0,
        x if x < 1.0 => x.powi(3) / 6.0,
        x if x < 2.0 => 0.5 + (-2.0 / 3.0 * x.powi(3) + 3.0 * x * x - 3.0 * x) / 2.0,
        x if x < 3.0 => 1.0 - (3.0 - x).powi(3) / 6.0,
        _ => 1.0,
    }
}

/// A square wave of plus and minus 1 as it comes through: `clocks` after it rose for the first time, when it turns every
/// `half` clocks, for conversions of `period` clocks.
pub(super) fn square(clocks: f64, half: f64, period: f64) -> f64 {
    let turns = (clocks / half).floor();
    let sign = |turn: f64| if turn.rem_euclid(2.0) == 0.0 { 1.0 } else { -1.0 };
    let mut value = sign(turns);
    let mut turn = turns;
    // Every turn within the filter's memory has come through in part only.
    while clocks - turn * half < 3.0 * period {
        value -= 2.0 * sign(turn) * (1.0 - step((clocks - turn * half) / period));
        turn -= 1.0;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads1299::timing::sinc3;
    use std::f64::consts::{PI, TAU};

    #[test]
    fn a_step_has_settled_on_the_fourth_data_ready() {
        assert_eq!(step(0.0), 0.0);
        assert!((step(1.0) - 1.0 / 6.0).abs() < 1e-12);
        assert!((step(1.5) - 0.5).abs() < 1e-12);
        assert!((step(2.0) - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(step(3.0), 1.0);
    }

    #[test]
    fn a_square_wave_comes_through_as_its_harmonics_do() {
        // 31.25 Hz at 250 samples/s: 8 samples a cycle, and at a quarter of the rate: 4.
        for samples in [32.0, 8.0, 4.0] {
            for n in 0..32 {
                let t = f64::from(n) / 4.0 + 0.1;
                let expected: f64 = (0..4000)
                    .map(|k| f64::from(2 * k + 1))
                    .map(|h| {
                        let cycles = h / samples;
                        4.0 / (PI * h) * sinc3(cycles) * (TAU * cycles * (t - 1.5)).sin()
                    })
                    .sum();
                let got = square(t, samples / 2.0, 1.0);
                assert!((got - expected).abs() < 1e-6, "{samples} {t}: {got} {expected}");
            }
        }
    }
}
