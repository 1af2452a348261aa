//! The data path of eegd: what a packet is, how a graph of stages is checked, and the threads that run it.
//!
//! Nothing here knows a stage kind, a file format or a network: stages come in as boxed [`StageImpl`]s
//! and [`SourceImpl`]s, packets are [`RtPacket`]s shared as `Arc`s, and what happens to a running pipeline
//! travels in the same queues as the data.
//!
//! | module | what it holds |
//! |---|---|
//! | [`packet`] | samples, header, sensor description, pools |
//! | [`stage`] | what a stage is to the executor: traits, context, errors |
//! | [`graph`] | descriptions in, a checked graph (kinds, rates, delays) out, every mistake at once |
//! | [`executor`] | a thread per group, SPSC edges between them, in-band change and end |
//! | [`telemetry`] | single-writer counters and histograms |
//! | [`event`] | what happens beside the samples: markers, changes, rails |
//! | [`clock`] | monotonic time inside, Unix time at the rim |
#![forbid(unsafe_code)]

pub mod clock;
pub mod event;
pub mod executor;
pub mod graph;
pub mod packet;
pub mod stage;
pub mod telemetry;

pub use event::{Event, EventKind};
pub use graph::{Built, ConfigError, Inputs, Role, StreamSpec};
pub use packet::{
    ChannelMeta, Flags, FreshPacket, LeadOff, LeadOffDrive, PacketData, PacketHeader, PacketKind,
    PacketOwned, PacketPool, PacketView, PoolSize, RtPacket, SensorMeta,
};
pub use stage::{
    ErrorAction, ErrorPolicy, LockReason, Lockable, OpenError, SourceImpl, SourceStep, StageCtx,
    StageError, StageImpl, StageResult,
};
pub use telemetry::{FileAccount, FileRow, Ledger, LedgerRow, SourceAccount, StageFigures};
