//! Text recordings of the OpenBCI GUI, versions 2 to 6.
//!
//! Lines of `%` say how many channels there are and at which rate; a line of column names follows (v6, most of v5)
//! or not (v4). Rows: sample counter, EXG channels in microvolts, then accelerometer and others, which are not read.
//! Written from files of `OpenBCI/OpenBCI_GUI` (`data/EEG_Sample_Data`) and its `DataWriterODF`.

mod counter;
mod header;
mod reader;
mod row;

pub(crate) use header::exg_channel;
pub(crate) use reader::OpenBciReader;
