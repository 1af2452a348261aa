//! Channels: which of them, under which names, against which reference.

pub(crate) mod bipolar;
pub(crate) mod car;
mod labels;
mod reference;
pub(crate) mod rename;
pub(crate) mod rereference;
pub(crate) mod select;
pub(super) mod sensor;
