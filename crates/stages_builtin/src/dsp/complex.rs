//! Complex numbers, as much of them as filter design needs.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A complex number in f64.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Complex {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Complex {
    /// One.
    pub const ONE: Self = Self { re: 1.0, im: 0.0 };

    /// `re + j im`.
    pub const fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }

    /// A real number.
    pub const fn real(re: f64) -> Self {
        Self { re, im: 0.0 }
    }

    /// `e^(j angle)`, the angle in radians.
    pub fn unit(angle: f64) -> Self {
        Self { re: angle.cos(), im: angle.sin() }
    }

    /// Complex conjugate.
    #[must_use]
    pub const fn conj(self) -> Self {
        Self { re: self.re, im: -self.im }
    }

    /// Magnitude, without overflow.
    pub fn abs(self) -> f64 {
        self.re.hypot(self.im)
    }

    /// Angle in radians, from -pi to pi.
    pub fn arg(self) -> f64 {
        self.im.atan2(self.re)
    }

    /// Square root with a real part of at least zero; the larger part is computed first, so that nothing cancels.
    #[must_use]
    pub fn sqrt(self) -> Self {
        if self.im == 0.0 {
            let root = self.re.abs().sqrt();
            return if self.re < 0.0 {
                Self::new(0.0, root.copysign(self.im))
            } else {
                Self::new(root, self.im)
            };
        }
        let size = self.abs();
        if self.re > 0.0 {
            let re = (0.5 * (size + self.re)).sqrt();
            Self::new(re, 0.5 * (self.im / re))
        } else {
            let im = (0.5 * (size - self.re)).sqrt();
            Self::new((0.5 * (self.im / im)).abs(), im.copysign(self.im))
        }
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self::new(self.re + rhs.re, self.im + rhs.im)
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        Self::new(self.re - rhs.re, self.im - rhs.im)
    }
}

impl Neg for Complex {
    type Output = Self;
    fn neg(self) -> Self {
        Self::new(-self.re, -self.im)
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, rhs: Self) -> Self {
        Self::new(self.re * rhs.re - self.im * rhs.im, self.re * rhs.im + self.im * rhs.re)
    }
}

impl Mul<f64> for Complex {
    type Output = Self;
    fn mul(self, rhs: f64) -> Self {
        Self::new(self.re * rhs, self.im * rhs)
    }
}

impl Div for Complex {
    type Output = Self;

    /// Smith's method (Communications of the ACM 5, 1962, p. 435): scaled by the larger part of the divisor.
    fn div(self, rhs: Self) -> Self {
        if rhs.re.abs() >= rhs.im.abs() {
            let ratio = rhs.im / rhs.re;
            let scale = 1.0 / (rhs.re + rhs.im * ratio);
            Self::new((self.re + self.im * ratio) * scale, (self.im - self.re * ratio) * scale)
        } else {
            let ratio = rhs.re / rhs.im;
            let scale = 1.0 / (rhs.im + rhs.re * ratio);
            Self::new((self.re * ratio + self.im) * scale, (self.im * ratio - self.re) * scale)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn square_root_squares_back_in_all_quadrants() {
        for (re, im) in [
            (3.0, 4.0),
            (-3.0, 4.0),
            (-3.0, -4.0),
            (3.0, -4.0),
            (-4.0, 0.0),
            (4.0, 0.0),
            (0.0, 2.0),
        ] {
            let z = Complex::new(re, im);
            let root = z.sqrt();
            assert!(root.re >= 0.0);
            assert!((root * root - z).abs() < 1e-15 * 8.0, "{z:?} -> {root:?}");
        }
        assert_eq!(Complex::new(3.0, 4.0).sqrt(), Complex::new(2.0, 1.0));
    }

    #[test]
    fn division_undoes_multiplication() {
        let (a, b) = (Complex::new(1.5, -0.25), Complex::new(-0.125, 3.0));
        assert!(((a * b) / b - a).abs() < 1e-15);
        assert!(((a * b) / a - b).abs() < 1e-15);
    }
}
