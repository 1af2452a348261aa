//! Which conversion an edge belongs to: by its time, checked against the kernel's own count of edges.

use super::SampleClock;

/// An edge, numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The conversion it shows: the last that had happened by then.
    pub n: u64,
    /// Conversions since the edge before that no edge was seen of.
    pub lost: u64,
    /// The conversion has been counted already: an edge too many.
    pub extra: bool,
    /// The kernel's count says otherwise. Fewer edges than conversions is how edges that merged look, and is no disagreement.
    pub disagrees: bool,
}

/// Numbers the edges of one line.
///
/// An edge-triggered interrupt that is held up shows two edges as one, and neither of the kernel's counters notices; a queue that
/// overflows leaves a gap in `line_seqno`, and the stamps tell how long it was. So time decides, and the count has to agree.
#[derive(Debug, Clone, Default)]
pub struct EdgeCounter {
    last: Option<Edge>,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    n: u64,
    ns: u64,
    line_seqno: u32,
}

impl EdgeCounter {
    /// A counter whose first edge will be conversion 0.
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// A counter that goes on after conversion `n`, seen at `monotonic_ns`.
    pub const fn after(n: u64, monotonic_ns: u64, line_seqno: u32) -> Self {
        Self { last: Some(Edge { n, ns: monotonic_ns, line_seqno }) }
    }

    /// Numbers the next edge and tells `clock` of it.
    pub fn count(
        &mut self,
        clock: &mut SampleClock,
        monotonic_ns: u64,
        line_seqno: u32,
    ) -> Counted {
        let counted = match self.last {
            None => Counted { n: 0, lost: 0, extra: false, disagrees: false },
            Some(last) => step(last, clock, monotonic_ns, line_seqno),
        };
        self.last = Some(Edge { n: counted.n, ns: monotonic_ns, line_seqno });
        if !counted.extra {
            clock.edge(counted.n, monotonic_ns);
        }
        counted
    }
}

fn step(last: Edge, clock: &SampleClock, ns: u64, line_seqno: u32) -> Counted {
    let edges = u64::from(line_seqno.wrapping_sub(last.line_seqno));
    let fit = clock.fit();
    let period_ns = 1e9 / fit.rate_hz;
    let known = fit.time_uncertainty_ns < period_ns / 8.0;
    let step = match clock.periods_since(last.n, ns).filter(|_| known) {
        Some(periods) => {
            by_fit(periods, edges, (4.0 * fit.time_uncertainty_ns / period_ns).max(0.01))
        }
        None => by_stamp(ns.saturating_sub(last.ns) as f64 / period_ns, edges),
    };
    Counted {
        n: last.n + step,
        lost: step.saturating_sub(1),
        extra: step == 0,
        disagrees: edges > step,
    }
}

/// Conversions since one whose time is known, to a stamp that is `periods` later and may be late, not early.
fn by_fit(periods: f64, edges: u64, slack: f64) -> u64 {
    // Late by less than a period: if it were more, the next conversion would have happened, and that is the one a
    // read would return.
    let by_time = (periods + slack).floor().max(0.0) as u64;
    if by_time < edges && periods > edges as f64 - 0.5 { edges } else { by_time }
}

/// Conversions between two stamps of which either may be late.
fn by_stamp(periods: f64, edges: u64) -> u64 {
    let off = periods - edges as f64;
    if (-1.0..1.0).contains(&off) { edges.max(1) } else { periods.round().max(1.0) as u64 }
}
