//! Where samples go.

pub(crate) mod csv_sink;
pub(crate) mod websocket_sink;
