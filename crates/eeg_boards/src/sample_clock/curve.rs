//! Time as a function of the conversion's number: a parabola, fitted from below to the lowest stamps.
//!
//! `t(n) = t0 + a + (n - n0) T + (n - n0)^2 q`, with `n0` and `t0` at the newest stamp, so that only differences ever become floating-point
//! numbers: the fit is as exact after a year as after a second. Least squares with what is known beforehand (the
//! oscillator's tolerance and drift) as a prior, repeated with weights that fall for stamps far above the curve
//! (Geman and McClure 1987) while the scale of "far" shrinks (graduated non-convexity, Blake and Zisserman 1987).

use super::SampleClockSettings;
use super::envelope::{LOWS, Low};

/// The parabola and how sure it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Curve {
    /// The conversion it is centred on.
    pub(super) n: u64,
    /// The stamp it is centred on.
    pub(super) ns: u64,
    /// Time of conversion `n`, minus `ns`.
    offset_ns: f64,
    /// From one conversion to the next, at `n`.
    period_ns: f64,
    /// Half of what the period changes by from one conversion to the next.
    pub(super) bend_ns: f64,
    /// Conversions on either side of `n` over which the bend is trusted; beyond, the curve goes on straight.
    reach: f64,
    /// Standard deviations of the time of conversion `n` and of the period.
    pub(super) time_sd_ns: f64,
    pub(super) period_sd_ns: f64,
}

/// The period before the stamps tell it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) period_ns: f64,
    /// Standard deviation.
    pub(super) sd_ns: f64,
}

impl Expected {
    pub(super) fn nominal(rate_hz: f64, settings: &SampleClockSettings) -> Self {
        let period_ns = 1e9 / rate_hz;
        Self { period_ns, sd_ns: period_ns * settings.rate_tolerance_ppm / 1e6 }
    }
}

impl Curve {
    /// What is known when there is one stamp.
    pub(super) const fn first(n: u64, ns: u64, expected: &Expected) -> Self {
        Self {
            n,
            ns,
            offset_ns: 0.0,
            period_ns: expected.period_ns,
            bend_ns: 0.0,
            reach: 0.0,
            time_sd_ns: expected.period_ns,
            period_sd_ns: expected.sd_ns,
        }
    }

    fn centred(&self, n: u64) -> f64 {
        n.wrapping_sub(self.n) as i64 as f64
    }

    /// Nanoseconds from the stamp it is centred on to conversion `n`.
    fn after_centre_ns(&self, n: u64) -> f64 {
        let d = self.centred(n);
        let bent = d.clamp(-self.reach, self.reach);
        self.offset_ns + d * self.period_ns + self.bend_ns * bent * (2.0 * d - bent)
    }

    /// The time of conversion `n`.
    pub(super) fn ns_at(&self, n: u64) -> u64 {
        self.ns.saturating_add_signed(self.after_centre_ns(n).round() as i64)
    }

    /// By how much a stamp of conversion `n` lies before the curve.
    pub(super) fn early_ns(&self, n: u64, ns: u64) -> f64 {
        self.after_centre_ns(n) - ns.wrapping_sub(self.ns) as i64 as f64
    }

    /// From conversion `n` to the next.
    pub(super) fn period_ns(&self, n: u64) -> f64 {
        self.period_ns + 2.0 * self.bend_ns * self.centred(n).clamp(-self.reach, self.reach)
    }
}

/// A curve, and whether it fails to follow the stamps.
pub(super) struct Fit {
    pub(super) curve: Curve,
    /// The residuals are far larger than the scatter of neighbours: the oscillator does not move as a parabola does.
    pub(super) misfits: bool,
}

/// How often the weights are computed anew.
const ROUNDS: usize = 8;
/// Stamps are not better than this: the smallest scatter to believe in.
const LEAST_SCATTER_NS: f64 = 50.0;
/// Residuals so many times the scatter are no accident.
const CLEARLY: f64 = 4.0;

/// Fits the lows, oldest first. `guess` is the curve up to now.
pub(super) fn fit(lows: &[Low], guess: &Curve, expected: &Expected, drift_ppm_per_s: f64) -> Fit {
    let (first, newest) = match lows {
        [first, .., newest] if lows.len() > 2 && newest.n - first.n > 1 => (first, newest),
        _ => return Fit { curve: *guess, misfits: false },
    };
    let span = (newest.n - first.n) as f64;
    let period_ns = guess.period_ns(newest.n);
    // Abscissa from -1 to 0, ordinate in nanoseconds from a straight line with the period so far.
    let mut points = [(0.0, 0.0); LOWS + 1];
    let points = &mut points[..lows.len()];
    for (point, low) in points.iter_mut().zip(lows) {
        let d = -((newest.n - low.n) as f64);
        let ns = low.ns.wrapping_sub(newest.ns) as i64 as f64;
        *point = (d / span, ns - d * period_ns);
    }
    let span_s = span * period_ns / 1e9;
    let prior = Prior {
        slope: (expected.period_ns - period_ns) * span,
        slope_sd: expected.sd_ns * span,
        bend_sd: 0.5 * drift_ppm_per_s * 1e3 * span_s * span_s,
    };
    let parabola = Parabola::from_below(points, &prior);
    let curve = Curve {
        n: newest.n,
        ns: newest.ns,
        offset_ns: parabola.at[0],
        period_ns: period_ns + parabola.at[1] / span,
        bend_ns: parabola.at[2] / span / span,
        reach: span,
        time_sd_ns: parabola.sd[0],
        period_sd_ns: parabola.sd[1] / span,
    };
    Fit { curve, misfits: parabola.scatter_ns > CLEARLY * neighbour_scatter(points) }
}

/// What slope and bend are before the stamps say so, over the whole span.
struct Prior {
    slope: f64,
    slope_sd: f64,
    bend_sd: f64,
}

#[derive(Debug, Clone, Copy)]
struct Parabola {
    /// Offset, slope, bend.
    at: [f64; 3],
    sd: [f64; 3],
    scatter_ns: f64,
}

impl Parabola {
    fn value(&self, x: f64) -> f64 {
        self.at[0] + x * (self.at[1] + x * self.at[2])
    }

    fn from_below(points: &[(f64, f64)], prior: &Prior) -> Self {
        let mut parabola = Self { at: [0.0; 3], sd: [0.0; 3], scatter_ns: f64::INFINITY };
        let mut scale = f64::INFINITY;
        for round in 0..ROUNDS {
            parabola = parabola.improved(points, prior, scale);
            let scatter = parabola.scatter(points).max(LEAST_SCATTER_NS);
            parabola.scatter_ns = scatter;
            // From generous to strict, so that the first guess does not decide which stamps count.
            scale = scatter * f64::from(1_u32 << (ROUNDS - 1 - round).min(3)).max(3.0);
        }
        parabola
    }

    /// One round of weighted least squares.
    fn improved(&self, points: &[(f64, f64)], prior: &Prior, scale: f64) -> Self {
        let noise = if self.scatter_ns.is_finite() { self.scatter_ns } else { 1e5 };
        let mut a = [[0.0; 3]; 3];
        let mut b = [0.0; 3];
        for (x, y) in points {
            let above = (y - self.value(*x)).max(0.0) / scale;
            let weight = (1.0 + above * above).powi(-2) / (noise * noise);
            let powers = [1.0, *x, x * x];
            for row in 0..3 {
                for column in 0..3 {
                    a[row][column] += weight * powers[row] * powers[column];
                }
                b[row] += weight * powers[row] * y;
            }
        }
        a[1][1] += prior.slope_sd.powi(-2);
        b[1] += prior.slope * prior.slope_sd.powi(-2);
        a[2][2] += prior.bend_sd.powi(-2);
        let inverse = inverse(a);
        let at = inverse.map(|row| row[0] * b[0] + row[1] * b[1] + row[2] * b[2]);
        let sd = [0, 1, 2].map(|k| inverse[k][k].max(0.0).sqrt());
        Self { at, sd, ..*self }
    }

    /// Standard deviation of the stamps around the curve, judged by the nearer half of them.
    fn scatter(&self, points: &[(f64, f64)]) -> f64 {
        let mut off = [0.0; LOWS + 1];
        let off = &mut off[..points.len()];
        for (off, (x, y)) in off.iter_mut().zip(points) {
            *off = (y - self.value(*x)).abs();
        }
        median(off) * NORMAL
    }
}

/// Standard deviation over median of the absolute value, of a normal distribution.
const NORMAL: f64 = 1.4826;

/// Standard deviation of the stamps, judged by the second differences of neighbours, which drift does not reach.
fn neighbour_scatter(points: &[(f64, f64)]) -> f64 {
    let mut bends = [0.0; LOWS + 1];
    let triples = points.windows(3);
    let bends = &mut bends[..triples.len()];
    for (bend, triple) in bends.iter_mut().zip(triples) {
        let [(x0, y0), (x1, y1), (x2, y2)] = [triple[0], triple[1], triple[2]];
        // How far the middle one is from the line through its neighbours.
        let between = (x1 - x0) / (x2 - x0);
        let off = y1 - (y0 + between * (y2 - y0));
        let gain = 1.0 + between * between + (1.0 - between).powi(2);
        *bend = off.abs() / gain.sqrt();
    }
    (median(bends) * NORMAL).max(LEAST_SCATTER_NS)
}

fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Of a symmetric, positive definite matrix.
fn inverse(m: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let minor = |r: usize, c: usize| {
        let (r1, r2) = ((r + 1) % 3, (r + 2) % 3);
        let (c1, c2) = ((c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|c| m[0][c] * minor(0, c)).sum();
    let mut inverse = [[0.0; 3]; 3];
    for (r, row) in inverse.iter_mut().enumerate() {
        for (c, x) in row.iter_mut().enumerate() {
            *x = minor(c, r) / determinant;
        }
    }
    inverse
}
