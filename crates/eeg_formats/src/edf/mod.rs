//! EDF, EDF+, BDF and BDF+: one layout, in 16-bit and 24-bit samples.
//!
//! Sources: <https://www.edfplus.info/specs/edf.html>, <https://www.edfplus.info/specs/edfplus.html>,
//! <https://www.biosemi.com/faq/file_format.htm>, <https://www.teuniz.net/edfbrowser/bdfplus%20format%20description.html>.

mod annotations;
mod clock;
mod decode;
mod fields;
mod header;
mod layout;
mod reader;
mod start;
#[cfg(test)]
#[path = "../../tests/common/mod.rs"]
mod synthetic;
mod tal;
mod window;

pub use annotations::Annotations;
pub(crate) use reader::EdfReader;
pub use tal::Annotation;
