//! Everything a stage author needs, and nothing else.
//!
//! A stage is one file: a parameter struct ([`StageDesc`]), the logic ([`StageImpl`] or [`SourceImpl`]), the tests.
//! Then one `mod` line and one row in the table of its crate:
//!
//! ```text
//! stages! { notch::NotchDesc, bandpass::BandpassDesc }
//! ```
//!
//! [`simple_stage!`] writes the plumbing of the common case; [`testing`] puts every row of a table through the
//! same conformance suite and runs a stage without an executor.
#![forbid(unsafe_code)]

mod broker;
mod desc;
mod gate;
mod init;
mod macros;
mod params;
pub mod policy;
mod registry;
mod scale;
pub mod testing;

pub use broker::{Broker, BrokerMessage};
pub use desc::{DynDesc, StageDesc};
pub use gate::Gate;
pub use init::{InputFiles, RUNNING_PIPELINE, ReadSeek, SAVED_PIPELINE, StageInitCtx};
pub use params::ParamsError;
pub use policy::StagePolicy;
pub use registry::{DuplicateKind, Registry, StageEntry};
pub use scale::ScaleCache;

pub use pipeline_core::{
    Built, ChannelMeta, ConfigError, ErrorAction, ErrorPolicy, Event, EventKind, FileAccount,
    FileRow, Flags, FreshPacket, Inputs, LeadOff, LeadOffDrive, Ledger, LedgerRow, LockReason,
    Lockable, OpenError, PacketData, PacketHeader, PacketKind, PacketOwned, PacketView, Role,
    RtPacket, SensorMeta, SourceAccount, SourceImpl, SourceStep, StageCtx, StageError,
    StageFigures, StageImpl, StageResult, StreamSpec, clock,
    graph::{FrequencyResponse, nearest},
};

/// What the macros use; not for anybody else.
#[doc(hidden)]
pub mod macro_support {
    pub use std::sync::Arc;
}
