//! A simulated Cyton on a pseudo-terminal, for trying out whatever reads one: it prints the port to open and runs until it is
//! stopped.
//!
//! ```text
//! cargo run -p eeg_boards --example cyton_on_a_pty            # eight channels
//! cargo run -p eeg_boards --example cyton_on_a_pty -- daisy   # sixteen
//! ```

use eeg_boards::Signal;
use eeg_boards::ads1299::step_uv;
use eeg_boards::cyton::simulator::{CytonSimulation, SimulatedCyton, pty};
use eeg_boards::signal::Moments;
use std::io::{self, Write};

fn main() -> io::Result<()> {
    let daisy = std::env::args().nth(1).is_some_and(|word| word == "daisy");
    let signals = Signal::eeg_like();
    let mut uv = [0.0; 16];
    let codes = move |k: u64, codes: &mut [i32; 16]| {
        uv.fill(0.0);
        let at = Moments::Nominal { rate_hz: 250.0 };
        signals.iter().for_each(|part| part.add_to(0, k, at, 16, &mut uv));
        for (code, uv) in codes.iter_mut().zip(uv) {
            // The reference is at the non-inverting inputs: electrodes show upside down.
            *code = (-uv / step_uv(24.0)).round() as i32;
        }
    };
    let simulation = CytonSimulation { daisy, latency_ms: 1, ..CytonSimulation::default() };
    let board = pty::run(SimulatedCyton::new(simulation, Box::new(codes)))?;
    writeln!(io::stdout(), "{}", board.path.display())?;
    loop {
        std::thread::park();
    }
}
