//! Bessel filters, equal to `scipy.signal.bessel(order, edges, btype, output="sos", norm="phase")`: nearly constant delay.
//!
//! The prototype's poles are the roots of the reverse Bessel polynomial
//!
//! ```text
//! theta_N(s) = sum_k a_k s^k,   a_k = (2N - k)! / (2^(N-k) k! (N-k)!),
//! ```
//!
//! divided by `a_0^(1/N)`, so that for every order the phase at the edge is the middle of its range and the
//! asymptote that of a Butterworth filter (Thomson, *Proc. IEE* 96, 1949, p. 487; Bond, *Bessel filter constants*, 2003). The gain at
//! the edge is not -3 dB but lower, from -3 dB for order 1 to -15 dB for order 10.

use super::band::{Band, from_prototype};
use super::butterworth::MAX_ORDER;
use super::complex::Complex;
use super::design::Zpk;
use super::error::{DesignError, whole_number};
use super::sos::Sos;

/// Second-order sections of a Bessel filter for samples at `rate_hz`.
///
/// # Errors
/// As [`butterworth`](super::butterworth()).
pub fn bessel(order: u32, band: Band, rate_hz: f64) -> Result<Vec<Sos>, DesignError> {
    whole_number("order", order, 1, MAX_ORDER)?;
    from_prototype(prototype(order), band, rate_hz)
}

fn prototype(order: u32) -> Zpk {
    let coefficients = reverse_bessel(order);
    let scale = coefficients[0].powf(-1.0 / f64::from(order));
    let poles = roots(&coefficients).into_iter().map(|root| root * scale).collect();
    Zpk { zeros: vec![], poles, gain: 1.0 }
}

/// `a_0` to `a_N`; whole numbers below 2^53 up to order 10, so exact.
fn reverse_bessel(order: u32) -> Vec<f64> {
    // a_N = 1 and a_(k-1) = a_k (2N - k + 1) k / (2 (N - k + 1)), from the ratio of the factorials.
    let n = f64::from(order);
    let mut coefficients = vec![1.0];
    for k in (1..=order).rev().map(f64::from) {
        let last = coefficients[coefficients.len() - 1];
        coefficients.push(last * (2.0 * n - k + 1.0) * k / (2.0 * (n - k + 1.0)));
    }
    coefficients.reverse();
    coefficients
}

/// All roots at once by Aberth's method (*Mathematics of Computation* 27, 1973, p. 339), conjugate pairs made exact.
fn roots(coefficients: &[f64]) -> Vec<Complex> {
    let degree = coefficients.len() - 1;
    let radius = coefficients[0].powf(1.0 / degree as f64);
    // Not symmetric to the real axis, where the iteration could not leave its symmetry.
    let angle = |k: usize| std::f64::consts::TAU * k as f64 / degree as f64 + 0.4;
    let mut roots: Vec<Complex> = (0..degree).map(|k| Complex::unit(angle(k)) * radius).collect();
    for _ in 0..200 {
        let mut moved = 0.0_f64;
        for k in 0..degree {
            let step = newton(coefficients, roots[k]);
            let others = (0..degree).filter(|other| *other != k);
            let push = others
                .fold(Complex::default(), |sum, j| sum + Complex::ONE / (roots[k] - roots[j]));
            let step = step / (Complex::ONE - step * push);
            roots[k] = roots[k] - step;
            moved = moved.max(step.abs() / radius);
        }
        if moved < 1e-15 {
            break;
        }
    }
    pairs(&roots, radius)
}

/// Value over slope.
fn newton(coefficients: &[f64], at: Complex) -> Complex {
    let (mut value, mut slope) = (Complex::default(), Complex::default());
    for coefficient in coefficients.iter().rev() {
        slope = slope * at + value;
        value = value * at + Complex::real(*coefficient);
    }
    value / slope
}

/// The roots above the real axis with their mirror images, and the real one of an odd degree.
fn pairs(roots: &[Complex], radius: f64) -> Vec<Complex> {
    let real = |root: &&Complex| root.im.abs() < 1e-9 * radius;
    let upper = roots.iter().filter(|root| root.im > 0.0 && !real(root));
    let pairs = upper.flat_map(|root| [*root, root.conj()]);
    pairs.chain(roots.iter().filter(real).map(|root| Complex::real(root.re))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sos::Cascade;
    use super::*;

    #[test]
    fn polynomials_are_those_of_the_tables() {
        // Krall and Frink, 1949: s^2 + 3 s + 3, s^3 + 6 s^2 + 15 s + 15, s^4 + 10 s^3 + 45 s^2 + 105 s + 105.
        assert_eq!(reverse_bessel(2), [3.0, 3.0, 1.0]);
        assert_eq!(reverse_bessel(3), [15.0, 15.0, 6.0, 1.0]);
        assert_eq!(reverse_bessel(4), [105.0, 105.0, 45.0, 10.0, 1.0]);
        assert_eq!(reverse_bessel(10)[0], 654_729_075.0);
    }

    #[test]
    fn roots_give_the_polynomial_back() {
        for order in 1..=MAX_ORDER {
            let coefficients = reverse_bessel(order);
            let found = roots(&coefficients);
            assert_eq!(found.len(), order as usize);
            let product = found.iter().fold(Complex::ONE, |product, root| product * -*root);
            let off = (product.re / coefficients[0] - 1.0).abs();
            assert!(off < 1e-12, "order {order}: {off:e}");
            assert!(found.iter().all(|root| root.re < 0.0), "order {order} is not stable");
        }
    }

    #[test]
    fn the_delay_is_flat_over_the_passband() {
        let band = Band::LowPass { hz: 20.0 };
        let filter = Cascade::new(bessel(6, band, 4000.0).unwrap());
        let delay = |hz| filter.group_delay_samples(hz, 4000.0);
        for hz in [1.0, 5.0, 10.0] {
            assert!(
                (delay(hz) / delay(0.0) - 1.0).abs() < 0.005,
                "{hz} Hz: {} of {}",
                delay(hz),
                delay(0.0)
            );
        }
        // Maximally flat in delay, not in gain.
        assert!(filter.gain_db(20.0, 4000.0) < -6.0);
        assert!(filter.gain_db(0.0, 4000.0).abs() < 1e-9);
    }
}
