//! An eegd with one more stage, from outside its source tree:
//!
//! ```text
//! cargo run -p custom_stage -- process examples/custom_stage/pipeline.yaml
//! ```
#![forbid(unsafe_code)]

mod teager;

use std::process::ExitCode;

plugin_api::stages! {
    measure: crate::count_allocations;
    teager => TeagerDesc,
}

fn main() -> ExitCode {
    daemon::main_with(&[stages_builtin::STAGES, STAGES])
}

#[cfg(test)]
fn count_allocations(work: &mut dyn FnMut()) -> u64 {
    allocation_counter::measure(work).count_total
}
