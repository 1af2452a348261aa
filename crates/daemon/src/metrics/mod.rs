//! `GET /metrics`: what is known of the pipeline, its clients and its machine, as text for Prometheus.
//!
//! | file | what |
//! |---|---|
//! | `text.rs` | the format |
//! | `pipeline.rs` | stages, edges, sources, recorders, scheduling |
//! | `network.rs` | live clients and topics |
//! | `system.rs` | cores, disk, heat, the process itself |
//!
//! Everything is read when it is asked for, from counters that the data path keeps anyway.

mod network;
mod pipeline;
mod system;
mod text;

pub(crate) use text::CONTENT_TYPE;

use crate::broker::WebSocketBroker;
use crate::host::Host;
use crate::machine::Root;
use std::path::Path;
use text::Exposition;

/// What is asked.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) host: &'a Host,
    pub(crate) broker: &'a WebSocketBroker,
    /// WebSocket clients that are connected.
    pub(crate) clients: usize,
    pub(crate) data_dir: &'a Path,
    pub(crate) root: &'a Root,
}

/// All metrics. Reads small files of the kernel and asks the file system how full it is: not for a network thread.
pub(crate) fn render(asked: &Asked<'_>) -> String {
    let mut exposition = Exposition::default();
    exposition
        .gauge("eegd_build_info", "Always 1; the version is a label.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    pipeline::write(&mut exposition, asked.host, asked.root);
    network::write(&mut exposition, asked.broker, asked.clients);
    system::write(&mut exposition, asked.root, asked.data_dir);
    exposition.into_text()
}
