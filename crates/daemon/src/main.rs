//! The `eegd` binary: the stages that ship with it, and the daemon.

use std::process::ExitCode;

fn main() -> ExitCode {
    daemon::main_with(&[stages_builtin::STAGES])
}
