//! What can happen to a board, and when: a script for rehearsals and tests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fault at a time. Times are seconds since the board was powered, about half a second before its first sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The kernel does not see some edges.
    MissedEdges {
        /// When.
        at_s: f64,
        /// How many, one after the other.
        count: u32,
    },
    /// The interrupt of one edge is held up; edges that come meanwhile are taken for one with it.
    LateEdge {
        /// When.
        at_s: f64,
        /// For how long.
        for_s: f64,
    },
    /// The program is held up and comes late to read.
    LateRead {
        /// When.
        at_s: f64,
        /// For how long.
        for_s: f64,
    },
    /// One bit in each of the next transfers arrives upside down.
    BitFlips {
        /// When.
        at_s: f64,
        /// In how many transfers.
        count: u32,
    },
    /// The supply dips: a chip loses its settings and starts afresh.
    BrownOut {
        /// When.
        at_s: f64,
        /// Which chip, counted from 0; without it all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chip: Option<usize>,
    },
    /// The board is pulled off and put back.
    Unplugged {
        /// When.
        at_s: f64,
        /// For how long.
        for_s: f64,
    },
    /// The data-ready wire comes loose: everything works, but no edge arrives.
    SilentDrdy {
        /// When.
        at_s: f64,
        /// For how long.
        for_s: f64,
    },
    /// The kernel's count of edges jumps though time does not.
    CounterJump {
        /// When.
        at_s: f64,
        /// By how much.
        by: u32,
    },
    /// Somebody sets the system's clock.
    ClockStep {
        /// When.
        at_s: f64,
        /// By how many seconds, forward or back.
        by_s: f64,
    },
    /// Channels are at the end of their range.
    Rails {
        /// When.
        at_s: f64,
        /// For how long.
        for_s: f64,
        /// Which channel, counted from 1; without it all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<usize>,
    },
    /// An electrode comes off.
    ElectrodeOff {
        /// When.
        at_s: f64,
        /// For how long.
        for_s: f64,
        /// Which channel, counted from 1.
        channel: usize,
    },
}

impl Fault {
    /// When it happens.
    pub const fn at_s(&self) -> f64 {
        match self {
            Self::MissedEdges { at_s, .. }
            | Self::LateEdge { at_s, .. }
            | Self::LateRead { at_s, .. }
            | Self::BitFlips { at_s, .. }
            | Self::BrownOut { at_s, .. }
            | Self::Unplugged { at_s, .. }
            | Self::SilentDrdy { at_s, .. }
            | Self::CounterJump { at_s, .. }
            | Self::ClockStep { at_s, .. }
            | Self::Rails { at_s, .. }
            | Self::ElectrodeOff { at_s, .. } => *at_s,
        }
    }

    /// How long it lasts, where that is not at once over.
    pub const fn for_s(&self) -> f64 {
        match self {
            Self::LateEdge { for_s, .. }
            | Self::LateRead { for_s, .. }
            | Self::Unplugged { for_s, .. }
            | Self::SilentDrdy { for_s, .. }
            | Self::Rails { for_s, .. }
            | Self::ElectrodeOff { for_s, .. } => *for_s,
            _ => 0.0,
        }
    }
}

/// A fault begins or ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Turn {
    pub(super) at_ns: f64,
    pub(super) fault: Fault,
    pub(super) begins: bool,
}

/// All beginnings and ends, in order; the next one is last.
pub(super) fn turns(faults: &[Fault]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = faults
        .iter()
        .flat_map(|fault| {
            let turn = |after_s: f64, begins| Turn {
                at_ns: (fault.at_s() + after_s) * 1e9,
                fault: fault.clone(),
                begins,
            };
            [turn(0.0, true), turn(fault.for_s(), false)]
        })
        .collect();
    turns.sort_by(|a, b| b.at_ns.total_cmp(&a.at_ns).then(b.begins.cmp(&a.begins).reverse()));
    turns
}
