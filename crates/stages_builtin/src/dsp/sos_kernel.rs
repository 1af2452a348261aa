//! The inner loop of every IIR filter: a cascade of second-order sections over interleaved frames, in place.
//!
//! Direct form II transposed, per section and channel, with coefficients and state in f64:
//!
//! ```text
//! y  = b0 x + s1
//! s1 = (b1 x - a1 y) + s2
//! s2 = b2 x - a2 y
//! ```
//!
//! (Oppenheim and Schafer, *Discrete-Time Signal Processing*, 3rd ed., section 6.3.4.) The order of the operations is that of
//! `scipy.signal.sosfilt`, whose f64 output rounded to f32 comes out bit for bit. `(b1 x + s2) - a1 y` would be a sixth faster on 8
//! channels, but at 0.05 Hz and thousands of samples/s its last bits, amplified, are 4e-6 of a signal off from scipy's.
//!
//! **Lanes.** The channels of a frame lie side by side, so a block of 16, 8, 4, 2 or 1 of them is an array of that many `f64` and
//! one operation on it is one or a few vector instructions; wide blocks hide the latency of the recursion. Up to four sections
//! run fused, with their state in registers, while the packet streams by once; longer cascades hand over in an f64 tile,
//! so that rounding to f32 happens once, at the output.
//!
//! **Same bits everywhere.** On x86-64 the function exists three times, for the baseline, AVX2 and AVX-512 (whose 32 registers hold
//! the state that AVX2 spills: 11 to 30 % faster), and the processor decides at run time. None contracts a product and a sum into
//! one rounding (FMA), every channel sees the same operations in the same order in each width of block, so the result depends on
//! neither the machine, the packet size nor the number of channels.

// A helper that is not inlined would be compiled for the baseline only.
#![allow(clippy::inline_always)]

use multiversion::multiversion;

use super::sos::Sos;

/// Frames per pass; a tile of 16 channels in f64 takes 8 KiB of the L1 cache.
pub(super) const TILE_FRAMES: usize = 64;

/// Widest block of channels.
pub(super) const MAX_LANES: usize = 16;

/// Most sections that run in one pass over the frames: what the registers hold of state, measured.
const fn most_fused(lanes: usize) -> usize {
    if lanes > 8 { 2 } else { 4 }
}

/// Where the samples and the state of a call lie.
pub(super) struct Job<'a> {
    /// Sections, applied in order.
    pub(super) sections: &'a [Sos],
    /// First state variable, `[section][channel]`.
    pub(super) s1: &'a mut [f64],
    /// Second state variable, `[section][channel]`.
    pub(super) s2: &'a mut [f64],
    /// Channels per frame.
    pub(super) channels: usize,
    /// Whole frames, `[frame][channel]`, replaced by the output.
    pub(super) samples: &'a mut [f32],
    /// `TILE_FRAMES * MAX_LANES` values of scratch.
    pub(super) tile: &'a mut [f64],
}

/// Filters all samples of the job.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn run(job: Job<'_>) {
    let Job { sections, s1, s2, channels, samples, tile } = job;
    let mut work = Work { sections, s1, s2, channels, tile };
    for frames in samples.chunks_mut(TILE_FRAMES * channels) {
        let mut first = 0;
        while first + 16 <= channels {
            work.block::<16>(frames, first);
            first += 16;
        }
        while first + 8 <= channels {
            work.block::<8>(frames, first);
            first += 8;
        }
        if first + 4 <= channels {
            work.block::<4>(frames, first);
            first += 4;
        }
        if first + 2 <= channels {
            work.block::<2>(frames, first);
            first += 2;
        }
        if first < channels {
            work.block::<1>(frames, first);
        }
    }
}

struct Work<'a> {
    sections: &'a [Sos],
    s1: &'a mut [f64],
    s2: &'a mut [f64],
    channels: usize,
    tile: &'a mut [f64],
}

impl Work<'_> {
    /// `W` channels from channel `first` on, through all sections.
    #[inline(always)]
    fn block<const W: usize>(&mut self, frames: &mut [f32], first: usize) {
        let count = self.sections.len();
        let mut done = 0;
        while done < count {
            let fused = (count - done).min(most_fused(W));
            let (from_samples, to_samples) = (done == 0, done + fused == count);
            match fused {
                1 => self.pass::<1, W>(frames, first, done, from_samples, to_samples),
                2 => self.pass::<2, W>(frames, first, done, from_samples, to_samples),
                3 => self.pass::<3, W>(frames, first, done, from_samples, to_samples),
                _ => self.pass::<4, W>(frames, first, done, from_samples, to_samples),
            }
            done += fused;
        }
    }

    /// `S` fused sections; the first pass of a cascade reads samples, the last one writes them, between them lies the tile.
    #[inline(always)]
    fn pass<const S: usize, const W: usize>(
        &mut self,
        frames: &mut [f32],
        first: usize,
        section: usize,
        from_samples: bool,
        to_samples: bool,
    ) {
        let mut fused = Fused::<S, W>::load(self, first, section);
        let (tile, _) = self.tile.as_chunks_mut::<W>();
        let rows = frames.chunks_exact_mut(self.channels);
        match (from_samples, to_samples) {
            // Whole frames in one block: no stride, and no check of it.
            (true, true) if self.channels == W => {
                for lanes in frames.as_chunks_mut::<W>().0 {
                    *lanes = narrow(fused.step(widen(lanes)));
                }
            }
            (true, true) => {
                for row in rows {
                    let lanes = lanes_mut::<W>(row, first);
                    *lanes = narrow(fused.step(widen(lanes)));
                }
            }
            (true, false) => {
                for (row, mid) in rows.zip(tile) {
                    *mid = fused.step(widen(lanes_mut::<W>(row, first)));
                }
            }
            (false, false) => {
                for (_, mid) in rows.zip(tile) {
                    *mid = fused.step(*mid);
                }
            }
            (false, true) => {
                for (row, mid) in rows.zip(tile) {
                    *lanes_mut::<W>(row, first) = narrow(fused.step(*mid));
                }
            }
        }
        fused.store(self, first, section);
    }
}

/// State and coefficients of `S` sections for `W` channels, held in registers for one pass.
///
/// What finds no register lies on the stack: aligned, because of 256 positions of an unaligned stack 6 to 11 made the AVX2 loop
/// take twice the time, and of an aligned one none.
#[repr(align(64))]
struct Fused<const S: usize, const W: usize> {
    sections: [Sos; S],
    s1: [[f64; W]; S],
    s2: [[f64; W]; S],
}

impl<const S: usize, const W: usize> Fused<S, W> {
    #[inline(always)]
    fn load(work: &Work<'_>, first: usize, section: usize) -> Self {
        let at = |state: &[f64], k: usize| {
            let from = (section + k) * work.channels + first;
            std::array::from_fn(|lane| state[from + lane])
        };
        Self {
            sections: std::array::from_fn(|k| work.sections[section + k]),
            s1: std::array::from_fn(|k| at(work.s1, k)),
            s2: std::array::from_fn(|k| at(work.s2, k)),
        }
    }

    #[inline(always)]
    fn store(&self, work: &mut Work<'_>, first: usize, section: usize) {
        for k in 0..S {
            let from = (section + k) * work.channels + first;
            work.s1[from..from + W].copy_from_slice(&self.s1[k]);
            work.s2[from..from + W].copy_from_slice(&self.s2[k]);
        }
    }

    #[inline(always)]
    fn step(&mut self, mut x: [f64; W]) -> [f64; W] {
        for k in 0..S {
            let Sos { b0, b1, b2, a1, a2 } = self.sections[k];
            let (s1, s2) = (&mut self.s1[k], &mut self.s2[k]);
            for lane in 0..W {
                let y = b0 * x[lane] + s1[lane];
                s1[lane] = b1 * x[lane] - a1 * y + s2[lane];
                s2[lane] = b2 * x[lane] - a2 * y;
                x[lane] = y;
            }
        }
        x
    }
}

#[inline(always)]
fn lanes_mut<const W: usize>(row: &mut [f32], first: usize) -> &mut [f32; W] {
    row[first..].first_chunk_mut().expect("run() takes only blocks that end within the frame")
}

#[inline(always)]
fn widen<const W: usize>(x: &[f32; W]) -> [f64; W] {
    x.map(f64::from)
}

#[inline(always)]
fn narrow<const W: usize>(y: [f64; W]) -> [f32; W] {
    y.map(|y| y as f32)
}
