//! The right to real-time priority, tried: a thread asks for one and reads back what it has.

use pipeline_core::executor::{Group, Refused, arrange_this_thread};

/// That of acquisition in the pipelines that come with eegd: above interrupt threads (50).
pub(crate) const ACQUISITION_PRIORITY: u8 = 80;

/// The priority that a thread of its own got, or what the system said.
pub(crate) fn try_priority() -> Result<u8, String> {
    let asked = Group { priority: Some(ACQUISITION_PRIORITY), ..Group::default() };
    let thread = std::thread::Builder::new().name("trial".to_owned());
    let thread =
        thread.spawn(move || arrange_this_thread(&asked)).map_err(|error| error.to_string())?;
    let got = thread.join().map_err(|_| "the thread that tried has panicked".to_owned())?;
    let refused = got.refused.into_iter().find_map(|refused| match refused {
        Refused::Priority { why, .. } => Some(why),
        Refused::Cores { .. } | Refused::Affinity { .. } => None,
    });
    match (got.priority, refused) {
        (_, Some(why)) => Err(why),
        (Some(ACQUISITION_PRIORITY), None) => Ok(ACQUISITION_PRIORITY),
        (has, None) => Err(format!("it was given, and reads {} afterwards", has.unwrap_or(0))),
    }
}
