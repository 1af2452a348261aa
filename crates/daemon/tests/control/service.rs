//! eegd under a service manager: what it is told, and a pipeline file that is read again.

use crate::common::Scratch;
use crate::support::{Rig, TWO_BRANCHES};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// The side of the manager.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    /// Starts eegd on the pipeline, under a watchdog of so many microseconds.
    fn start(pipeline: &str, watchdog_us: &str) -> (Self, Rig) {
        let scratch = Scratch::new(pipeline);
        let path = scratch.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut command = scratch.eegd("run", &["--listen", "127.0.0.1:0"]);
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", watchdog_us);
        let live = crate::common::Live::start(&mut command);
        (Self { socket, heard: Vec::new() }, Rig { scratch, live })
    }

    fn listen(&mut self) {
        let mut bytes = [0; 4096];
        loop {
            match self.socket.recv(&mut bytes) {
                Ok(n) => {
                    let text = String::from_utf8(bytes[..n].to_vec()).unwrap();
                    self.heard.extend(text.lines().map(str::to_owned));
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn count(&self, line: &str) -> usize {
        self.heard.iter().filter(|heard| *heard == line).count()
    }

    /// Listens until a line has come so many times.
    fn until(&mut self, rig: &Rig, line: &str, times: usize) {
        rig.live.until(&format!("{times} times {line}"), |_| {
            self.listen();
            self.count(line) >= times
        });
    }
}

#[test]
fn the_manager_hears_when_it_is_ready_alive_and_stopping() {
    let (mut manager, rig) = Manager::start(TWO_BRANCHES, "400000");
    manager.until(&rig, "READY=1", 1);
    assert!(
        manager.heard.iter().any(|line| line.starts_with("STATUS=runs ")),
        "{:?}",
        manager.heard
    );
    manager.until(&rig, "WATCHDOG=1", 10);
    rig.live.signal("-TERM");
    assert_eq!(rig.live.end().0, Some(0));
    manager.listen();
    assert_eq!(manager.count("STOPPING=1"), 1, "{:?}", manager.heard);
}

#[test]
fn a_pipeline_in_which_nothing_moves_is_not_called_alive_and_one_that_has_ended_is() {
    // A source that stands still: its next packet is an hour away.
    let standing = "\
- playback: { path: '{data}/cyton_blinks_jaw_alpha.bdf', speed: 0.00001 }
- websocket_sink: { topic: x }
";
    let (mut manager, rig) = Manager::start(standing, "2000000");
    manager.until(&rig, "READY=1", 1);
    // Only for as long as that cannot be told.
    let mut last = usize::MAX;
    rig.live.until("the watchdog is left to bite", |_| {
        std::thread::sleep(Duration::from_secs(3));
        manager.listen();
        std::mem::replace(&mut last, manager.count("WATCHDOG=1")) == manager.count("WATCHDOG=1")
    });
    rig.post("/pipeline/shutdown").ok();
    let then = manager.count("WATCHDOG=1");
    manager.until(&rig, "WATCHDOG=1", then + 3);
    rig.live.signal("-TERM");
    let (code, words) = rig.live.end();
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(words.matches("no sample moves at stage `playback`").count(), 1, "{words}");
}

#[test]
fn a_hang_up_has_the_pipeline_file_read_again_and_a_bad_one_changes_nothing() {
    let (mut manager, rig) = Manager::start(TWO_BRANCHES, "60000000");
    let revision = || rig.pipeline()["revision"].as_u64().unwrap();
    let hz = || rig.pipeline()["config"]["stages"]["notch"]["params"]["hz"].clone();
    let (file, first) = (rig.scratch.path("p.yaml"), revision());
    manager.until(&rig, "READY=1", 1);
    fs::write(&file, TWO_BRANCHES.replace("hz: 60", "hz: 50")).unwrap();
    rig.live.signal("-HUP");
    manager.until(&rig, "RELOADING=1", 1);
    manager.until(&rig, "READY=1", 2);
    assert!(revision() > first);
    assert_eq!(hz(), 50.0);
    let taken = rig.live.figure("filtered", "frames_in");

    let second = revision();
    fs::write(&file, TWO_BRANCHES.replace("hz: 60", "hertz: 40")).unwrap();
    rig.live.signal("-HUP");
    manager.until(&rig, "READY=1", 3);
    assert_eq!((revision(), hz()), (second, 50.0.into()));
    rig.until_frames("filtered", taken + 200);
    rig.live.signal("-TERM");
    let (code, words) = rig.live.end();
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("was read again: revision"), "{words}");
    assert!(words.contains("was not taken") && words.contains("no parameter `hertz`"), "{words}");
}

#[test]
fn the_demo_has_no_file_to_read_again_and_says_so() {
    let scratch = Scratch::new(TWO_BRANCHES);
    let mut command = crate::common::eegd(&["run", "--listen", "127.0.0.1:0", "--data-dir", "out"]);
    command.current_dir(scratch.folder.path());
    let live = crate::common::Live::start(&mut command);
    live.signal("-HUP");
    live.until("it is still there", |live| live.get("/pipeline")["state"] == "running");
    live.signal("-TERM");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("no PIPELINE was named"), "{words}");
}
