//! Second-order sections: the coefficients of an IIR filter, plain data without any state.

use super::complex::Complex;

/// One second-order section with `a0 = 1`.
///
/// ```text
///         b0 + b1 z^-1 + b2 z^-2
/// H(z) = ------------------------
///          1 + a1 z^-1 + a2 z^-2
/// ```
///
/// A row of scipy's `sos` array is `[b0, b1, b2, 1, a1, a2]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sos {
    /// Weight of the newest input.
    pub b0: f64,
    /// Weight of the input one sample ago.
    pub b1: f64,
    /// Weight of the input two samples ago.
    pub b2: f64,
    /// Weight of the output one sample ago, subtracted.
    pub a1: f64,
    /// Weight of the output two samples ago, subtracted.
    pub a2: f64,
}

impl Sos {
    /// The transfer function at `z`.
    pub fn at(&self, z: Complex) -> Complex {
        let w = Complex::ONE / z;
        let poly = |c0: f64, c1: f64, c2: f64| Complex::real(c0) + w * (Complex::real(c1) + w * c2);
        poly(self.b0, self.b1, self.b2) / poly(1.0, self.a1, self.a2)
    }

    /// The two poles: roots of `z^2 + a1 z + a2`.
    pub fn poles(&self) -> [Complex; 2] {
        let half = -self.a1 / 2.0;
        let square = half * half - self.a2;
        if square < 0.0 {
            let im = (-square).sqrt();
            return [Complex::new(half, im), Complex::new(half, -im)];
        }
        // The root further from zero first: the other one follows from the product without cancellation.
        let far = half + square.sqrt().copysign(half);
        let near = if far == 0.0 { 0.0 } else { self.a2 / far };
        [Complex::real(far), Complex::real(near)]
    }

    /// State after an endless constant input of 1, as `scipy.signal.lfilter_zi(b, a)`: the solution of
    ///
    /// ```text
    /// (1 + a1) s1 - s2 = b1 - a1 b0
    ///       a2 s1 + s2 = b2 - a2 b0
    /// ```
    ///
    /// Near z = 1 the system is almost singular and the last bit of each step shows (1e-7 of the input at 0.05 Hz and
    /// 16,000 samples/s), so the steps are those of LAPACK's elimination, which scipy calls: the larger pivot first, its
    /// reciprocal, one fused multiply-add.
    fn steady_state(&self) -> [f64; 2] {
        let Self { b0, b1, b2, a1, a2 } = *self;
        let rows = ([1.0 + a1, -1.0], b1 - a1 * b0);
        let other = ([a2, 1.0], b2 - a2 * b0);
        let ((pivot, right), (below, below_right)) =
            if other.0[0].abs() > rows.0[0].abs() { (other, rows) } else { (rows, other) };
        let factor = below[0] * (1.0 / pivot[0]);
        let s2 = (-factor).mul_add(right, below_right) / (below[1] - factor * pivot[1]);
        [(right - pivot[1] * s2) / pivot[0], s2]
    }

    /// Gain at 0 Hz.
    pub(super) fn dc_gain(&self) -> f64 {
        (self.b0 + self.b1 + self.b2) / (1.0 + self.a1 + self.a2)
    }
}

/// What a filter takes for its past before the first sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Init {
    /// Silence: an electrode offset then makes a step, and a high-pass rings for its settling time.
    Zero,
    /// The first sample, for ever: `sosfilt_zi(sos) * x[0]`, so that a constant offset makes no transient.
    #[default]
    Step,
}

/// Sections applied one after another, with what a running filter needs to know of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Cascade {
    sections: Box<[Sos]>,
    /// Per section, its state after an endless constant input of 1 to the cascade.
    steady_state: Box<[[f64; 2]]>,
    /// Per section, the size of state below which the output is below [`QUIET`].
    quiet: Box<[f64]>,
}

/// Output below this (in the unit of the samples) counts as silence: four decades above the smallest normal f32, and
/// more than twenty-five below a microvolt in volts.
const QUIET: f64 = 1e-34;

impl Cascade {
    /// The cascade of these sections, in this order; of no section: passes everything.
    pub fn new(sections: Vec<Sos>) -> Self {
        // As `scipy.signal.sosfilt_zi`: each section sees a constant of the gain of those before it.
        let mut constant = 1.0;
        let steady_state = sections
            .iter()
            .map(|section| {
                let state = section.steady_state().map(|s| s * constant);
                constant *= section.dc_gain();
                state
            })
            .collect();
        let quiet = quiet_levels(&sections);
        Self { sections: sections.into(), steady_state, quiet }
    }

    /// The sections in the order in which they apply.
    pub fn sections(&self) -> &[Sos] {
        &self.sections
    }

    /// State of each section, `[s1, s2]`, after an endless constant input of 1: `scipy.signal.sosfilt_zi(sos)`.
    pub fn steady_state(&self) -> &[[f64; 2]] {
        &self.steady_state
    }

    /// Per section, the size of state below which the filter has faded out.
    pub(super) fn quiet(&self) -> &[f64] {
        &self.quiet
    }
}

/// [`QUIET`] times the largest gain from the input to each section's output.
///
/// scipy puts the gain of the whole filter into the first section (1e-50 for a low-pass of order 10 at 0.05 Hz and
/// 16,000 samples/s), so "small" differs from section to section. The gain peaks near the angles of the poles.
fn quiet_levels(sections: &[Sos]) -> Box<[f64]> {
    let poles = sections.iter().flat_map(Sos::poles).map(|pole| Complex::unit(pole.arg()));
    let points: Vec<Complex> = poles.chain([Complex::ONE, Complex::real(-1.0)]).collect();
    let mut gains = vec![1.0; points.len()];
    sections
        .iter()
        .map(|section| {
            for (gain, z) in gains.iter_mut().zip(&points) {
                *gain *= section.at(*z).abs();
            }
            QUIET * gains.iter().copied().filter(|gain| gain.is_finite()).fold(0.0, f64::max)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leaky integrator, y = 0.9 y' + 0.1 x: gain 1 at 0 Hz.
    const LEAKY: Sos = Sos { b0: 0.1, b1: 0.0, b2: 0.0, a1: -0.9, a2: 0.0 };

    #[test]
    fn steady_state_reproduces_itself() {
        let section = Sos { b0: 0.3, b1: -0.2, b2: 0.1, a1: -1.2, a2: 0.5 };
        let cascade = Cascade::new(vec![LEAKY, section]);
        let mut x = 1.0;
        for (section, [s1, s2]) in cascade.sections().iter().zip(cascade.steady_state()) {
            let y = section.b0 * x + s1;
            assert!((section.b1 * x - section.a1 * y + s2 - s1).abs() < 1e-15);
            assert!((section.b2 * x - section.a2 * y - s2).abs() < 1e-15);
            assert!((y - x * section.dc_gain()).abs() < 1e-15);
            x = y;
        }
    }

    #[test]
    fn poles_are_roots() {
        for (a1, a2) in
            [(-0.9, 0.0), (-1.2, 0.5), (0.0, 0.0), (1.5, 0.5), (0.0, -0.25), (0.0, 0.25)]
        {
            for z in (Sos { b0: 1.0, b1: 0.0, b2: 0.0, a1, a2 }).poles() {
                assert!(
                    (z * z + z * a1 + Complex::real(a2)).abs() < 1e-15,
                    "a1 {a1}, a2 {a2}: {z:?}"
                );
            }
        }
    }

    #[test]
    fn quiet_level_follows_the_gain() {
        let tiny = Sos { b0: 0.1e-50, ..LEAKY };
        let big = Sos { b0: 0.1e50, ..LEAKY };
        let cascade = Cascade::new(vec![tiny, big]);
        assert!((cascade.quiet()[0] / 1e-84 - 1.0).abs() < 1e-12);
        assert!((cascade.quiet()[1] / 1e-34 - 1.0).abs() < 1e-12);
    }
}
