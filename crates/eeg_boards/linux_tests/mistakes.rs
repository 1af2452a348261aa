//! What is wrong with a machine or a board, as its user is told it: exit codes and sentences.

use crate::board::{Behaviour, Board};
use crate::edges::drdy;
use crate::eegd::refused;
use crate::streams::one_chip;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// Neither root nor in any group.
pub(crate) const USER: u32 = 1000;
const GPIO_CHIPS: [&str; 2] = ["/dev/gpiochip0", "/dev/gpiochip1"];

/// `eegd run` has to end with exit code 1 and these words.
fn says(pipeline: &str, user: u32, expected: &str) {
    let (code, words) = refused(pipeline, user);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains(expected), "expected `{expected}`, got:\n{words}");
    crate::tell(&format!("    {}", words.lines().last().unwrap_or_default()));
}

fn with(from: &str, to: &str) -> String {
    let pipeline = one_chip().pipeline(250);
    assert!(pipeline.contains(from));
    pipeline.replace(from, to)
}

fn allow(paths: &[&str], mode: u32) {
    for path in paths {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
}

pub(crate) fn devices(board: &Board) -> String {
    board.put(one_chip().wiring, false);
    says(&with("spidev0.0", "spidev3.0"), 0, "there is no /dev/spidev3.0: switch SPI on");
    says(
        &with("pinctrl-rp1", "pinctrl-bcm2711"),
        0,
        "no GPIO chip is labelled `pinctrl-bcm2711`; there are `other`, `pinctrl-rp1`",
    );
    says(&with("line: 26", "line: 54"), 0, "pinctrl-rp1 has no line 54, its lines are 0 to 53");
    let path = with("pinctrl-rp1", "/dev/gpiochip9");
    says(&path, 0, "there is no /dev/gpiochip9");
    let request = gpiocdev::Request::builder()
        .on_chip("/dev/gpiochip1")
        .with_consumer("another program")
        .with_line(drdy(26).line)
        .as_input()
        .request()
        .unwrap();
    says(&one_chip().pipeline(250), 0, "line 26 of pinctrl-rp1 is in use by `another program`");
    drop(request);
    "each with its sentence and exit code 1".to_owned()
}

pub(crate) fn rights(board: &Board) -> String {
    board.put(one_chip().wiring, false);
    allow(&["/dev/spidev0.0"], 0o600);
    allow(&GPIO_CHIPS, 0o600);
    let pipeline = one_chip().pipeline(250);
    says(&pipeline, USER, "/dev/spidev0.0 may not be opened: add the user to the group `spi`");
    allow(&["/dev/spidev0.0"], 0o666);
    says(&pipeline, USER, "/dev/gpiochip0 may not be opened: add the user to the group `gpio`");
    allow(&GPIO_CHIPS, 0o666);
    let recorded = crate::streams::plain(board, &one_chip(), 250, USER);
    format!("with the rights, as a user: {recorded}")
}

pub(crate) fn wires(board: &Board) -> String {
    let pipeline = one_chip().pipeline(250);
    for (behaviour, expected) in [
        (Behaviour::Stuck(0x00), "answers with identity 0x00, which is nothing at all"),
        (Behaviour::Stuck(0xFF), "answers with identity 0xFF, which is a line that is high"),
        (Behaviour::Silent, "no data-ready edge on line 26 of pinctrl-rp1 within"),
    ] {
        board.put(one_chip().wiring, false);
        board.behave(behaviour);
        says(&pipeline, 0, expected);
    }
    "each with its sentence and exit code 1".to_owned()
}
