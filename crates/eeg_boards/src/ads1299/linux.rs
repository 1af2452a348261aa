//! The wires of a Linux machine: `spidev` for the bus, GPIO character devices for data-ready, RESET and START.

use super::bus::{Bus, Drdy, Edge, Pin};
use super::timing::{DECODE_CLOCKS, wait_ns};
use crate::clock::monotonic_ns;
use embedded_hal::delay::DelayNs;
use gpiocdev::Request;
use gpiocdev::line::{EdgeDetection, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spidev::{SpiModeFlags, Spidev, SpidevOptions, SpidevTransfer};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One transfer's bytes at most. Longer ones go by DMA on a Raspberry Pi 5, whose driver has been seen to time out.
const TRANSFER_BYTES: usize = 64;
/// Transfers of one message at most: a chain of eight chips.
const TRANSFERS: usize = 4;
/// Edges that the kernel keeps for a late reader, and that are taken from it at once.
const KEPT_EDGES: u32 = 512;
const TAKEN_EDGES: usize = 64;

/// A GPIO line: which chip, by its label or path, and which of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpioLine {
    /// The chip's label, `pinctrl-rp1` on a Raspberry Pi 5 (its number differs between kernels), or a path `/dev/gpiochip0`.
    pub chip: String,
    /// The line's number on that chip: GPIO26 is 26.
    pub line: u32,
}

/// How the board is connected.
#[derive(Debug, Clone, PartialEq)]
pub struct LinuxWiring {
    /// A device for each chip select.
    pub spi: Vec<PathBuf>,
    /// Data-ready of the first chip.
    pub drdy: GpioLine,
    /// The RESET pins, if connected.
    pub reset: Option<GpioLine>,
    /// The START pins, if connected.
    pub start: Option<GpioLine>,
    /// SCLK of commands, at most 3.9 MHz, and of data, at most 20 MHz.
    pub command_hz: u32,
    /// See there.
    pub data_hz: u32,
    /// What the chips' clock runs at.
    pub clock_hz: f64,
}

/// Wires that are opened with the board.
#[derive(Debug)]
pub struct LinuxWires {
    wiring: LinuxWiring,
    spi: Vec<Spidev>,
    drdy: Option<Request>,
    reset: Option<Request>,
    start: Option<Request>,
    /// Edges taken from the kernel but not handed out.
    events: Vec<u64>,
    event_words: usize,
    taken: std::ops::Range<usize>,
}

impl LinuxWires {
    /// Wires as described; nothing is opened yet.
    pub const fn new(wiring: LinuxWiring) -> Self {
        Self {
            wiring,
            spi: Vec::new(),
            drdy: None,
            reset: None,
            start: None,
            events: Vec::new(),
            event_words: 0,
            taken: 0..0,
        }
    }

    fn spi(&mut self, chip: usize) -> io::Result<&mut Spidev> {
        if self.spi.is_empty() {
            for path in &self.wiring.spi {
                let spidev = open_spi(path, self.wiring.data_hz)?;
                self.spi.push(spidev);
            }
        }
        self.spi.get_mut(chip).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn request_drdy(&mut self) -> io::Result<()> {
        let chip = find_chip(&self.wiring.drdy.chip)?;
        let request = Request::builder()
            .on_chip(&chip)
            .with_consumer("eegd data-ready")
            .with_line(self.wiring.drdy.line)
            .as_input()
            .with_edge_detection(EdgeDetection::FallingEdge)
            .with_kernel_event_buffer_size(KEPT_EDGES)
            .request()
            .map_err(|error| line_error(&chip, &self.wiring.drdy, &error))?;
        self.event_words = request.edge_event_u64_size();
        self.events = vec![0; TAKEN_EDGES * self.event_words];
        self.drdy = Some(request);
        Ok(())
    }
}

fn open_spi(path: &PathBuf, data_hz: u32) -> io::Result<Spidev> {
    let shown = path.display();
    let mut spidev = Spidev::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(
            error.kind(),
            format!(
                "there is no {shown}: switch SPI on (`dtparam=spi=on` in /boot/firmware/config.txt, then start again), or name another \
                 device as `spi`"
            ),
        ),
        io::ErrorKind::PermissionDenied => io::Error::new(
            error.kind(),
            format!("{shown} may not be opened: add the user to the group `spi` (`sudo usermod -aG spi USER`), and log in again"),
        ),
        _ => error,
    })?;
    let options = SpidevOptions::new()
        .bits_per_word(8)
        .max_speed_hz(data_hz)
        .mode(SpiModeFlags::SPI_MODE_1)
        .build();
    spidev.configure(&options)?;
    Ok(spidev)
}

/// The path of the chip with a label.
fn find_chip(label: &str) -> io::Result<PathBuf> {
    if label.starts_with('/') {
        return Ok(label.into());
    }
    let mut labels = Vec::new();
    let mut closed = None;
    for path in gpiocdev::chip::chips().unwrap_or_default() {
        let info = gpiocdev::Chip::from_path(&path).and_then(|chip| chip.info());
        match info {
            Ok(info) if info.label == label => return Ok(path),
            Ok(info) => labels.push(format!("`{}`", info.label)),
            Err(error) => closed = closed.or(Some(chip_error(&path, &error))),
        }
    }
    let known = closed.unwrap_or_else(|| match labels.as_slice() {
        [] => "there is none at all: no /dev/gpiochip*".to_owned(),
        labels => format!("there are {}", labels.join(", ")),
    });
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        format!("no GPIO chip is labelled `{label}`; {known}"),
    ))
}

fn chip_error(path: &Path, error: &gpiocdev::Error) -> String {
    let shown = path.display();
    let kind = match error {
        gpiocdev::Error::Os(code) => io::Error::from_raw_os_error(code.0).kind(),
        _ => io::ErrorKind::Other,
    };
    match kind {
        io::ErrorKind::NotFound => {
            format!("there is no {shown}: a label finds a chip whatever its number")
        }
        io::ErrorKind::PermissionDenied => format!(
            "{shown} may not be opened: add the user to the group `gpio` (`sudo usermod -aG gpio USER`), and log in again"
        ),
        _ => format!("{shown}: {error}"),
    }
}

/// Why a line was refused. The kernel's own word is a number, so the chip is asked what it has.
fn line_error(path: &Path, line: &GpioLine, error: &gpiocdev::Error) -> io::Error {
    let GpioLine { chip: label, line: number } = line;
    let about = gpiocdev::Chip::from_path(path)
        .and_then(|chip| Ok((chip.info()?.num_lines, chip.line_info(*number))));
    io::Error::other(match about {
        Err(error) => chip_error(path, &error),
        Ok((lines, _)) if *number >= lines => {
            format!("{label} has no line {number}, its lines are 0 to {}", lines.saturating_sub(1))
        }
        Ok((_, Ok(info))) if info.used => {
            let user = info.consumer;
            format!(
                "line {number} of {label} is in use by `{user}`: stop that, or name another line"
            )
        }
        Ok(_) => format!("line {number} of {label}: {error}"),
    })
}

fn output<'a>(
    line: Option<&GpioLine>,
    request: &'a mut Option<Request>,
    high: bool,
) -> io::Result<Option<&'a Request>> {
    let Some(line) = line else { return Ok(None) };
    if request.is_none() {
        let chip = find_chip(&line.chip)?;
        let requested = Request::builder()
            .on_chip(&chip)
            .with_consumer("eegd")
            .with_line(line.line)
            .as_output(value(high))
            .request()
            .map_err(|error| line_error(&chip, line, &error))?;
        *request = Some(requested);
    }
    Ok(request.as_ref())
}

const fn value(high: bool) -> Value {
    if high { Value::Active } else { Value::Inactive }
}

impl DelayNs for LinuxWires {
    fn delay_ns(&mut self, ns: u32) {
        std::thread::sleep(Duration::from_nanos(u64::from(ns)));
    }
}

impl Bus for LinuxWires {
    fn command(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        let wait_us = wait_ns(DECODE_CLOCKS, self.wiring.clock_hz).div_ceil(1000) as u16;
        let speed_hz = self.wiring.command_hz;
        let mut transfer = SpidevTransfer::read_write_in_place(bytes);
        transfer.speed_hz = speed_hz;
        // Waited before CS rises.
        transfer.delay_usecs = wait_us;
        self.spi(chip)?.transfer(&mut transfer)
    }

    fn data(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        let speed_hz = self.wiring.data_hz;
        let spi = self.spi(chip)?;
        let parts = bytes.len().div_ceil(TRANSFER_BYTES);
        let mut transfers: [SpidevTransfer<'_, '_>; TRANSFERS] =
            std::array::from_fn(|_| SpidevTransfer::delay(0));
        for (transfer, part) in transfers.iter_mut().zip(bytes.chunks_mut(TRANSFER_BYTES)) {
            *transfer = SpidevTransfer::read_write_in_place(part);
            transfer.speed_hz = speed_hz;
        }
        let transfers = transfers.get_mut(..parts).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a chain of more than eight chips")
        })?;
        spi.transfer_multiple(transfers)
    }

    fn data_ns(&self, bytes: usize) -> u64 {
        bytes as u64 * 8_000_000_000 / u64::from(self.wiring.data_hz.max(1))
    }

    fn set(&mut self, pin: Pin, high: bool) -> io::Result<bool> {
        let (line, request) = match pin {
            Pin::Reset => (self.wiring.reset.as_ref(), &mut self.reset),
            Pin::Start => (self.wiring.start.as_ref(), &mut self.start),
        };
        match output(line, request, high)? {
            None => Ok(false),
            Some(request) => {
                request.set_lone_value(value(high)).map_err(io::Error::other)?;
                Ok(true)
            }
        }
    }

    fn name(&self, chip: usize) -> String {
        self.wiring.spi.get(chip).map_or_else(String::new, |path| path.display().to_string())
    }

    fn release(&mut self) {
        self.spi.clear();
        (self.drdy, self.reset, self.start) = (None, None, None);
        self.taken = 0..0;
    }
}

impl Drdy for LinuxWires {
    fn wait(&mut self, deadline_ns: u64) -> io::Result<Option<Edge>> {
        if self.drdy.is_none() {
            self.request_drdy()?;
        }
        let Some(request) = &self.drdy else { return Ok(None) };
        if self.taken.is_empty() {
            let wait_ns = deadline_ns.saturating_sub(monotonic_ns());
            let came = if wait_ns == 0 {
                request.has_edge_event()
            } else {
                request.wait_edge_event(Duration::from_nanos(wait_ns))
            };
            if !came.map_err(io::Error::other)? {
                return Ok(None);
            }
            let words = request.read_edge_events_into_slice(&mut self.events);
            self.taken = 0..words.map_err(io::Error::other)?;
        }
        let from = self.taken.start;
        self.taken.start += self.event_words;
        let event = request
            .edge_event_from_slice(&self.events[from..from + self.event_words])
            .map_err(io::Error::other)?;
        Ok(Some(Edge { monotonic_ns: event.timestamp_ns, line_seqno: event.line_seqno }))
    }

    fn now_ns(&self) -> u64 {
        monotonic_ns()
    }

    fn line_name(&self) -> String {
        format!("line {} of {}", self.wiring.drdy.line, self.wiring.drdy.chip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_or_a_chip_that_is_not_there_is_named_with_the_cure() {
        let line = GpioLine { chip: "no such chip".to_owned(), line: 26 };
        let mut wires = LinuxWires::new(LinuxWiring {
            spi: vec!["/dev/spidev99.0".into()],
            drdy: line,
            reset: None,
            start: None,
            command_hz: 2_000_000,
            data_hz: 8_000_000,
            clock_hz: 2_048_000.0,
        });
        let spi = wires.command(0, &mut [0x11]).unwrap_err().to_string();
        assert!(spi.contains("no /dev/spidev99.0") && spi.contains("dtparam=spi=on"), "{spi}");
        let line = wires.wait(0).unwrap_err().to_string();
        assert!(line.contains("labelled `no such chip`"), "{line}");
        assert!(!wires.set(Pin::Start, true).unwrap());
    }
}
