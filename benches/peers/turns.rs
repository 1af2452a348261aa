// What the Rust peers share: the input and the sections that `run` has written, the filter, and the way `run` asks for a turn.

use std::io::BufRead;
use std::path::{Path, PathBuf};

/// Frames of a packet, and of all the codes there are.
pub const FRAMES: usize = 40;
pub const ALL_FRAMES: usize = 4000;
/// Packets before the clock starts.
pub const WARM_UP: usize = 100;

/// The folder with the input.
pub fn folder() -> PathBuf {
    std::env::args().nth(1).expect("the folder with codes and sections").into()
}

/// Codes of `N` channels, frame by frame.
pub fn codes<const N: usize>(folder: &Path) -> Vec<[i32; N]> {
    let bytes = std::fs::read(folder.join(format!("codes_{N}.i32"))).expect("the codes");
    let codes: Vec<i32> =
        bytes.chunks_exact(4).map(|b| i32::from_le_bytes(b.try_into().expect("four bytes"))).collect();
    codes.as_chunks().0.to_vec()
}

/// `b0 b1 b2 a1 a2` of the notch and the band-pass of this order.
pub fn sections(folder: &Path, order: usize) -> Vec<[f64; 5]> {
    let text = std::fs::read_to_string(folder.join(format!("sections_{order}.txt"))).expect("the sections");
    let row = |line: &str| {
        let numbers: Vec<f64> = line.split_whitespace().map(|n| n.parse().expect("a number")).collect();
        numbers.try_into().expect("five numbers")
    };
    text.lines().map(row).collect()
}

/// Microvolts of one code.
pub const STEP_UV: f64 = 4.5e6 / 24.0 / 8_388_608.0;

/// A second-order section on `N` channels side by side, direct form II transposed, in f64.
pub struct Section<const N: usize> {
    coefficients: [f64; 5],
    s1: [f64; N],
    s2: [f64; N],
}

impl<const N: usize> Section<N> {
    pub fn new(coefficients: [f64; 5]) -> Self {
        Self { coefficients, s1: [0.0; N], s2: [0.0; N] }
    }

    #[inline(always)]
    pub fn step(&mut self, x: [f64; N]) -> [f64; N] {
        let [b0, b1, b2, a1, a2] = self.coefficients;
        let mut out = [0.0; N];
        for i in 0..N {
            let y = b0.mul_add(x[i], self.s1[i]);
            self.s1[i] = b1.mul_add(x[i], (-a1).mul_add(y, self.s2[i]));
            self.s2[i] = b2.mul_add(x[i], -a2 * y);
            out[i] = y;
        }
        out
    }
}

/// Sections on a frame of f32, f64 inside.
#[inline(always)]
pub fn frame<const N: usize>(sections: &mut [Section<N>], x: &[f32; N]) -> [f32; N] {
    let mut x = x.map(f64::from);
    for section in sections {
        x = section.step(x);
    }
    x.map(|x| x as f32)
}

#[inline(always)]
pub fn microvolts<const N: usize>(codes: &[i32; N]) -> [f32; N] {
    codes.map(|code| (f64::from(code) * STEP_UV) as f32)
}

/// Answers `run`: a line `CHANNELS ORDER PACKETS` is a turn, its answer nanoseconds per sample and channel;
/// `CHANNELS ORDER write PATH` writes what comes out of the codes once through.
pub fn answer(mut turn: impl FnMut(usize, usize, usize) -> f64, mut output: impl FnMut(usize, usize) -> Vec<f32>) {
    println!("ready");
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words[at].parse::<usize>().expect("a number");
        if words[2] == "write" {
            let bytes: Vec<u8> = output(number(0), number(1)).iter().flat_map(|y| y.to_le_bytes()).collect();
            std::fs::write(words[3], bytes).expect("the output is written");
            println!("written");
        } else {
            println!("{}", turn(number(0), number(1), number(2)));
        }
    }
}
