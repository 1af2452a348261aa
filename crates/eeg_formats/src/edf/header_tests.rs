//! Each oddity of a header, made by hand.

use crate::edf::synthetic::{File, Signal};
use crate::{Format, FormatError, Recording, Start};
use std::io::Cursor;

fn open(bytes: Vec<u8>) -> Result<Recording, FormatError> {
    crate::open(Box::new(Cursor::new(bytes)), "odd.edf")
}

fn message(bytes: Vec<u8>) -> String {
    open(bytes).expect_err("must be refused").to_string()
}

fn two_channels() -> File {
    File::edf("", vec![Signal::eeg("Fp1", 10), Signal::eeg("Fp2", 10)])
}

#[test]
fn a_plain_file_has_no_warnings() {
    let recording = open(two_channels().write_plain(3)).unwrap();
    let info = recording.info();
    assert_eq!(info.warnings, [""; 0]);
    assert_eq!((info.format, info.duration_s), (Format::Edf, Some(3.0)));
    let stream = &info.streams[0];
    assert_eq!(
        (stream.name.as_str(), stream.rate_hz, stream.frames, stream.is_eeg),
        ("10Hz", 10.0, Some(30), true)
    );
    assert_eq!(stream.channels[1].label, "Fp2");
    assert_eq!(stream.channels[1].prefilter, "HP:0.1Hz");
    let Some(Start::Local(start)) = info.start else { panic!("{:?}", info.start) };
    assert_eq!(start.to_string(), "2026-11-23T10:30:00");
}

#[test]
fn nul_padding_and_decimal_commas() {
    let mut signal = Signal::eeg("C3\0\0\0", 5);
    signal.physical = ["-3,2768", "3,2767\0"];
    signal.unit = b"mV\0\0\0\0\0\0".to_vec();
    let mut file = File::edf("\0\0\0\0", vec![signal]);
    file.duration = "0,5";
    let recording = open(file.write_plain(2)).unwrap();
    let stream = &recording.info().streams[0];
    assert_eq!((stream.rate_hz, stream.channels[0].label.as_str()), (10.0, "C3"));
    let microvolts = stream.channels[0].microvolts_of(10).unwrap();
    assert!((microvolts - 1.0).abs() < 1e-9, "{microvolts}");
    assert_eq!(recording.info().warnings, [""; 0]);
}

#[test]
fn a_wrong_header_length_is_corrected() {
    let mut file = two_channels();
    for wrong in ["256", "", "99999999"] {
        file.header_bytes = Some(wrong);
        let warnings = open(file.write_plain(1)).unwrap().warnings();
        assert!(
            warnings.len() == 1 && warnings[0].contains("768 bytes, for 2 signals"),
            "{warnings:?}"
        );
    }
}

#[test]
fn the_length_of_the_file_decides_how_many_records_there_are() {
    let mut file = two_channels();
    for (stated, words) in [
        ("-1", "leaves the number of records open"),
        ("2", "promises 2"),
        ("9", "promises 9"),
        ("x", "no number"),
    ] {
        file.records = Some(stated);
        let recording = open(file.write_plain(3)).unwrap();
        assert_eq!(recording.info().streams[0].frames, Some(30));
        let warnings = recording.warnings();
        assert!(warnings.len() == 1 && warnings[0].contains(words), "{warnings:?}");
    }
}

#[test]
fn a_torn_record_is_left_over() {
    let mut bytes = two_channels().write_plain(3);
    bytes.truncate(bytes.len() - 7);
    let recording = open(bytes).unwrap();
    assert_eq!(recording.info().streams[0].frames, Some(20));
    assert!(
        recording.warnings()[0].contains("the last 33 bytes are left over"),
        "{:?}",
        recording.warnings()
    );
}

#[test]
fn a_file_cut_in_its_header() {
    let bytes = two_channels().write_plain(1);
    assert!(message(bytes[..100].to_vec()).contains("needs 256 bytes and the file has 100"));
    assert!(message(bytes[..700].to_vec()).contains("needs 768 bytes and the file has 700"));
}

#[test]
fn fields_that_nothing_can_be_read_without() {
    let patch = |at: usize, text: &str| {
        let mut bytes = two_channels().write_plain(1);
        bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
        message(bytes)
    };
    assert_eq!(
        patch(252, "   "),
        r#"odd.edf: the number of signals (bytes 252 to 255) is "", but must be a whole number from 1 to 9999"#
    );
    assert!(patch(252, "-1").contains("from 1 to 9999"));
    assert!(
        patch(244, "abc")
            .contains(r#"the record duration (bytes 244 to 251) is "abc", but must be a number"#)
    );
    assert!(patch(244, "0 ").contains("the rate of the channels is unknown"));
    assert!(patch(244, "-1").contains("number of seconds"));
    // Physical minimum of the second channel: after 2 * (16 + 80 + 8) bytes and one field.
    assert_eq!(
        patch(256 + 2 * 104 + 8, "     "),
        r#"odd.edf: the physical minimum of channel 2 ("Fp2") is "", but must be a number"#
    );
    assert!(patch(256 + 2 * 216, "-5").contains("samples per record of channel 1"));
}

#[test]
fn a_range_that_is_no_scale_is_a_warning_and_codes_stay() {
    let mut file = two_channels();
    file.signals[0].physical = ["0", "0"];
    file.signals[1].digital = ["7", "7"];
    let recording = open(file.write_plain(1)).unwrap();
    assert_eq!(recording.warnings().len(), 2);
    assert!(
        recording.warnings()[0].contains(r#"channel "Fp1": physical 0 to 0"#),
        "{:?}",
        recording.warnings()
    );
    for channel in &recording.info().streams[0].channels {
        assert!((channel.physical(123) - 123.0).abs() < f64::EPSILON);
        assert_eq!(channel.microvolts_of(123), None);
    }
}

#[test]
fn negative_gain() {
    let mut file = two_channels();
    file.signals[0].physical = ["1000", "-1000"];
    file.signals[1].digital = ["32767", "-32768"];
    let recording = open(file.write_plain(1)).unwrap();
    let channels = &recording.info().streams[0].channels;
    assert!((channels[0].physical(-32768) - 1000.0).abs() < 1e-9);
    assert!((channels[1].physical(32767) + 1000.0).abs() < 1e-9);
    assert_eq!(
        recording.warnings().len(),
        1,
        "a reversed physical range is allowed: {:?}",
        recording.warnings()
    );
    assert!(recording.warnings()[0].contains("digital minimum 32767 is above"));
}

#[test]
fn labels_in_both_encodings_and_repeated() {
    let mut file = File::edf(
        "",
        vec![Signal::eeg("Fp1", 4), Signal::eeg("Fp1", 4), Signal::eeg("", 4), Signal::eeg("x", 4)],
    );
    file.signals[3].label = b"Schl\xe4fe".to_vec();
    file.signals[3].unit = b"\xb5V".to_vec();
    file.signals[2].unit = "µV".into();
    let recording = open(file.write_plain(1)).unwrap();
    let stream = &recording.info().streams[0];
    let names: Vec<&str> = stream.channels.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["Fp1", "Fp1-2", "channel 3", "Schläfe"]);
    assert_eq!(stream.channels[1].label, "Fp1");
    assert!(stream.channels.iter().all(|c| c.microvolts.is_some()));
    assert_eq!(
        (stream.channel("fp1-2"), stream.channel("Fp1"), stream.channel("Oz")),
        (Some(1), Some(0), None)
    );
}

#[test]
fn a_bdf_that_calls_itself_edf() {
    let recording = open(File::bdf("EDF+C", vec![Signal::eeg("Cz", 4)]).write_plain(1)).unwrap();
    assert_eq!(
        (recording.info().format, recording.info().streams[0].frames),
        (Format::BdfPlusContinuous, Some(4))
    );
    assert!(recording.warnings()[0].contains("24-bit"), "{:?}", recording.warnings());
}

#[test]
fn several_rates_are_several_streams_eeg_first() {
    let mut status = Signal::eeg("Status", 100);
    status.unit = b"Boolean".to_vec();
    let file = File::edf(
        "",
        vec![status, Signal::eeg("Cz", 20), Signal::eeg("Oz", 20), Signal::eeg("none", 0)],
    );
    let recording = open(file.write_plain(2)).unwrap();
    let found: Vec<_> = recording
        .info()
        .streams
        .iter()
        .map(|s| (s.name.as_str(), s.is_eeg, s.channels.len()))
        .collect();
    assert_eq!(found, [("20Hz", true, 2), ("100Hz", false, 1)]);
    assert!(recording.warnings()[0].contains(r#"channel "none" has no samples"#));
}

#[test]
fn a_header_full_of_channels_and_no_data_takes_little() {
    let mut signal = Signal::eeg("x", 1);
    signal.stated_samples = Some("99999999");
    let file = File::edf("", vec![signal; 9999]);
    let recording = open(file.header(7)).unwrap();
    assert_eq!(recording.info().streams[0].frames, Some(0));
    assert!(recording.buffered_bytes() < 1 << 20);
}

#[test]
fn annotations_alone_have_no_stream_but_can_be_read() {
    let mut file = File::edf("EDF+C", vec![Signal::annotations(60, 2)]);
    file.duration = "0";
    let mut recording =
        open(file.write(&[b"+0\x14\x14\0+1.5\x152\x14Stage W\x14\0"], |_, _| 0)).unwrap();
    assert!(recording.info().pick_stream(None).is_err());
    let all: Vec<_> = recording.annotations().map(Result::unwrap).collect();
    assert_eq!(
        (all.len(), all[0].text.as_str(), all[0].onset_s, all[0].duration_s),
        (1, "Stage W", 1.5, Some(2.0))
    );
}

#[test]
fn a_start_that_is_no_date() {
    let mut file = two_channels();
    file.date = "99.99.99";
    let recording = open(file.write_plain(1)).unwrap();
    assert_eq!(recording.info().start, None);
    assert!(recording.warnings()[0].contains("is no date"));
}
