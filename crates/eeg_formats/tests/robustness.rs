//! Whatever the bytes: an answer or an error, no panic, no absurd buffer.

mod common;

use common::{File, Signal};
use eeg_formats::{Format, SampleBlock, open};
use proptest::prelude::*;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Numbers that overflow something when nobody checks.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "9999",
    "99999999",
    "-9999999",
    "1e308",
    "NaN",
    "0.000001",
    "",
    "1,5",
    "+",
    "1e18",
    "99999999999",
    "18446744073709551615",
];

/// Opens and reads everything; checks what must hold for any file at all.
fn exercise(bytes: Vec<u8>) {
    let length = bytes.len() as u64;
    let Ok(mut recording) = open(Box::new(Cursor::new(bytes)), "any") else { return };
    let streams = recording.info().streams.clone();
    let mut block = SampleBlock::new();
    for (number, stream) in streams.iter().enumerate() {
        assert!(stream.rate_hz > 0.0 && !stream.channels.is_empty());
        let (mut frames, mut next) = (0, 0);
        while let Some(chunk) = recording.read(number, 97, &mut block).expect("memory can be read")
        {
            assert!(chunk.frames > 0 && chunk.first_index >= next, "{chunk:?} after {next}");
            assert_eq!(chunk.first_index, chunk.lost_before.saturating_add(next));
            next = chunk.first_index.saturating_add(chunk.frames as u64);
            frames += chunk.frames as u64;
        }
        // A damaged chunk of XDF may hold fewer samples than it announces.
        let may_be_fewer = recording.info().format == Format::Xdf;
        assert!(
            stream
                .frames
                .is_none_or(|stated| stated == frames || (may_be_fewer && stated > frames))
        );
        assert!(frames * stream.channels.len() as u64 <= length, "more samples than bytes");
        let fraction = recording.fraction_read(number);
        assert!(fraction <= 1.0 + 1e-9 && (may_be_fewer || fraction > 1.0 - 1e-9));
    }
    recording.rewind().expect("memory can be sought");
    let _ = recording.annotations().count();
    let _ = recording.warnings();
    let _ = recording.info().pick_stream(None);
    assert!(recording.buffered_bytes() <= 2 << 20, "{}", recording.buffered_bytes());
}

/// The first bytes of real recordings, whole headers included, and one with gaps.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let mut seeds: Vec<Vec<u8>> = [
        ("cyton_blinks_jaw_alpha.bdf", 15_000),
        ("eeg_8ch_250hz.bdf", 9_000),
        ("two_rates_synthetic.edf", 9_000),
        ("eegmmidb_S001R01_eyes_open_60s.edf", 60_000),
        ("cyton_blinks_jaw_alpha.txt", 12_000),
        ("minimal.xdf", 1950),
        ("muse_P002.xdf", 40_000),
        ("cyton_blinks_jaw_alpha.xdf", 120_000),
    ]
    .iter()
    .map(|(name, length)| {
        let path = folder.join(name);
        let bytes =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        bytes[..*length].to_vec()
    })
    .collect();
    let signals = vec![Signal::eeg("Cz", 20), Signal::eeg("slow", 3), Signal::annotations(40, 2)];
    let tals: [&[u8]; 4] =
        [b"+0\x14\x14\0", b"+1.5\x14\x14\0", b"+2.5\x14\x14+3\x151\x14x\x14\0", b"+99\x14\x14\0"];
    seeds.push(File::edf("EDF+D", signals).write(&tals, common::code));
    seeds
});

#[test]
fn the_seeds_themselves_are_read() {
    for seed in SEEDS.iter() {
        assert!(open(Box::new(Cursor::new(seed.clone())), "seed").is_ok());
        exercise(seed.clone());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        exercise(bytes);
    }

    #[test]
    fn random_bytes_after_a_magic(
        magic in prop::sample::select(vec![&b"0       "[..], b"\xFFBIOSEMI", b"XDF:", b"%OpenBCI Raw EXG Data\n%Sample Rate = 250 Hz\n"]),
        text in "[0-9,. +\\-eE\n%]{0,2000}",
    ) {
        exercise([magic, text.as_bytes()].concat());
    }

    #[test]
    fn real_files_with_wrong_bytes(
        seed in 0..9_usize,
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
        header_only in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..30),
    ) {
        let mut bytes = SEEDS[seed].clone();
        // Half of the cases hit the header, where a byte matters most.
        let reach = if header_only { bytes.len().min(1024) } else { bytes.len() };
        for (place, byte) in changes {
            bytes[place.index(reach)] = byte;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        exercise(bytes);
    }

    #[test]
    fn real_files_with_wrong_numbers(
        seed in 0..9_usize,
        field in 0..40_usize,
        number in prop::sample::select(NUMBERS.to_vec()),
    ) {
        let mut bytes = SEEDS[seed].clone();
        let place = 184 + field * 8;
        let number = &number[..number.len().min(8)];
        bytes[place..place + 8].copy_from_slice(format!("{number:<8}").as_bytes());
        exercise(bytes);
    }

    #[test]
    fn rows_of_wrong_numbers(
        rows in prop::collection::vec(prop::collection::vec(prop::sample::select(NUMBERS.to_vec()), 1..6), 1..40),
        board in prop::sample::select(vec!["Cyton", "CytonDaisy", "Ganglion"]),
    ) {
        let mut text = format!("%Number of channels = 2\n%Sample Rate = 250 Hz\n%Board = {board}\n");
        for row in rows {
            text += &(row.join(", ") + "\n");
        }
        exercise(text.into_bytes());
    }

    #[test]
    fn records_that_start_at_any_time(onsets in prop::collection::vec(prop::sample::select(NUMBERS.to_vec()), 1..20)) {
        let file = File::edf("EDF+D", vec![Signal::eeg("Cz", 7), Signal::annotations(40, 2)]);
        let tals: Vec<Vec<u8>> = onsets.iter().map(|t| format!("+{t}\x14\x14\0+{t}\x15{t}\x14x\x14\0").into_bytes()).collect();
        let tals: Vec<&[u8]> = tals.iter().map(|tal| &tal[..tal.len().min(40)]).collect();
        exercise(file.write(&tals, common::code));
    }
}
