//! Recordings whose disk did not answer when they were to be closed: their writers go on alone, and can be waited for.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

#[derive(Debug)]
struct Late {
    writers: usize,
    failed: Vec<String>,
}

static LATE: Mutex<Late> = Mutex::new(Late { writers: 0, failed: Vec::new() });
static CLOSED: Condvar = Condvar::new();

/// Leaves a writer to itself. `ended` says what became of it once its thread is over.
pub(super) fn leave(
    writer: JoinHandle<()>,
    ended: impl FnOnce(bool) -> Result<(), String> + Send + 'static,
) {
    LATE.lock().unwrap_or_else(PoisonError::into_inner).writers += 1;
    let wait = move || {
        let ended = ended(writer.join().is_ok());
        let mut late = LATE.lock().unwrap_or_else(PoisonError::into_inner);
        late.writers -= 1;
        late.failed.extend(ended.err());
        CLOSED.notify_all();
    };
    if std::thread::Builder::new().name("late recording".to_owned()).spawn(wait).is_err() {
        // Without a thread nobody can wait for it; it still writes.
        LATE.lock().unwrap_or_else(PoisonError::into_inner).writers -= 1;
    }
}

/// Waits until every recording that was to be closed is, but not without end.
///
/// # Errors
/// What could not be written, since this was last asked; or that a disk does not answer.
pub fn wait_for_late_recordings(patience: Duration) -> Result<(), String> {
    let late = LATE.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut late, waited) = CLOSED
        .wait_timeout_while(late, patience, |late| late.writers > 0)
        .unwrap_or_else(PoisonError::into_inner);
    let failed = std::mem::take(&mut late.failed);
    if waited.timed_out() {
        return Err(format!(
            "the disk has not answered for {} s: what waits is written when it does, if the program still runs then",
            patience.as_secs()
        ));
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}
