//! The filters as a command: prints designs as JSON lines and filters raw samples, so that other programs can check them.
//!
//! ```text
//! sosfilt sos DESIGN RATE_HZ                                 one line [b0, b1, b2, 1, a1, a2] per section, then its steady state
//! sosfilt filter DESIGN RATE_HZ CHANNELS PACKET INIT         little-endian f32 frames from stdin to stdout
//! sosfilt taps FACTOR                                        a line for each step: its factor and its taps
//! sosfilt decimate FACTOR CHANNELS PACKET INIT               little-endian f32 frames from stdin to stdout
//!
//! DESIGN  lowpass:ORDER:HZ  highpass:ORDER:HZ  bandpass:ORDER:LOW:HIGH  bandstop:ORDER:LOW:HIGH  notch:HZ:Q:HARMONICS
//! PACKET  frames filtered at a time      INIT  zero or step
//! ```

use std::io::{Read, Write};

use stages_builtin::dsp::{
    Band, Cascade, Decimator, DecimatorState, Init, Sos, SosState, butterworth, notch,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut out = std::io::stdout().lock();
    match arguments[..] {
        ["sos", spec, rate_hz] => {
            let cascade = Cascade::new(design(spec, rate_hz.parse()?)?);
            for (Sos { b0, b1, b2, a1, a2 }, zi) in
                cascade.sections().iter().zip(cascade.steady_state())
            {
                writeln!(
                    out,
                    "{{\"sos\": [{b0:e}, {b1:e}, {b2:e}, 1, {a1:e}, {a2:e}], \"zi\": [{:e}, {:e}]}}",
                    zi[0], zi[1]
                )?;
            }
        }
        ["filter", spec, rate_hz, channels, packet, init] => {
            let cascade = Cascade::new(design(spec, rate_hz.parse()?)?);
            let (mut samples, channels, packet) =
                (read_samples()?, count(channels)?, count(packet)?);
            let mut state = SosState::new(&cascade, channels, parse_init(init)?);
            for frames in samples.chunks_mut(packet * channels) {
                state.process(&cascade, frames);
            }
            write_samples(&mut out, &samples)?;
        }
        ["taps", factor] => {
            let decimator = Decimator::new(factor.parse()?)?;
            for step in decimator.steps() {
                writeln!(out, "{{\"factor\": {}, \"taps\": {:?}}}", step.factor(), step.taps())?;
            }
        }
        ["decimate", factor, channels, packet, init] => {
            let decimator = Decimator::new(factor.parse()?)?;
            let (samples, channels, packet) = (read_samples()?, count(channels)?, count(packet)?);
            let mut state = DecimatorState::new(&decimator, channels, parse_init(init)?, 0);
            let mut made = Vec::new();
            for frames in samples.chunks(packet * channels) {
                state.process(&decimator, frames, &mut made);
            }
            write_samples(&mut out, &made)?;
        }
        _ => {
            return Err(
                "usage: sosfilt sos|filter|taps|decimate ..., see the head of examples/sosfilt.rs"
                    .into(),
            );
        }
    }
    Ok(())
}

/// The sections of a design written as `kind:number:number...`.
fn design(spec: &str, rate_hz: f64) -> Result<Vec<Sos>> {
    let words: Vec<&str> = spec.split(':').collect();
    Ok(match words[..] {
        ["lowpass", order, hz] => {
            butterworth(order.parse()?, Band::LowPass { hz: hz.parse()? }, rate_hz)?
        }
        ["highpass", order, hz] => {
            butterworth(order.parse()?, Band::HighPass { hz: hz.parse()? }, rate_hz)?
        }
        ["bandpass", order, low, high] => butterworth(
            order.parse()?,
            Band::BandPass { low_hz: low.parse()?, high_hz: high.parse()? },
            rate_hz,
        )?,
        ["bandstop", order, low, high] => butterworth(
            order.parse()?,
            Band::BandStop { low_hz: low.parse()?, high_hz: high.parse()? },
            rate_hz,
        )?,
        ["notch", hz, q, harmonics] => notch(hz.parse()?, q.parse()?, harmonics.parse()?, rate_hz)?,
        _ => {
            return Err(
                format!("`{spec}` is no design, see the head of examples/sosfilt.rs").into()
            );
        }
    })
}

fn count(text: &str) -> Result<usize> {
    match text.parse()? {
        0 => Err("channels and packet must be at least 1".into()),
        count => Ok(count),
    }
}

fn parse_init(text: &str) -> Result<Init> {
    match text {
        "zero" => Ok(Init::Zero),
        "step" => Ok(Init::Step),
        _ => Err(format!("`{text}` is no start: zero or step").into()),
    }
}

fn read_samples() -> Result<Vec<f32>> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
}

fn write_samples(out: &mut impl Write, samples: &[f32]) -> Result<()> {
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    Ok(out.write_all(&bytes)?)
}
