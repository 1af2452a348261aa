//! A small writer of EDF and BDF files for tests: every field as text, so that it can be wrong on purpose.
#![allow(dead_code, reason = "each test binary uses its own part")]

/// One signal of the header.
#[derive(Clone)]
pub(crate) struct Signal {
    pub(crate) label: Vec<u8>,
    pub(crate) transducer: &'static str,
    pub(crate) unit: Vec<u8>,
    pub(crate) physical: [&'static str; 2],
    pub(crate) digital: [&'static str; 2],
    pub(crate) samples: usize,
    /// What the header says about `samples`, where that is to be wrong.
    pub(crate) stated_samples: Option<&'static str>,
}

impl Signal {
    pub(crate) fn eeg(label: &str, samples: usize) -> Self {
        Self {
            label: label.into(),
            transducer: "AgAgCl electrode",
            unit: b"uV".to_vec(),
            physical: ["-1000", "1000"],
            digital: ["-32768", "32767"],
            samples,
            stated_samples: None,
        }
    }

    pub(crate) fn annotations(bytes: usize, sample_bytes: usize) -> Self {
        let label = if sample_bytes == 3 { "BDF Annotations" } else { "EDF Annotations" };
        Self {
            transducer: "",
            unit: Vec::new(),
            physical: ["-1", "1"],
            ..Self::eeg(label, bytes / sample_bytes)
        }
    }
}

/// A file to write.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) bdf: bool,
    pub(crate) reserved: &'static str,
    pub(crate) date: &'static str,
    pub(crate) time: &'static str,
    pub(crate) recording: &'static str,
    pub(crate) header_bytes: Option<&'static str>,
    pub(crate) records: Option<&'static str>,
    pub(crate) duration: &'static str,
    pub(crate) signals: Vec<Signal>,
}

impl File {
    pub(crate) fn edf(reserved: &'static str, signals: Vec<Signal>) -> Self {
        Self {
            bdf: false,
            reserved,
            date: "23.11.26",
            time: "10.30.00",
            recording: "Startdate 23-NOV-2026 X X X",
            header_bytes: None,
            records: None,
            duration: "1",
            signals,
        }
    }

    pub(crate) fn bdf(reserved: &'static str, signals: Vec<Signal>) -> Self {
        Self { bdf: true, ..Self::edf(reserved, signals) }
    }

    pub(crate) fn sample_bytes(&self) -> usize {
        if self.bdf { 3 } else { 2 }
    }

    pub(crate) fn header(&self, records: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |bytes: &[u8], width: usize| {
            assert!(
                bytes.len() <= width,
                "{:?} is longer than {width}",
                String::from_utf8_lossy(bytes)
            );
            out.extend_from_slice(bytes);
            out.resize(out.len() + width - bytes.len(), b' ');
        };
        let count = self.signals.len();
        put(if self.bdf { b"\xFFBIOSEMI" } else { b"0" }, 8);
        put(b"X X X X", 80);
        put(self.recording.as_bytes(), 80);
        put(self.date.as_bytes(), 8);
        put(self.time.as_bytes(), 8);
        put(self.header_bytes.map_or((256 * (count + 1)).to_string(), Into::into).as_bytes(), 8);
        put(self.reserved.as_bytes(), 44);
        put(self.records.map_or(records.to_string(), Into::into).as_bytes(), 8);
        put(self.duration.as_bytes(), 8);
        put(count.to_string().as_bytes(), 4);
        let signals = &self.signals;
        signals.iter().for_each(|s| put(&s.label, 16));
        signals.iter().for_each(|s| put(s.transducer.as_bytes(), 80));
        signals.iter().for_each(|s| put(&s.unit, 8));
        signals.iter().for_each(|s| put(s.physical[0].as_bytes(), 8));
        signals.iter().for_each(|s| put(s.physical[1].as_bytes(), 8));
        signals.iter().for_each(|s| put(s.digital[0].as_bytes(), 8));
        signals.iter().for_each(|s| put(s.digital[1].as_bytes(), 8));
        signals.iter().for_each(|_| put(b"HP:0.1Hz", 80));
        signals.iter().for_each(|s| {
            put(s.stated_samples.map_or(s.samples.to_string(), Into::into).as_bytes(), 8)
        });
        signals.iter().for_each(|_| put(b"", 32));
        out
    }

    /// The whole file. `tals[record]` fills the first annotation signal; samples are `code(signal, index)`.
    pub(crate) fn write(&self, tals: &[&[u8]], code: impl Fn(usize, usize) -> i32) -> Vec<u8> {
        let mut out = self.header(tals.len());
        for (record, tal) in tals.iter().enumerate() {
            let mut tal = Some(*tal);
            for (number, signal) in self.signals.iter().enumerate() {
                let start = out.len();
                if signal.label.ends_with(b" Annotations") {
                    out.extend_from_slice(tal.take().unwrap_or(b""));
                    assert!(
                        out.len() - start <= signal.samples * self.sample_bytes(),
                        "TAL too long"
                    );
                    out.resize(start + signal.samples * self.sample_bytes(), 0);
                    continue;
                }
                for i in 0..signal.samples {
                    let bytes = code(number, record * signal.samples + i).to_le_bytes();
                    out.extend_from_slice(&bytes[..self.sample_bytes()]);
                }
            }
        }
        out
    }

    /// Records without annotations.
    pub(crate) fn write_plain(&self, records: usize) -> Vec<u8> {
        self.write(&vec![&b""[..]; records], code)
    }
}

/// A code that tells its signal and its place apart, within 16 bits.
pub(crate) fn code(signal: usize, index: usize) -> i32 {
    (signal as i32 * 7919 + index as i32 * 31) % 60_000 - 30_000
}
