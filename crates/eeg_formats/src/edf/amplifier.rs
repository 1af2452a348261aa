//! What the header's ranges cannot say exactly: the amplifier's gain and the true step of a code, as words in the
//! transducer field.
//!
//! A 24-bit ADC's step is full scale / 2^23, and no range of eight characters gives it (it comes out 1.2 * 10^-7 too large).
//! `gain=24 LSB=0.022351741790771484uV` does, so that what is computed from a recording is what was computed live.

use crate::Scaling;

/// Gain and step, in the channel's unit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Amplifier {
    pub(super) gain: Option<f64>,
    pub(super) step: Option<f64>,
}

impl Amplifier {
    /// As words behind the transducer's.
    pub(super) fn append_to(self, transducer: &str, unit: &str) -> String {
        let gain = self.gain.map(|gain| format!("gain={gain}"));
        let step = self.step.map(|step| format!("LSB={step}{unit}"));
        let own = (!transducer.is_empty()).then(|| transducer.to_owned());
        own.into_iter().chain(gain).chain(step).collect::<Vec<_>>().join(" ")
    }

    /// What a transducer field says.
    pub(super) fn parse(transducer: &str, unit: &str) -> Self {
        let number = |name: &str, unit: &str| {
            let found = transducer.split(' ').find_map(|word| word.strip_prefix(name))?;
            let value: f64 = found.strip_suffix(unit)?.parse().ok()?;
            (value.is_finite() && value != 0.0).then_some(value)
        };
        Self { gain: number("gain=", ""), step: number("LSB=", unit) }
    }

    /// The line that the header's ranges give, with the true step where it is told and differs by rounding only.
    pub(super) fn refine(self, line: Scaling) -> Scaling {
        match self.step {
            Some(step)
                if (step / line.scale - 1.0).abs() < 1e-5
                    && line.offset.abs() < line.scale.abs() =>
            {
                Scaling { scale: step, offset: 0.0 }
            }
            _ => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn said_and_read_again() {
        let both = Amplifier { gain: Some(24.0), step: Some(187_500.0 / 8_388_608.0) };
        for (amplifier, words) in [
            (both, "Ag/AgCl gain=24 LSB=0.022351741790771484uV"),
            (Amplifier { gain: None, ..both }, "Ag/AgCl LSB=0.022351741790771484uV"),
            (Amplifier::default(), "Ag/AgCl"),
        ] {
            assert_eq!(amplifier.append_to("Ag/AgCl", "uV"), words);
            assert_eq!(Amplifier::parse(words, "uV"), amplifier);
        }
        assert_eq!(both.append_to("", "uV").len(), 34);
        assert_eq!(Amplifier::parse("LSB=1mV gain=x", "uV"), Amplifier::default());
    }

    #[test]
    fn only_rounding_is_set_right() {
        let header = Scaling { scale: 187_500.0 / 8_388_607.0, offset: 0.0 };
        let step = 187_500.0 / 8_388_608.0;
        let told = Amplifier { gain: None, step: Some(step) };
        assert_eq!(told.refine(header), Scaling { scale: step, offset: 0.0 });
        let other = Scaling { scale: 0.03, offset: 0.0 };
        assert_eq!(told.refine(other), other);
        assert_eq!(Amplifier::default().refine(header), header);
    }
}
