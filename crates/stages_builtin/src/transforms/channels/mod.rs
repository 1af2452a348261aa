//! Channels: which of them, under which names, against which reference.

pub(crate) mod bipolar;
pub(crate) mod car;
pub(super) mod labels;
pub(crate) mod laplacian;
mod reference;
pub(crate) mod rename;
pub(crate) mod rereference;
pub(crate) mod select;
pub(super) mod sensor;
