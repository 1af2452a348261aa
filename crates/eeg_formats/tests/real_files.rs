//! The recordings in `data/`, against numbers read from them by pyedflib and edfio and against their description.

use eeg_formats::{Format, Recording, SampleBlock, SampleKind, Start, open, open_path};
use std::path::PathBuf;

fn data(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name);
    assert!(
        path.exists(),
        "{} is missing: the tests need the repository's data folder",
        path.display()
    );
    path
}

fn read_all(recording: &mut Recording, stream: usize) -> (Vec<i32>, Vec<f32>) {
    let (mut codes, mut microvolts, mut block, mut next) =
        (Vec::new(), Vec::new(), SampleBlock::new(), 0);
    while let Some(chunk) = recording.read(stream, 333, &mut block).expect("a whole file") {
        assert_eq!(
            (chunk.first_index, chunk.lost_before),
            (next, 0),
            "these recordings have no gap"
        );
        next += chunk.frames as u64;
        codes.extend_from_slice(&block.codes);
        microvolts.extend_from_slice(&block.microvolts);
    }
    (codes, microvolts)
}

/// Length, first four, last three and sum of one channel's codes.
fn check_channel(
    codes: &[i32],
    channels: usize,
    channel: usize,
    expected: (usize, [i32; 4], [i32; 3], i64),
) {
    let one: Vec<i32> = codes.iter().skip(channel).step_by(channels).copied().collect();
    let (length, first, last, sum) = expected;
    assert_eq!(one.len(), length);
    assert_eq!(one[..4], first);
    assert_eq!(one[length - 3..], last);
    assert_eq!(one.iter().map(|&code| i64::from(code)).sum::<i64>(), sum);
}

#[test]
fn eegmmidb_64_channels_and_one_annotation() {
    let mut recording = open_path(&data("eegmmidb_S001R01_eyes_open_60s.edf")).unwrap();
    let info = recording.info().clone();
    assert_eq!(
        (info.format, info.duration_s, info.streams.len()),
        (Format::EdfPlusContinuous, Some(60.0), 1)
    );
    assert_eq!(info.warnings, [""; 0]);
    let stream = &info.streams[0];
    assert!(stream.is_eeg);
    assert_eq!((stream.rate_hz, stream.channels.len(), stream.frames), (160.0, 64, Some(9600)));
    assert_eq!(
        (stream.channels[0].label.as_str(), stream.channels[63].label.as_str()),
        ("Fc5.", "Iz..")
    );
    let scaling = stream.channels[0].microvolts.unwrap();
    assert_eq!((scaling.scale, scaling.offset), (1.0, 0.0), "-8092..8092 uV over -8092..8092");
    let Some(Start::Local(start)) = info.start else { panic!("no start") };
    assert_eq!(start.to_string(), "2009-08-12T16:15:00");

    let (codes, _) = read_all(&mut recording, 0);
    check_channel(&codes, 64, 0, (9600, [-16, -56, -55, -50], [15, 30, 4], -7145));
    check_channel(&codes, 64, 63, (9600, [15, 21, 35, 47], [71, 80, 71], -6842));
    let notes: Vec<_> = recording.annotations().map(Result::unwrap).collect();
    assert_eq!(notes.len(), 1);
    assert_eq!(
        (notes[0].onset_s, notes[0].duration_s, notes[0].text.as_str()),
        (0.0, Some(60.2), "T0")
    );
}

#[test]
fn cyton_bdf_with_ten_annotations_and_twice() {
    let mut recording = open_path(&data("cyton_blinks_jaw_alpha.bdf")).unwrap();
    assert_eq!(recording.info().format, Format::BdfPlusContinuous);
    assert_eq!(recording.info().warnings, [""; 0]);
    let scaling = recording.info().streams[0].channels[0].microvolts.unwrap();
    assert_eq!(scaling.offset, 0.0, "a symmetric header has no offset");
    assert!((scaling.scale - 187_500.0 / 8_388_607.0).abs() < 1e-17);
    for _ in 0..2 {
        let (codes, _) = read_all(&mut recording, 0);
        check_channel(
            &codes,
            8,
            0,
            (
                22250,
                [2_746_066, 2_727_906, 2_748_486, 2_764_391],
                [2_635_979, 2_645_883, 2_641_423],
                61_803_640_520,
            ),
        );
        check_channel(
            &codes,
            8,
            7,
            (
                22250,
                [77_851, 94_789, 93_543, 80_793],
                [-294_765, -300_461, -293_307],
                -3_551_746_900,
            ),
        );
        recording.rewind().unwrap();
    }
    let notes: Vec<_> = recording.annotations().map(Result::unwrap).collect();
    let onsets: Vec<f64> = notes.iter().map(|note| note.onset_s).collect();
    assert_eq!(onsets, [4.2, 8.5, 13.5, 38.0, 48.0, 64.0, 76.0, 80.0, 82.0, 86.0]);
    assert_eq!((notes[1].text.as_str(), notes[1].duration_s), ("jaw clench", None));
}

#[test]
fn a_bdf_whose_header_says_edf() {
    let mut recording = open_path(&data("eeg_8ch_250hz.bdf")).unwrap();
    let info = recording.info();
    assert!(
        info.warnings.len() == 1 && info.warnings[0].contains(r#""EDF+C" in a BDF file"#),
        "{:?}",
        info.warnings
    );
    let stream = &info.streams[0];
    assert_eq!((stream.rate_hz, stream.channels.len(), stream.frames), (250.0, 8, Some(18_250)));
    assert_eq!(stream.channels[0].label, "EEG Channel-1");
    // +-200000 uV over the full 24 bits: code 0 is half a step up.
    let scaling = stream.channels[0].microvolts.unwrap();
    assert!((scaling.offset - scaling.scale / 2.0).abs() < 1e-12);
    let (codes, _) = read_all(&mut recording, 0);
    check_channel(&codes, 8, 0, (18_250, [-60, -146, -152, -153], [291, 200, 149], -353_537));
    check_channel(&codes, 8, 7, (18_250, [-79, -143, -178, -248], [-270, -190, -197], 103_543));
    assert_eq!(recording.annotations().count(), 0);
}

#[test]
fn biosemi_keeps_its_status_channel() {
    let mut recording = open_path(&data("biosemi_73ch_2048hz_1s.bdf")).unwrap();
    let stream = recording.info().streams[0].clone();
    assert_eq!((stream.rate_hz, stream.channels.len(), stream.frames), (2048.0, 73, Some(2048)));
    let status = stream.channel("status").expect("the Status channel");
    assert_eq!(
        (stream.channels[status].unit.as_str(), stream.channels[status].microvolts),
        ("Boolean", None)
    );
    let (codes, _) = read_all(&mut recording, 0);
    check_channel(
        &codes,
        73,
        0,
        (2048, [469_155, 468_981, 468_722, 468_654], [468_809, 468_650, 468_481], 961_622_701),
    );
    check_channel(
        &codes,
        73,
        71,
        (
            2048,
            [-8_301_006, -8_301_066, -8_301_091, -8_301_000],
            [-8_301_078, -8_301_047, -8_300_975],
            -17_000_555_667,
        ),
    );
    let triggers: Vec<i32> =
        codes.iter().skip(status).step_by(73).map(|code| code & 0xFFFF).collect();
    let first = triggers.iter().position(|&code| code != 0);
    assert_eq!((first, triggers[589]), (Some(589), 128), "one trigger, code 128, at sample 589");
}

#[test]
fn two_rates_are_two_streams() {
    let mut recording = open_path(&data("two_rates_synthetic.edf")).unwrap();
    let info = recording.info().clone();
    let found: Vec<_> =
        info.streams.iter().map(|s| (s.name.as_str(), s.rate_hz, s.frames, s.is_eeg)).collect();
    assert_eq!(found, [("100Hz", 100.0, Some(11_000), false), ("12.8Hz", 12.8, Some(1408), false)]);
    assert_eq!(info.pick_stream(None).unwrap(), 0, "neither is EEG: the one with the most data");
    assert_eq!(info.pick_stream(Some("12.8hz")).unwrap(), 1);
    let (fast, _) = read_all(&mut recording, 0);
    check_channel(&fast, 1, 0, (11_000, [0, 192, 377, 549], [-548, -376, -191], 5390));
    let (slow, _) = read_all(&mut recording, 1);
    check_channel(&slow, 1, 0, (1408, [1000; 4], [-100; 3], 633_600));
    // Volts and microvolts: a sine of 5 V, and a block of 0 and 1 uV.
    let top = fast
        .iter()
        .filter_map(|&code| info.streams[0].channels[0].microvolts_of(code))
        .fold(0.0, f64::max);
    assert!((top - 5e6).abs() < 5e3, "{top}");
    let block = info.streams[1].channels[0].microvolts_of(slow[0]).unwrap();
    assert!((block - 1.0).abs() < 1e-9, "{block}");
}

#[test]
fn openbci_text_equals_the_bdf_made_from_it() {
    let mut text = open_path(&data("cyton_blinks_jaw_alpha.txt")).unwrap();
    let info = text.info().clone();
    assert_eq!(
        (info.format, info.recording.as_str()),
        (Format::OpenBciText, "OpenBCI_GUI$BoardCytonSerial")
    );
    assert_eq!(
        (info.streams[0].sample_kind, info.streams[0].rate_hz),
        (SampleKind::Microvolts, 250.0)
    );
    assert_eq!(info.start, Some(Start::Unix { ns: 1_557_936_053_329_000_000 }));
    let (_, microvolts) = read_all(&mut text, 0);
    assert_eq!(microvolts.len(), 22_490 * 8);
    assert_eq!(microvolts[..3], [61379.36, 49492.89, -16597.06]);
    assert_eq!(text.warnings(), [""; 0]);

    let mut bdf = open_path(&data("cyton_blinks_jaw_alpha.bdf")).unwrap();
    let channel = bdf.info().streams[0].channels[0].clone();
    let (codes, _) = read_all(&mut bdf, 0);
    for (code, &value) in codes.iter().zip(&microvolts) {
        let off = (channel.microvolts_of(*code).unwrap() - f64::from(value)).abs();
        // Half a step, and what f32 leaves of a value of 62000.
        assert!(off < 0.0112 + 0.004, "{off}");
    }
}

#[test]
fn a_recording_in_memory_is_the_same() {
    let name = "cyton_blinks_jaw_alpha.bdf";
    let bytes = std::fs::read(data(name)).unwrap();
    let mut embedded = open(Box::new(std::io::Cursor::new(bytes)), "demo").unwrap();
    let mut file = open_path(&data(name)).unwrap();
    assert_eq!(read_all(&mut embedded, 0), read_all(&mut file, 0));
}

#[test]
fn a_recording_can_move_to_another_thread() {
    fn must_be_send<T: Send>(_: &T) {}
    must_be_send(&open_path(&data("two_rates_synthetic.edf")).unwrap());
}
