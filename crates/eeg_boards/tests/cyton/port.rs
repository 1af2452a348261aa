//! A real serial port: a pseudo-terminal with the simulated board behind it.

use crate::support::{codes, frame, settings};
use eeg_boards::Board;
use eeg_boards::board::{Frames, Reading};
use eeg_boards::cyton::link::Link;
use eeg_boards::cyton::simulator::CytonFault::{LoseBytes, LosePackets, Unplug};
use eeg_boards::cyton::simulator::{CytonSimulation, SimulatedCyton, pty};
use eeg_boards::cyton::{Cyton, SerialLink};

#[test]
fn a_real_serial_port_with_a_simulated_board_behind_it() {
    let faults = vec![(3.0, LoseBytes(40)), (3.5, LosePackets(5)), (5.0, Unplug(1e6))];
    let simulation = CytonSimulation { latency_ms: 1, faults, ..CytonSimulation::default() };
    let pty = pty::run(SimulatedCyton::new(simulation, codes())).unwrap();
    let link = SerialLink::new(pty.path.clone());
    let mut board = Cyton::new(Box::new(link), settings(8)).unwrap();
    board.open().unwrap();
    let (mut frames, mut next, mut got, mut expected) = (Frames::default(), 0, 0, None);
    let told = loop {
        match board.read(25, &mut frames) {
            Reading::Block(block) => {
                assert_eq!(
                    block.first_sample - block.lost_before,
                    expected.unwrap_or(block.first_sample)
                );
                expected = Some(block.first_sample + frames.len() as u64);
                for codes in frames.codes.chunks_exact(8) {
                    let k = (next..next + 20_000).find(|k| frame(*k, false) == codes);
                    next = k.expect("every frame is one that was sent") + 1;
                    got += 1;
                }
                frames.clear();
            }
            Reading::Idle => {}
            Reading::Event(event) => break event.text,
        }
    };
    assert!(told.contains("is gone") && told.contains("still plugged in?"), "{told}");
    assert!(got > 100, "{got} frames before the dongle was pulled out");
    let (_, ppm, _) = board.counters().rate().unwrap();
    println!("{got} frames, {ppm:.0} ppm");
    board.close();
}

#[test]
fn a_port_that_is_in_use_is_not_shared() {
    let pty =
        pty::run(SimulatedCyton::new(CytonSimulation::default(), Box::new(|_, _| {}))).unwrap();
    let mut first = SerialLink::new(pty.path.clone());
    first.open().unwrap();
    let mut second = SerialLink::new(pty.path.clone());
    assert_eq!(second.open().unwrap_err().kind(), std::io::ErrorKind::ResourceBusy);
    first.close();
    second.open().unwrap();
}
