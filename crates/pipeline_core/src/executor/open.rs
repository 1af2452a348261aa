//! Opening stages before they take part, and closing those that will not after all.

use super::layout::Layout;
use super::node::Running;
use crate::graph::{GraphError, Node, NodeBody, Role};
use crate::stage::OpenError;
use crate::telemetry::StageState;

/// Opens the stages that `which` picks: sinks first, sources last, so that nothing flows before everything behind it
/// is ready.
///
/// # Errors
/// Every stage that could not be opened; those that could are closed again.
pub(super) fn open(
    nodes: &mut [Node],
    which: impl Fn(usize) -> bool,
) -> Result<(), Vec<GraphError>> {
    let rank = |role: Role| match role {
        Role::Sink => 0,
        Role::Transform => 1,
        Role::Source => 2,
    };
    let mut order: Vec<usize> = (0..nodes.len()).filter(|n| which(*n)).collect();
    order.sort_by_key(|n| rank(nodes[*n].role));
    let mut errors = Vec::new();
    let mut opened = Vec::new();
    for n in order {
        let node = &mut nodes[n];
        let result = match &mut node.body {
            NodeBody::Source(source) => source.open(),
            NodeBody::Stage(stage) => stage.open(),
        };
        match result {
            Ok(()) => opened.push(n),
            Err(OpenError(message)) => {
                errors.push(GraphError::new(format!("/stages/{}", node.id), message));
            }
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    close(nodes, |n| opened.contains(&n));
    Err(errors)
}

/// Closes again what was opened.
pub(super) fn close(nodes: &mut [Node], which: impl Fn(usize) -> bool) {
    for (_, node) in nodes.iter_mut().enumerate().filter(|(n, _)| which(*n)) {
        // What cannot be closed either is no news beside the reason why it is.
        let _ = match &mut node.body {
            NodeBody::Source(source) => source.close(),
            NodeBody::Stage(stage) => stage.close(),
        };
    }
}

/// Closes the stages of a layout that no thread will run. What lives on in another layout has no body here.
pub(super) fn abandon(layout: Layout) {
    for mut seat in layout.seats {
        if !matches!(seat.node.body, Running::Closed) {
            drop(seat.node.close());
            seat.node.stats.set_state(StageState::Failed);
        }
    }
}

/// Opens the source of a layout, which had to wait until the one before had let go of its device.
///
/// # Errors
/// What it said, with its path.
pub(super) fn open_late(layout: &mut Layout) -> Result<(), GraphError> {
    let node = &mut layout.seats[0].node;
    let Running::Source(source) = &mut node.body else { return Ok(()) };
    source.open().map_err(|OpenError(message)| {
        node.body = Running::Closed;
        node.stats.set_state(StageState::Failed);
        GraphError::new(format!("/stages/{}", node.id), message)
    })
}
