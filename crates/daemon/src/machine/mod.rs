//! Facts about this machine, read from below a root folder: `/`, or a tree of files made for a test.
//!
//! One fact a file. A fact that the kernel does not show is `None` or empty, never a guess.

mod clock;
mod cores;
mod devices;
mod identity;
mod idle;
pub(crate) mod interrupts;
mod kernel;
mod memory;
mod model;
mod power;
mod privileges;
mod root;
mod temperature;
#[cfg(test)]
pub(crate) mod tree;
mod usage;

pub(crate) use clock::{Keeper, clock_keeper, clock_source};
pub(crate) use cores::{Cores, cores, governors, in_words, load_average};
pub(crate) use devices::{Device, Gpio, gpio_chips, spi_buses};
pub(crate) use identity::{Identity, group_name};
pub(crate) use idle::{
    IdleState, SLOW_TO_WAKE_US, how_to_stay_awake, idle_states, slow_idle_states,
};
pub(crate) use interrupts::{Interrupt, affinity_file, interrupts};
pub(crate) use kernel::{Kernel, Preemption, kernel};
pub(crate) use memory::{Memory, memory};
pub(crate) use model::{Model, model};
pub(crate) use power::{Power, power};
pub(crate) use privileges::highest_priority;
pub(crate) use root::Root;
pub(crate) use temperature::temperature_c;
pub(crate) use usage::{core_times, process_usage, thread_cpu_seconds};
