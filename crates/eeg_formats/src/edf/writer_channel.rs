//! A channel to be written: its range in the header's eight characters, and the step that leaves.

use super::fields;
use crate::{Scaling, WriteError};

/// Bits of a sample, and with them the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleWidth {
    /// EDF+: 16 bits.
    Edf16,
    /// BDF+: 24 bits.
    Bdf24,
}

impl SampleWidth {
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Edf16 => 2,
            Self::Bdf24 => 3,
        }
    }

    /// Least and greatest code that a sample can hold.
    pub(super) const fn codes(self) -> [i32; 2] {
        let top = 1 << (8 * self.bytes() - 1);
        [-top, top - 1]
    }
}

/// A channel to be written.
#[derive(Debug, Clone)]
pub struct EdfChannel {
    /// At most 16 characters.
    pub label: String,
    /// At most 8 characters; `uV`, `mV`.
    pub unit: String,
    /// Values, in `unit`, that stand for the two ends of `digital`. At most 8 characters each.
    pub physical: [f64; 2],
    /// Codes for the ends; without it all codes of the width but the lowest, so that code 0 is 0 of a symmetric range.
    pub digital: Option<[i32; 2]>,
    /// From the codes given to `unit`. Without it codes are written as they are, bit for bit; with it each is
    /// converted to the nearest code of the range above.
    pub input: Option<Scaling>,
    /// At most 80 characters: `Ag/AgCl electrode`.
    pub transducer: String,
    /// At most 80 characters: `HP:0.1Hz LP:75Hz N:50Hz`.
    pub prefilter: String,
    /// Gain of the amplifier; it goes to the transducer field.
    pub gain: Option<f64>,
    /// True step of a code in `unit`, where rounding of the range in the header would change it; it goes there as well.
    pub step: Option<f64>,
    /// Coarsest step allowed, in `unit`; a coarser one is refused.
    pub max_step: Option<f64>,
}

impl EdfChannel {
    /// A channel of an ADC: codes bit for bit over plus and minus its full scale, in microvolts.
    pub fn adc(label: &str, full_scale_uv: f64) -> Self {
        Self::range(label, "uV", [-full_scale_uv, full_scale_uv])
    }

    /// A channel whose values lie in a range.
    pub fn range(label: &str, unit: &str, physical: [f64; 2]) -> Self {
        Self {
            label: label.to_owned(),
            unit: unit.to_owned(),
            physical,
            digital: None,
            input: None,
            transducer: String::new(),
            prefilter: String::new(),
            gain: None,
            step: None,
            max_step: None,
        }
    }

    /// A symmetric range that holds values between two, with a tenth to spare, rounded up to two digits.
    ///
    /// `[-63.2, 41.0]` gives `[-70.0, 70.0]`. Values that are all 0, or no numbers, give `[-1.0, 1.0]`.
    pub fn range_that_holds(least: f64, greatest: f64) -> [f64; 2] {
        let reach = 1.1 * least.abs().max(greatest.abs());
        if !(reach > 0.0 && reach.is_finite()) {
            return [-1.0, 1.0];
        }
        let digit = 10_f64.powi(reach.log10().floor() as i32 - 1);
        let reach = (reach / digit).ceil() * digit;
        [-reach, reach]
    }
}

/// A channel as the header has it.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) physical_text: [String; 2],
    pub(super) digital: [i32; 2],
    /// From codes given to values in the channel's unit.
    pub(super) input: Option<Scaling>,
    /// From codes in the file to values, as a reader computes it from the header's text.
    pub(super) line: Scaling,
}

impl Channel {
    pub(super) fn new(spec: &EdfChannel, width: SampleWidth) -> Result<Self, WriteError> {
        let what = |field: fields::Field| format!("the {} of channel {:?}", field.2, spec.label);
        let [least, greatest] = width.codes();
        let digital = spec.digital.unwrap_or([least + 1, greatest]);
        if digital[0] >= digital[1] || digital[0] < least || digital[1] > greatest {
            return Err(WriteError::spec(
                what(fields::DIGITAL_MIN),
                format!("{} (to {})", digital[0], digital[1]),
                "the two must rise and fit the width of a sample",
            ));
        }
        let physical_text = physical_texts(spec.physical)
            .ok_or_else(|| WriteError::spec(what(fields::PHYSICAL_MAX), spec.physical[1],
                "it and the minimum must be numbers of at most 8 characters: choose a larger unit, such as mV"))?;
        let [pmin, pmax] = [0, 1].map(|end| physical_text[end].parse().unwrap_or(f64::NAN));
        let line = Scaling::from_ranges(pmin, pmax, digital[0].into(), digital[1].into())
            .filter(|_| pmin != pmax)
            .ok_or_else(|| {
                WriteError::spec(
                    what(fields::PHYSICAL_MIN),
                    &physical_text[0],
                    "minimum and maximum must differ in 8 characters: choose a smaller unit",
                )
            })?;
        let step = line.scale.abs();
        if let Some(allowed) = spec.max_step.filter(|&allowed| step > allowed) {
            return Err(WriteError::Resolution {
                channel: spec.label.clone(),
                unit: spec.unit.clone(),
                range: (pmax - pmin).abs(),
                step,
                allowed,
            });
        }
        Ok(Self { physical_text, digital, input: spec.input, line })
    }

    /// The nearest code, and whether the value is within the range; `None` for what is no number.
    pub(super) fn code_of(&self, value: f64) -> Option<(i32, bool)> {
        let code = ((value - self.line.offset) / self.line.scale).round();
        let [least, greatest] = self.digital.map(f64::from);
        let within = (least..=greatest).contains(&code);
        (!code.is_nan()).then(|| (code.clamp(least, greatest) as i32, within))
    }

    /// Bits that conversion loses: 8.0 from a step of 0.0224 uV to one of 5.72 uV, 0 where nothing is lost.
    pub(super) fn bits_lost(&self) -> f64 {
        let input = self.input.map_or(self.line.scale, |input| input.scale);
        (self.line.scale / input).abs().log2().max(0.0)
    }
}

/// Both ends in eight characters; those of a symmetric range stay symmetric.
fn physical_texts([least, greatest]: [f64; 2]) -> Option<[String; 2]> {
    if least == -greatest {
        let magnitude = number_text(greatest.abs(), 7)?;
        let negative = format!("-{magnitude}");
        return Some(if least < 0.0 { [negative, magnitude] } else { [magnitude, negative] });
    }
    Some([number_text(least, 8)?, number_text(greatest, 8)?])
}

/// A number in as many decimals as there is room for.
fn number_text(value: f64, room: usize) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    (0..=room)
        .rev()
        .map(|decimals| trimmed(format!("{value:.decimals$}")))
        .find(|t| t.len() <= room)
}

/// Without zeros that say nothing.
pub(super) fn trimmed(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_fill_their_eight_characters() {
        for (range, texts) in [
            ([-187_500.0, 187_500.0], ["-187500", "187500"]),
            ([-4_500_000.0, 4_500_000.0], ["-4500000", "4500000"]),
            ([-3276.8, 3276.7], ["-3276.8", "3276.7"]),
            ([-100.0 / 3.0, 100.0 / 3.0], ["-33.3333", "33.3333"]),
            ([1.0, -1.0], ["1", "-1"]),
        ] {
            assert_eq!(physical_texts(range).unwrap(), texts);
        }
        assert_eq!(physical_texts([-45_000_000.0, 45_000_000.0]), None);
        assert_eq!(physical_texts([f64::NAN, 1.0]), None);
    }

    #[test]
    fn too_coarse_is_refused_and_the_loss_is_told() {
        let mut spec = EdfChannel::adc("Cz", 187_500.0);
        spec.input = Some(Scaling { scale: 187_500.0 / 8_388_608.0, offset: 0.0 });
        let channel = Channel::new(&spec, SampleWidth::Edf16).unwrap();
        assert!((channel.bits_lost() - 8.0).abs() < 0.01, "{}", channel.bits_lost());
        spec.max_step = Some(0.5);
        let error = Channel::new(&spec, SampleWidth::Edf16).unwrap_err().to_string();
        assert!(
            error.starts_with("channel \"Cz\": 16-bit samples over 375000 uV have steps of 5.7"),
            "{error}"
        );
        assert!(Channel::new(&spec, SampleWidth::Bdf24).unwrap().bits_lost() < 1e-6);
    }

    #[test]
    fn values_go_to_the_nearest_code_and_not_beyond() {
        let spec = EdfChannel::range("Cz", "uV", EdfChannel::range_that_holds(-63.2, 41.0));
        assert_eq!(spec.physical, [-70.0, 70.0]);
        let channel = Channel::new(&spec, SampleWidth::Edf16).unwrap();
        assert_eq!(channel.code_of(0.0), Some((0, true)));
        assert_eq!(channel.code_of(70.0), Some((32767, true)));
        assert_eq!(channel.code_of(-71.0), Some((-32767, false)));
        assert_eq!(channel.code_of(f64::INFINITY), Some((32767, false)));
        assert_eq!(channel.code_of(f64::NAN), None);
    }

    #[test]
    fn ranges_that_are_none_are_refused() {
        for (physical, digital) in [
            ([1.0, 1.0], None),
            ([0.0, 1e-12], None),
            ([-1.0, 1.0], Some([5, 5])),
            ([-1.0, 1.0], Some([-32768, 40_000])),
        ] {
            let spec = EdfChannel { digital, ..EdfChannel::range("x", "uV", physical) };
            assert!(Channel::new(&spec, SampleWidth::Edf16).is_err(), "{physical:?} {digital:?}");
        }
    }
}
