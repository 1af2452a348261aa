//! How much to measure: all of it, a quick look, or just enough to see that the bench works.

use std::time::Duration;

/// How long to measure, by the arguments cargo and the user give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// `cargo bench`
    Full,
    /// `cargo bench -- --quick`
    Quick,
    /// `cargo test --benches`, which does not pass `--bench`: no figure means anything.
    Smoke,
}

impl Effort {
    /// Reads the program's arguments.
    ///
    /// # Panics
    /// On an argument that means nothing here: a figure must not come from a misspelt option.
    pub fn from_args() -> Self {
        let mut effort = Self::Smoke;
        for arg in std::env::args().skip(1) {
            match arg.as_str() {
                "--bench" if effort == Self::Smoke => effort = Self::Full,
                "--bench" | "--test" => {}
                "--quick" => effort = Self::Quick,
                other => panic!("`{other}` means nothing here: the only option is --quick"),
            }
        }
        effort
    }

    /// Rounds in which every contestant has its turn.
    pub const fn rounds(self) -> usize {
        match self {
            Self::Full => 31,
            Self::Quick => 5,
            Self::Smoke => 1,
        }
    }

    /// About how long one turn of one contestant takes.
    pub const fn turn(self) -> Duration {
        Duration::from_micros(match self {
            Self::Full => 12_000,
            Self::Quick => 3000,
            Self::Smoke => 100,
        })
    }

    /// How many pieces of work of about `each_ns` fill a turn.
    pub const fn count(self, each_ns: usize) -> usize {
        let count = self.turn().as_nanos() as usize / each_ns;
        if count < 10 { 10 } else { count }
    }
}
