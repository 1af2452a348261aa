//! Samples and gaps of files made by hand.

use crate::edf::synthetic::{File, Signal, code};
use crate::{Chunk, Recording, SampleBlock, Start};
use std::io::Cursor;

fn open(bytes: Vec<u8>) -> Recording {
    crate::open(Box::new(Cursor::new(bytes)), "made.edf").unwrap()
}

/// Every frame with its index, read in blocks of `max_frames`.
fn all_frames(recording: &mut Recording, stream: usize, max_frames: usize) -> Vec<(u64, Vec<i32>)> {
    let mut block = SampleBlock::new();
    let mut found = Vec::new();
    while let Some(chunk) = recording.read(stream, max_frames, &mut block).unwrap() {
        assert!(chunk.frames <= max_frames && block.codes.len() == chunk.frames * block.channels);
        for frame in 0..chunk.frames {
            found.push((chunk.first_index + frame as u64, block.frame_codes(frame).to_vec()));
        }
    }
    assert!(block.codes.is_empty());
    found
}

#[test]
fn any_block_size_gives_the_same_frames_in_edf_and_bdf() {
    let signals = vec![Signal::eeg("C3", 10), Signal::eeg("slow", 3), Signal::eeg("C4", 10)];
    for file in [File::edf("", signals.clone()), File::bdf("24BIT", signals.clone())] {
        let mut recording = open(file.write_plain(7));
        for max_frames in [1, 3, 10, 11, 1000] {
            recording.rewind().unwrap();
            let fast = all_frames(&mut recording, 0, max_frames);
            assert_eq!(fast.len(), 70);
            for (i, (index, frame)) in fast.iter().enumerate() {
                assert_eq!((*index, frame.as_slice()), (i as u64, &[code(0, i), code(2, i)][..]));
            }
            let slow = all_frames(&mut recording, 1, max_frames);
            assert_eq!(slow.len(), 21);
            assert!(
                slow.iter()
                    .enumerate()
                    .all(|(i, (index, frame))| *index == i as u64 && frame == &[code(1, i)])
            );
        }
    }
}

#[test]
fn streams_read_in_turn_do_not_disturb_each_other() {
    let mut recording =
        open(File::edf("", vec![Signal::eeg("C3", 10), Signal::eeg("slow", 2)]).write_plain(4));
    let mut block = SampleBlock::new();
    for i in 0..8 {
        let chunk = recording.read(0, 5, &mut block).unwrap().unwrap();
        assert_eq!((chunk.first_index, block.codes[0]), (5 * i, code(0, 5 * i as usize)));
        let chunk = recording.read(1, 1, &mut block).unwrap().unwrap();
        assert_eq!((chunk.first_index, block.codes[0]), (i, code(1, i as usize)));
    }
}

fn with_gaps() -> File {
    let signals = vec![
        Signal::eeg("Cz", 100),
        Signal::eeg("Oz", 100),
        Signal::eeg("slow", 10),
        Signal::annotations(60, 2),
    ];
    File::edf("EDF+D", signals)
}

const GAPPED: [&[u8]; 4] = [
    b"+0.25\x14\x14\0",
    b"+1.25\x14\x14\0+1.5\x14blink\x14\0",
    b"+4.754\x14\x14\0",
    b"+5.754\x14\x14\0+6\x151\x14end\x14\0",
];

#[test]
fn gaps_of_edf_plus_d_move_the_index_in_every_stream() {
    let mut recording = open(with_gaps().write(&GAPPED, code));
    let mut block = SampleBlock::new();
    // 2.504 s lost after the second record: 250.4 samples at 100 Hz, 25.04 at 10 Hz.
    let expected = [(0, 0, 200), (450, 250, 200)];
    for (first_index, lost_before, frames) in expected {
        let chunk = recording.read(0, 1000, &mut block).unwrap();
        assert_eq!(chunk, Some(Chunk { first_index, lost_before, frames }));
    }
    assert_eq!(recording.read(0, 1000, &mut block).unwrap(), None);
    let slow: Vec<u64> = all_frames(&mut recording, 1, 7).iter().map(|(index, _)| *index).collect();
    assert_eq!(slow, (0..20).chain(45..65).collect::<Vec<u64>>());
    // Sub-second part of the start, and the length with its gap.
    assert_eq!(recording.info().duration_s, Some(6.504));
    let Some(Start::Local(start)) = recording.info().start else { panic!("no start") };
    assert_eq!(start.to_string(), "2026-11-23T10:30:00.250000000");
    assert_eq!(recording.warnings(), [""; 0]);
}

#[test]
fn every_block_size_sees_the_same_gap_and_codes_follow_on() {
    let mut recording = open(with_gaps().write(&GAPPED, code));
    for max_frames in [1, 7, 100, 150, 1000] {
        recording.rewind().unwrap();
        let frames = all_frames(&mut recording, 0, max_frames);
        assert_eq!(frames.len(), 400, "no sample invented, none left out");
        for (i, (index, frame)) in frames.iter().enumerate() {
            let lost = if i < 200 { 0 } else { 250 };
            assert_eq!((*index, frame[1]), (i as u64 + lost, code(1, i)));
        }
    }
}

#[test]
fn annotations_are_relative_to_the_first_sample() {
    let mut recording = open(with_gaps().write(&GAPPED, code));
    let mut block = SampleBlock::new();
    recording.read(0, 30, &mut block).unwrap();
    let all: Vec<_> = recording.annotations().map(Result::unwrap).collect();
    let found: Vec<_> = all.iter().map(|a| (a.onset_s, a.duration_s, a.text.as_str())).collect();
    assert_eq!(found, [(1.25, None, "blink"), (5.75, Some(1.0), "end")]);
    // They do not move the samples.
    assert_eq!(recording.read(0, 30, &mut block).unwrap().unwrap().first_index, 30);
}

#[test]
fn a_continuous_file_ignores_what_its_records_say() {
    let mut file = with_gaps();
    file.reserved = "EDF+C";
    let mut recording = open(file.write(&GAPPED, code));
    assert_eq!(all_frames(&mut recording, 0, 1000).last().unwrap().0, 399);
}

#[test]
fn onsets_that_are_missing_or_run_backwards_are_warned_of_once() {
    let tals: [&[u8]; 4] = [b"+0\x14\x14\0", b"\0", b"+1\x14\x14\0", b"+2\x14\x14\0xx\0"];
    let mut recording = open(with_gaps().write(&tals, code));
    for _ in 0..2 {
        recording.rewind().unwrap();
        assert_eq!(all_frames(&mut recording, 0, 64).last().unwrap().0, 399);
        assert_eq!(recording.annotations().count(), 0);
    }
    let warnings = recording.warnings();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings[0].starts_with("1 records do not say when they start"));
    assert!(warnings[1].starts_with("1 records start before the one ahead"), "{warnings:?}");
    assert!(warnings[2].starts_with("1 annotations could not be read"));
}

#[test]
fn discontinuous_without_annotations_is_read_as_continuous() {
    let mut recording = open(File::bdf("BDF+D", vec![Signal::eeg("Cz", 4)]).write_plain(2));
    assert!(recording.warnings()[0].contains("no annotation channel"));
    assert_eq!(all_frames(&mut recording, 0, 9).len(), 8);
}

#[test]
fn one_record_that_is_the_whole_recording_is_read_in_slices() {
    let samples = 400_000;
    let mut file = File::bdf(
        "24BIT",
        vec![Signal::eeg("A", samples), Signal::eeg("slow", 1000), Signal::eeg("B", samples)],
    );
    file.duration = "1000";
    let mut recording = open(file.write_plain(2));
    let frames = all_frames(&mut recording, 0, 3001);
    assert_eq!(frames.len(), 2 * samples);
    assert!(
        frames
            .iter()
            .enumerate()
            .all(|(i, (index, f))| *index == i as u64 && f[..] == [code(0, i), code(2, i)])
    );
    assert_eq!(all_frames(&mut recording, 1, 64).len(), 2000);
    assert!(recording.buffered_bytes() <= 1 << 20, "{}", recording.buffered_bytes());
}

#[test]
fn a_rate_that_is_no_whole_number_stays_exact_for_days() {
    // 12.8 Hz in records of 10 s; a gap of one day after the first.
    let mut file = File::edf("EDF+D", vec![Signal::eeg("Cz", 128), Signal::annotations(40, 2)]);
    file.duration = "10";
    let tals: [&[u8]; 3] = [b"+0\x14\x14\0", b"+86410\x14\x14\0", b"+86420\x14\x14\0"];
    let mut recording = open(file.write(&tals, code));
    assert!((recording.info().streams[0].rate_hz - 12.8).abs() < 1e-15);
    let last = all_frames(&mut recording, 0, 50).last().unwrap().0;
    assert_eq!(last, 86_400 * 128 / 10 + 3 * 128 - 1);
}

#[test]
fn wrong_calls_get_an_error() {
    let mut recording =
        open(File::edf("", vec![Signal::eeg("A", 4), Signal::eeg("B", 4)]).write_plain(1));
    let mut block = SampleBlock::new();
    assert!(
        recording
            .read(1, 10, &mut block)
            .unwrap_err()
            .to_string()
            .contains(r#"there is no stream "1"; it has 0"#)
    );
    assert!(
        recording
            .read_codes(0, &mut [0])
            .unwrap_err()
            .to_string()
            .contains("a frame of stream 0 is 2 samples")
    );
    assert!(
        recording
            .read_microvolts(0, &mut [0.0; 4])
            .unwrap_err()
            .to_string()
            .contains("holds codes; read it with read_codes")
    );
    assert!(recording.read(0, 0, &mut block).is_err());
    let mut three = [0; 5];
    let chunk = recording.read_codes(0, &mut three).unwrap().unwrap();
    assert_eq!((chunk.frames, three[4]), (2, 0));
    assert!((recording.fraction_read(0) - 0.5).abs() < 1e-12);
}

#[test]
fn a_file_that_shrinks_is_an_error_with_its_record() {
    struct Shrinking(Cursor<Vec<u8>>);
    impl std::io::Read for Shrinking {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            if self.0.position() >= 512 { Ok(0) } else { self.0.read(out) }
        }
    }
    impl std::io::Seek for Shrinking {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.0.seek(to)
        }
    }
    let bytes = File::edf("", vec![Signal::eeg("A", 4)]).write_plain(2);
    let mut recording =
        crate::open(Box::new(Shrinking(Cursor::new(bytes))), "shrinks.edf").unwrap();
    let error = recording.read(0, 10, &mut SampleBlock::new()).unwrap_err();
    assert!(error.to_string().starts_with("shrinks.edf: cannot read record 1"), "{error}");
}
