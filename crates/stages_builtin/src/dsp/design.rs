//! From an analogue prototype to second-order sections: frequency transforms, bilinear transform, pairing.
//!
//! The steps and their order are those of `scipy.signal.iirfilter`, so that coefficients agree to the last bits:
//! `lp2lp_zpk`, `lp2hp_zpk`, `lp2bp_zpk` or `lp2bs_zpk`, then `bilinear_zpk`, then `zpk2sos(pairing="nearest")`.
//! Textbook: Parks and Burrus, *Digital Filter Design*, 1987, chapter 7. Working on poles and zeros, never on expanded
//! polynomials, is what keeps cut-offs of 0.05 Hz at 16,000 samples/s exact.

use super::complex::Complex;
use super::sos::Sos;

/// Zeros, poles and gain of a transfer function; complex ones come in conjugate pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Zpk {
    /// Zeros.
    pub zeros: Vec<Complex>,
    /// Poles.
    pub poles: Vec<Complex>,
    /// Gain: the factor before the products.
    pub gain: f64,
}

impl Zpk {
    /// Moves the edge of a low-pass from 1 rad/s to `edge`: `s -> s / edge`.
    #[must_use]
    pub fn to_low_pass(mut self, edge: f64) -> Self {
        let degree = self.degree();
        self.zeros.iter_mut().chain(&mut self.poles).for_each(|root| *root = *root * edge);
        self.gain *= edge.powf(degree as f64);
        self
    }

    /// Makes it a high-pass with its edge at `edge` rad/s: `s -> edge / s`.
    #[must_use]
    pub fn to_high_pass(mut self, edge: f64) -> Self {
        let degree = self.degree();
        self.gain *= self.gain_of_inversion();
        self.zeros
            .iter_mut()
            .chain(&mut self.poles)
            .for_each(|root| *root = Complex::real(edge) / *root);
        self.zeros.extend(vec![Complex::default(); degree]);
        self
    }

    /// Makes it a band-pass `width` wide around `centre` (both rad/s): `s -> (s^2 + centre^2) / (s width)`.
    #[must_use]
    pub fn to_band_pass(mut self, centre: f64, width: f64) -> Self {
        let degree = self.degree();
        self.zeros = split(&self.zeros, centre, |root| root * width * 0.5);
        self.poles = split(&self.poles, centre, |root| root * width * 0.5);
        self.zeros.extend(vec![Complex::default(); degree]);
        self.gain *= width.powf(degree as f64);
        self
    }

    /// Makes it a band-stop `width` wide around `centre` (both rad/s): `s -> s width / (s^2 + centre^2)`.
    #[must_use]
    pub fn to_band_stop(mut self, centre: f64, width: f64) -> Self {
        let degree = self.degree();
        self.gain *= self.gain_of_inversion();
        let half = Complex::real(width / 2.0);
        self.zeros = split(&self.zeros, centre, |root| half / root);
        self.poles = split(&self.poles, centre, |root| half / root);
        self.zeros.extend(vec![Complex::new(0.0, centre); degree]);
        self.zeros.extend(vec![Complex::new(0.0, -centre); degree]);
        self
    }

    /// Bilinear transform to the z plane, `z = (2 rate + s) / (2 rate - s)`; zeros at infinity go to half the rate.
    #[must_use]
    pub fn bilinear(mut self, rate: f64) -> Self {
        let degree = self.degree();
        let twice = Complex::real(2.0 * rate);
        let distance = |roots: &[Complex]| product(roots.iter().map(|root| twice - *root));
        self.gain *= (distance(&self.zeros) / distance(&self.poles)).re;
        self.zeros
            .iter_mut()
            .chain(&mut self.poles)
            .for_each(|root| *root = (twice + *root) / (twice - *root));
        self.zeros.extend(vec![Complex::real(-1.0); degree]);
        self
    }

    /// Second-order sections of a digital filter with as many zeros as poles, as `scipy.signal.zpk2sos`.
    ///
    /// From the last section to the first: the pole nearest the unit circle, its conjugate (or the next real pole), and
    /// the zeros nearest to it, so that each section's peak is flattened by its own zeros and the sharpest
    /// resonance sees a signal the others have already reduced. The gain goes into the first section.
    pub fn to_sections(&self) -> Vec<Sos> {
        let mut poles = one_of_each_pair(&self.poles);
        let mut zeros = one_of_each_pair(&self.zeros);
        let mut sections = Vec::with_capacity(self.poles.len().div_ceil(2));
        while !poles.is_empty() {
            sections.push(take_section(&mut poles, &mut zeros));
        }
        sections.reverse();
        if let Some(first) = sections.first_mut() {
            first.b0 *= self.gain;
            first.b1 *= self.gain;
            first.b2 *= self.gain;
        }
        sections
    }

    /// The transfer function at a point of the plane.
    pub(super) fn at(&self, point: Complex) -> Complex {
        let distances = |roots: &[Complex]| product(roots.iter().map(|root| point - *root));
        distances(&self.zeros) / distances(&self.poles) * self.gain
    }

    /// How many more poles than zeros.
    fn degree(&self) -> usize {
        self.poles.len().saturating_sub(self.zeros.len())
    }

    fn gain_of_inversion(&self) -> f64 {
        (product(self.zeros.iter().map(|z| -*z)) / product(self.poles.iter().map(|p| -*p))).re
    }
}

pub(super) fn product(factors: impl Iterator<Item = Complex>) -> Complex {
    factors.fold(Complex::ONE, |product, factor| product * factor)
}

/// Each root, scaled, becomes two: one moved up by `centre`, one moved down.
fn split(roots: &[Complex], centre: f64, scale: impl Fn(Complex) -> Complex) -> Vec<Complex> {
    let scaled = roots.iter().map(|root| {
        let root = scale(*root);
        (root, (root * root - Complex::real(centre * centre)).sqrt())
    });
    let (up, down): (Vec<_>, Vec<_>) =
        scaled.map(|(root, shift)| (root + shift, root - shift)).unzip();
    [up, down].concat()
}

/// The upper half of each conjugate pair by rising real part, then the real roots (with an exact zero imaginary part).
///
/// A number of roots that is odd gets one more at zero, where it delays nothing once poles and zeros have it.
fn one_of_each_pair(roots: &[Complex]) -> Vec<Complex> {
    const SAME: f64 = 100.0 * f64::EPSILON;
    let is_real = |z: &Complex| z.im.abs() <= SAME * z.abs();
    let mut upper: Vec<Complex> =
        roots.iter().copied().filter(|z| !is_real(z) && z.im > 0.0).collect();
    upper.sort_by(|a, b| a.re.total_cmp(&b.re).then(a.im.total_cmp(&b.im)));
    // Runs of one real part up to rounding are ordered by their imaginary parts.
    let mut start = 0;
    for end in 1..=upper.len() {
        if end == upper.len() || upper[end].re - upper[end - 1].re > SAME * upper[end - 1].abs() {
            upper[start..end].sort_by(|a, b| a.im.total_cmp(&b.im));
            start = end;
        }
    }
    let mut real: Vec<f64> = roots.iter().filter(|z| is_real(z)).map(|z| z.re).collect();
    if roots.len() % 2 == 1 {
        real.push(0.0);
    }
    real.sort_by(f64::total_cmp);
    upper.extend(real.into_iter().map(Complex::real));
    upper
}

/// Takes the pole nearest the unit circle and what belongs with it out of the lists.
fn take_section(poles: &mut Vec<Complex>, zeros: &mut Vec<Complex>) -> Sos {
    let from_circle = |p: Complex| (1.0 - p.abs()).abs();
    let pole = take_nearest(poles, from_circle, |_| true);
    let partner =
        if is_real(pole) { take_nearest(poles, from_circle, is_real) } else { pole.conj() };
    let from_pole = |z: Complex| (z - pole).abs();
    let zero = take_nearest(zeros, from_pole, |_| true);
    let other = if is_real(zero) { take_nearest(zeros, from_pole, is_real) } else { zero.conj() };
    let [b1, b2] = expand(zero, other);
    let [a1, a2] = expand(pole, partner);
    Sos { b0: 1.0, b1, b2, a1, a2 }
}

fn is_real(root: Complex) -> bool {
    root.im == 0.0
}

/// Takes out the allowed root of the smallest distance, the first of equals; zero when there is none left.
fn take_nearest(
    roots: &mut Vec<Complex>,
    distance: impl Fn(Complex) -> f64,
    allowed: impl Fn(Complex) -> bool,
) -> Complex {
    let candidates = roots.iter().enumerate().filter(|(_, root)| allowed(**root));
    let best = candidates.min_by(|(_, a), (_, b)| distance(**a).total_cmp(&distance(**b)));
    match best.map(|(at, _)| at) {
        Some(at) => roots.remove(at),
        None => Complex::default(),
    }
}

/// `c1` and `c2` of `(z - first)(z - second) = z^2 + c1 z + c2`.
fn expand(first: Complex, second: Complex) -> [f64; 2] {
    [-(first + second).re, (first * second).re]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(roots: &[f64]) -> Vec<Complex> {
        roots.iter().map(|re| Complex::real(*re)).collect()
    }

    #[test]
    fn an_integrator_becomes_the_trapezoidal_rule() {
        // H(s) = 1 / (s + 1) at 1 sample/s: (1 + z^-1) / (3 - z^-1).
        let analogue = Zpk { zeros: vec![], poles: real(&[-1.0]), gain: 1.0 };
        let sections = analogue.bilinear(1.0).to_sections();
        assert_eq!(sections.len(), 1);
        let Sos { b0, b1, b2, a1, a2 } = sections[0];
        for (value, expected) in
            [(b0, 1.0 / 3.0), (b1, 1.0 / 3.0), (b2, 0.0), (a1, -1.0 / 3.0), (a2, 0.0)]
        {
            assert!((value - expected).abs() < 1e-15, "{value} is not {expected}");
        }
    }

    #[test]
    fn the_sharpest_resonance_comes_last_with_the_zeros_nearest_to_it() {
        let pair = |radius: f64, angle: f64| {
            let z = Complex::unit(angle) * radius;
            [z, z.conj()]
        };
        let poles = [pair(0.99, 0.1), pair(0.5, 1.5)].concat();
        let zeros = [pair(1.0, 1.4), pair(1.0, 0.2)].concat();
        let sections = Zpk { zeros, poles, gain: 2.0 }.to_sections();
        assert!((sections[1].a2 - 0.99 * 0.99).abs() < 1e-15);
        assert!((sections[1].b1 + 2.0 * 0.2_f64.cos()).abs() < 1e-15);
        assert!((sections[0].b0 - 2.0).abs() < 1e-15);
        assert!((sections[0].b1 + 4.0 * 1.4_f64.cos()).abs() < 1e-15);
    }

    #[test]
    fn transforms_keep_the_gain_where_they_say() {
        // 1 / (s + 1) has gain 1 at 0: so has its low-pass at 0, its high-pass at infinity (the gain itself).
        let prototype = || Zpk { zeros: vec![], poles: real(&[-1.0]), gain: 1.0 };
        let low = prototype().to_low_pass(5.0);
        assert!((low.gain / 5.0 - 1.0).abs() < 1e-15 && low.poles == real(&[-5.0]));
        let high = prototype().to_high_pass(5.0);
        assert!(
            (high.gain - 1.0).abs() < 1e-15
                && high.poles == real(&[-5.0])
                && high.zeros == real(&[0.0])
        );
        // s -> (s^2 + 9) / 2s: poles of s^2 + 2 s + 9.
        let band = prototype().to_band_pass(3.0, 2.0);
        for p in &band.poles {
            assert!((*p * *p + *p * 2.0 + Complex::real(9.0)).abs() < 1e-14);
        }
        assert!((band.gain - 2.0).abs() < 1e-15 && band.zeros == real(&[0.0]));
        let stop = prototype().to_band_stop(3.0, 2.0);
        assert_eq!(stop.zeros, [Complex::new(0.0, 3.0), Complex::new(0.0, -3.0)]);
    }
}
