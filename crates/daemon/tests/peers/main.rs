//! eegd against programs that were there before: scipy, pyEDFlib, edfio, MNE, numpy, and Python's WebSocket client.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;
mod set_up;

use common::{Live, eegd};
use std::path::Path;
use std::process::Command;

const EEGD: &str = env!("CARGO_BIN_EXE_eegd");

#[test]
fn filters_equal_scipy() {
    let sosfilt = set_up::example("sosfilt");
    set_up::pytest("stages_builtin/tests/peers/dsp_peer.py", &[("EEGD_SOSFILT", &sosfilt)]);
}

#[test]
fn stages_equal_scipy_while_retuned_and_after_a_day() {
    let stage = set_up::example("stage");
    set_up::pytest("stages_builtin/tests/peers/live_peer.py", &[("EEGD_STAGE", &stage)]);
}

#[test]
fn readers_equal_pyedflib_edfio_and_mne() {
    let dump = set_up::example("dump");
    set_up::pytest("eeg_formats/tests/peers/formats_peer.py", &[("EEG_FORMATS_DUMP", &dump)]);
}

#[test]
fn writers_are_read_by_mne_pyedflib_edfio_and_pyxdf() {
    let write = set_up::example("write");
    set_up::pytest("eeg_formats/tests/peers/writers_peer.py", &[("EEG_FORMATS_WRITE", &write)]);
}

#[test]
fn whole_pipelines_equal_scipy_and_the_readers() {
    set_up::pytest("daemon/tests/peers/process_peer.py", &[("EEGD", Path::new(EEGD))]);
}

#[test]
fn a_daemon_killed_while_it_records_leaves_files_that_open() {
    set_up::pytest("daemon/tests/peers/kills_peer.py", &[("EEGD", Path::new(EEGD))]);
}

#[test]
fn a_disk_that_stalls_fails_or_is_full_costs_nothing_that_is_not_said() {
    set_up::pytest("daemon/tests/peers/disk_peer.py", &[("EEGD", Path::new(EEGD))]);
}

#[test]
fn the_truth_of_what_happened_is_read_back_from_the_files() {
    set_up::pytest("daemon/tests/peers/truth_peer.py", &[("EEGD", Path::new(EEGD))]);
}

#[test]
fn an_exported_study_is_read_by_mne_bids_and_accepted_by_the_bids_validator() {
    set_up::pytest("daemon/tests/peers/bids_peer.py", &[("EEGD", Path::new(EEGD))]);
}

#[test]
fn stages_equal_scipy_and_numpy() {
    set_up::pytest("stages_builtin/tests/peers/stages_peer.py", &[("EEGD", Path::new(EEGD))]);
}

#[test]
fn live_frames_hold_the_recording() {
    set_up::pytest("daemon/tests/peers/ws_peer.py", &[("EEGD", Path::new(EEGD))]);
}

#[test]
fn metrics_are_what_promtool_prometheus_and_the_dashboard_expect() {
    set_up::pytest("daemon/tests/peers/metrics_peer.py", &[("EEGD", Path::new(EEGD))]);
}

#[test]
fn the_api_keeps_its_description() {
    set_up::pytest("daemon/tests/peers/api_peer.py", &[("EEGD", Path::new(EEGD))]);
}

/// On the demo, without a token and with one.
#[test]
fn the_websocket_keeps_the_contract() {
    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("token"), TOKEN).unwrap();
    for token in [None, Some(TOKEN)] {
        let mut daemon = eegd(&["--listen", "127.0.0.1:0"]);
        if token.is_some() {
            daemon.args(["--token-file", "token"]);
        }
        let live = Live::start(daemon.current_dir(scratch.path()));
        let mut client = Command::new(set_up::python());
        client.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/ws_client.py")).arg("300");
        client.env("EEGD_URL", format!("http://{}", live.address)).env_remove("EEGD_TOKEN");
        client.envs(token.map(|token| ("EEGD_TOKEN", token)));
        set_up::show(&mut client, "ws_client.py");
        live.signal("-INT");
        let (code, words) = live.end();
        assert_eq!(code, Some(0), "{words}");
    }
}
