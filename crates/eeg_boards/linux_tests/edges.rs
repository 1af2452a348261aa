//! The data-ready line alone, against when the edges were raised: the kernel's stamps, its count, and its full queue.

use crate::board::{Board, SPEEDS_HZ};
use crate::sleep_ms;
use eeg_boards::ads1299::bus::{Bus, Drdy, Edge};
use eeg_boards::ads1299::command;
use eeg_boards::ads1299::linux::{GpioLine, LinuxWires, LinuxWiring};
use eeg_boards::simulator::{EdgesAhead, Wiring};

/// Edges that the kernel keeps for the driver.
const KEPT: u32 = 512;

pub(crate) fn drdy(line: u32) -> GpioLine {
    GpioLine { chip: "pinctrl-rp1".to_owned(), line }
}

fn wires() -> LinuxWires {
    LinuxWires::new(LinuxWiring {
        spi: vec!["/dev/spidev0.0".into()],
        drdy: drdy(26),
        reset: None,
        start: None,
        command_hz: SPEEDS_HZ.0,
        data_hz: SPEEDS_HZ.1,
        clock_hz: 2_048_000.0,
    })
}

/// Starts the board's conversions at 2000 a second.
fn start(wires: &mut LinuxWires) {
    wires.wait(0).unwrap();
    for bytes in [&mut [command::RESET][..], &mut [command::SDATAC]] {
        wires.command(0, bytes).unwrap();
        sleep_ms(1);
    }
    let [opcode, count] = command::write_registers(1, 1);
    wires.command(0, &mut [opcode, count, 0x93]).unwrap();
    wires.command(0, &mut [command::START]).unwrap();
}

/// How late an edge was stamped, and which one it is, from the first on.
fn place(edges: EdgesAhead, edge: Edge) -> (f64, u32) {
    let since_ns = edge.monotonic_ns as f64 - edges.first_ns;
    let n = (since_ns / edges.period_ns).floor();
    (since_ns - n * edges.period_ns, n as u32)
}

pub(crate) fn stamps(board: &Board) -> String {
    board.put(Wiring::Cascade(vec![8]), false);
    let mut wires = wires();
    start(&mut wires);
    let edges = board.edges();
    let mut late_ns = Vec::new();
    let mut first_seqno = None;
    while late_ns.len() < 4000 {
        let deadline_ns = wires.now_ns() + 1_000_000_000;
        let edge = wires.wait(deadline_ns).unwrap().expect("an edge");
        let (late, n) = place(edges, edge);
        let first = *first_seqno.get_or_insert(edge.line_seqno.wrapping_sub(n));
        assert_eq!(edge.line_seqno.wrapping_sub(first), n, "the kernel's count is the chip's");
        assert!(edge.monotonic_ns <= wires.now_ns());
        late_ns.push(late);
    }
    late_ns.sort_by(f64::total_cmp);
    // A stamp that was early would be a period late of the edge before.
    let (median, most) = (late_ns[2000], late_ns[3999]);
    assert!(median < 50_000.0 && most < edges.period_ns / 2.0, "late by {median} ns, {most} ns");
    let mistakes = board.seen().mistakes;
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let period_us = edges.period_ns / 1e3;
    format!(
        "4000 edges every {period_us:.3} us, none lost; stamped {:.1} us after they were due (most {:.1})",
        median / 1e3,
        most / 1e3
    )
}

pub(crate) fn full_queue(board: &Board) -> String {
    board.put(Wiring::Cascade(vec![8]), false);
    let mut wires = wires();
    start(&mut wires);
    let edges = board.edges();
    let before = wires.wait(wires.now_ns() + 1_000_000_000).unwrap().expect("an edge");
    sleep_ms(600);
    let mut waiting: Vec<Edge> = Vec::new();
    while let Some(edge) = wires.wait(0).unwrap() {
        waiting.push(edge);
    }
    // Those that came since it was looked are not of the queue.
    let jump = waiting[0].line_seqno.wrapping_sub(before.line_seqno);
    let truth = place(edges, waiting[0]).1 - place(edges, before).1;
    assert_eq!(jump, truth, "the jump of the count is what was lost");
    assert!(jump > 600 && waiting.len() as u32 >= KEPT, "{jump}, {}", waiting.len());
    for pair in waiting.windows(2) {
        assert_eq!(pair[1].line_seqno.wrapping_sub(pair[0].line_seqno), 1);
        assert!(pair[1].monotonic_ns > pair[0].monotonic_ns);
    }
    assert!(waiting.len() as u32 <= KEPT + 64, "the queue is not longer than asked for");
    format!("{} edges kept, {} dropped, the oldest ones, and counted", waiting.len(), jump - 1)
}
