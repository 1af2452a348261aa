//! The data-ready line as a kernel shows it: one event an edge, stamped by the interrupt handler, queued by its thread.
//!
//! After `drivers/gpio/gpiolib-cdev.c`: the line is masked until the thread has run, so edges that come meanwhile are one, and no
//! counter shows it; the queue drops its oldest when it is full, and that shows as a jump of `line_seqno`.

use super::noise;
use crate::ads1299::bus::Edge;
use std::collections::VecDeque;

/// From the edge to its stamp, at least.
const HANDLER_NS: f64 = 1500.0;
/// From the stamp to where a reader finds the event.
const THREAD_NS: f64 = 3000.0;

#[derive(Debug)]
pub(super) struct Line {
    queue: VecDeque<(Edge, f64)>,
    capacity: usize,
    seqno: u32,
    edges: u64,
    /// When the handler stamped the last edge, and when its thread was done.
    stamped_ns: f64,
    unmasked_ns: f64,
    /// The next edges come to nothing, or late by so much.
    pub(super) miss: u32,
    pub(super) delay_ns: f64,
    /// A share of the handlers is held up by up to so much.
    pub(super) tail: (f64, f64),
}

impl Line {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            queue: VecDeque::with_capacity(capacity),
            capacity,
            seqno: 0,
            edges: 0,
            stamped_ns: f64::NEG_INFINITY,
            unmasked_ns: f64::NEG_INFINITY,
            miss: 0,
            delay_ns: 0.0,
            tail: (0.0, 0.0),
        }
    }

    /// A falling edge. `to_monotonic_ns`: what to add to have it in the clock that edges are stamped with.
    pub(super) fn edge(&mut self, ns: f64, to_monotonic_ns: u64) {
        self.edges += 1;
        if self.miss > 0 {
            self.miss -= 1;
            return;
        }
        if ns <= self.stamped_ns {
            return;
        }
        let random = noise::unit(1, 0, self.edges);
        let mut late_ns = HANDLER_NS + 500.0 * random.abs() + std::mem::take(&mut self.delay_ns);
        let (share, most_ns) = self.tail;
        if share > 0.0 && noise::unit(2, 0, self.edges).abs() / 3.5 > 1.0 - share {
            late_ns += most_ns * (noise::unit(3, 0, self.edges).abs() / 3.5).powi(3);
        }
        self.stamped_ns = ns.max(self.unmasked_ns) + late_ns;
        self.unmasked_ns = self.stamped_ns + THREAD_NS;
        self.seqno = self.seqno.wrapping_add(1);
        if self.queue.len() == self.capacity {
            self.queue.pop_front();
        }
        let monotonic_ns = to_monotonic_ns + self.stamped_ns as u64;
        self.queue.push_back((Edge { monotonic_ns, line_seqno: self.seqno }, self.unmasked_ns));
    }

    /// The kernel counts edges that were none.
    pub(super) fn jump(&mut self, by: u32) {
        self.seqno = self.seqno.wrapping_add(by);
    }

    /// When the oldest event can be read.
    pub(super) fn readable_ns(&self) -> Option<f64> {
        self.queue.front().map(|(_, ns)| *ns)
    }

    pub(super) fn take(&mut self) -> Option<Edge> {
        self.queue.pop_front().map(|(edge, _)| edge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &mut Line) -> Vec<u32> {
        std::iter::from_fn(|| line.take()).map(|edge| edge.line_seqno).collect()
    }

    #[test]
    fn a_full_queue_drops_its_oldest_and_the_count_shows_it() {
        let mut line = Line::new(3);
        (1..=5).for_each(|n| line.edge(f64::from(n) * 1e6, 0));
        assert_eq!(taken(&mut line), [3, 4, 5]);
    }

    #[test]
    fn edges_that_come_before_the_handler_are_one_and_no_count_shows_it() {
        let mut line = Line::new(8);
        line.edge(1e6, 0);
        line.delay_ns = 2.5e6;
        (2..=6).for_each(|n| line.edge(f64::from(n) * 1e6, 0));
        let edges: Vec<Edge> = std::iter::from_fn(|| line.take()).collect();
        assert_eq!(edges.iter().map(|edge| edge.line_seqno).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(edges[1].monotonic_ns > 4_500_000, "edges 2 to 4 are one: {edges:?}");
        assert!((5_000_000..5_010_000).contains(&edges[2].monotonic_ns), "{edges:?}");
    }

    #[test]
    fn no_stamp_is_early() {
        let mut line = Line::new(1000);
        line.tail = (0.05, 9e6);
        for n in 0..1000 {
            line.edge(f64::from(n) * 1e7, 0);
            assert!(line.queue.back().unwrap().0.monotonic_ns as f64 >= f64::from(n) * 1e7);
        }
    }
}
