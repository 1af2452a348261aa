//! Files written, then read with our own reader.

use super::super::writer_channel::EdfChannel;
use super::*;
use crate::{Annotation, CivilDateTime, Format, Recording, SampleBlock, Scaling, Start};
use proptest::prelude::*;
use std::io::{self, Cursor};

type Memory = Cursor<Vec<u8>>;

fn start() -> CivilDateTime {
    CivilDateTime::from_unix_ns(1_795_430_000_250_000_000, 3600)
}

fn spec(width: SampleWidth, rate_hz: f64, channels: usize) -> EdfSpec {
    let channel = |i| EdfChannel::adc(&format!("E{i}"), 187_500.0);
    EdfSpec::new(width, rate_hz, (0..channels).map(channel).collect(), start())
}

fn bdf(rate_hz: f64, channels: usize) -> EdfWriter<Memory> {
    EdfWriter::create(Memory::default(), &spec(SampleWidth::Bdf24, rate_hz, channels)).unwrap()
}

fn opened(bytes: Vec<u8>) -> Recording {
    crate::open(Box::new(Cursor::new(bytes)), "written").unwrap()
}

fn codes(recording: &mut Recording) -> Vec<i32> {
    let (mut block, mut all) = (SampleBlock::new(), Vec::new());
    while recording.read(0, 777, &mut block).unwrap().is_some() {
        all.extend_from_slice(&block.codes);
    }
    all
}

fn notes(recording: &mut Recording) -> Vec<Annotation> {
    recording.annotations().map(Result::unwrap).collect()
}

/// Codes over the whole range, both ends included.
fn noise(count: usize) -> Vec<i32> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) as i32) >> 8).collect()
}

#[test]
fn every_header_field_is_there() {
    let mut writer = bdf(250.0, 2);
    writer.append(&noise(500)).unwrap();
    let bytes = writer.close().unwrap().into_inner();
    let text = |from: usize, to: usize| std::str::from_utf8(&bytes[from..to]).unwrap().trim_end();
    assert_eq!(bytes[..8], *b"\xFFBIOSEMI");
    assert_eq!(text(8, 88), "X X X X");
    assert_eq!(text(88, 168), "Startdate 23-NOV-2026 X X X");
    assert_eq!((text(168, 176), text(176, 184)), ("23.11.26", "11.33.20"));
    assert_eq!((text(184, 192), text(192, 236)), ("1024", "BDF+C"));
    assert_eq!((text(236, 244), text(244, 252), text(252, 256)), ("2", "0.5", "3"));
    assert_eq!(text(256 + 32, 256 + 48), "BDF Annotations");
    let recording = opened(bytes);
    let info = recording.info();
    assert_eq!((info.format, &info.warnings), (Format::BdfPlusContinuous, &Vec::new()));
    let Some(Start::Local(found)) = info.start else { panic!("no start") };
    assert_eq!(found, start());
    let channel = &info.streams[0].channels[1];
    assert_eq!((channel.digital_min, channel.digital_max), (-8_388_607, 8_388_607));
    assert_eq!((channel.physical_min, channel.physical_max), (-187_500.0, 187_500.0));
}

#[test]
fn codes_go_in_bit_for_bit_even_the_lowest() {
    let mut all = noise(3 * 1000);
    all[7] = -8_388_608;
    all[8] = 8_388_607;
    let mut writer = bdf(500.0, 3);
    for part in all.chunks(3 * 7) {
        writer.append(part).unwrap();
    }
    assert_eq!(writer.next_index(), 1000);
    let mut recording = opened(writer.close().unwrap().into_inner());
    assert_eq!(codes(&mut recording), all);
    assert_eq!(notes(&mut recording), []);
}

#[test]
fn a_code_too_wide_is_refused_before_anything_is_taken() {
    let mut writer = bdf(500.0, 2);
    let error = writer.append(&[1, 2, 3, 8_388_608]).unwrap_err().to_string();
    assert!(
        error.starts_with("channel \"E1\", sample 1: code 8388608 does not fit into 24 bits"),
        "{error}"
    );
    assert_eq!(writer.next_index(), 0);
    assert!(matches!(writer.append(&[1]), Err(WriteError::Frames { samples: 1, channels: 2 })));
}

#[test]
fn the_rest_is_padded_and_said() {
    let mut writer = bdf(100.0, 1);
    writer.append(&noise(130)).unwrap();
    let mut recording = opened(writer.close().unwrap().into_inner());
    let found = codes(&mut recording);
    assert_eq!(found.len(), 150);
    assert!(found[130..].iter().all(|&code| code == -8_388_607));
    let notes = notes(&mut recording);
    let padding = Gap::parse(&notes[0].text).unwrap();
    assert_eq!((padding.kind, padding.index, padding.count), (GapKind::Padding, 130, 20));
    assert_eq!((notes.len(), notes[0].onset_s, notes[0].duration_s), (1, 1.3, Some(0.2)));
}

#[test]
fn gaps_are_filled_and_declared() {
    let mut writer = bdf(250.0, 2);
    let all = noise(2 * 1000);
    let mut sent = 0;
    for i in 0..20 {
        writer.append(&all[sent * 2..(sent + 50) * 2]).unwrap();
        sent += 50;
        writer.gap(i + 1, "ring\nfull").unwrap();
    }
    let mut recording = opened(writer.close().unwrap().into_inner());
    let gaps: Vec<Gap> =
        notes(&mut recording).iter().filter_map(|note| Gap::parse(&note.text)).collect();
    let (mut found, mut index) = (codes(&mut recording), 0);
    assert_eq!(gaps.len(), 21);
    for (i, gap) in gaps[..20].iter().enumerate() {
        index += 50;
        assert_eq!((gap.index, gap.count, gap.cause.as_str()), (index, i as u64 + 1, "ring full"));
        index += gap.count;
    }
    for gap in gaps.iter().rev() {
        let gone = found.drain(gap.index as usize * 2..(gap.index + gap.count) as usize * 2);
        assert!(gone.into_iter().all(|code| code == -8_388_607));
    }
    assert_eq!(found, all, "acquired = written + declared lost");
}

#[test]
fn bursts_of_annotations_are_all_there_at_their_samples() {
    let mut writer = bdf(16_000.0, 4);
    for i in 0..500_u64 {
        writer.annotate(i * 3, None, &format!("note {i} \u{e4}")).unwrap();
    }
    writer.append(&noise(4 * 5000)).unwrap();
    let mut recording = opened(writer.close().unwrap().into_inner());
    let (paddings, notes): (Vec<_>, Vec<_>) =
        notes(&mut recording).into_iter().partition(|note| Gap::parse(&note.text).is_some());
    assert_eq!((paddings.len(), notes.len()), (1, 500));
    for (i, note) in notes.iter().enumerate() {
        assert_eq!(note.text, format!("note {i} \u{e4}"));
        assert_eq!((note.onset_s * 16_000.0).round() as usize, i * 3);
    }
    // They took more records than the samples did, which the padding says.
    let padding = Gap::parse(&paddings[0].text).unwrap();
    assert_eq!(padding.index, 5000);
    assert_eq!(padding.index + padding.count, codes(&mut recording).len() as u64 / 4);
}

#[test]
fn a_recording_without_samples_still_opens() {
    let recording = opened(bdf(250.0, 1).close().unwrap().into_inner());
    assert_eq!(recording.info().warnings, [""; 0]);
    assert_eq!(recording.info().duration_s, Some(0.5));
}

#[test]
fn sixteen_bits_say_what_they_cost() {
    let mut spec = spec(SampleWidth::Edf16, 250.0, 2);
    for channel in &mut spec.channels {
        channel.input = Some(Scaling { scale: 187_500.0 / 8_388_608.0, offset: 0.0 });
        channel.physical = [-1000.0, 1000.0];
    }
    let mut writer = EdfWriter::create(Memory::default(), &spec).unwrap();
    assert!(writer.bits_lost(0) > 0.4 && writer.step(0) < 0.0306);
    // 100 uV, 2000 uV (outside).
    for _ in 0..250 {
        writer.append(&[4474, 89_478]).unwrap();
    }
    assert_eq!(writer.clipped(), 250);
    let mut recording = opened(writer.close().unwrap().into_inner());
    let found = codes(&mut recording);
    let channel = recording.info().streams[0].channels[0].clone();
    assert!((channel.physical(found[0]) - 100.0).abs() < 0.02);
    assert_eq!(found[1], 32767);
    let texts: Vec<String> = notes(&mut recording).into_iter().map(|note| note.text).collect();
    assert!(texts[0].starts_with("Resolution: step=0.030519 bits_lost=0.4"), "{texts:?}");
    assert_eq!(texts[2], "Converted: clipped=250 not_numbers=0");
    spec.channels[1].max_step = Some(0.01);
    assert!(EdfWriter::create(Memory::default(), &spec).is_err());
}

#[test]
fn values_that_are_no_numbers_become_the_filler() {
    let mut writer = bdf(2.0, 1);
    writer.append_values(&[1.0, f32::NAN]).unwrap();
    let mut recording = opened(writer.close().unwrap().into_inner());
    assert_eq!(codes(&mut recording)[..2], [45, -8_388_607]);
    assert_eq!(notes(&mut recording)[1].text, "Converted: clipped=0 not_numbers=1");
}

/// A disk of so many bytes, which takes part of the write that does not fit.
struct Disk {
    file: Memory,
    room: u64,
    may_cut: bool,
}

impl Target for Disk {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let fits = (self.room.saturating_sub(at) as usize).min(bytes.len());
        self.file.write_at(at, &bytes[..fits])?;
        if fits == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        if self.may_cut { self.file.cut(length) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_leaves_whole_records_and_can_be_tried_again() {
    for may_cut in [true, false] {
        let disk = Disk { file: Memory::default(), room: 4000, may_cut };
        let mut writer = EdfWriter::create(disk, &spec(SampleWidth::Bdf24, 100.0, 2)).unwrap();
        let all = noise(2 * 1000);
        let error = writer.append(&all).unwrap_err();
        assert!(error.to_string().starts_with("cannot write record 4: "), "{error}");
        // 1024 + 3 x 780 fit; the fourth record is kept for another try.
        assert_eq!((writer.next_index(), writer.samples_in_file()), (200, 150));
        let lies_there = writer.target_mut().file.get_ref().clone();
        assert_eq!(lies_there.len(), if may_cut { 1024 + 3 * 780 } else { 4000 });
        let mut recording = opened(lies_there);
        assert_eq!(codes(&mut recording), all[..300]);
        // Room again: what was taken is written, the rest is given again.
        writer.target_mut().room = 1 << 20;
        writer.append(&all[400..]).unwrap();
        let bytes = writer.close().unwrap().file.into_inner();
        assert_eq!(codes(&mut opened(bytes)), all);
    }
}

#[test]
fn after_sync_the_header_never_promises_what_is_not_on_the_disk() {
    let spec = EdfSpec { count: CountUpdate::AfterSync, ..spec(SampleWidth::Bdf24, 100.0, 1) };
    let mut writer = EdfWriter::create(Memory::default(), &spec).unwrap();
    writer.append(&noise(250)).unwrap();
    assert_eq!(writer.samples_in_file(), 0);
    writer.sync().unwrap();
    assert_eq!(writer.samples_in_file(), 250);
    assert_eq!(writer.target_mut().get_ref()[236..244], *b"5       ");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_written_is_read_again(
        rate in prop::sample::select(vec![1.0, 12.8, 100.0, 250.0, 333.3, 512.0, 4000.0, 16_000.0]),
        channels in 1..20_usize,
        edf in any::<bool>(),
        frames in 0..3000_usize,
        block in 1..500_usize,
        marks in prop::collection::vec((0..3000_u64, "[ -~\u{e4}\u{4e2d}]{1,60}"), 0..40),
    ) {
        let width = if edf { SampleWidth::Edf16 } else { SampleWidth::Bdf24 };
        let mut writer = EdfWriter::create(Memory::default(), &spec(width, rate, channels)).unwrap();
        let shift = if edf { 8 } else { 0 };
        let all: Vec<i32> = noise(frames * channels).iter().map(|code| code >> shift).collect();
        for part in all.chunks(block * channels) {
            writer.append(part).unwrap();
        }
        for (index, text) in &marks {
            writer.annotate(*index, None, text).unwrap();
        }
        let mut recording = opened(writer.close().unwrap().into_inner());
        prop_assert_eq!(recording.warnings(), [""; 0]);
        let stream_rate = recording.info().streams[0].rate_hz;
        prop_assert!((stream_rate / rate - 1.0).abs() < 1e-6);
        prop_assert_eq!(&codes(&mut recording)[..all.len()], &all[..]);
        let found: Vec<(u64, String)> = notes(&mut recording).into_iter()
            .filter(|note| Gap::parse(&note.text).is_none())
            .map(|note| ((note.onset_s * stream_rate).round() as u64, note.text)).collect();
        let wanted: Vec<(u64, String)> = marks.into_iter()
            .map(|(index, text)| (index, text.trim().to_owned())).filter(|(_, text)| !text.is_empty()).collect();
        prop_assert_eq!(found, wanted);
    }
}
