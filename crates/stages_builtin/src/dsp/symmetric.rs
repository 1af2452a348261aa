//! The inner loop of a linear-phase filter: one output frame as the sum of symmetric taps times frames.

// A helper that is not inlined would be compiled for the baseline only.
#![allow(clippy::inline_always)]

use multiversion::multiversion;

/// Writes `sum_k taps[k] window[k]` for each channel of the frames in `window`, as many as there are taps, an odd number.
///
/// In blocks of channels that fill the vector lanes. The taps are symmetric, so the oldest and the newest frame, and so on
/// inwards, are added before they are weighed. Twice compiled on x86-64, as the kernel of the sections, with the same bits from both.
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn weigh_symmetric(taps: &[f64], window: &[f64], out: &mut [f64]) {
    let channels = out.len();
    let mut first = 0;
    while first + 8 <= channels {
        block::<8>(taps, window, first, out);
        first += 8;
    }
    if first + 4 <= channels {
        block::<4>(taps, window, first, out);
        first += 4;
    }
    if first + 2 <= channels {
        block::<2>(taps, window, first, out);
        first += 2;
    }
    if first < channels {
        block::<1>(taps, window, first, out);
    }
}

#[inline(always)]
fn block<const W: usize>(taps: &[f64], window: &[f64], first: usize, out: &mut [f64]) {
    let channels = out.len();
    let middle = taps.len() / 2;
    let lanes = |frame: &[f64]| {
        *frame[first..].first_chunk::<W>().expect("blocks are taken within the frame")
    };
    let add = |sum: &mut [f64; W], (tap, (old, new)): (&f64, (&[f64], &[f64]))| {
        let (old, new) = (lanes(old), lanes(new));
        for lane in 0..W {
            sum[lane] += tap * (old[lane] + new[lane]);
        }
    };
    let mut pairs = taps[..middle]
        .iter()
        .zip(window.chunks_exact(channels).zip(window.chunks_exact(channels).rev()));
    // Two sums side by side, so that an addition does not wait for the one before.
    let (mut even, mut odd) = ([0.0; W], [0.0; W]);
    while let Some(pair) = pairs.next() {
        add(&mut even, pair);
        if let Some(pair) = pairs.next() {
            add(&mut odd, pair);
        }
    }
    let centre = lanes(&window[middle * channels..]);
    for lane in 0..W {
        out[first + lane] = even[lane] + odd[lane] + taps[middle] * centre[lane];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_gets_the_plain_sum() {
        let taps = [0.5, -1.0, 3.0, -1.0, 0.5];
        for channels in 1..20 {
            let window: Vec<f64> =
                (0..5 * channels).map(|k| f64::from((k * 37 % 101) as u32)).collect();
            let mut out = vec![0.0; channels];
            weigh_symmetric(&taps, &window, &mut out);
            for (channel, sum) in out.iter().enumerate() {
                let frames = window.iter().skip(channel).step_by(channels);
                // Halves of whole numbers are exact.
                assert_eq!(*sum, taps.iter().zip(frames).map(|(h, x)| h * x).sum::<f64>());
            }
        }
    }
}
