//! The wire to the board: a serial port, or something that behaves like one.

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::termios::ioctl_tiocexcl;
use serial2::SerialPort;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Bytes to and from the dongle, and a clock to wait by.
pub trait Link: Send {
    /// What it is called, for messages.
    fn name(&self) -> String;

    /// Takes hold of it.
    ///
    /// # Errors
    /// As the system says.
    fn open(&mut self) -> io::Result<()>;

    /// Lets go of it.
    fn close(&mut self);

    /// Waits until bytes come, but `wait_ms` at most; 0 when none have.
    ///
    /// # Errors
    /// When it is gone: nothing will come any more.
    fn read(&mut self, bytes: &mut [u8], wait_ms: u32) -> io::Result<usize>;

    /// Sends bytes.
    ///
    /// # Errors
    /// As the system says.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Does nothing for a while.
    fn sleep(&mut self, wait_ms: u32);

    /// The monotonic clock and the Unix time, nanoseconds.
    fn now(&self) -> (u64, i64);
}

/// A serial port of the system.
#[derive(Debug)]
pub struct SerialLink {
    path: PathBuf,
    port: Option<SerialPort>,
}

/// What the dongle speaks at.
const BAUD: u32 = 115_200;

impl SerialLink {
    /// The port at a path like `/dev/ttyUSB0`. Not opened yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, port: None }
    }

    fn port(&mut self) -> io::Result<&mut SerialPort> {
        self.port.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Link for SerialLink {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn open(&mut self) -> io::Result<()> {
        self.port = None;
        let mut port = SerialPort::open(&self.path, BAUD)?;
        port.set_write_timeout(Duration::from_secs(1))?;
        // Two readers would each get part of the bytes. The lock holds against us, the mode against anybody but the super-user.
        flock(&port, FlockOperation::NonBlockingLockExclusive).map_err(|error| {
            if error == Errno::WOULDBLOCK {
                io::ErrorKind::ResourceBusy.into()
            } else {
                io::Error::from(error)
            }
        })?;
        ioctl_tiocexcl(&port)?;
        self.port = Some(port);
        Ok(())
    }

    fn close(&mut self) {
        self.port = None;
    }

    fn read(&mut self, bytes: &mut [u8], wait_ms: u32) -> io::Result<usize> {
        let port = self.port()?;
        port.set_read_timeout(Duration::from_millis(wait_ms.into()))?;
        match port.read(bytes) {
            // A port that has bytes to read and then none has been hung up.
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Ok(count),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.port()?.write_all(bytes)
    }

    fn sleep(&mut self, wait_ms: u32) {
        std::thread::sleep(Duration::from_millis(wait_ms.into()));
    }

    fn now(&self) -> (u64, i64) {
        crate::clock::now()
    }
}
