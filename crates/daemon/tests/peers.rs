//! eegd against programs that were there before: scipy, pyEDFlib, edfio, MNE, numpy, and Python's WebSocket client.

mod peers;

use std::path::Path;

const EEGD: &str = env!("CARGO_BIN_EXE_eegd");

#[test]
fn filters_equal_scipy() {
    let sosfilt = peers::example("sosfilt");
    peers::pytest("stages_builtin/tests/peers/dsp_peer.py", &[("EEGD_SOSFILT", &sosfilt)]);
}

#[test]
fn readers_equal_pyedflib_edfio_and_mne() {
    let dump = peers::example("dump");
    peers::pytest("eeg_formats/tests/peers/formats_peer.py", &[("EEG_FORMATS_DUMP", &dump)]);
}

#[test]
fn whole_pipelines_equal_scipy_and_the_readers() {
    peers::pytest("daemon/tests/peers/process_peer.py", &[("EEGD", Path::new(EEGD))]);
}

#[test]
fn the_websocket_serves_what_the_contract_says() {
    peers::pytest("daemon/tests/peers/ws_peer.py", &[("EEGD", Path::new(EEGD))]);
}
