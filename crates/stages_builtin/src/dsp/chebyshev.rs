//! Chebyshev filters, equal to `scipy.signal.cheby1` and `cheby2` with `output="sos"`: steeper than Butterworth, with ripple.
//!
//! ```text
//! type 1: |H(j w)|^2 = 1 / (1 + e^2 T_N(w)^2),          e = sqrt(10^(ripple / 10) - 1): ripple in the pass-band
//! type 2: |H(j w)|^2 = 1 / (1 + 1 / (e^2 T_N(1 / w)^2)), e = 1 / sqrt(10^(stop / 10) - 1): ripple in the stop-band
//! ```
//!
//! with `T_N` the Chebyshev polynomial (Parks and Burrus, *Digital Filter Design*, 1987, section 7.2). The edge of type 1 is
//! where the gain leaves the ripple, at `-ripple` dB; that of type 2 is where it reaches the stop-band, at `-stop` dB.

use std::f64::consts::PI;

use super::band::{Band, from_prototype};
use super::butterworth::MAX_ORDER;
use super::complex::Complex;
use super::design::{Zpk, product};
use super::error::{DesignError, up_to, whole_number};
use super::sos::Sos;

/// Largest ripple of a pass-band.
pub const MAX_RIPPLE_DB: f64 = 20.0;
/// Largest attenuation of a stop-band.
pub const MAX_STOP_DB: f64 = 200.0;

/// Type 1, at most `ripple_db` below 1 in the pass-band: `scipy.signal.cheby1(order, ripple_db, edges, btype, output="sos")`.
///
/// # Errors
/// As [`butterworth`](super::butterworth()), and if the ripple is not above 0 and at most [`MAX_RIPPLE_DB`].
pub fn chebyshev1(
    order: u32,
    ripple_db: f64,
    band: Band,
    rate_hz: f64,
) -> Result<Vec<Sos>, DesignError> {
    whole_number("order", order, 1, MAX_ORDER)?;
    let square = 10.0_f64.powf(0.1 * up_to("ripple_db", ripple_db, MAX_RIPPLE_DB)?) - 1.0;
    let mu = (1.0 / square.sqrt()).asinh() / f64::from(order);
    let poles: Vec<Complex> = angles(order).map(|theta| -sinh(mu, theta)).collect();
    let mut gain = product(poles.iter().map(|p| -*p)).re;
    if order.is_multiple_of(2) {
        gain /= (1.0 + square).sqrt();
    }
    from_prototype(Zpk { zeros: vec![], poles, gain }, band, rate_hz)
}

/// Type 2, at least `stop_db` down in the stop-band: `scipy.signal.cheby2(order, stop_db, edges, btype, output="sos")`.
///
/// # Errors
/// As [`butterworth`](super::butterworth()), and if the attenuation is not above 0 and at most [`MAX_STOP_DB`].
pub fn chebyshev2(
    order: u32,
    stop_db: f64,
    band: Band,
    rate_hz: f64,
) -> Result<Vec<Sos>, DesignError> {
    whole_number("order", order, 1, MAX_ORDER)?;
    let square = 10.0_f64.powf(0.1 * up_to("stop_db", stop_db, MAX_STOP_DB)?) - 1.0;
    let mu = square.sqrt().asinh() / f64::from(order);
    let poles: Vec<Complex> = angles(order).map(|theta| Complex::ONE / -sinh(mu, theta)).collect();
    // Of an odd order the middle zero lies at infinity.
    let finite = angles(order).filter(|theta| *theta != 0.0);
    let zeros: Vec<Complex> = finite.map(|theta| Complex::new(0.0, 1.0 / theta.sin())).collect();
    let gain = (product(poles.iter().map(|p| -*p)) / product(zeros.iter().map(|z| -*z))).re;
    from_prototype(Zpk { zeros, poles, gain }, band, rate_hz)
}

/// `pi m / 2N` for m = -N+1, -N+3 ... N-1.
fn angles(order: u32) -> impl Iterator<Item = f64> {
    let n = i32::try_from(order).expect("the order is at most MAX_ORDER");
    (0..n).map(move |k| PI * f64::from(2 * k + 1 - n) / f64::from(2 * n))
}

/// `sinh(mu + j theta)`.
fn sinh(mu: f64, theta: f64) -> Complex {
    Complex::new(mu.sinh() * theta.cos(), mu.cosh() * theta.sin())
}

#[cfg(test)]
mod tests {
    use super::super::sos::Cascade;
    use super::*;

    const BANDS: [(Band, [f64; 2]); 4] = [
        (Band::LowPass { hz: 40.0 }, [40.0; 2]),
        (Band::HighPass { hz: 1.0 }, [1.0; 2]),
        (Band::BandPass { low_hz: 8.0, high_hz: 13.0 }, [8.0, 13.0]),
        (Band::BandStop { low_hz: 45.0, high_hz: 55.0 }, [45.0, 55.0]),
    ];

    #[test]
    fn the_edge_of_type_1_is_at_the_ripple_and_the_passband_within_it() {
        for order in 1..=MAX_ORDER {
            for (band, edges) in BANDS {
                let filter = Cascade::new(chebyshev1(order, 0.5, band, 250.0).unwrap());
                for hz in edges {
                    let db = filter.gain_db(hz, 250.0);
                    assert!((db + 0.5).abs() < 1e-6, "order {order}, {band:?}: {db} dB at {hz} Hz");
                }
            }
            let filter = Cascade::new(chebyshev1(order, 0.5, BANDS[0].0, 250.0).unwrap());
            for hz in 0..=40 {
                let db = filter.gain_db(f64::from(hz), 250.0);
                assert!((-0.5 - 1e-6..1e-6).contains(&db), "order {order}: {db} dB at {hz} Hz");
            }
        }
    }

    #[test]
    fn type_2_is_down_by_what_was_asked_from_its_edge_on() {
        for order in 1..=MAX_ORDER {
            for (band, edges) in BANDS {
                let filter = Cascade::new(chebyshev2(order, 40.0, band, 250.0).unwrap());
                for hz in edges {
                    let db = filter.gain_db(hz, 250.0);
                    assert!(
                        (db + 40.0).abs() < 1e-5,
                        "order {order}, {band:?}: {db} dB at {hz} Hz"
                    );
                }
            }
            let filter = Cascade::new(chebyshev2(order, 40.0, BANDS[0].0, 250.0).unwrap());
            assert!((40..125).all(|hz| filter.gain_db(f64::from(hz), 250.0) < -40.0 + 1e-5));
            assert!(filter.gain_db(0.0, 250.0).abs() < 1e-9, "flat at 0 Hz");
        }
    }

    #[test]
    fn each_mistake_names_its_parameter() {
        let band = BANDS[0].0;
        for db in [0.0, -1.0, 21.0, f64::NAN] {
            assert_eq!(chebyshev1(4, db, band, 250.0).unwrap_err().param, "ripple_db");
        }
        for db in [0.0, 201.0, f64::NAN] {
            assert_eq!(chebyshev2(4, db, band, 250.0).unwrap_err().param, "stop_db");
        }
        assert_eq!(chebyshev1(11, 1.0, band, 250.0).unwrap_err().param, "order");
        assert_eq!(chebyshev2(4, 40.0, band, 60.0).unwrap_err().param, "hz");
    }
}
