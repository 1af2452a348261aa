//! The header of an EDF+ or BDF+ file to be written, every field as the specification has it.

use super::amplifier::Amplifier;
use super::fields::{self, FIXED_BYTES, Field};
use super::start::MONTHS;
use super::writer_channel::{Channel, EdfChannel, SampleWidth};
use super::writer_plan::{ANNOTATION_BYTES, Plan};
use crate::{CivilDateTime, WriteError};

/// Who was recorded; what is not given is `X`, as the specification wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patient {
    /// Code in the hospital's or the study's administration.
    pub code: Option<String>,
    /// `F` or `M`.
    pub sex: Option<String>,
    /// `dd-MMM-yyyy`.
    pub birthdate: Option<String>,
    /// Name.
    pub name: Option<String>,
}

/// Who recorded with what; what is not given is `X`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// Code of the investigation.
    pub code: Option<String>,
    /// Who is responsible.
    pub technician: Option<String>,
    /// Equipment used.
    pub equipment: Option<String>,
}

/// What a header is made of.
pub(super) struct HeaderSpec<'a> {
    pub(super) width: SampleWidth,
    pub(super) start: CivilDateTime,
    pub(super) patient: &'a Patient,
    pub(super) session: &'a Session,
    pub(super) plan: &'a Plan,
    pub(super) channels: &'a [EdfChannel],
    pub(super) prepared: &'a [Channel],
}

impl HeaderSpec<'_> {
    /// The bytes, with no records yet.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, WriteError> {
        let signals = self.channels.len() + 1;
        let mut out = Bytes(Vec::with_capacity(FIXED_BYTES * (signals + 1)));
        let bdf = self.width == SampleWidth::Bdf24;
        out.0.extend(if bdf { *b"\xFFBIOSEMI" } else { *b"0       " });
        self.fixed(&mut out, signals)?;

        let annotations = if bdf { "BDF Annotations" } else { "EDF Annotations" };
        let [least, greatest] = self.width.codes().map(|code| code.to_string());
        let samples = self.plan.samples.to_string();
        let annotation_samples = (ANNOTATION_BYTES / self.width.bytes()).to_string();
        let all = || self.channels.iter().zip(self.prepared);
        let mut column =
            |field: Field, of: &dyn Fn(&EdfChannel, &Channel) -> String, last: &str| {
                for (spec, channel) in all() {
                    out.put(field, &of(spec, channel), &format!(" of channel {:?}", spec.label))?;
                }
                out.put(field, last, "")
            };
        column(fields::LABEL, &|spec, _| spec.label.clone(), annotations)?;
        column(fields::TRANSDUCER, &|spec, _| transducer(spec), "")?;
        column(fields::UNIT, &|spec, _| spec.unit.replace(['\u{b5}', '\u{3bc}'], "u"), "")?;
        column(fields::PHYSICAL_MIN, &|_, channel| channel.physical_text[0].clone(), "-1")?;
        column(fields::PHYSICAL_MAX, &|_, channel| channel.physical_text[1].clone(), "1")?;
        column(fields::DIGITAL_MIN, &|_, channel| channel.digital[0].to_string(), &least)?;
        column(fields::DIGITAL_MAX, &|_, channel| channel.digital[1].to_string(), &greatest)?;
        column(fields::PREFILTER, &|spec, _| spec.prefilter.clone(), "")?;
        column(fields::SAMPLES, &|_, _| samples.clone(), &annotation_samples)?;
        column(Field(0, 32, "reserved field"), &|_, _| String::new(), "")?;
        Ok(out.0)
    }

    fn fixed(&self, out: &mut Bytes, signals: usize) -> Result<(), WriteError> {
        let CivilDateTime { year, month, day, hour, minute, second, .. } = self.start;
        if !(1800..=9999).contains(&year) {
            return Err(WriteError::spec(
                "the start year",
                year,
                "it must lie between 1800 and 9999",
            ));
        }
        let month_name = MONTHS[usize::from(month - 1)];
        let Patient { code, sex, birthdate, name } = self.patient;
        out.put(fields::PATIENT, &subfields(&[code, sex, birthdate, name]), "")?;
        let Session { code, technician, equipment } = self.session;
        let session = subfields(&[code, technician, equipment]);
        let recording = format!("Startdate {day:02}-{month_name}-{year:04} {session}");
        out.put(fields::RECORDING, &recording, "")?;
        // Two digits stand for 1985 to 2084; beyond, only the text above tells the year.
        let short_year = match year {
            1985..=2084 => format!("{:02}", year % 100),
            _ => "yy".to_owned(),
        };
        out.put(fields::DATE, &format!("{day:02}.{month:02}.{short_year}"), "")?;
        out.put(fields::TIME, &format!("{hour:02}.{minute:02}.{second:02}"), "")?;
        out.put(fields::HEADER_BYTES, &(FIXED_BYTES * (signals + 1)).to_string(), "")?;
        out.put(
            fields::RESERVED,
            if self.width == SampleWidth::Bdf24 { "BDF+C" } else { "EDF+C" },
            "",
        )?;
        out.put(fields::RECORDS, "0", "")?;
        out.put(fields::DURATION, &self.plan.duration_text, "")?;
        out.put(fields::SIGNALS, &signals.to_string(), "")
    }
}

/// The transducer, with what the amplifier did.
fn transducer(spec: &EdfChannel) -> String {
    let unit = spec.unit.replace(['\u{b5}', '\u{3bc}'], "u");
    Amplifier { gain: spec.gain, step: spec.step }.append_to(&spec.transducer, &unit)
}

/// `X` for what is not known; blanks within become underscores, and so does what is not ASCII.
fn subfields(parts: &[&Option<String>]) -> String {
    let one = |part: &&Option<String>| {
        let text = part.as_deref().map_or("", str::trim);
        let clean: String =
            text.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect();
        if clean.is_empty() { "X".to_owned() } else { clean }
    };
    parts.iter().map(one).collect::<Vec<_>>().join(" ")
}

struct Bytes(Vec<u8>);

impl Bytes {
    /// One field, padded with spaces; what is not printable ASCII becomes `?`.
    fn put(
        &mut self,
        Field(_, width, name): Field,
        text: &str,
        whose: &str,
    ) -> Result<(), WriteError> {
        let clean = text.trim().chars().map(|c| match c {
            ' '..='~' => c as u8,
            _ => b'?',
        });
        let start = self.0.len();
        self.0.extend(clean);
        if self.0.len() - start > width {
            let rule = match width {
                8 => "the header has 8 characters for it",
                16 => "the header has 16 characters for it",
                _ => "the header has 80 characters for it",
            };
            return Err(WriteError::spec(format!("the {name}{whose}"), text, rule));
        }
        self.0.resize(start + width, b' ');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_x_and_blanks_are_underscores() {
        let name = Some("Anna  K\u{e4}fer".to_owned());
        assert_eq!(subfields(&[&None, &Some(" ".into()), &name]), "X X Anna__K_fer");
    }

    #[test]
    fn too_long_is_an_error_that_names_the_field() {
        let mut out = Bytes(Vec::new());
        let error = out.put(fields::LABEL, "seventeen letters", " of channel 3").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the label of channel 3 is \"seventeen letters\", but the header has 16 characters for it"
        );
    }
}
