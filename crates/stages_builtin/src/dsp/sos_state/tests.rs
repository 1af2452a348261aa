//! Against the plainest loop there is, whatever the packets and the vectors; starts, retunes, silence and NaN.

use proptest::prelude::*;

use super::*;
use crate::dsp::butterworth::{Band, butterworth};
use crate::dsp::notch::iirnotch;
use crate::dsp::sos::Sos;

fn band_pass(order: u32, rate_hz: f64) -> Cascade {
    Cascade::new(
        butterworth(order, Band::BandPass { low_hz: 0.5, high_hz: 40.0 }, rate_hz).unwrap(),
    )
}

/// Each channel alone, sample by sample, in the plainest way.
fn plain(cascade: &Cascade, channels: usize, init: Init, samples: &[f32]) -> Vec<f32> {
    let mut out = samples.to_vec();
    for channel in 0..channels {
        let x0 = if init == Init::Step { f64::from(out[channel]) } else { 0.0 };
        let mut state: Vec<[f64; 2]> =
            cascade.steady_state().iter().map(|zi| zi.map(|z| z * x0)).collect();
        for sample in out.iter_mut().skip(channel).step_by(channels) {
            let mut x = f64::from(*sample);
            for (Sos { b0, b1, b2, a1, a2 }, [s1, s2]) in cascade.sections().iter().zip(&mut state)
            {
                let y = b0 * x + *s1;
                *s1 = b1 * x - a1 * y + *s2;
                *s2 = b2 * x - a2 * y;
                x = y;
            }
            *sample = x as f32;
        }
    }
    out
}

/// An electrode offset, alpha at 10 Hz and 250 samples/s, and noise, in microvolts.
fn signal(channels: usize, frames: usize) -> Vec<f32> {
    let mut noise = 1_u32;
    (0..frames * channels)
        .map(|at| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (frame, channel) = ((at / channels) as f32, (at % channels) as f32);
            5000.0 - 900.0 * channel
                + 20.0 * (0.2513 * frame + channel).sin()
                + (noise >> 8) as f32 * 1e-6
        })
        .collect()
}

/// The best vectors of this processor, and what it can do with less.
fn levels() -> Vec<Level> {
    let best = Level::new();
    #[cfg(target_arch = "x86_64")]
    let less = [
        best.as_avx2().map(Level::Avx2),
        best.as_sse4_2().map(Level::Sse4_2),
        best.as_sse2().map(Level::Sse2),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let less: [Option<Level>; 0] = [];
    std::iter::once(best).chain(less.into_iter().flatten()).collect()
}

proptest! {
    #[test]
    fn packets_of_any_size_and_any_vectors_give_the_same_bits_as_the_plain_loop(
        channels in 1_usize..36,
        order in 1_u32..=10,
        step in any::<bool>(),
        sizes in prop::collection::vec(1_usize..400, 1..12),
    ) {
        let cascade = band_pass(order, 250.0);
        let init = if step { Init::Step } else { Init::Zero };
        let input = signal(channels, sizes.iter().sum());
        let expected = plain(&cascade, channels, init, &input);
        for level in levels() {
            let mut samples = input.clone();
            let mut state = SosState { level, ..SosState::new(&cascade, channels, init) };
            let mut rest = samples.as_mut_slice();
            for size in &sizes {
                let (packet, later) = rest.split_at_mut(size * channels);
                state.process(&cascade, packet);
                rest = later;
            }
            let same = samples.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits());
            prop_assert!(same, "{level:?}");
        }
    }
}

proptest! {
    #[test]
    fn two_stages_at_once_give_the_same_bits_as_one_after_the_other(
        channels in 1_usize..36,
        order in 1_u32..=3,
        late in 0_usize..300,
        sizes in prop::collection::vec(1_usize..400, 1..8),
    ) {
        let notch = Cascade::new(vec![iirnotch(50.0, 30.0, 250.0).unwrap()]);
        let band = Cascade::new(
            butterworth(order, Band::HighPass { hz: 0.5 }, 250.0).unwrap(),
        );
        prop_assert!(SosState::joins(&notch, &band));
        let mut expected = signal(channels, sizes.iter().sum());
        // The second filter began later: their checks lie elsewhere.
        let before = signal(channels, late);
        // A channel that is no number for a while starts anew in the middle.
        expected[channels * (sizes[0] / 2)] = f32::NAN;
        let input = expected.clone();
        let states = |level, before: &mut [f32]| {
            let of = |cascade| SosState { level, ..SosState::new(cascade, channels, Init::Step) };
            let (first, mut second) = (of(&notch), of(&band));
            second.process(&band, before);
            (first, second)
        };
        let (mut first, mut second) = states(Level::new(), &mut before.clone());
        let mut between = input.clone();
        first.process(&notch, &mut between);
        expected.copy_from_slice(&between);
        second.process(&band, &mut expected);
        for level in levels() {
            let (mut first, mut second) = states(level, &mut before.clone());
            let (mut samples, mut made) = (input.clone(), vec![0.0; channels]);
            let mut at = 0;
            for size in &sizes {
                let packet = at..at + size * channels;
                at = packet.end;
                second.process_both(&band, &mut first, &notch, &mut made, &mut samples[packet]);
                let last = made.iter().zip(&between[at - channels..]);
                prop_assert!(last.into_iter().all(|(a, b)| a.to_bits() == b.to_bits()));
            }
            let same = samples.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits());
            prop_assert!(same, "{level:?}");
        }
    }
}

#[test]
fn step_start_makes_no_transient() {
    let cascade = band_pass(4, 4000.0);
    let mut samples = vec![5000.0_f32; 8 * 4000];
    SosState::new(&cascade, 8, Init::Step).process(&cascade, &mut samples);
    let worst = samples.iter().fold(0.0_f32, |worst, y| worst.max(y.abs()));
    assert!(worst < 1e-5, "{worst} uV left of a constant 5 mV");
    let mut samples = vec![5000.0_f32; 4000];
    SosState::new(&cascade, 1, Init::Zero).process(&cascade, &mut samples);
    assert!(samples.iter().any(|y| y.abs() > 500.0), "a start from silence rings");
}

#[test]
fn reset_is_complete() {
    let cascade = band_pass(3, 250.0);
    let (mut first, mut again) = (signal(5, 300), signal(5, 300));
    let mut state = SosState::new(&cascade, 5, Init::Step);
    state.process(&cascade, &mut first);
    state.reset();
    state.process(&cascade, &mut again);
    assert_eq!(first, again);
}

#[test]
fn a_fading_filter_reaches_exact_silence_and_only_there() {
    // Poles of 0.05 Hz take 1e34 to fade in 0.27 h at 250 samples/s; the largest gain sits in no one section.
    for (order, band) in [
        (1, Band::HighPass { hz: 1.0 }),
        (4, Band::LowPass { hz: 1.0 }),
        (10, Band::LowPass { hz: 5.0 }),
    ] {
        let cascade = Cascade::new(butterworth(order, band, 250.0).unwrap());
        let mut samples = vec![0.0_f32; 30_000];
        samples[..500].fill(100.0);
        let expected = plain(&cascade, 1, Init::Zero, &samples);
        let mut state = SosState::new(&cascade, 1, Init::Zero);
        state.process(&cascade, &mut samples);
        for (at, (y, plain)) in samples.iter().zip(&expected).enumerate() {
            assert!(
                y.to_bits() == plain.to_bits() || (*y - *plain).abs() < 1e-33,
                "{band:?}, frame {at}: {y} for {plain}"
            );
        }
        assert!(state.s1.iter().chain(&state.s2).all(|s| *s == 0.0), "{band:?}: {:?}", state.s1);
    }
}

#[test]
fn not_a_number_stays_in_its_channel_and_passes() {
    let cascade = Cascade::new(vec![iirnotch(50.0, 30.0, 250.0).unwrap()]);
    let mut samples = signal(3, 2000);
    let clean = plain(&cascade, 3, Init::Step, &samples);
    samples[3 * 100 + 1] = f32::NAN;
    SosState::new(&cascade, 3, Init::Step).process(&cascade, &mut samples);
    for (at, (y, clean)) in samples.iter().zip(&clean).enumerate() {
        let (frame, channel) = (at / 3, at % 3);
        if channel != 1 || frame < 100 {
            assert_eq!(y.to_bits(), clean.to_bits());
        } else {
            assert_eq!(y.is_nan(), frame < 256, "frame {frame}");
        }
    }
}

#[test]
fn a_retune_keeps_the_state_and_an_offset_makes_no_step() {
    let (a, b) = (
        Cascade::new(vec![iirnotch(50.0, 30.0, 250.0).unwrap()]),
        Cascade::new(vec![iirnotch(60.0, 30.0, 250.0).unwrap()]),
    );
    let mut state = SosState::new(&a, 1, Init::Step);
    let mut samples = vec![5000.0_f32; 100];
    state.process(&a, &mut samples);
    let mut next = SosState::new(&b, 1, Init::Step);
    next.inherit(&mut state, &a, &b, &[5000.0]);
    let mut samples = vec![5000.0_f32; 100];
    next.process(&b, &mut samples);
    assert!(samples.iter().all(|y| (y - 5000.0).abs() < 1e-3), "{samples:?}");
    let longer = band_pass(2, 250.0);
    let mut anew = SosState::new(&longer, 1, Init::Step);
    anew.inherit(&mut next, &b, &longer, &[5000.0]);
    assert!(anew.fits(&longer) && anew.any_starting);
}

#[test]
fn one_channel_starts_anew_and_the_other_goes_on() {
    let cascade = band_pass(2, 250.0);
    let mut state = SosState::new(&cascade, 2, Init::Step);
    let mut samples = signal(2, 300);
    let expected = plain(&cascade, 2, Init::Step, &samples);
    state.process(&cascade, &mut samples[..2 * 100]);
    state.restart_channel(1);
    let of_channel = |samples: &[f32], channel: usize| -> Vec<f32> {
        samples.iter().skip(channel).step_by(2).copied().collect()
    };
    let anew = plain(&cascade, 1, Init::Step, &of_channel(&samples[2 * 100..], 1));
    state.process(&cascade, &mut samples[2 * 100..]);
    assert_eq!(of_channel(&samples, 0), of_channel(&expected, 0));
    assert_eq!(of_channel(&samples, 1)[100..], anew);
}

#[test]
fn no_section_or_no_channel_passes_everything() {
    let nothing = Cascade::new(vec![]);
    let mut samples = signal(2, 600);
    SosState::new(&nothing, 2, Init::Step).process(&nothing, &mut samples);
    assert_eq!(samples, signal(2, 600));
    SosState::new(&nothing, 0, Init::Step).process(&nothing, &mut []);
}
