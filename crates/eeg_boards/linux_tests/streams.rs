//! Recordings through spidev and gpio-cdev: every code right, every sample there or reported lost.

use crate::board::{Behaviour, Board, merged};
use crate::eegd::{Recorded, Running, losses, recorded};
use crate::sleep_ms;
use eeg_boards::simulator::Wiring;
use std::collections::BTreeMap;

/// How a board is wired and described.
pub(crate) struct Wired {
    pub(crate) wiring: Wiring,
    /// Keys of the sensor beside `driver` and `drdy`.
    keys: &'static str,
    /// RESET and START are connected.
    pins: bool,
    channels: usize,
}

const PINS: &str = "reset: { chip: pinctrl-rp1, line: 17 }, start: { chip: pinctrl-rp1, line: 22 }";

pub(crate) fn one_chip() -> Wired {
    let keys = "spi: /dev/spidev0.0";
    Wired { wiring: Wiring::Cascade(vec![8]), keys, pins: false, channels: 8 }
}

/// With its pins, every conversion read twice.
pub(crate) fn with_pins() -> Wired {
    Wired { keys: "spi: /dev/spidev0.0, read_twice: true", pins: true, ..one_chip() }
}

pub(crate) fn side_by_side() -> Wired {
    let wiring = Wiring::Cascade(vec![8, 8]);
    Wired { wiring, keys: "spi: [/dev/spidev0.0, /dev/spidev0.1]", pins: true, channels: 16 }
}

/// 82 bytes a conversion: more than one transfer takes.
pub(crate) fn daisy_chain() -> Wired {
    let wiring = Wiring::Daisy { chips: vec![8, 8, 8], gap_bits: 0 };
    Wired { wiring, keys: "spi: /dev/spidev0.0, daisy_chain: 3", pins: false, channels: 24 }
}

impl Wired {
    pub(crate) fn pipeline(&self, sps: u32) -> String {
        let pins = if self.pins { format!(", {PINS}") } else { String::new() };
        format!(
            "sensors:\n  0: {{ driver: ads1299, drdy: {{ chip: pinctrl-rp1, line: 26 }}, {}{pins} }}\nstages:\n  \
             - acquire: {{ board: 0, sps: {sps}, gain: 24, edge_channel: true }}\n  - csv_sink: {{ path: codes.csv }}\n\
             groups:\n  acquire: {{ priority: 40 }}\n",
            self.keys
        )
    }
}

/// Records, while `meanwhile` happens: what is in the file, and what was lost.
fn record(
    board: &Board,
    wired: &Wired,
    sps: u32,
    user: u32,
    meanwhile: impl FnOnce(&Running),
) -> (Recorded, BTreeMap<String, u64>) {
    board.put(wired.wiring.clone(), wired.pins);
    let running = Running::start(&wired.pipeline(sps), user);
    meanwhile(&running);
    let source = running.stop();
    let seen = board.seen();
    assert!(seen.mistakes.is_empty(), "{:?}", seen.mistakes);
    (recorded(wired.channels, &source), losses(&source))
}

/// Some seconds of a board on which nothing happens.
pub(crate) fn plain(board: &Board, wired: &Wired, sps: u32, user: u32) -> String {
    board.put(wired.wiring.clone(), wired.pins);
    let running = Running::start(&wired.pipeline(sps), user);
    sleep_ms(3000);
    let source = running.stop();
    let seen = board.seen();
    assert!(seen.mistakes.is_empty(), "{:?}", seen.mistakes);
    let recorded = recorded(wired.channels, &source);
    let rate = u64::from(sps);
    assert!(recorded.rows > 2 * rate, "{} rows", recorded.rows);
    let (losses, gaps) = (losses(&source), &recorded.gaps);
    // Nothing, from the first block on: what is done once is done before the board converts.
    assert!(gaps.is_empty() && losses.is_empty(), "{losses:?}, {gaps:?}");
    assert_eq!(merged(), 0, "the interrupt was never held up");
    assert!(seen.longest <= 64 && seen.conversions_read >= recorded.rows, "{seen:?}");
    assert_eq!(seen.split > 0, matches!(wired.wiring, Wiring::Daisy { .. }), "{seen:?}");
    let stamped = recorded.late_us.len();
    assert!(stamped as u64 * 10 > recorded.rows * 9, "{stamped} stamps");
    format!(
        "{} samples of {} channels right, none lost; {} messages, longest transfer {} bytes; stamp after the sample's time: {:.1} us \
         (most {:.1})",
        recorded.rows,
        wired.channels,
        seen.messages,
        seen.longest,
        recorded.late_us[stamped / 2],
        recorded.late_us[stamped - 1],
    )
}

/// A daemon that stands still for longer than the kernel keeps edges: 800 of them, of which 512 are kept.
pub(crate) fn stopped(board: &Board) -> String {
    let (recorded, losses) = record(board, &one_chip(), 4000, 0, |running| {
        sleep_ms(1000);
        running.signal("-STOP");
        sleep_ms(200);
        running.signal("-CONT");
        sleep_ms(1000);
    });
    let [(first, missing)] = recorded.gaps[..] else {
        panic!("gaps: {:?}: {losses:?}", recorded.gaps)
    };
    let overflow = losses.get("overflow").copied().unwrap_or(0);
    let late = losses.get("late").copied().unwrap_or(0);
    assert!((790..900).contains(&missing), "{missing} are missing: {losses:?}");
    // N edges and one read are N - 1 lost; some more came while the kept ones were taken.
    assert!((511..540).contains(&late), "{losses:?}");
    assert_eq!(overflow + late, missing, "{losses:?}");
    assert!(recorded.last > first + missing + 1000);
    format!("one gap of {missing} samples after {first}: {losses:?}")
}

/// A board that is pulled off and put back.
pub(crate) fn pulled_off(board: &Board) -> String {
    let (recorded, losses) = record(board, &one_chip(), 1000, 0, |_| {
        sleep_ms(1000);
        board.behave(Behaviour::Stuck(0));
        sleep_ms(1000);
        board.behave(Behaviour::Well);
        sleep_ms(2500);
    });
    let missing: u64 = recorded.gaps.iter().map(|(_, n)| n).sum();
    assert!(recorded.gaps.len() <= 2 && missing > 900, "{:?}: {losses:?}", recorded.gaps);
    format!("gaps {:?}: {losses:?}", recorded.gaps)
}
