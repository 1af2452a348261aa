//! The machine: how busy its cores are, how hot, how much room its disk has; and what the process takes of it.

use super::text::Exposition;
use crate::machine::{Root, core_times, power, process_usage, temperature_c};
use crate::studies::Disk;
use std::path::Path;

pub(super) fn write(out: &mut Exposition, root: &Root, data_dir: &Path) {
    let cores = core_times(root);
    let mut family = out.counter("eegd_core_seconds_total", "Time a core was busy, or idle.");
    for core in &cores {
        let number = core.core.to_string();
        family.sample(&[("core", &number), ("mode", "busy")], core.busy_s);
        family.sample(&[("core", &number), ("mode", "idle")], core.idle_s);
    }
    if let Some(celsius) = temperature_c(root) {
        out.gauge("eegd_temperature_celsius", "Of the processor.").sample(&[], celsius);
    }
    if let Some(power) = power(root) {
        let help = "1 while a Raspberry Pi slows down for lack of voltage or for heat.";
        out.gauge("eegd_throttled", help).sample(&[], u8::from(!power.now().is_empty()));
    }
    if let Some(disk) = Disk::of(data_dir) {
        let help = "Room left for recordings.";
        out.gauge("eegd_data_dir_free_bytes", help).sample(&[], disk.free_bytes);
        let help = "Size of the file system that recordings are written to.";
        out.gauge("eegd_data_dir_size_bytes", help).sample(&[], disk.total_bytes);
    }
    let usage = process_usage(root);
    if let Some(usage) = usage {
        out.counter("process_cpu_seconds_total", "Time the process has run, on all cores.")
            .sample(&[], usage.cpu_s);
        out.gauge("process_resident_memory_bytes", "Memory the process has in RAM.")
            .sample(&[], usage.resident_bytes);
        out.gauge("process_threads", "Threads of the process.").sample(&[], usage.threads);
        out.gauge("process_open_fds", "Files and sockets the process has open.")
            .sample(&[], usage.open_files);
    }
}
