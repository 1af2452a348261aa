//! From descriptions of stages to a checked graph: wiring, groups, then stream by stream what each stage gets.
//!
//! [`check`] is pure: it builds every stage and opens none, and reports every mistake it can find in one go.

mod check;
mod desc;
mod error;
mod order;
mod response;
mod spec;

pub use check::{CheckedGraph, Node, NodeBody, check};
pub use desc::{BuildNode, Built, Inputs, NodeDesc, Role};
pub use error::{ConfigError, GraphError};
pub use order::nearest;
pub use response::FrequencyResponse;
pub use spec::StreamSpec;
