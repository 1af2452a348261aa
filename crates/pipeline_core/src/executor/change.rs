//! A change to a running pipeline, on its way through the queues together with the data.

use crate::stage::StageImpl;
use std::sync::Mutex;
use std::sync::mpsc::SyncSender;

/// New stages for old, taking effect at one sample of each.
///
/// Every thread that meets it takes out what is its own, applies it between two packets and says at which sample.
/// When the last handle is gone the acknowledgement channel closes: then the change has passed everywhere.
pub(crate) struct Change {
    replacements: Mutex<Vec<(usize, Box<dyn StageImpl>)>>,
    acknowledge: SyncSender<Applied>,
}

/// A stage (by its index in the graph) took the change before its input sample of that index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) node: usize,
    pub(crate) at_sample: u64,
}

impl Change {
    pub(crate) const fn new(
        replacements: Vec<(usize, Box<dyn StageImpl>)>,
        acknowledge: SyncSender<Applied>,
    ) -> Self {
        Self { replacements: Mutex::new(replacements), acknowledge }
    }

    /// The new stage for `node`, if this change has one.
    pub(super) fn take(&self, node: usize) -> Option<Box<dyn StageImpl>> {
        let mut replacements =
            self.replacements.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let i = replacements.iter().position(|(n, _)| *n == node)?;
        Some(replacements.swap_remove(i).1)
    }

    pub(super) fn acknowledge(&self, applied: Applied) {
        // The channel has room for every replacement; a caller that has gone does not want to know.
        let _ = self.acknowledge.try_send(applied);
    }
}
