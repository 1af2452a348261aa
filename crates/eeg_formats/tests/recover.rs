//! Files that a crash, a full disk or a power cut leaves: as they lie there, and made whole.

#[path = "common/crash.rs"]
mod crash;

use crash::{Plan, crashes};
use eeg_formats::{
    Format, GapKind, Inspection, Recording, SampleBlock, open, open_path, recover, recover_copy,
};
use std::collections::HashMap;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

fn plan(format: &str) -> Plan {
    Plan {
        format: format.into(),
        rate_hz: 250.0,
        channels: 3,
        frames: 2500,
        seed: 5,
        notes: 30,
        gaps: 5,
    }
}

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("eeg_formats_{name}_{}", std::process::id()));
        fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Checks every sample against the plan, but for filler and padding; gives the index after the last.
fn check(plan: &Plan, recording: &mut Recording) -> u64 {
    if recording.info().streams.is_empty() {
        return 0;
    }
    let inspection = Inspection::of(recording, |_| ()).expect("what opens can be read");
    let (mut made_up, mut end) = (HashMap::new(), 0);
    for gap in inspection.declared.iter().filter(|_| plan.format != "xdf") {
        (gap.index..gap.index + gap.count).for_each(|index| {
            made_up.insert(index, gap.kind);
        });
    }
    let mut block = SampleBlock::new();
    while let Some(chunk) = recording.read(0, 100, &mut block).expect("what opens can be read") {
        for frame in 0..chunk.frames {
            let index = chunk.first_index + frame as u64;
            match made_up.get(&index) {
                Some(GapKind::Padding) => continue,
                Some(GapKind::Lost) => {}
                None => {
                    let wanted: Vec<i32> =
                        (0..plan.channels).map(|c| plan.code(c, index)).collect();
                    assert_eq!(block.frame_codes(frame), wanted, "sample {index}");
                }
            }
            end = index + 1;
        }
    }
    end
}

#[test]
fn a_killed_writer_leaves_a_file_that_opens_and_misses_at_most_a_record() {
    let folder = Folder::new("killed");
    for format in ["bdf", "edf", "xdf"] {
        let plan = plan(format);
        for (number, (byte, given, file)) in crashes(&plan, 200).unwrap().into_iter().enumerate() {
            let path = folder.0.join(format!("{number}.{format}"));
            fs::write(&path, &file).unwrap();
            let Ok(mut recording) = open_path(&path) else {
                assert!(
                    file.len() < 1600 && given == 0,
                    "{format} stopped at byte {byte} does not open"
                );
                continue;
            };
            let seen = check(&plan, &mut recording);
            assert!(seen + 125 + 3 >= given, "{format} at {byte}: {seen} of {given}");
            let whole = folder.0.join(format!("{number}.whole.{format}"));
            let done = recover_copy(&path, &whole).unwrap();
            let mut recording = open_path(&whole).unwrap();
            assert_eq!(recording.warnings(), [""; 0], "{format} at {byte}: {done:?}");
            assert!(check(&plan, &mut recording) >= seen, "{format} at {byte}");
            // Once whole, it stays as it is.
            let bytes = fs::read(&whole).unwrap();
            assert_eq!(recover(&whole).unwrap().changes, [""; 0]);
            assert_eq!(fs::read(&whole).unwrap(), bytes);
        }
    }
}

#[test]
fn a_file_cut_off_anywhere_is_made_whole() {
    let folder = Folder::new("cut");
    for format in ["bdf", "edf", "xdf"] {
        let plan = plan(format);
        let path = folder.0.join(format!("whole.{format}"));
        plan.write(fs::File::create(&path).unwrap(), |_| ()).unwrap();
        let bytes = fs::read(&path).unwrap();
        for i in 1..200 {
            let cut = 2500 + (bytes.len() - 2500) * i / 200;
            let torn = folder.0.join(format!("{i}.{format}"));
            fs::write(&torn, &bytes[..cut]).unwrap();
            let before = check(&plan, &mut open_path(&torn).unwrap());
            let done = recover(&torn).unwrap();
            assert!(done.bytes[0] == cut as u64 && !done.changes.is_empty());
            let mut recording = open_path(&torn).unwrap();
            assert_eq!(recording.warnings(), [""; 0], "{format} cut at {cut}: {done:?}");
            assert_eq!(check(&plan, &mut recording), before, "{format} cut at {cut}: {done:?}");
        }
    }
}

#[test]
fn zeros_that_a_power_cut_leaves_are_no_records() {
    let folder = Folder::new("zeros");
    for format in ["bdf", "edf", "xdf"] {
        let plan = plan(format);
        let path = folder.0.join(format!("a.{format}"));
        plan.write(fs::File::create(&path).unwrap(), |_| ()).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let keep = bytes.len() * 2 / 3;
        bytes[keep..].fill(0);
        fs::write(&path, &bytes).unwrap();
        recover(&path).unwrap();
        let mut recording = open_path(&path).unwrap();
        let seen = check(&plan, &mut recording);
        assert!(seen > 1300 && seen < 2000, "{format}: {seen}");
    }
}

#[test]
fn acquired_is_measured_plus_lost_from_the_file_alone() {
    for format in ["bdf", "edf", "xdf"] {
        let plan = Plan { gaps: 20, frames: 4200, ..plan(format) };
        let folder = Folder::new(&format!("gaps_{format}"));
        let path = folder.0.join("a");
        let mut acquired = 0;
        plan.write(fs::File::create(&path).unwrap(), |index| acquired = index).unwrap();
        let inspection = Inspection::of(&mut open_path(&path).unwrap(), |_| ()).unwrap();
        assert_eq!((inspection.measured(), inspection.lost()), (4200, 210), "{format}");
        assert_eq!(inspection.measured() + inspection.lost(), acquired);
        let text = inspection.to_string();
        assert!(
            text.contains("measured 4200, lost 210") && text.ends_with("the file is whole\n"),
            "{text}"
        );
    }
}

#[test]
fn lines_without_an_end_go_and_other_files_are_refused() {
    let folder = Folder::new("lines");
    let path = folder.0.join("a.csv");
    fs::write(&path, "sample,time_s,Cz\n0,0,1.5\n1,0.004,2.").unwrap();
    let done = recover(&path).unwrap();
    assert_eq!((done.format, done.changes.len()), (Format::Csv, 1));
    assert_eq!(fs::read_to_string(&path).unwrap(), "sample,time_s,Cz\n0,0,1.5\n");
    assert_eq!(recover(&path).unwrap().changes, [""; 0]);
    let other = folder.0.join("b.bin");
    fs::write(&other, "\x7fELF").unwrap();
    assert!(recover(&other).is_err());
    assert!(
        recover_copy(&path, &other).unwrap_err().to_string().contains("cannot make a new file")
    );
    assert_eq!(fs::read(&other).unwrap(), b"\x7fELF");
}

#[test]
fn written_bytes_in_memory_equal_those_on_disk() {
    let plan = plan("bdf");
    let log = crash::Log::default();
    plan.write(log.clone(), |_| ()).unwrap();
    let folder = Folder::new("disk");
    let path = folder.0.join("a.bdf");
    plan.write(fs::File::create(&path).unwrap(), |_| ()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), log.file_after(log.written()));
    assert!(open(Box::new(Cursor::new(log.file_after(log.written()))), "a").is_ok());
}
