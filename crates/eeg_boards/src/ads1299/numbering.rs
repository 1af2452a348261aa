//! Which conversion an edge announces, and which one was read: by the fitted clock, never by counting reads.

use super::bus::Edge;
use super::chips::Window;
use crate::sample_clock::{ClockFit, Counted, EdgeCounter, SampleClock, SampleClockSettings};

/// A fit that is off by more than this share of a period says nothing yet.
const KNOWN: f64 = 0.125;
/// How close to the next conversion a read may come before it is doubted, in nanoseconds, whatever the fit says of itself.
const GUARD_NS: f64 = 500.0;

/// The numbers of conversions since the board was started.
#[derive(Debug)]
pub(super) struct Numbering {
    pub(super) clock: SampleClock,
    counter: EdgeCounter,
    /// The newest edge and its conversion.
    newest: Option<(u64, Edge)>,
}

/// How an edge is numbered that follows no other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Beginning {
    /// The first conversion is due at this time and has the number 0.
    Fresh {
        /// Monotonic nanoseconds.
        due_ns: u64,
    },
    /// The board was started again: numbers go on as if it had converted all the time.
    Resumed,
}

impl Numbering {
    pub(super) fn new(rate_hz: f64, settings: SampleClockSettings) -> Self {
        Self {
            clock: SampleClock::new(rate_hz, settings),
            counter: EdgeCounter::new(),
            newest: None,
        }
    }

    /// Numbers the first edge after a start.
    pub(super) fn begin(&mut self, edge: Edge, beginning: Beginning) -> u64 {
        let period_ns = 1e9 / self.clock.fit().rate_hz;
        let n = match (beginning, self.newest) {
            (Beginning::Resumed, Some((last, last_edge))) => {
                let since = self.clock.periods_since(last, edge.monotonic_ns);
                let by_stamp = edge.monotonic_ns.saturating_sub(last_edge.monotonic_ns) as f64;
                let periods = since.unwrap_or(by_stamp / period_ns);
                last + (periods.round() as u64).max(1)
            }
            (Beginning::Resumed, None) => 0,
            // The clock may be off by 2.5 %, of four periods: a tenth of one.
            (Beginning::Fresh { due_ns }, _) => {
                let late_ns = edge.monotonic_ns.saturating_sub(due_ns) as f64;
                (late_ns / period_ns + 0.4).floor() as u64
            }
        };
        if self.newest.is_some() {
            self.clock.restart(n, edge.monotonic_ns);
        } else {
            self.clock.edge(n, edge.monotonic_ns);
        }
        self.counter = EdgeCounter::after(n, edge.monotonic_ns, edge.line_seqno);
        self.newest = Some((n, edge));
        n
    }

    /// Numbers the next edge. Second: how many edges the kernel saw but could not keep.
    pub(super) fn edge(&mut self, edge: Edge) -> (Counted, u64) {
        let before = self.newest.map_or(edge.line_seqno, |(_, before)| before.line_seqno);
        let counted = self.counter.count(&mut self.clock, edge.monotonic_ns, edge.line_seqno);
        self.newest = Some((counted.n, edge));
        let unkept = u64::from(edge.line_seqno.wrapping_sub(before)).saturating_sub(1);
        (counted, unkept.min(counted.lost))
    }

    /// How many conversions have been complete at a time, those included that nobody saw.
    pub(super) fn conversions_at(&self, monotonic_ns: u64) -> u64 {
        let Some((newest, edge)) = self.newest else { return 0 };
        let by_stamp = monotonic_ns.saturating_sub(edge.monotonic_ns) as f64;
        let since = self.clock.periods_since(newest, monotonic_ns);
        let periods = since.unwrap_or(by_stamp * self.clock.fit().rate_hz / 1e9);
        newest + 1 + periods.max(0.0) as u64
    }

    /// How many conversions have been announced.
    pub(super) fn announced(&self) -> u64 {
        self.newest.map_or(0, |(newest, _)| newest + 1)
    }

    /// The conversion that was read; `None` when the read may have been of two: the chips took what they sent while one
    /// conversion replaced another.
    pub(super) fn conversion_at(&self, window: Window, fit: &ClockFit) -> Option<u64> {
        let (newest, edge) = self.newest?;
        let period_ns = 1e9 / fit.rate_hz;
        let known = fit.time_uncertainty_ns < period_ns * KNOWN;
        let since = |ns: u64| {
            let by_stamp = ns as i64 - edge.monotonic_ns as i64;
            let by_fit = self.clock.periods_since(newest, ns).filter(|_| known);
            by_fit.unwrap_or(by_stamp as f64 / period_ns)
        };
        let slack =
            if known { (4.0 * fit.time_uncertainty_ns).max(GUARD_NS) / period_ns } else { 0.03 };
        // The newest edge had been seen before the read began.
        let from = (since(window.from_ns) - slack).max(0.0).floor();
        let until = (since(window.until_ns) + slack).floor();
        (from == until).then(|| newest + from as u64)
    }

    /// When the kernel saw the end of a conversion; 0 when it is not the newest.
    pub(super) fn stamp_ns(&self, n: u64) -> u64 {
        self.newest.filter(|(newest, _)| *newest == n).map_or(0, |(_, edge)| edge.monotonic_ns)
    }
}
