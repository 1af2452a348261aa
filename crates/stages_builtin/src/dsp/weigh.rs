//! The inner loop of a FIR filter: one output frame as the sum of taps times frames, for one set of taps or for several at once.

// A helper that is not inlined would be compiled for the baseline only.
#![allow(clippy::inline_always)]

use super::lanes::Lanes;
use fearless_simd::{Level, Simd, dispatch, f64x2, f64x4, f64x8};

/// Channels of the widest block.
const MAX_LANES: usize = 8;

/// Writes, for each channel, the `N` sums `sum_k taps[k] window[k]` over the frames in `window`, as many as there are taps.
///
/// The channels of a block are one vector; every other tap has a sum of its own, so that an addition does not wait for the one
/// before. The vectors are explicit because compilers put two sums of one channel side by side instead, at a fifth of the speed. The
/// bits are the same at each level.
pub(super) fn weigh<const N: usize>(
    level: Level,
    taps: &[[f64; N]],
    window: &[f64],
    out: &mut [[f64; N]],
) {
    dispatch!(level, simd => all_channels(simd, taps, window, out));
}

#[inline(always)]
fn all_channels<S: Simd, const N: usize>(
    simd: S,
    taps: &[[f64; N]],
    window: &[f64],
    out: &mut [[f64; N]],
) {
    let mut first = 0;
    while first < out.len() {
        first += match out.len() - first {
            8.. => block::<S, f64x8<S>, N>(simd, taps, window, first, out),
            4.. => block::<S, f64x4<S>, N>(simd, taps, window, first, out),
            2.. => block::<S, f64x2<S>, N>(simd, taps, window, first, out),
            _ => block::<S, f64, N>(simd, taps, window, first, out),
        };
    }
}

/// The channels of one vector from `first` on; answers how many they are.
#[inline(always)]
fn block<S: Simd, L: Lanes<S>, const N: usize>(
    simd: S,
    taps: &[[f64; N]],
    window: &[f64],
    first: usize,
    out: &mut [[f64; N]],
) -> usize {
    let channels = out.len();
    let nothing = L::load(simd, &[0.0; MAX_LANES]);
    let mut sums = [[nothing; N]; 2];
    let (pairs, last) = taps.as_chunks::<2>();
    let mut frames = window.chunks_exact(2 * channels);
    for (taps, two) in pairs.iter().zip(&mut frames) {
        for (k, tap) in taps.iter().enumerate() {
            let x = L::load(simd, &two[k * channels + first..]);
            for n in 0..N {
                sums[k][n] = x * tap[n] + sums[k][n];
            }
        }
    }
    let [mut even, odd] = sums;
    for tap in last {
        let x = L::load(simd, &frames.remainder()[first..]);
        for n in 0..N {
            even[n] = x * tap[n] + even[n];
        }
    }
    for n in 0..N {
        let mut lanes = [0.0; MAX_LANES];
        (even[n] + odd[n]).store(&mut lanes);
        for (out, sum) in out[first..first + L::COUNT].iter_mut().zip(lanes) {
            out[n] = sum;
        }
    }
    L::COUNT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_gets_the_plain_sums() {
        for (taps, channels) in (1..6).flat_map(|taps| (1..20).map(move |c| (taps, c))) {
            let taps: Vec<[f64; 2]> = (0..taps).map(|k| [f64::from(k), f64::from(3 - k)]).collect();
            let window: Vec<f64> =
                (0..taps.len() * channels).map(|k| f64::from((k * 37 % 101) as u32)).collect();
            let mut out = vec![[0.0; 2]; channels];
            weigh(Level::new(), &taps, &window, &mut out);
            for (channel, sums) in out.iter().enumerate() {
                for (n, sum) in sums.iter().enumerate() {
                    let frames = window.iter().skip(channel).step_by(channels);
                    // Whole numbers are exact.
                    assert_eq!(*sum, taps.iter().zip(frames).map(|(h, x)| h[n] * x).sum::<f64>());
                }
            }
        }
    }
}
