//! From a stream's clock to the recorder's: a straight line through the clock offsets.

/// An offset this far from the first one is a measurement gone wrong, or another clock.
const MAX_JUMP_S: f64 = 1.0;

/// A clock that drifts more than this is none.
const MAX_DRIFT: f64 = 1e-3;

/// Sums of a least-squares line, counted from the first offset so that they stay exact.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    first: Option<(f64, f64)>,
    count: f64,
    time: f64,
    offset: f64,
    time_time: f64,
    time_offset: f64,
    pub(super) left_out: u64,
}

impl Clock {
    pub(super) fn add(&mut self, time_s: f64, offset_s: f64) {
        let (time0, offset0) = *self.first.get_or_insert((time_s, offset_s));
        let (x, y) = (time_s - time0, offset_s - offset0);
        if !(x.is_finite() && y.abs() <= MAX_JUMP_S) {
            self.left_out += 1;
            return;
        }
        self.count += 1.0;
        self.time += x;
        self.offset += y;
        self.time_time += x * x;
        self.time_offset += x * y;
    }

    /// Offset at the first measurement, drift, and the time of that measurement.
    fn line(&self) -> (f64, f64, f64) {
        let Some((time0, offset0)) = self.first.filter(|_| self.count > 0.0) else {
            return (0.0, 0.0, 0.0);
        };
        let spread = self.count * self.time_time - self.time * self.time;
        let drift = (self.count * self.time_offset - self.time * self.offset) / spread;
        let drift = if spread > 0.0 && drift.abs() <= MAX_DRIFT { drift } else { 0.0 };
        (offset0 + (self.offset - drift * self.time) / self.count, drift, time0)
    }

    /// Time on the recorder's clock.
    pub(super) fn to_common(self, time_s: f64) -> f64 {
        let (offset, drift, time0) = self.line();
        time_s + offset + drift * (time_s - time0)
    }

    /// Time on the stream's own clock.
    pub(super) fn to_own(self, time_s: f64) -> f64 {
        let (offset, drift, time0) = self.line();
        time0 + (time_s - offset - time0) / (1.0 + drift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_and_drift_there_and_back() {
        let mut clock = Clock::default();
        assert_eq!(clock.to_common(5.0), 5.0);
        clock.add(100.0, -0.1);
        assert!((clock.to_common(5.1) - 5.0).abs() < 1e-12);
        for i in 1..100 {
            clock.add(100.0 + 5.0 * f64::from(i), -0.1 + 20e-6 * 5.0 * f64::from(i));
        }
        clock.add(700.0, 1e9);
        clock.add(f64::NAN, 0.0);
        assert_eq!(clock.left_out, 2);
        let common = clock.to_common(1100.0);
        assert!((common - (1100.0 - 0.1 + 0.02)).abs() < 1e-9, "{common}");
        assert!((clock.to_own(common) - 1100.0).abs() < 1e-9);
    }
}
