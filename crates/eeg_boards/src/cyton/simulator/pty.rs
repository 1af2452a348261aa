//! A simulated board in real time on a pseudo-terminal: any program can open it as a serial port.

use super::SimulatedCyton;
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A board that runs until this is dropped.
#[derive(Debug)]
pub struct PtyCyton {
    /// The serial port to open, like `/dev/pts/7`.
    pub path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<SimulatedCyton>>,
}

/// Opens a pseudo-terminal and runs the board on it. When the dongle is unplugged, the terminal is closed, for good.
///
/// # Errors
/// As the system says.
pub fn run(cyton: SimulatedCyton) -> io::Result<PtyCyton> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK)?;
    let name = ptsname(&master, Vec::new())?;
    let path = PathBuf::from(name.to_string_lossy().into_owned());
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = std::thread::Builder::new()
        .name("cyton".to_owned())
        .spawn(move || serve(cyton, master, &stopped))?;
    Ok(PtyCyton { path, stop, thread: Some(thread) })
}

impl PtyCyton {
    /// Stops it, and gives the board back.
    pub fn stop(mut self) -> Option<SimulatedCyton> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().and_then(|thread| thread.join().ok())
    }
}

impl Drop for PtyCyton {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut cyton: SimulatedCyton, master: OwnedFd, stop: &AtomicBool) -> SimulatedCyton {
    let mut master = File::from(master);
    let begun_ns = crate::clock::now().0;
    let mut bytes = [0; 256];
    let mut waiting = VecDeque::new();
    while !stop.load(Ordering::Relaxed) {
        let now_ns = crate::clock::now().0 - begun_ns;
        if !cyton.is_plugged_in(now_ns) {
            break;
        }
        // Nobody has opened it, or nothing was sent: both are errors of a read that does not wait.
        if let Ok(count) = master.read(&mut bytes) {
            cyton.receive(&bytes[..count], now_ns);
        }
        cyton.transmit(now_ns, &mut waiting);
        while !waiting.is_empty() {
            match master.write(waiting.make_contiguous()) {
                Ok(count) => drop(waiting.drain(..count)),
                // The reader is late and the terminal full: what comes now is lost, as with a real port.
                Err(_) => waiting.clear(),
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    cyton
}
