//! Files written, byte for byte where the specification says so, and read with our own reader.

use super::super::writer_xml::XdfChannel;
use super::*;
use crate::{Format, Recording, SampleBlock, SampleKind};
use proptest::prelude::*;
use std::io::{self, Cursor};

type Memory = Cursor<Vec<u8>>;

fn stream(rate_hz: f64, format: XdfFormat, channels: usize) -> XdfStream {
    let channel = |i| XdfChannel {
        label: format!("E{i}"),
        unit: "microvolts".to_owned(),
        kind: "EEG".to_owned(),
        unit_per_code: if format == XdfFormat::Int32 { 187_500.0 / 8_388_608.0 } else { 1.0 },
        unit_offset: 0.0,
        gain: Some(24.0),
    };
    XdfStream {
        name: "board <1>".to_owned(),
        kind: "EEG".to_owned(),
        rate_hz,
        format,
        channels: (0..channels).map(channel).collect(),
        source_id: "SN&1".to_owned(),
        notes: vec![("sample rate register".to_owned(), "0x96".to_owned())],
    }
}

fn opened(bytes: Vec<u8>) -> Recording {
    crate::open(Box::new(Cursor::new(bytes)), "written").unwrap()
}

/// Index and codes of every frame.
fn frames(recording: &mut Recording) -> Vec<(u64, Vec<i32>)> {
    let (mut block, mut all) = (SampleBlock::new(), Vec::new());
    while let Some(chunk) = recording.read(0, 97, &mut block).unwrap() {
        all.extend(
            (0..chunk.frames)
                .map(|i| (chunk.first_index + i as u64, block.frame_codes(i).to_vec())),
        );
    }
    all
}

#[test]
fn bytes_are_those_of_the_specification() {
    let mut writer = XdfWriter::create(Memory::default(), "2026-11-23T10:30:00Z").unwrap();
    let one = writer.add_stream(&stream(10.0, XdfFormat::Int32, 1)).unwrap();
    let before = writer.file_bytes() as usize;
    writer.append(one, 5.1, &[192, -1]).unwrap();
    writer.flush().unwrap();
    let bytes = writer.target_mut().get_ref();
    assert_eq!(bytes[..7], *b"XDF:\x04\x63\x00");
    let mut wanted = vec![4, 29, 0, 0, 0, 3, 0, 2, 0, 0, 0, 4, 2, 0, 0, 0, 8];
    wanted.extend(5.1_f64.to_le_bytes());
    wanted.extend([192, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(bytes[before..], wanted);
}

#[test]
fn headers_say_rate_unit_scale_and_gain() {
    let mut writer = XdfWriter::create(Memory::default(), "2026-11-23T10:30:00.250+0100").unwrap();
    writer.add_stream(&stream(333.3, XdfFormat::Int32, 2)).unwrap();
    let bytes = writer.close().unwrap().into_inner();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for part in [
        "<name>board &lt;1&gt;</name>",
        "<nominal_srate>333.3</nominal_srate>",
        "<unit>microvolts</unit>",
        "<gain>24</gain>",
        "<scaling_factor>0.022351741790771484</scaling_factor>",
        "<can_drop_samples>true</can_drop_samples>",
        "<note_sample_rate_register>0x96</note_sample_rate_register>",
        "<sample_count>0</sample_count>",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let recording = opened(bytes);
    let info = recording.info();
    assert_eq!(
        (info.format, info.streams[0].name.as_str(), info.streams[0].rate_hz),
        (Format::Xdf, "board <1>", 333.3)
    );
    assert_eq!(info.start.map(crate::Start::unix_ns_as_utc), Some(1_795_426_200_250_000_000));
    let channel = &info.streams[0].channels[1];
    assert_eq!((channel.label.as_str(), channel.microvolts_of(8_388_608)), ("E1", Some(187_500.0)));
}

#[test]
fn gaps_move_the_index_and_are_declared() {
    let mut writer = XdfWriter::create(Memory::default(), "").unwrap();
    let id = writer.add_stream(&stream(250.0, XdfFormat::Int32, 1)).unwrap();
    let (mut lost, mut wanted) = (0, Vec::new());
    for packet in 0..200_u64 {
        if packet % 10 == 7 {
            writer.gap(id, (packet * 25 + lost) as f64 / 250.0, packet, "ring full").unwrap();
            lost += packet;
        }
        let first = packet * 25 + lost;
        let codes: Vec<i32> = (0..25).map(|i| (first + i) as i32 * 3).collect();
        wanted.extend((0..25).map(|i| (first + i, vec![(first + i) as i32 * 3])));
        writer.append(id, first as f64 / 250.0, &codes).unwrap();
        assert_eq!(writer.next_index(id), first + 25);
    }
    let mut recording = opened(writer.close().unwrap().into_inner());
    assert_eq!(frames(&mut recording), wanted);
    let gaps: Vec<Gap> =
        recording.annotations().filter_map(|note| Gap::parse(&note.unwrap().text)).collect();
    assert_eq!((gaps.len(), gaps.iter().map(|gap| gap.count).sum::<u64>()), (20, lost));
    assert_eq!((gaps[0].index, gaps[0].count), (175, 7));
    assert_eq!(recording.warnings(), [""; 0]);
}

#[test]
fn values_and_clock_offsets() {
    let mut writer = XdfWriter::create(Memory::default(), "").unwrap();
    let id = writer.add_stream(&stream(500.0, XdfFormat::Float32, 2)).unwrap();
    writer.append_values(id, 1000.0, &[1.5, f32::NAN, -2.0, 0.25]).unwrap();
    for i in 0..5 {
        writer.clock_offset(1000.0 + f64::from(i) * 5.0, 3.0 + f64::from(i) * 1e-4).unwrap();
    }
    writer.marker(1000.002, "second sample").unwrap();
    assert!(writer.append(id, 1000.004, &[1, 2]).is_err());
    let mut recording = opened(writer.close().unwrap().into_inner());
    assert_eq!(recording.info().streams[0].sample_kind, SampleKind::Microvolts);
    let mut block = SampleBlock::new();
    recording.read(0, 9, &mut block).unwrap();
    assert_eq!((block.microvolts[0], block.microvolts[2..].to_vec()), (1.5, vec![-2.0, 0.25]));
    assert!(block.microvolts[1].is_nan());
    let note = recording.annotations().next().unwrap().unwrap();
    assert_eq!(note.text, "second sample");
    assert!((note.onset_s - 0.002).abs() < 1e-9, "{}", note.onset_s);
}

/// A disk with room for so many bytes, counted over all writes.
struct Disk {
    file: Memory,
    room: usize,
}

impl Target for Disk {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let fits = self.room.min(bytes.len());
        self.room -= fits;
        self.file.write_at(at, &bytes[..fits])?;
        if fits == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    fn cut(&mut self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_write_that_stops_anywhere_leaves_whole_chunks() {
    for room in (0..4400).step_by(37) {
        let disk = Disk { file: Memory::default(), room };
        let Ok(mut writer) = XdfWriter::create(disk, "") else { continue };
        let Ok(id) = writer.add_stream(&stream(100.0, XdfFormat::Int32, 2)) else { continue };
        let mut failed = false;
        for i in 0..400_i32 {
            failed |= writer.append(id, f64::from(i) / 100.0, &[i, -i]).is_err();
        }
        assert!(failed);
        let mut recording = opened(writer.target_mut().file.get_ref().clone());
        let found = frames(&mut recording);
        assert_eq!(found.len() % 50, 0, "chunks are half a second");
        for (i, (index, frame)) in found.iter().enumerate() {
            assert_eq!((*index, frame.as_slice()), (i as u64, &[i as i32, -(i as i32)][..]));
        }
        // Room again: what was taken is written, the rest is given again.
        writer.target_mut().room = 1 << 20;
        for i in writer.next_index(id) as i32..400 {
            writer.append(id, f64::from(i) / 100.0, &[i, -i]).unwrap();
        }
        let mut recording = opened(writer.close().unwrap().file.into_inner());
        assert_eq!(frames(&mut recording).len(), 400);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_written_is_read_again(
        rate in prop::sample::select(vec![1.0, 12.8, 250.0, 333.3, 16_000.0]),
        channels in 1..20_usize,
        packets in prop::collection::vec((1..300_usize, 0..50_u64), 0..20),
        origin in prop::sample::select(vec![0.0, 5.1, 1_795_430_000.25]),
        texts in prop::collection::vec("[ -~\u{e4}\u{4e2d}]{1,60}", 0..20),
    ) {
        let mut writer = XdfWriter::create(Memory::default(), "").unwrap();
        let id = writer.add_stream(&stream(rate, XdfFormat::Int32, channels)).unwrap();
        let (mut index, mut wanted) = (0_u64, Vec::new());
        for (count, lost) in &packets {
            let lost = if index == 0 { 0 } else { *lost };
            index += lost;
            let frame = |i: u64| (0..channels).map(|c| (i as i32).wrapping_mul(7919) + c as i32).collect::<Vec<_>>();
            let now: Vec<_> = (index..index + *count as u64).map(|i| (i, frame(i))).collect();
            let codes: Vec<i32> = now.iter().flat_map(|(_, frame)| frame.clone()).collect();
            writer.append(id, origin + index as f64 / rate, &codes).unwrap();
            index += *count as u64;
            wanted.extend(now);
        }
        for (i, text) in texts.iter().enumerate() {
            writer.marker(origin + i as f64 * 3.0 / rate, text).unwrap();
        }
        let mut recording = opened(writer.close().unwrap().into_inner());
        prop_assert_eq!(recording.info().streams[0].frames, Some(wanted.len() as u64));
        prop_assert_eq!(frames(&mut recording), wanted.clone());
        let texts: Vec<(usize, String)> = texts.iter().map(|text| text.trim().to_owned()).enumerate()
            .filter(|(_, text)| !text.is_empty()).collect();
        let zero = if wanted.is_empty() { -origin } else { 0.0 };
        let found: Vec<(usize, String)> = recording.annotations().map(Result::unwrap)
            .map(|note| (((note.onset_s + zero) * rate / 3.0).round() as usize, note.text)).collect();
        prop_assert_eq!(found, texts);
    }
}
