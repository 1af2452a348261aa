//! A filter that fades out costs what it costs at work: its state never reaches the subnormal numbers that processors are slow with.

use stages_builtin::dsp::{Band, Cascade, Init, SosState, butterworth};
use std::time::{Duration, Instant};

const CHANNELS: usize = 8;
const FRAMES: usize = 2000;

#[test]
fn silence_is_as_fast_as_noise() {
    // Forgets 1e308 in half a minute: after 50,000 samples of silence at 1000 per second its state would be subnormal.
    let band = Band::BandPass { low_hz: 4.0, high_hz: 40.0 };
    let cascade = Cascade::new(butterworth(2, band, 1000.0).expect("the edges are in range"));
    let mut noise = 1_u32;
    let mut random = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 8) as f32 * 1e-5
    };
    let loud: Vec<f32> = (0..FRAMES * CHANNELS).map(|_| random()).collect();
    let silent = vec![0.0_f32; FRAMES * CHANNELS];
    let mut at_work = SosState::new(&cascade, CHANNELS, Init::Zero);
    let mut faded = at_work.clone();
    faded.process(&cascade, &mut loud.clone());
    for _ in 0..25 {
        faded.process(&cascade, &mut silent.clone());
    }
    let time = |state: &mut SosState, samples: &[f32]| {
        let mut samples = samples.to_vec();
        let began = Instant::now();
        state.process(&cascade, &mut samples);
        began.elapsed()
    };
    // Alternately, the best of many: whatever else the machine does hits both.
    let (mut of_noise, mut of_silence) = (Duration::MAX, Duration::MAX);
    for _ in 0..100 {
        of_noise = of_noise.min(time(&mut at_work, &loud));
        of_silence = of_silence.min(time(&mut faded, &silent));
    }
    let ratio = of_silence.as_secs_f64() / of_noise.as_secs_f64();
    println!("silence takes {ratio:.2} of the time of noise");
    assert!(ratio < 1.3, "silence takes {ratio:.2} times as long as noise");
}
