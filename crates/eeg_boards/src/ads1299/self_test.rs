//! Whether every channel measures what it should, before the first sample: its own noise with the inputs shorted, then the chip's
//! test signal at its constant value.
//!
//! As a square wave the test signal would be the chip's clock counted by itself, which says nothing that the rate of the edges has
//! not said, and takes half a second. A channel that fails is told of, and the others go on; a chip of which no channel shows the test
//! signal measures nothing at all, and is refused.

use super::bus::{Bus, Drdy};
use super::chips::Chips;
use super::noise::rms_uv;
use super::problem::Problem;
use super::settings::Input;
use super::trial;
use super::{VREF_UV, step_uv};

/// Conversions looked at for each of the two.
const CONVERSIONS: usize = 32;
/// More noise than so many times the data sheet's is too much: of 32 conversions, that is eight standard deviations.
const NOISE_FACTOR: f64 = 2.0;
/// The test signal (section 9.6.1, CONFIG2). It and the full scale come of the same reference, whose error cancels.
const TEST_SIGNAL_UV: f64 = VREF_UV / 2400.0;
/// How far it may be off: beyond what gain (0.5 %, section 7.5) and the signal's own divider may be off together.
const TEST_SIGNAL_TOLERANCE: f64 = 0.05;

/// What a channel showed, in microvolts at its input.
#[derive(Debug, Clone, Copy)]
struct Measured {
    mean_uv: f64,
    rms_uv: f64,
}

/// Measures, sets everything back, and says which channels cannot be trusted; `None`: all are well.
pub(super) fn run<W: Bus + Drdy>(chips: &mut Chips<W>) -> Result<Option<String>, Problem> {
    let shorted = measure(chips, Input::Shorted);
    let test_signal = measure(chips, Input::TestSignal);
    chips.configure_to_measure(None)?;
    let (shorted, test_signal) = (shorted?, test_signal?);
    // The sign depends on how the data sheet is read, and the offset is the channel's own.
    let signals_uv: Vec<f64> = shorted
        .iter()
        .zip(&test_signal)
        .map(|(shorted, signal)| (signal.mean_uv - shorted.mean_uv).abs())
        .collect();
    for select in 0..chips.selects() {
        let channels = chips.channels(select);
        let mut of_chip = signals_uv.iter().take(channels.end).skip(channels.start).peekable();
        if of_chip.peek().is_some() && of_chip.all(|uv| *uv < TEST_SIGNAL_UV / 2.0) {
            return Err(Problem::NoSignal { chip: chips.name(select) });
        }
    }
    let mut found = Vec::new();
    let channels = (1..).zip(&chips.settings.channels);
    for ((number, channel), (shorted, signal_uv)) in channels.zip(shorted.iter().zip(signals_uv)) {
        if (signal_uv / TEST_SIGNAL_UV - 1.0).abs() > TEST_SIGNAL_TOLERANCE {
            found.push(format!("channel {number} shows {signal_uv:.0} uV of the chip's test signal of {TEST_SIGNAL_UV:.0} uV"));
        }
        let expected_uv = rms_uv(channel.gain, chips.settings.rate);
        if shorted.rms_uv > NOISE_FACTOR * expected_uv {
            found.push(format!(
                "channel {number} has {:.2} uV rms of noise with its inputs shorted, where the data sheet says {expected_uv:.2}",
                shorted.rms_uv
            ));
        }
    }
    let text = || {
        let found = found.join("; ");
        format!(
            "self-test: {found} (on one channel: it is broken; on all: look at the supply and the reference)"
        )
    };
    Ok((!found.is_empty()).then(text))
}

/// Mean and noise of every channel in use.
fn measure<W: Bus + Drdy>(chips: &mut Chips<W>, input: Input) -> Result<Vec<Measured>, Problem> {
    chips.configure_to_measure(Some(input))?;
    let mut codes = Vec::new();
    let mut damaged = None;
    trial::convert(chips, CONVERSIONS, |chips, _| match chips.damaged() {
        None => chips.append_codes(&mut codes),
        Some(select) => damaged = Some((select, chips.first_bytes(select))),
    })?;
    let channels = chips.settings.channels.len();
    if let Some((select, bytes)) = damaged.filter(|_| codes.len() < CONVERSIONS / 2 * channels) {
        return Err(Problem::Frames { chip: chips.name(select), bytes });
    }
    let frames = codes.len() as f64 / channels as f64;
    let measured = |(n, channel): (usize, &super::settings::Channel)| {
        let step_uv = step_uv(f64::from(channel.gain.value()));
        let uv = || codes.iter().skip(n).step_by(channels).map(|code| f64::from(*code) * step_uv);
        let mean_uv = uv().sum::<f64>() / frames;
        let variance = uv().map(|uv| (uv - mean_uv).powi(2)).sum::<f64>() / frames;
        Measured { mean_uv, rms_uv: variance.sqrt() }
    };
    Ok(chips.settings.channels.iter().enumerate().map(measured).collect())
}
