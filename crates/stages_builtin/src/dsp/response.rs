//! What a cascade does to each frequency: gain and phase, group delay.

use std::f64::consts::TAU;

use super::complex::Complex;
use super::sos::{Cascade, Sos};

impl Cascade {
    /// Frequency response at `hz` for samples at `rate_hz`: gain is its magnitude, phase its angle.
    pub fn response(&self, hz: f64, rate_hz: f64) -> Complex {
        let z = Complex::unit(TAU * hz / rate_hz);
        self.sections().iter().fold(Complex::ONE, |product, section| product * section.at(z))
    }

    /// Gain at `hz` in decibels; negative infinity where the filter lets nothing through.
    pub fn gain_db(&self, hz: f64, rate_hz: f64) -> f64 {
        20.0 * self.response(hz, rate_hz).abs().log10()
    }

    /// Group delay at `hz` in samples: by how much the envelope of an oscillation of this frequency comes later.
    ///
    /// `-d phase / d w`, summed over the sections; as `scipy.signal.group_delay`, but finite at zeros on the unit circle too,
    /// where it continues the curve from both sides.
    pub fn group_delay_samples(&self, hz: f64, rate_hz: f64) -> f64 {
        let w = Complex::unit(-TAU * hz / rate_hz);
        self.sections().iter().map(|s| numerator_delay(s, w) - delay(1.0, s.a1, s.a2, w)).sum()
    }

    /// Distance from zero of the outermost pole; below 1 for a stable filter.
    pub fn largest_pole_radius(&self) -> f64 {
        self.sections().iter().flat_map(pole_radii).fold(0.0, f64::max)
    }
}

/// Distance of both poles of a section from zero; complex ones from their product, which is exact to the last bit.
fn pole_radii(section: &Sos) -> [f64; 2] {
    let poles = section.poles();
    if poles[0].im == 0.0 { poles.map(Complex::abs) } else { [section.a2.sqrt(); 2] }
}

/// Group delay of `c0 + c1 w + c2 w^2`, `w = e^(-j angle)`: the real part of `sum(k c_k w^k) / sum(c_k w^k)`.
fn delay(c0: f64, c1: f64, c2: f64, w: Complex) -> f64 {
    let value = Complex::real(c0) + w * (Complex::real(c1) + w * c2);
    let slope = w * (Complex::real(c1) + w * (2.0 * c2));
    (slope / value).re
}

/// Group delay of a numerator. One that reads the same from both ends has linear phase: half its length, even at its zeros.
fn numerator_delay(section: &Sos, w: Complex) -> f64 {
    let Sos { b0, b1, b2, .. } = *section;
    let same = |x: f64, y: f64| (x - y).abs() <= 1e-12 * x.abs();
    if same(b0, b2) || (same(b0, -b2) && b1.abs() <= 1e-12 * b0.abs()) {
        1.0
    } else if b2 == 0.0 && same(b0.abs(), b1.abs()) {
        0.5
    } else {
        delay(b0, b1, b2, w)
    }
}

#[cfg(test)]
mod tests {
    use super::super::butterworth::{Band, butterworth};
    use super::super::notch::iirnotch;
    use super::*;

    #[test]
    fn group_delay_is_the_slope_of_the_phase() {
        let filter = Cascade::new(
            butterworth(4, Band::BandPass { low_hz: 1.0, high_hz: 40.0 }, 250.0).unwrap(),
        );
        for hz in [2.0, 10.0, 20.0, 39.0, 60.0] {
            let step = 1e-4;
            let turn = filter.response(hz + step, 250.0) / filter.response(hz - step, 250.0);
            let slope = -turn.arg() / (TAU * 2.0 * step / 250.0);
            assert!(
                (filter.group_delay_samples(hz, 250.0) - slope).abs() < 1e-4 * slope.abs().max(1.0),
                "{hz} Hz"
            );
        }
    }

    #[test]
    fn group_delay_is_finite_at_the_zeros() {
        let notch = Cascade::new(vec![iirnotch(50.0, 30.0, 250.0).unwrap()]);
        let (at, near) =
            (notch.group_delay_samples(50.0, 250.0), notch.group_delay_samples(50.001, 250.0));
        assert!((at - near).abs() < 0.1, "{at} against {near}");
        let high_pass = Cascade::new(butterworth(3, Band::HighPass { hz: 1.0 }, 250.0).unwrap());
        assert!(high_pass.group_delay_samples(0.0, 250.0).is_finite());
    }

    #[test]
    fn an_average_of_two_delays_by_half_a_sample() {
        let average = Sos { b0: 0.5, b1: 0.5, b2: 0.0, a1: 0.0, a2: 0.0 };
        assert!((Cascade::new(vec![average]).group_delay_samples(10.0, 250.0) - 0.5).abs() < 1e-15);
    }
}
