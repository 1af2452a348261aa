//! One conversion after the other: its edge, its number, its data.

use super::{Ads1299, Phase};
use crate::ads1299::bus::{Bus, Drdy, Edge};
use crate::ads1299::numbering::Beginning;
use crate::ads1299::problem::Problem;
use crate::board::Loss;

/// How often a conversion is read before it is given up.
const READS: usize = 4;
/// So many damaged frames in a row, and the board is set up again.
const DAMAGED: u32 = 16;

/// What came of waiting for a conversion.
pub(super) enum Taken {
    Frame {
        n: u64,
    },
    /// Something came, but no conversion that is new and whole.
    Nothing,
    TimedOut,
}

impl<W: Bus + Drdy + Send> Ads1299<W> {
    /// Waits for an edge of this run. The last one of the run before, of the conversion that STOP let come to its end, may be handed
    /// out after the new one was started: the thread of the kernel that does so can have to wait for its processor.
    fn wait(&mut self, deadline_ns: u64) -> Result<Option<Edge>, Problem> {
        loop {
            let edge = self.chips.wires.wait(deadline_ns).map_err(|error| self.line(error))?;
            match (&self.phase, edge) {
                (Phase::Started { earliest_ns, .. }, Some(edge))
                    if edge.monotonic_ns < *earliest_ns => {}
                _ => return Ok(edge),
            }
        }
    }

    /// Takes note of an edge.
    fn edge(&mut self, edge: Edge) -> u64 {
        let n = if let Phase::Started { beginning, .. } = self.phase {
            let n = self.numbering.begin(edge, beginning);
            if matches!(beginning, Beginning::Resumed) {
                self.losses.add(Loss::Outage, n.saturating_sub(self.next));
                self.recovered(n, edge.monotonic_ns);
            }
            n
        } else {
            let (counted, unkept) = self.numbering.edge(edge);
            self.losses.add(Loss::Overflow, unkept);
            if counted.disagrees {
                self.counters.add_disagreement();
            }
            counted.n
        };
        self.phase = Phase::Running { last_edge_ns: edge.monotonic_ns };
        n
    }

    /// Waits for a conversion and reads it into the chips' buffer.
    pub(super) fn take(&mut self, deadline_ns: u64) -> Result<Taken, Problem> {
        let Some(edge) = self.wait(deadline_ns)? else { return Ok(Taken::TimedOut) };
        let mut newest = self.edge(edge);
        // Everything that came meanwhile: so many conversions are gone, for one read returns the last alone.
        while let Some(edge) = self.wait(0)? {
            if newest >= self.next {
                self.losses.add(Loss::Late, 1);
            }
            newest = self.edge(edge);
        }
        if newest < self.next {
            return Ok(Taken::Nothing);
        }
        let fit = self.numbering.clock.fit();
        let mut damaged = None;
        for attempt in 0..READS {
            if attempt > 0 {
                self.counters.add_reread();
            }
            let window = self.chips.read_conversion()?;
            let Some(n) = self.numbering.conversion_at(window, &fit) else { continue };
            damaged = self.chips.damaged();
            if damaged.is_some() {
                continue;
            }
            self.damaged_in_a_row = 0;
            self.captured_ns = window.read_ns;
            if n < self.next {
                return Ok(Taken::Nothing);
            }
            // Announced, but replaced before it was read.
            self.losses.add(Loss::Late, n - newest);
            return Ok(Taken::Frame { n });
        }
        let Some(select) = damaged else {
            self.losses.add(Loss::Late, 1);
            return Ok(Taken::Nothing);
        };
        self.losses.add(Loss::Corrupt, 1);
        self.damaged_in_a_row += 1;
        if self.damaged_in_a_row < DAMAGED {
            return Ok(Taken::Nothing);
        }
        let frames = std::mem::take(&mut self.damaged_in_a_row);
        Err(Problem::Damaged { chip: self.chips.name(select), frames })
    }
}
