//! When each conversion of a board happened: a robust fit of the kernel's edge stamps, which are late at times and never early.
//!
//! A stamp is the true time of a conversion plus a delay that is never negative, mostly microseconds and now and then
//! milliseconds. So the truth is the lower envelope of the stamps. [`SampleClock`] keeps the lowest stamp of each stretch of
//! conversions over the last seconds and lays a curve of time, rate and drift through them (`Curve`).
//! The board's oscillator (the ADS1299's is good to 2.5 %, data sheet SBAS499C section 7.5) is the one that defines the curve: the rate in
//! a configuration is a name. What cannot be seen from stamps alone is a delay that all of them share.
//!
//! All times are `CLOCK_MONOTONIC` nanoseconds. Pure: no I/O, no clock is read, nothing is allocated.

mod counter;
mod curve;
mod envelope;

pub use counter::{Counted, EdgeCounter};

use curve::{Curve, Expected};
use envelope::Envelope;

/// What the clock knows about the board before it has seen an edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleClockSettings {
    /// How many seconds of stamps the fit rests on. Shorter follows a drifting oscillator, longer averages coarser stamps.
    pub memory_s: f64,
    /// By how much the rate may differ from its nominal value (one standard deviation), in parts per million.
    pub rate_tolerance_ppm: f64,
    /// How fast the rate may drift (one standard deviation), in parts per million per second.
    pub drift_ppm_per_s: f64,
}

impl SampleClockSettings {
    /// Data-ready edges stamped in the kernel's interrupt handler, oscillator of the ADS1299.
    pub const KERNEL_EDGES: Self =
        Self { memory_s: 12.0, rate_tolerance_ppm: 12_500.0, drift_ppm_per_s: 5.0 };

    /// Arrival of packets over a radio link and a USB serial adapter, which hold bytes back for milliseconds.
    pub const SERIAL_PACKETS: Self =
        Self { memory_s: 60.0, rate_tolerance_ppm: 12_500.0, drift_ppm_per_s: 0.2 };
}

impl Default for SampleClockSettings {
    fn default() -> Self {
        Self::KERNEL_EDGES
    }
}

/// What the clock has found out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockFit {
    /// Samples per second of the monotonic clock, at the newest conversion.
    pub rate_hz: f64,
    /// By how much that is faster than the nominal rate, in parts per million.
    pub ppm: f64,
    /// Standard deviation of `ppm`.
    pub ppm_uncertainty: f64,
    /// How fast the rate changes, in parts per million per second.
    pub drift_ppm_per_s: f64,
    /// Standard deviation of the fitted time of the newest conversion, in nanoseconds.
    pub time_uncertainty_ns: f64,
    /// Edges the clock has been told of.
    pub edges: u64,
    /// Whether the fit covers as many seconds as it is meant to.
    pub settled: bool,
    /// How often the stamps contradicted the fit so much that it was begun anew.
    pub restarts: u64,
}

/// Tells the time of every conversion of one board.
///
/// ```
/// use eeg_boards::sample_clock::{SampleClock, SampleClockSettings};
/// let mut clock = SampleClock::new(250.0, SampleClockSettings::default());
/// // A board that makes 250.25 samples/s, every stamp 3 to 12 us late.
/// let truth = |n: u64| 1_000_000_000 + (n as f64 / 250.25 * 1e9) as u64;
/// for n in 0..15_000 {
///     clock.edge(n, truth(n) + 3_000 + n * 7919 % 9_000);
/// }
/// assert!((clock.fit().ppm - 1000.0).abs() < 1.0);
/// assert!(clock.time_ns(15_000).abs_diff(truth(15_000) + 3_000) < 1_000);
/// ```
#[derive(Debug, Clone)]
pub struct SampleClock {
    nominal_rate_hz: f64,
    settings: SampleClockSettings,
    envelope: Envelope,
    /// `None` before the first edge.
    curve: Option<Curve>,
    /// The last conversion whose time was published, and that time.
    published: Option<(u64, u64)>,
    /// What is known of the period whatever the stamps say.
    expected: Expected,
    edges: u64,
    restarts: u64,
}

/// A stamp so many deviations before the fit (and so many nanoseconds) shows the fit to be wrong: stamps are not early.
const TOO_EARLY: (f64, f64) = (6.0, 1_000.0);
/// A fit as sure as this does not doubt itself, but the count of conversions, when a stamp is impossibly early.
const SURE_NS: f64 = 5_000.0;

impl SampleClock {
    /// A clock for a board that is said to make `nominal_rate_hz` samples per second.
    ///
    /// # Panics
    /// When rate or memory are not positive numbers.
    pub fn new(nominal_rate_hz: f64, settings: SampleClockSettings) -> Self {
        assert!(nominal_rate_hz > 0.0 && nominal_rate_hz.is_finite(), "a rate above 0");
        assert!(settings.memory_s > 0.0 && settings.memory_s.is_finite(), "a time above 0");
        Self {
            nominal_rate_hz,
            settings,
            envelope: Envelope::new(settings.memory_s * nominal_rate_hz),
            curve: None,
            published: None,
            expected: Expected::nominal(nominal_rate_hz, &settings),
            edges: 0,
            restarts: 0,
        }
    }

    /// Conversion `n` was seen at `monotonic_ns`. Edges come in order; one that does not is ignored, and so is
    /// a second one of the same conversion.
    pub fn edge(&mut self, n: u64, monotonic_ns: u64) {
        let Some(curve) = self.curve else {
            self.edges += 1;
            self.begin(n, monotonic_ns);
            return;
        };
        if self.envelope.newest().is_some_and(|newest| n <= newest) {
            return;
        }
        self.edges += 1;
        if self.has_lost_touch(n) || self.envelope.spell() > envelope::LOWS {
            self.restart(n, monotonic_ns);
            return;
        }
        let early_ns = curve.early_ns(n, monotonic_ns);
        let sure = self.envelope.is_full() && curve.time_sd_ns < SURE_NS;
        if sure && early_ns > self.envelope.possible_ns(&curve) / 4.0 {
            self.restart(n, monotonic_ns);
            return;
        }
        let completed = self.envelope.push(n, monotonic_ns, &curve);
        if completed || early_ns > (TOO_EARLY.0 * curve.time_sd_ns).max(TOO_EARLY.1) {
            self.refit();
        }
    }

    /// The stamps have no more to do with those before: the board was reset, say. The rate is remembered.
    pub fn restart(&mut self, n: u64, monotonic_ns: u64) {
        if let Some(curve) = self.curve {
            let SampleClockSettings { memory_s, drift_ppm_per_s, .. } = self.settings;
            let period_ns = curve.period_ns(self.envelope.newest().unwrap_or(curve.n));
            let drifted_ns = period_ns * memory_s * drift_ppm_per_s / 1e6;
            let sd_ns = curve.period_sd_ns.hypot(drifted_ns).min(self.expected.sd_ns);
            self.expected = Expected { period_ns, sd_ns };
        }
        self.restarts += 1;
        self.begin(n, monotonic_ns);
    }

    /// The time of conversion `n`, to be published: times of rising `n` rise too, whatever the fit learns meanwhile.
    pub fn time_ns(&mut self, n: u64) -> u64 {
        let Some(curve) = &self.curve else { return 0 };
        let fitted_ns = curve.ns_at(n);
        let Some((last, last_ns)) = self.published else {
            self.published = Some((n, fitted_ns));
            return fitted_ns;
        };
        if n <= last {
            return if n == last { last_ns } else { fitted_ns.min(last_ns) };
        }
        // A fit that has moved back is caught up with at half speed.
        let least_ns =
            last_ns.saturating_add(((n - last) as f64 * curve.period_ns(n) / 2.0) as u64);
        let time_ns = fitted_ns.max(least_ns);
        self.published = Some((n, time_ns));
        time_ns
    }

    /// The time of conversion `n` by the present fit alone; `None` before the first edge.
    pub fn fitted_ns(&self, n: u64) -> Option<u64> {
        self.curve.map(|curve| curve.ns_at(n))
    }

    /// How many periods after conversion `n` a moment lies, by the present fit; `None` before the first edge.
    pub fn periods_since(&self, n: u64, monotonic_ns: u64) -> Option<f64> {
        self.curve.map(|curve| -curve.early_ns(n, monotonic_ns) / curve.period_ns(n))
    }

    /// Rate, drift and how sure they are.
    pub fn fit(&self) -> ClockFit {
        let nominal_ns = 1e9 / self.nominal_rate_hz;
        let curve = self.curve.unwrap_or_else(|| Curve::first(0, 0, &self.expected));
        let period_ns = curve.period_ns(self.envelope.newest().unwrap_or(curve.n));
        ClockFit {
            rate_hz: 1e9 / period_ns,
            ppm: (nominal_ns / period_ns - 1.0) * 1e6,
            ppm_uncertainty: curve.period_sd_ns / period_ns * 1e6,
            drift_ppm_per_s: -curve.bend_ns * 2.0 / period_ns * 1e6 / (period_ns / 1e9),
            time_uncertainty_ns: curve.time_sd_ns,
            edges: self.edges,
            settled: self.envelope.is_full(),
            restarts: self.restarts,
        }
    }

    fn begin(&mut self, n: u64, monotonic_ns: u64) {
        let curve = Curve::first(n, monotonic_ns, &self.expected);
        self.envelope.clear();
        self.envelope.push(n, monotonic_ns, &curve);
        self.curve = Some(curve);
    }

    fn refit(&mut self) {
        let Some(guess) = self.curve else { return };
        let drift_ppm_per_s = self.settings.drift_ppm_per_s;
        loop {
            let lows = self.envelope.lows();
            let fit = curve::fit(lows.as_slice(), &guess, &self.expected, drift_ppm_per_s);
            // An oscillator that has just changed its ways: the past says nothing about the present.
            if fit.misfits && self.envelope.forget_half() {
                continue;
            }
            self.curve = Some(fit.curve);
            return;
        }
    }

    /// Whether so many edges are missing before `n` that the fit says little about it.
    fn has_lost_touch(&self, n: u64) -> bool {
        let memory = self.settings.memory_s * self.nominal_rate_hz;
        self.envelope.newest().is_some_and(|newest| (n - newest) as f64 > memory)
    }
}
