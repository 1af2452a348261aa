//! Real files, damaged files, cut files.

use crate::{Recording, SampleBlock, SampleKind, XdfChannel, XdfFormat, XdfStream, XdfWriter};
use std::io::Cursor;

fn data(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn opened(bytes: Vec<u8>) -> Recording {
    crate::open(Box::new(Cursor::new(bytes)), "any.xdf").unwrap()
}

fn notes(recording: &mut Recording) -> Vec<(f64, String)> {
    recording.annotations().map(Result::unwrap).map(|note| (note.onset_s, note.text)).collect()
}

#[test]
fn the_golden_file() {
    let mut recording = opened(data("minimal.xdf"));
    let stream = &recording.info().streams[0];
    assert_eq!((stream.name.as_str(), stream.rate_hz, stream.is_eeg), ("SendDataC", 10.0, true));
    assert_eq!((stream.frames, stream.sample_kind), (Some(9), SampleKind::Codes));
    let mut block = SampleBlock::new();
    let chunk = recording.read(0, 99, &mut block).unwrap().unwrap();
    assert_eq!((chunk.first_index, chunk.frames), (0, 9));
    let rows = [[192, 255, 238], [12, 22, 32], [13, 23, 33], [14, 24, 34], [15, 25, 35]];
    let rows: Vec<i32> = rows.iter().chain(&rows[1..]).flatten().copied().collect();
    assert_eq!(block.codes, rows);
    let notes = notes(&mut recording);
    let texts: Vec<&str> = notes.iter().map(|(_, text)| text.as_str()).skip(1).collect();
    assert_eq!(texts, ["Hello", "World", "from", "LSL", "Hello", "World", "from", "LSL"]);
    // Stream 0 alone has clock offsets, of -0.1 s: the strings of the same time stamps come 0.1 s later.
    assert!((notes[8].0 - 0.9).abs() < 1e-9, "{notes:?}");
}

#[test]
fn streams_of_a_lab_recorder_by_name() {
    let mut recording = opened(data("muse_P002.xdf"));
    let info = recording.info();
    let eeg = info.pick_stream(None).unwrap();
    let stream = &info.streams[eeg];
    assert_eq!((stream.rate_hz, stream.frames), (256.0, Some(4356)));
    let labels: Vec<&str> = stream.channels.iter().map(|channel| channel.label.as_str()).collect();
    assert_eq!(labels, ["TP9", "AF7", "AF8", "TP10", "AUX_RIGHT"]);
    assert!(stream.channels[0].microvolts.is_some());
    let mut frames: Vec<_> = info.streams.iter().map(|stream| stream.frames.unwrap()).collect();
    frames.sort_unstable();
    assert_eq!(frames, [0, 882, 882, 4356]);
    let names: Vec<String> = info.streams.iter().map(|stream| stream.name.clone()).collect();
    for (number, name) in names.iter().enumerate() {
        assert_eq!(recording.info().pick_stream(Some(name)).unwrap(), number);
    }
    // Bursts of Bluetooth are jitter and no gap.
    let mut block = SampleBlock::new();
    let chunk = recording.read(eeg, 5000, &mut block).unwrap().unwrap();
    assert_eq!((chunk.frames, chunk.lost_before), (4356, 0));
    assert!(block.microvolts.iter().all(|v| v.abs() <= 1000.0) && block.microvolts[0] != 0.0);
}

#[test]
fn the_same_recording_as_text_and_as_xdf() {
    let mut xdf = opened(data("cyton_blinks_jaw_alpha.xdf"));
    let mut text =
        crate::open(Box::new(Cursor::new(data("cyton_blinks_jaw_alpha.txt"))), "a.txt").unwrap();
    let (mut a, mut b) = (SampleBlock::new(), SampleBlock::new());
    let mut compared = 0;
    while let Some(chunk) = xdf.read(0, 1000, &mut a).unwrap() {
        assert_eq!((chunk.lost_before, chunk.first_index), (0, compared));
        text.read(0, chunk.frames, &mut b).unwrap().unwrap();
        assert_eq!(a.microvolts.len(), b.microvolts.len());
        for (x, y) in a.microvolts.iter().zip(&b.microvolts) {
            assert!((x - y).abs() <= 0.0112 + y.abs() * 1e-6, "{x} {y}");
        }
        compared += chunk.frames as u64;
    }
    assert_eq!(Some(compared), xdf.info().streams[0].frames);
    assert!(!notes(&mut xdf).is_empty());
}

/// 40 s at 100 Hz in chunks of 0.5 s, boundaries every 10 s.
fn written() -> Vec<u8> {
    let channel = XdfChannel {
        label: "Cz".into(),
        unit: "uV".into(),
        kind: "EEG".into(),
        unit_per_code: 1.0,
        unit_offset: 0.0,
        gain: None,
    };
    let spec = XdfStream {
        name: "one".into(),
        kind: "EEG".into(),
        rate_hz: 100.0,
        format: XdfFormat::Int32,
        channels: vec![channel],
        source_id: String::new(),
        notes: Vec::new(),
    };
    let mut writer = XdfWriter::create(Cursor::new(Vec::new()), "").unwrap();
    let id = writer.add_stream(&spec).unwrap();
    for i in 0..4000_i32 {
        writer.append(id, f64::from(i) / 100.0, &[i]).unwrap();
    }
    writer.close().unwrap().into_inner()
}

fn indexed(recording: &mut Recording) -> Vec<(u64, i32)> {
    let (mut block, mut all) = (SampleBlock::new(), Vec::new());
    while let Some(chunk) = recording.read(0, 64, &mut block).unwrap() {
        all.extend(
            block.codes.iter().enumerate().map(|(i, code)| (chunk.first_index + i as u64, *code)),
        );
    }
    all
}

#[test]
fn a_file_cut_anywhere_gives_everything_up_to_the_break() {
    let bytes = written();
    let mut before = 0;
    for cut in (1000..bytes.len()).step_by(61) {
        let mut recording = opened(bytes[..cut].to_vec());
        let found = indexed(&mut recording);
        assert!(
            found
                .iter()
                .enumerate()
                .all(|(i, &(index, code))| index == i as u64 && code == i as i32)
        );
        assert_eq!(recording.info().streams[0].frames, Some(found.len() as u64));
        assert!(found.len() >= before);
        before = found.len();
        // 13 bytes a sample, and the heads of the chunks.
        let room = (cut as u64).saturating_sub(1400) / 14;
        assert!(found.len() as u64 >= room.min(3900), "{} of {cut} bytes", found.len());
    }
    let mut recording = opened(bytes[..bytes.len() / 2].to_vec());
    assert!(recording.warnings()[0].contains("ends inside a chunk"), "{:?}", recording.warnings());
    assert!(!indexed(&mut recording).is_empty());
}

#[test]
fn damage_costs_what_lies_before_the_next_boundary() {
    let mut bytes = written();
    // The length of a chunk in the second 10 s.
    let middle = bytes.len() * 3 / 8;
    let tag = [3, 0, 2, 0, 0, 0];
    let at = middle + bytes[middle..].windows(6).position(|part| part == tag).unwrap();
    bytes[at - 5..at].fill(0x77);
    let mut recording = opened(bytes);
    let found = indexed(&mut recording);
    assert!(found.iter().all(|&(index, code)| index == code as u64), "indices stay true");
    assert!((3000..3990).contains(&found.len()), "{}", found.len());
    assert_eq!(found.last().unwrap().0, 3999);
    assert!(recording.warnings().iter().any(|w| w.contains("1 places in the file are damaged")));
}

#[test]
fn chunks_not_known_are_passed_over() {
    let bytes = written();
    let mut with = bytes[..4].to_vec();
    with.extend([1, 5, 99, 0, 1, 2, 3]);
    with.extend(&bytes[4..]);
    let mut recording = opened(with);
    assert_eq!(indexed(&mut recording).len(), 4000);
    assert_eq!(recording.warnings(), [""; 0]);
}
