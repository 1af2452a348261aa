//! A log-linear histogram that one thread writes without a lock while others read.

use std::sync::atomic::{AtomicU64, Ordering};

/// Linear steps per octave: values are known to 1/8.
const STEPS: usize = 8;
const OCTAVES: usize = 40;
const BUCKETS: usize = STEPS * OCTAVES;

/// Counts of values from 0 to about 2^42 (73 minutes in nanoseconds), each known to within 12.5 %.
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
    max: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        let buckets = std::array::from_fn(|_| AtomicU64::new(0));
        Self { buckets, sum: AtomicU64::new(0), max: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Counts one value; only ever called by the owning thread.
    pub fn record(&self, value: u64) {
        let bucket = &self.buckets[index(value)];
        bucket.store(bucket.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.sum.store(self.sum.load(Ordering::Relaxed).wrapping_add(value), Ordering::Relaxed);
        if value > self.max.load(Ordering::Relaxed) {
            self.max.store(value, Ordering::Relaxed);
        }
    }

    /// As [`record`](Self::record), for a histogram that several threads write; costs three locked additions.
    pub fn record_shared(&self, value: u64) {
        self.buckets[index(value)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
        self.max.fetch_max(value, Ordering::Relaxed);
    }

    /// What has been counted so far.
    pub fn snapshot(&self) -> HistogramSnapshot {
        let counts = self.buckets.iter().map(|b| b.load(Ordering::Relaxed)).collect();
        let load = |x: &AtomicU64| x.load(Ordering::Relaxed);
        HistogramSnapshot { counts, sum: load(&self.sum), max: load(&self.max) }
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let s = self.snapshot();
        write!(
            f,
            "Histogram {{ count: {}, p50: {:?}, max: {} }}",
            s.count(),
            s.quantile(0.5),
            s.max
        )
    }
}

/// The counts of a histogram at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistogramSnapshot {
    counts: Vec<u64>,
    /// All values added up; one that is just being recorded may be in it and not in the counts.
    pub sum: u64,
    /// The largest value seen, exactly.
    pub max: u64,
}

impl HistogramSnapshot {
    /// How many values.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The value below which a share `q` of all lies, at most 12.5 % too high; `None` when nothing was counted.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let total = self.count();
        let rank = ((total as f64 * q).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        self.counts.iter().enumerate().find_map(|(i, n)| {
            seen += n;
            (*n > 0 && seen >= rank).then(|| upper_edge(i).min(self.max))
        })
    }
}

impl HistogramSnapshot {
    /// For each octave from the one that ends at 2^`first` - 1 to the one that ends at 2^`last` - 1: its upper edge, and how
    /// many values lie at or below it. Exact, as no bucket crosses the edge of an octave.
    pub fn octaves(&self, first: u32, last: u32) -> impl Iterator<Item = (u64, u64)> {
        let mut seen = 0;
        let mut next = 0;
        (first..=last).map(move |octave| {
            let edge = (1_u64 << octave) - 1;
            let end = index(edge) + 1;
            seen += self.counts[next..end].iter().sum::<u64>();
            next = end;
            (edge, seen)
        })
    }
}

fn index(value: u64) -> usize {
    if value < STEPS as u64 {
        return value as usize;
    }
    let octave = 63 - value.leading_zeros() as usize - STEPS.trailing_zeros() as usize;
    let step = (value >> octave) as usize - STEPS;
    ((octave + 1) * STEPS + step).min(BUCKETS - 1)
}

fn upper_edge(index: usize) -> u64 {
    if index < STEPS {
        return index as u64;
    }
    let (octave, step) = (index / STEPS - 1, index % STEPS);
    (((STEPS + step + 1) as u64) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket() {
        for value in (0..100_000).chain((17..42).map(|n| 1 << n)) {
            let i = index(value);
            assert!(value <= upper_edge(i), "{value}");
            assert!(i == 0 || value > upper_edge(i - 1), "{value}");
            assert!(upper_edge(i) as f64 <= value as f64 * 1.125 + 1.0, "{value}");
        }
    }

    #[test]
    fn quantiles_of_a_ramp() {
        let h = Histogram::default();
        assert_eq!(h.snapshot().quantile(0.5), None);
        (1..=1000).for_each(|v| h.record(v));
        let s = h.snapshot();
        let p50 = s.quantile(0.5).unwrap();
        assert!((500..=563).contains(&p50), "{p50}");
        assert_eq!((s.quantile(1.0), s.max, s.count()), (Some(1000), 1000, 1000));
        assert_eq!(s.sum, 1000 * 1001 / 2);
    }

    #[test]
    fn octaves_count_what_lies_at_or_below_their_edge() {
        let h = Histogram::default();
        (0..5000).for_each(|v| if v % 2 == 0 { h.record(v) } else { h.record_shared(v) });
        let s = h.snapshot();
        let seen: Vec<(u64, u64)> = s.octaves(0, 13).collect();
        for (octave, (edge, below)) in seen.into_iter().enumerate() {
            assert_eq!(edge, (1 << octave) - 1);
            assert_eq!(below, (edge + 1).min(5000), "at or below {edge}");
        }
        assert_eq!(s.octaves(8, 40).last(), Some(((1 << 40) - 1, 5000)));
        assert_eq!((s.sum, s.max), (5000 * 4999 / 2, 4999));
    }
}
