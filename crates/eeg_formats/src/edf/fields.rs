//! The bytes of an EDF or BDF header, field by field.

use crate::FormatError;
use crate::text;

/// Bytes of the fixed part, and of the part that each signal adds.
pub(super) const FIXED_BYTES: usize = 256;

/// A field of the fixed part: offset and length in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field(pub(super) usize, pub(super) usize, pub(super) &'static str);

pub(super) const PATIENT: Field = Field(8, 80, "patient");
pub(super) const RECORDING: Field = Field(88, 80, "recording");
pub(super) const DATE: Field = Field(168, 8, "start date");
pub(super) const TIME: Field = Field(176, 8, "start time");
pub(super) const HEADER_BYTES: Field = Field(184, 8, "number of header bytes");
pub(super) const RESERVED: Field = Field(192, 44, "reserved");
pub(super) const RECORDS: Field = Field(236, 8, "number of data records");
pub(super) const DURATION: Field = Field(244, 8, "record duration");
pub(super) const SIGNALS: Field = Field(252, 4, "number of signals");

/// A field that every signal has: where its array starts, in bytes per signal, and its length.
pub(super) const LABEL: Field = Field(0, 16, "label");
pub(super) const TRANSDUCER: Field = Field(16, 80, "transducer");
pub(super) const UNIT: Field = Field(96, 8, "physical dimension");
pub(super) const PHYSICAL_MIN: Field = Field(104, 8, "physical minimum");
pub(super) const PHYSICAL_MAX: Field = Field(112, 8, "physical maximum");
pub(super) const DIGITAL_MIN: Field = Field(120, 8, "digital minimum");
pub(super) const DIGITAL_MAX: Field = Field(128, 8, "digital maximum");
pub(super) const PREFILTER: Field = Field(136, 80, "prefiltering");
pub(super) const SAMPLES: Field = Field(216, 8, "samples per record");

/// A whole header in memory: `FIXED_BYTES` times one more than there are signals.
pub(super) struct HeaderBytes<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) signals: usize,
}

impl HeaderBytes<'_> {
    /// Raw bytes of a field of the fixed part.
    pub(super) fn fixed(&self, Field(offset, length, _): Field) -> &[u8] {
        &self.bytes[offset..offset + length]
    }

    /// Raw bytes of a field of one signal.
    fn of_signal(&self, Field(offset, length, _): Field, signal: usize) -> &[u8] {
        let start = FIXED_BYTES + offset * self.signals + length * signal;
        &self.bytes[start..start + length]
    }

    /// Text of a field of one signal.
    pub(super) fn text(&self, field: Field, signal: usize) -> String {
        text::decode(self.of_signal(field, signal))
    }

    /// A finite number in a field of one signal.
    pub(super) fn number(&self, field: Field, signal: usize) -> Result<f64, FormatError> {
        let found = text::decode_number(self.of_signal(field, signal));
        text::parse_f64(&found).ok_or_else(|| self.error(field, signal, found, "a number"))
    }

    /// A whole number in a field of one signal.
    pub(super) fn whole(&self, field: Field, signal: usize) -> Result<i64, FormatError> {
        let found = text::decode_number(self.of_signal(field, signal));
        text::parse_i64(&found).ok_or_else(|| self.error(field, signal, found, "a whole number"))
    }

    pub(super) fn error(
        &self,
        field: Field,
        signal: usize,
        found: String,
        wanted: &'static str,
    ) -> FormatError {
        let label = self.text(LABEL, signal);
        let field = format!("the {} of channel {} ({label:?})", field.2, signal + 1);
        FormatError::HeaderField { name: self.name.to_owned(), field, found, wanted }
    }
}

/// An error in the fixed part.
pub(super) fn fixed_error(
    name: &str,
    field: Field,
    found: String,
    wanted: &'static str,
) -> FormatError {
    let Field(offset, length, title) = field;
    let field = format!("the {title} (bytes {offset} to {})", offset + length - 1);
    FormatError::HeaderField { name: name.to_owned(), field, found, wanted }
}
