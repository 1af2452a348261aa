//! Everything the checks look at, gathered once: what the system shows, and what was tried.

use super::disk::Disk;
use super::sensors::Sensor;
use crate::machine::{
    self, Cores, Device, Gpio, IdleState, Keeper, Kernel, Memory, Model, Power, Root,
};
use crate::realtime::MemoryLock;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What the system shows of itself.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) model: Model,
    pub(super) kernel: Kernel,
    pub(super) highest_priority: u32,
    pub(super) cores: Cores,
    pub(super) load_average: Option<f64>,
    pub(super) governors: Vec<(usize, String)>,
    pub(super) idle_states: Vec<IdleState>,
    pub(super) temperature_c: Option<f64>,
    pub(super) power: Option<Power>,
    pub(super) spi: Vec<Device>,
    pub(super) gpio: Vec<Gpio>,
    pub(super) clock_keeper: Keeper,
    pub(super) clock_source: Option<String>,
    pub(super) memory: Option<Memory>,
}

impl Facts {
    /// Reads them all.
    pub(super) fn read(root: &Root) -> Self {
        Self {
            model: machine::model(root),
            kernel: machine::kernel(root),
            highest_priority: machine::highest_priority(root),
            cores: machine::cores(root),
            load_average: machine::load_average(root),
            governors: machine::governors(root),
            idle_states: machine::idle_states(root),
            temperature_c: machine::temperature_c(root),
            power: machine::power(root),
            spi: machine::spi_buses(root),
            gpio: machine::gpio_chips(root),
            clock_keeper: machine::clock_keeper(root),
            clock_source: machine::clock_source(root),
            memory: machine::memory(root),
        }
    }
}

/// What was tried on it.
#[derive(Debug)]
pub(super) struct Trials {
    /// The priority that a thread got, or why it did not.
    pub(super) priority: Result<u8, String>,
    pub(super) memory: MemoryLock,
    /// Whether the kernel may be asked for cores that wake up fast.
    pub(super) may_stay_awake: bool,
    pub(super) data_dir: PathBuf,
    pub(super) disk: anyhow::Result<Disk>,
    pub(super) listen: SocketAddr,
    /// Why the address cannot be listened on.
    pub(super) port: Result<(), std::io::ErrorKind>,
    /// The sensors of the pipeline, if one was given.
    pub(super) sensors: Option<Vec<Sensor>>,
}
