//! Places that lack something: what is missing is named in one sentence, with the right exit code; what is not needed is not missed.

use crate::common::{Scratch, code_and_words, eegd, root};
use rustix::process::geteuid;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const RECORDS: &str = "\
- playback: { path: 'builtin:cyton_blinks_jaw_alpha.bdf', speed: 0 }
- bdf_sink: { path: raw.bdf }
- to_voltage
- csv_sink: { path: out.csv }
";

/// `sh -c script` with mounts of its own; `$@` is the command. Needs root, or user namespaces.
fn with_mounts(scratch: &Scratch, script: &str, command: &Command) -> Command {
    let mut unshare = Command::new("unshare");
    if !geteuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare.args(["--mount", "sh", "-c", script, "sh"]).arg(command.get_program());
    unshare.args(command.get_args()).current_dir(scratch.folder.path());
    unshare
}

#[test]
fn a_read_only_disk_is_1_and_named_with_the_line_of_the_stage() {
    for command in ["process", "run"] {
        let scratch = Scratch::new(RECORDS);
        fs::create_dir(scratch.path("out")).unwrap();
        let more: &[&str] = if command == "run" { &["--listen", "127.0.0.1:0"] } else { &[] };
        let script = "mount -t tmpfs -o ro none out && exec \"$@\"";
        let output = with_mounts(&scratch, script, &scratch.eegd(command, more)).output().unwrap();
        let (code, words) = code_and_words(&output);
        assert_eq!(code, Some(1), "{command}: {words}");
        assert!(words.starts_with("eegd: p.yaml cannot be started\np.yaml:2:3: `bdf_sink`: cannot create out/raw.bdf: Read-only file system"), "{words}");
    }
}

/// A disk of 600 kB: the table does not fit, nor would both.
#[test]
fn a_full_disk_is_1_and_what_is_on_it_can_be_read() {
    let scratch = Scratch::new(RECORDS);
    fs::create_dir(scratch.path("out")).unwrap();
    let script =
        "mount -t tmpfs -o size=600k none out && { \"$@\"; code=$?; cp out/* kept/; exit $code; }";
    fs::create_dir(scratch.path("kept")).unwrap();
    let output = with_mounts(&scratch, script, &scratch.eegd("process", &[])).output().unwrap();
    let (code, words) = code_and_words(&output);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("`csv_sink` failed before sample"), "{words}");
    assert!(words.contains("No space left on device"), "{words}");
    let info = eegd(&["info"]).arg(scratch.path("kept/raw.bdf")).output().unwrap();
    assert!(info.status.success(), "{}", code_and_words(&info).1);
}

#[test]
fn a_board_that_is_not_there_is_1_and_says_how_to_get_it() {
    for (pipeline, device, advice) in [
        ("pieeg_8.yaml", "there is no /dev/spidev0.0", "switch SPI on"),
        ("cyton.yaml", "cannot open /dev/ttyUSB0", "plug the dongle in"),
    ] {
        assert!(
            !Path::new("/dev/spidev0.0").exists() && !Path::new("/dev/ttyUSB0").exists(),
            "this test is for machines without boards"
        );
        let scratch = Scratch::new(RECORDS);
        fs::copy(root().join("pipelines").join(pipeline), scratch.path("p.yaml")).unwrap();
        let output = scratch.eegd("run", &["--listen", "127.0.0.1:0"]).output().unwrap();
        let (code, words) = code_and_words(&output);
        assert_eq!(code, Some(1), "{pipeline}: {words}");
        assert!(words.contains(device) && words.contains(advice), "{words}");
    }
}

/// As `nobody`, who may write nowhere but into a folder that is made for it.
#[test]
fn without_privileges_it_works_and_what_is_not_allowed_is_1() {
    let scratch = Scratch::new(RECORDS);
    let as_nobody = |command: Command| {
        if !geteuid().is_root() {
            return command;
        }
        let mut setpriv = Command::new("setpriv");
        setpriv
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(command.get_program());
        setpriv.args(command.get_args()).current_dir(scratch.folder.path());
        setpriv
    };
    // The binary, too, has to be where nobody may go.
    fs::copy(env!("CARGO_BIN_EXE_eegd"), scratch.path("eegd")).unwrap();
    fs::set_permissions(scratch.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let eegd = |arguments: &[&str]| {
        let mut command = Command::new(scratch.path("eegd"));
        command.args(arguments).current_dir(scratch.folder.path());
        as_nobody(command).output().unwrap()
    };
    fs::create_dir(scratch.path("open")).unwrap();
    fs::set_permissions(scratch.path("open"), fs::Permissions::from_mode(0o777)).unwrap();
    let (code, words) = code_and_words(&eegd(&["process", "p.yaml", "--data-dir", "open"]));
    assert_eq!(code, Some(0), "{words}");

    fs::create_dir(scratch.path("closed")).unwrap();
    fs::set_permissions(scratch.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    let (code, words) = code_and_words(&eegd(&["process", "p.yaml", "--data-dir", "closed"]));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("cannot create closed/raw.bdf: Permission denied"), "{words}");
}

/// A root in which there is nothing but the program and its C library: no /proc, /dev, /etc, /tmp.
#[test]
fn an_empty_container_is_enough() {
    let scratch = Scratch::new(RECORDS);
    let root = scratch.path("root");
    fs::create_dir_all(root.join("data")).unwrap();
    let program = env!("CARGO_BIN_EXE_eegd");
    let ldd = Command::new("ldd").arg(program).output().unwrap();
    let libraries = String::from_utf8(ldd.stdout).unwrap();
    for library in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
        let copy = root.join(&library[1..]);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(library, copy).unwrap();
    }
    fs::copy(program, root.join("eegd")).unwrap();
    fs::copy(scratch.path("p.yaml"), root.join("p.yaml")).unwrap();
    let mut process = Command::new("/eegd");
    process.args(["process", "/p.yaml", "--data-dir", "/data"]);
    let output = with_mounts(&scratch, "exec chroot root \"$@\"", &process).output().unwrap();
    let (code, words) = code_and_words(&output);
    assert_eq!(code, Some(0), "{words}");
    assert!(root.join("data/raw.bdf").is_file());

    // And live: the demo, with its page.
    let mut run = Command::new("/eegd");
    run.args(["run", "--listen", "127.0.0.1:0", "--data-dir", "/data"]);
    let live =
        crate::common::Live::start(&mut with_mounts(&scratch, "exec chroot root \"$@\"", &run));
    live.until("samples flow", |live| live.figure("notch", "frames_in") > 100);
    live.signal("-TERM");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
    assert!(root.join("data/pipeline.yaml").is_file());
}
