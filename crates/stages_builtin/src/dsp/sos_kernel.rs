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
//! **Lanes.** The channels of a frame lie side by side, so a block of them is one vector or a few, and one operation on
//! it one or a few instructions.
//!
//! **Sections side by side.** A frame's four dependent operations in a section take four times as long as the processor needs to
//! issue them, so something else has to fill the time: up to four sections work at once, section k on frame n - k, with
//! their state in registers while the packet streams by. The first frames of a call fill this pipeline and the last ones drain
//! it, so that nothing but the state of the sections outlives a call. Longer cascades hand over in an f64 tile; rounding
//! to f32 happens once, at the output. A stage's only section, which alone would wait for itself most of the time, works side by side with those
//! of the stage behind it ([`Head`]).
//!
//! **Same bits everywhere.** The vectors are those of the best level the processor has (AVX-512, AVX2, SSE; NEON), chosen at run
//! time. None contracts a product and a sum into one rounding (FMA), every channel sees the same operations in the same
//! order in each width of block, so the result depends on neither the machine, the packet size nor the number of channels.
//! The vectors are explicit because compilers, left to themselves, also put two sections of few channels into one vector and
//! spend more on shuffling than on filtering.

// A function that is not inlined into its caller would be compiled for the baseline instead of the level chosen at run time.
#![allow(clippy::inline_always)]

use super::lanes::Lanes;
use super::sos::Sos;
use fearless_simd::{Level, Simd, SimdBase, dispatch, f64x2, f64x4, f64x8};
use std::array::from_fn;

/// Frames that cross the tile at a time; a tile of 16 channels in f64 takes 8 KiB of the L1 cache.
const TILE_FRAMES: usize = 64;

/// Channels of the widest block.
const MAX_LANES: usize = 16;

/// Values of scratch that [`run`] needs.
pub(super) const TILE: usize = TILE_FRAMES * MAX_LANES;

/// Most sections that work at once: one more, and coefficients and state of a block no longer fit the registers.
pub(super) const MAX_SECTIONS: usize = 4;

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
    /// [`TILE`] values of scratch.
    pub(super) tile: &'a mut [f64],
    /// The stage before; then there are 1 to `MAX_SECTIONS - 1` sections.
    pub(super) head: Option<Head<'a>>,
}

/// The one section of the stage before, of as many channels. What it makes is rounded to f32 on the way, as between any two stages.
pub(super) struct Head<'a> {
    pub(super) section: Sos,
    /// First state variable of each channel.
    pub(super) s1: &'a mut [f64],
    /// Second state variable of each channel.
    pub(super) s2: &'a mut [f64],
    /// A frame: in the end the last one that the section has made.
    pub(super) made: &'a mut [f32],
}

/// Filters all samples of the job.
pub(super) fn run(level: Level, mut job: Job<'_>) {
    dispatch!(level, simd => all_channels(simd, &mut job));
}

/// Takes the channels in blocks as wide as keeps the processor busy with the sections that work at once.
#[inline(always)]
fn all_channels<S: Simd>(simd: S, job: &mut Job<'_>) {
    let native = <S::f64s as SimdBase<S>>::LEN;
    // Measured: recursions that do not wait for each other, vectors times sections, gain speed up to about six, and lose it
    // where their state no longer fits the registers.
    let sections = job.sections.len() + usize::from(job.head.is_some());
    let widest = match (native, sections.min(MAX_SECTIONS)) {
        (8.., ..4) => 16,
        (8.., _) | (4.., ..4) | (_, ..3) => 8,
        (4.., _) | (_, 3) => 4,
        _ => 2,
    };
    let mut first = 0;
    while first < job.channels {
        first += match (job.channels - first).min(widest) {
            16.. => block::<S, f64x8<S>, 2>(simd, job, first),
            8.. => block::<S, f64x8<S>, 1>(simd, job, first),
            4.. => block::<S, f64x4<S>, 1>(simd, job, first),
            2.. => block::<S, f64x2<S>, 1>(simd, job, first),
            _ => block::<S, f64, 1>(simd, job, first),
        };
    }
}

/// `V` vectors of channels from channel `first` on, through all sections; answers how many channels that are.
#[inline(always)]
fn block<S: Simd, L: Lanes<S>, const V: usize>(simd: S, job: &mut Job<'_>, first: usize) -> usize {
    let Job { sections, s1, s2, channels, samples, tile, head } = job;
    let channels = *channels;
    if let Some(Head { section, s1: head_s1, s2: head_s2, made }) = head {
        let mut rows = Rows { samples, channels, first, tile, from_tile: false, to_tile: false };
        let before = Before {
            s1: &mut head_s1[first..],
            s2: &mut head_s2[first..],
            made: &mut made[first..],
        };
        let state = State { s1: &mut s1[first..], s2: &mut s2[first..], channels, before };
        let head = *section;
        match **sections {
            [] => pass::<S, L, V, 1, true>(simd, [head], state, &mut rows),
            [a] => pass::<S, L, V, 2, true>(simd, [head, a], state, &mut rows),
            [a, b] => pass::<S, L, V, 3, true>(simd, [head, a, b], state, &mut rows),
            [a, b, c, ..] => pass::<S, L, V, 4, true>(simd, [head, a, b, c], state, &mut rows),
        }
        return L::COUNT * V;
    }
    let passes = sections.len().div_ceil(MAX_SECTIONS).max(1);
    let frames = if passes > 1 { TILE_FRAMES } else { samples.len() };
    for samples in samples.chunks_mut(frames * channels) {
        let mut rows = Rows { samples, channels, first, tile, from_tile: false, to_tile: false };
        let (mut at, mut left) = (first, sections.len());
        for sections in sections.chunks(sections.len().div_ceil(passes).max(1)) {
            left -= sections.len();
            rows.to_tile = left > 0;
            let before = Before::default();
            let state = State { s1: &mut s1[at..], s2: &mut s2[at..], channels, before };
            match *sections {
                [] => {}
                [a] => pass::<S, L, V, 1, false>(simd, [a], state, &mut rows),
                [a, b] => pass::<S, L, V, 2, false>(simd, [a, b], state, &mut rows),
                [a, b, c] => pass::<S, L, V, 3, false>(simd, [a, b, c], state, &mut rows),
                [a, b, c, d, ..] => pass::<S, L, V, 4, false>(simd, [a, b, c, d], state, &mut rows),
            }
            rows.from_tile = true;
            at += sections.len() * channels;
        }
    }
    L::COUNT * V
}

/// The state of some sections for a block of channels; at the beginning that of the first section and the first channel.
struct State<'a> {
    s1: &'a mut [f64],
    s2: &'a mut [f64],
    channels: usize,
    before: Before<'a>,
}

/// State and last output of the [`Head`] from the first channel of a block on; empty where there is none.
#[derive(Default)]
struct Before<'a> {
    s1: &'a mut [f64],
    s2: &'a mut [f64],
    made: &'a mut [f32],
}

impl State<'_> {
    /// Both variables of section `k`, for as many channels as there are from the first one of the block on.
    #[inline(always)]
    fn of<const HEAD: bool>(&mut self, k: usize) -> [&mut [f64]; 2] {
        if HEAD && k == 0 {
            return [&mut *self.before.s1, &mut *self.before.s2];
        }
        let at = (k - usize::from(HEAD)) * self.channels;
        [&mut self.s1[at..], &mut self.s2[at..]]
    }
}

/// `N` sections over all rows; the first one is the `HEAD`'s if there is one.
#[inline(always)]
fn pass<S: Simd, L: Lanes<S>, const V: usize, const N: usize, const HEAD: bool>(
    simd: S,
    sections: [Sos; N],
    mut state: State<'_>,
    rows: &mut Rows<'_>,
) {
    let load = |state: &[f64]| -> [L; V] { from_fn(|v| L::load(simd, &state[v * L::COUNT..])) };
    let frames = rows.samples.len() / rows.channels;
    let mut line = Line::<S, L, V, N, HEAD> {
        simd,
        frames,
        sections: from_fn(|k| {
            let [s1, s2] = state.of::<HEAD>(k);
            Section {
                coefficients: sections[k],
                s1: load(s1),
                s2: load(s2),
                made: [L::load(simd, &[0.0; MAX_LANES]); V],
            }
        }),
    };
    let fill = N - 1;
    for round in 0..fill {
        line.round::<true>(round, rows);
    }
    for round in fill..frames {
        line.round::<false>(round, rows);
    }
    for round in frames.max(fill)..frames + fill {
        line.round::<true>(round, rows);
    }
    for (k, section) in line.sections.iter().enumerate() {
        let [s1, s2] = state.of::<HEAD>(k);
        for v in 0..V {
            section.s1[v].store(&mut s1[v * L::COUNT..]);
            section.s2[v].store(&mut s2[v * L::COUNT..]);
        }
        if HEAD && k == 0 {
            for (v, made) in section.made.into_iter().enumerate() {
                made.narrow(&mut state.before.made[v * L::COUNT..]);
            }
        }
    }
}

/// `N` sections at work on a block of channels: in round n, section k is at frame n - k.
struct Line<S, L, const V: usize, const N: usize, const HEAD: bool> {
    simd: S,
    frames: usize,
    sections: [Section<L, V>; N],
}

impl<S: Simd, L: Lanes<S>, const V: usize, const N: usize, const HEAD: bool>
    Line<S, L, V, N, HEAD>
{
    /// One round; at the `EDGE` of a packet only of those sections whose frame exists.
    #[inline(always)]
    fn round<const EDGE: bool>(&mut self, round: usize, rows: &mut Rows<'_>) {
        // Each section takes what the one before it made in the last round, so the last section goes first.
        for k in (0..N).rev() {
            if EDGE && (round < k || round - k >= self.frames) {
                continue;
            }
            let x = if k == 0 { rows.get(self.simd, round) } else { self.sections[k - 1].made };
            self.sections[k].step(x);
            if HEAD && k == 0 {
                self.sections[0].made = self.sections[0].made.map(|made| made.rounded(self.simd));
            }
            if k + 1 == N {
                rows.put(round - k, self.sections[k].made);
            }
        }
    }
}

/// One section at work on a block of channels.
struct Section<L, const V: usize> {
    coefficients: Sos,
    s1: [L; V],
    s2: [L; V],
    made: [L; V],
}

impl<L, const V: usize> Section<L, V> {
    #[inline(always)]
    fn step<S: Simd>(&mut self, x: [L; V])
    where
        L: Lanes<S>,
    {
        let Sos { b0, b1, b2, a1, a2 } = self.coefficients;
        for (v, x) in x.into_iter().enumerate() {
            let y = x * b0 + self.s1[v];
            self.s1[v] = x * b1 - y * a1 + self.s2[v];
            self.s2[v] = x * b2 - y * a2;
            self.made[v] = y;
        }
    }
}

/// Where the values of a block of channels come from and go to, frame by frame.
struct Rows<'a> {
    /// Whole frames; the block begins with channel `first`.
    samples: &'a mut [f32],
    channels: usize,
    first: usize,
    /// Between the passes of a long cascade.
    tile: &'a mut [f64],
    from_tile: bool,
    to_tile: bool,
}

impl Rows<'_> {
    #[inline(always)]
    fn get<S: Simd, L: Lanes<S>, const V: usize>(&self, simd: S, frame: usize) -> [L; V] {
        if self.from_tile {
            let row = &self.tile[frame * V * L::COUNT..][..V * L::COUNT];
            return from_fn(|v| L::load(simd, &row[v * L::COUNT..]));
        }
        let row = &self.samples[frame * self.channels + self.first..][..V * L::COUNT];
        from_fn(|v| L::widen(simd, &row[v * L::COUNT..]))
    }

    #[inline(always)]
    fn put<S: Simd, L: Lanes<S>, const V: usize>(&mut self, frame: usize, values: [L; V]) {
        if self.to_tile {
            let row = &mut self.tile[frame * V * L::COUNT..][..V * L::COUNT];
            for (v, values) in values.into_iter().enumerate() {
                values.store(&mut row[v * L::COUNT..]);
            }
            return;
        }
        let row = &mut self.samples[frame * self.channels + self.first..][..V * L::COUNT];
        for (v, values) in values.into_iter().enumerate() {
            values.narrow(&mut row[v * L::COUNT..]);
        }
    }
}
