//! What a recorder says about itself and its source in a recording, in words that it can be read back from.
//!
//! The formats' headers have no place for it: EDF holds the start to the second and without its zone.

/// Who recorded, from what, since when exactly. One annotation at the first sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The program, with its version.
    pub software: String,
    /// Time of the first sample, nanoseconds since the Unix epoch.
    pub start_unix_ns: i64,
    /// By how much local time was ahead of UTC then, seconds.
    pub utc_offset_s: i32,
    /// Number of the sensor.
    pub sensor_id: u32,
    /// Which of the sensor's settings.
    pub meta_rev: u32,
    /// Reference voltage in microvolts, where there is one.
    pub vref_uv: Option<f64>,
    /// The current through the electrodes that shows how good their contact is, in one word, where it is known.
    pub lead_off: Option<String>,
    /// What the sensor is called.
    pub sensor: String,
}

const WORD: &str = "Recorder: ";

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { software, start_unix_ns, utc_offset_s, sensor_id, meta_rev, vref_uv, .. } = self;
        let software: String = software.split_whitespace().collect::<Vec<_>>().join("-");
        write!(
            f,
            "{WORD}software={software} start_unix_ns={start_unix_ns} utc_offset_s={utc_offset_s} \
             sensor_id={sensor_id} meta_rev={meta_rev}"
        )?;
        if let Some(vref_uv) = vref_uv {
            write!(f, " vref_uv={vref_uv}")?;
        }
        if let Some(lead_off) = &self.lead_off {
            write!(f, " lead_off={lead_off}")?;
        }
        write!(f, " sensor={}", self.sensor)
    }
}

impl Origin {
    /// What an annotation tells, where it is one of these.
    pub fn parse(text: &str) -> Option<Self> {
        let (fields, sensor) = text.strip_prefix(WORD)?.split_once(" sensor=")?;
        let field = |name: &str| {
            fields.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        Some(Self {
            software: field("software")?.to_owned(),
            start_unix_ns: field("start_unix_ns")?.parse().ok()?,
            utc_offset_s: field("utc_offset_s")?.parse().ok()?,
            sensor_id: field("sensor_id")?.parse().ok()?,
            meta_rev: field("meta_rev")?.parse().ok()?,
            vref_uv: field("vref_uv").and_then(|text| text.parse().ok()),
            lead_off: field("lead_off").map(str::to_owned),
            sensor: sensor.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn said_and_read_again() {
        for (vref_uv, lead_off) in [(None, None), (Some(4.5e6), Some("off".to_owned()))] {
            let origin = Origin {
                software: "eegd-0.1.0".into(),
                start_unix_ns: 1_795_429_800_250_000_017,
                utc_offset_s: -3600,
                sensor_id: 2,
                meta_rev: 7,
                vref_uv,
                lead_off,
                sensor: "a board with spaces sensor_id=3".into(),
            };
            assert_eq!(Origin::parse(&origin.to_string()), Some(origin));
        }
        for other in ["", "Recorder: ", "Recorder: sensor=x", "blink"] {
            assert_eq!(Origin::parse(other), None, "{other}");
        }
    }
}
