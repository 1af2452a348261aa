//! Running one stage without an executor, and the suite that every row of a table has to pass.

mod conformance;
mod harness;

pub use conformance::conformance;
pub use harness::{Harness, gain_db, microvolt_spec, raw_spec};
