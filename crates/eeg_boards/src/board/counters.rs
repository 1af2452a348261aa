//! What a board counts about itself: every conversion is delivered or lost to a named cause.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Why a conversion did not become a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The kernel did not see the end of the conversion, or took it and the next one for one.
    Missed,
    /// The kernel's queue of edges, or the link's buffer, was full.
    Overflow,
    /// The host came to read when the next conversion had replaced it.
    Late,
    /// What was read was not what the board sends.
    Corrupt,
    /// Read, but the board turned out to have been reset meanwhile.
    Unverified,
    /// The board was silent, unplugged or being set up again.
    Outage,
}

impl Loss {
    /// All causes.
    pub const ALL: [Self; 6] =
        [Self::Missed, Self::Overflow, Self::Late, Self::Corrupt, Self::Unverified, Self::Outage];

    /// As the ledger writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Overflow => "overflow",
            Self::Late => "late",
            Self::Corrupt => "corrupt",
            Self::Unverified => "unverified",
            Self::Outage => "outage",
        }
    }
}

/// The figures of one board: written by the thread that reads it, read by anybody.
///
/// `conversions() == delivered() + lost in all`, whenever a block has just been handed out.
#[derive(Debug, Default)]
pub struct BoardCounters {
    delivered: AtomicU64,
    lost: [AtomicU64; Loss::ALL.len()],
    rereads: AtomicU64,
    recoveries: AtomicU64,
    disagreements: AtomicU64,
    rate_hz: AtomicU64,
    ppm: AtomicU64,
    ppm_uncertainty: AtomicU64,
}

impl BoardCounters {
    /// Conversions the board has made since it was started, as far as is known.
    pub fn conversions(&self) -> u64 {
        self.delivered() + Loss::ALL.iter().map(|cause| self.lost(*cause)).sum::<u64>()
    }

    /// Conversions handed out.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// Conversions lost to a cause.
    pub fn lost(&self, cause: Loss) -> u64 {
        self.lost[cause as usize].load(Relaxed)
    }

    /// Frames that were read again because they were damaged, or because they may have been replaced while they were read.
    pub fn rereads(&self) -> u64 {
        self.rereads.load(Relaxed)
    }

    /// How often the board was set up again after a fault.
    pub fn recoveries(&self) -> u64 {
        self.recoveries.load(Relaxed)
    }

    /// How often the count of edges and the time between them did not agree.
    pub fn disagreements(&self) -> u64 {
        self.disagreements.load(Relaxed)
    }

    /// Measured samples per second, by how much that is above nominal in parts per million, and the standard deviation
    /// of that; `None` until something was measured.
    pub fn rate(&self) -> Option<(f64, f64, f64)> {
        let get = |cell: &AtomicU64| f64::from_bits(cell.load(Relaxed));
        let rate_hz = get(&self.rate_hz);
        (rate_hz > 0.0).then(|| (rate_hz, get(&self.ppm), get(&self.ppm_uncertainty)))
    }

    /// Counts conversions handed out.
    pub fn add_delivered(&self, conversions: u64) {
        add(&self.delivered, conversions);
    }

    /// Counts conversions lost.
    pub fn add_lost(&self, cause: Loss, conversions: u64) {
        add(&self.lost[cause as usize], conversions);
    }

    /// Counts a frame read again.
    pub fn add_reread(&self) {
        add(&self.rereads, 1);
    }

    /// Counts a recovery.
    pub fn add_recovery(&self) {
        add(&self.recoveries, 1);
    }

    /// Counts an edge that came out of step with time.
    pub fn add_disagreement(&self) {
        add(&self.disagreements, 1);
    }

    /// Sets what has been measured of the board's clock.
    pub fn set_rate(&self, rate_hz: f64, ppm: f64, ppm_uncertainty: f64) {
        self.rate_hz.store(rate_hz.to_bits(), Relaxed);
        self.ppm.store(ppm.to_bits(), Relaxed);
        self.ppm_uncertainty.store(ppm_uncertainty.to_bits(), Relaxed);
    }
}

/// One thread writes, so a load and a store do: no bus-locked addition.
fn add(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Relaxed) + n, Relaxed);
}
