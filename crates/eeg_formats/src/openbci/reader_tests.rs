//! Text recordings of each version, made by hand after files of the GUI.

use crate::{Chunk, Format, Recording, SampleBlock, SampleKind, Start};
use std::fmt::Write;
use std::io::Cursor;

const V6: &str = "%OpenBCI Raw EXG Data\r\n%Number of channels = 4\r\n%Sample Rate = 200 Hz\r\n%Board = OpenBCI_GUI$BoardCytonSerial\r\n\
    Sample Index, EXG Channel 0, EXG Channel 1, EXG Channel 2, EXG Channel 3, Accel Channel 0, Not Used, Timestamp, Marker Channel, Timestamp (Formatted)\r\n";

fn open(text: &str) -> Recording {
    crate::open(Box::new(Cursor::new(text.as_bytes().to_vec())), "raw.txt").unwrap()
}

fn message(text: &str) -> String {
    crate::open(Box::new(Cursor::new(text.as_bytes().to_vec())), "raw.txt")
        .expect_err("must be refused")
        .to_string()
}

fn row(counter: u64, value: f64) -> String {
    format!("{counter}, {value}, 2.5, -3, 1.7E9, 0.1,0, 1557936053329,0, 12:00:53.329\r\n")
}

fn chunks(recording: &mut Recording, max_frames: usize) -> (Vec<Chunk>, Vec<f32>) {
    let (mut chunks, mut first_channel, mut block) = (Vec::new(), Vec::new(), SampleBlock::new());
    while let Some(chunk) = recording.read(0, max_frames, &mut block).unwrap() {
        chunks.push(chunk);
        first_channel.extend((0..chunk.frames).map(|frame| block.frame_microvolts(frame)[0]));
    }
    (chunks, first_channel)
}

#[test]
fn version_6() {
    let mut recording = open(&(V6.to_owned() + &row(254, 1.0) + &row(255, 2.0) + &row(0, 3.0)));
    let info = recording.info();
    assert_eq!(
        (info.format, info.recording.as_str()),
        (Format::OpenBciText, "OpenBCI_GUI$BoardCytonSerial")
    );
    assert_eq!(info.start, Some(Start::Unix { ns: 1_557_936_053_329_000_000 }));
    let stream = &info.streams[0];
    assert_eq!(
        (stream.rate_hz, stream.is_eeg, stream.sample_kind),
        (200.0, true, SampleKind::Microvolts)
    );
    assert_eq!(
        stream.channels.iter().map(|c| c.name.as_str()).collect::<Vec<_>>()[3],
        "EXG Channel 3"
    );
    let (found, values) = chunks(&mut recording, 10);
    assert_eq!(found, [Chunk { first_index: 0, lost_before: 0, frames: 3 }]);
    assert_eq!(values, [1.0, 2.0, 3.0]);
    assert_eq!(recording.warnings(), [""; 0]);
}

#[test]
fn version_4_has_no_column_names() {
    let text = "%OpenBCI Raw EEG Data\n%Number of channels = 2\n%Sample Rate = 250.0 Hz\n%First Column = SampleIndex\n\
        %Last Column = Timestamp \n%Other Columns = EEG data in microvolts followed by Accel Data (in G) interleaved with Aux Data\n\
        0, 61379.36, 49492.89, 0.040, 0.420, 0.238, 12:00:53.329, 1557936053329\n\
        1, 60973.46, 48972.47, 0.000, 0.000, 0.000, 12:00:53.336, 1557936053336\n";
    let mut recording = open(text);
    assert_eq!(recording.info().start, Some(Start::Unix { ns: 1_557_936_053_329_000_000 }));
    assert_eq!(recording.info().streams[0].channels[1].label, "EXG Channel 1");
    assert_eq!(chunks(&mut recording, 10).1, [61379.36, 60973.46]);
}

#[test]
fn before_version_4_the_width_tells_the_channels() {
    let header = "%OpenBCI Raw EEG Data\n%\n%Sample Rate = 200.0 Hz\n%First Column = SampleIndex\n";
    let recording = open(&format!(
        "{header}0, 153.43, 646.95, 437.44, -34.03, 0.000, 0.000, 0.000, 03:10:01.012\n"
    ));
    assert_eq!(recording.info().streams[0].channels.len(), 4);
    let error = message(&format!("{header}0, 1, 2, 3\n"));
    assert!(error.contains("%Number of channels") && error.contains("add that line"), "{error}");
}

#[test]
fn decimal_commas() {
    let text = "%Number of channels = 2\n%Sample Rate = 250,0 Hz\n0, -187500,02, 0,50, 0,00\n1, -187499,02, 0,25, 0,00\n";
    let mut recording = open(text);
    assert_eq!(recording.info().streams[0].channels.len(), 2);
    assert_eq!(chunks(&mut recording, 1).1, [-187_500.02, -187_499.02]);
}

#[test]
fn a_first_row_of_zeros_is_no_sample() {
    let text = "%Number of channels = 2\n%Sample Rate = 250Hz\n0.0,0.0,0.0,0.0\n0, 1.5, 2, 0.1\n1, 2.5, 3, 0.1\n";
    let mut recording = open(text);
    assert_eq!(chunks(&mut recording, 10).1, [1.5, 2.5]);
    recording.rewind().unwrap();
    assert_eq!(chunks(&mut recording, 10).1, [1.5, 2.5]);
    assert!(recording.warnings()[0].contains("nothing but zeros"));
}

#[test]
fn lost_samples_move_the_index_and_end_the_block() {
    let text = V6.to_owned() + &row(254, 1.0) + &row(255, 2.0) + &row(3, 3.0) + &row(4, 4.0);
    let mut recording = open(&text);
    for max_frames in [1, 2, 3, 100] {
        recording.rewind().unwrap();
        let (found, values) = chunks(&mut recording, max_frames);
        assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(found.iter().map(|c| c.lost_before).sum::<u64>(), 3);
        let indices: Vec<u64> =
            found.iter().flat_map(|c| c.first_index..c.first_index + c.frames as u64).collect();
        assert_eq!(indices, [0, 1, 5, 6]);
    }
}

#[test]
fn a_daisy_counts_in_twos() {
    let mut text = V6.replace("BoardCytonSerial", "BoardCytonSerialDaisy");
    for i in 0..300_u64 {
        if !(200..203).contains(&i) {
            text += &row(i * 2 % 256, i as f64);
        }
    }
    let (found, values) = chunks(&mut open(&text), 1000);
    assert_eq!(
        found,
        [
            Chunk { first_index: 0, lost_before: 0, frames: 200 },
            Chunk { first_index: 203, lost_before: 3, frames: 97 }
        ]
    );
    assert_eq!(values.len(), 297);
}

#[test]
fn rows_that_are_none_are_counted_and_a_torn_end_is_named() {
    let text = V6.to_owned()
        + &row(0, 1.0)
        + "garbage\r\n"
        + &row(1, 2.0)
        + "3, x, 1, 1, 1\r\n%comment\r\n\r\n"
        + "4, 5.0, 2";
    let mut recording = open(&text);
    for _ in 0..2 {
        recording.rewind().unwrap();
        assert_eq!(chunks(&mut recording, 10).1, [1.0, 2.0]);
    }
    let warnings = recording.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].starts_with(
            r#"2 lines are no rows of numbers and were left out; the first is line 7: "garbage""#
        ),
        "{warnings:?}"
    );
    assert!(warnings[1].contains("the last line (12) is torn"), "{warnings:?}");
}

#[test]
fn a_last_line_without_end_counts_when_it_is_whole() {
    let text = V6.to_owned() + &row(0, 1.0) + row(1, 2.0).trim_end();
    let mut recording = open(&text);
    assert_eq!(chunks(&mut recording, 10).1, [1.0, 2.0]);
    assert_eq!(recording.warnings(), [""; 0]);
    let bare = "%Number of channels = 1\n%Sample Rate = 250 Hz\n0, 1.5\n1, 2.5";
    let mut recording = open(bare);
    assert_eq!(chunks(&mut recording, 10).1, [1.5, 2.5]);
    assert!(recording.warnings()[0].contains("may be cut short"), "{:?}", recording.warnings());
}

#[test]
fn nan_stays_nan_and_repeats_and_long_waits_are_told() {
    let mut text = V6.to_owned() + &row(0, f64::NAN) + &row(1, 2.0) + &row(1, 3.0);
    write!(text, "2, 4, 0, 0, 0, 0,0, 1557936063329,0, x\r\n").unwrap();
    let mut recording = open(&text);
    let (found, values) = chunks(&mut recording, 10);
    assert!(values[0].is_nan());
    assert_eq!((found.len(), values.len()), (1, 4));
    let warnings = recording.warnings();
    assert!(warnings[0].starts_with("1 rows repeat the sample counter"), "{warnings:?}");
    assert!(warnings[1].starts_with("1 rows arrived more than 1.28 s after"), "{warnings:?}");
}

#[test]
fn a_header_that_does_not_do() {
    assert!(
        message("%OpenBCI Raw EXG Data\n0, 1, 2\n")
            .contains("add it, for example `%Sample Rate = 250 Hz`")
    );
    assert!(message("%Sample Rate = nonsense\n").contains("%Sample Rate"));
    let error = message("%Number of channels = 2\n%Sample Rate = 250 Hz\nhello\nworld\n");
    assert!(error.contains(r#"line 3 is no row of a counter and 2 numbers, and neither is any of the 1 after it: "hello""#), "{error}");
    assert!(message(&"%\n".repeat(2000)).contains("hold no row"));
}

#[test]
fn a_block_of_any_length_is_bounded() {
    let mut recording = open(&(V6.to_owned() + &row(0, 1.0)));
    let mut block = SampleBlock::new();
    assert_eq!(recording.read(0, usize::MAX, &mut block).unwrap().unwrap().frames, 1);
    assert!(block.microvolts.capacity() <= 1 << 22, "{}", block.microvolts.capacity());
}

#[test]
fn no_rows_is_an_empty_recording() {
    let mut recording = open(V6);
    assert_eq!(recording.read(0, 10, &mut SampleBlock::new()).unwrap(), None);
    assert_eq!(recording.annotations().count(), 0);
    assert!((recording.fraction_read(0) - 1.0).abs() < 1e-12);
}

#[test]
fn fewer_column_names_than_stated_channels() {
    let mut recording = open(&(V6.replace("channels = 4", "channels = 8") + &row(0, 1.0)));
    assert_eq!(recording.info().streams[0].channels.len(), 4);
    assert!(recording.warnings()[0].contains("the names are believed"));
    assert!(
        recording
            .read_codes(0, &mut [0; 4])
            .unwrap_err()
            .to_string()
            .contains("read it with read_microvolts")
    );
}
