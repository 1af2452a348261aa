"""`eegd export bids` as the field reads it: the BIDS validator accepts it without an error, MNE-BIDS reads what was recorded.

    cargo test -p daemon --test peers bids        with what it needs installed and built
    EEGD=.../eegd pytest bids_peer.py             this file alone
"""

import csv
import json
import pathlib
import signal
import subprocess
import sys
import time
import warnings

import mne_bids
import numpy as np
import pytest
from recorded import RATE, eegd, make_signal, recording_daemon

STAGES = """\
- playback: { path: signal.bdf }
- to_voltage
- notch: { hz: 50 }
"""
FULL_SCALE_UV = 187500.0


def until(daemon, frames):
    begun = time.monotonic()
    while daemon.ask("/pipeline")["stages"]["playback"]["frames_out"] < frames:
        assert time.monotonic() - begun < 120
        time.sleep(0.02)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Two studies of one participant and one of another: the dataset, the codes that were played, where markers were set."""
    folder = tmp_path_factory.mktemp("bids")
    codes = make_signal(folder, 60, railed=2, flat=3)
    (folder / "p.yaml").write_text(STAGES)
    daemon = recording_daemon(folder, folder / "out")
    studies, marks = [], []
    for participant, task in (("P001", "rest"), ("P001", "rest"), ("P002", "oddball")):
        meta = daemon.ask("/studies", {"participant": participant, "task": task, "record": ["notch"]})
        first = meta["recordings"][0]["first_sample"]
        until(daemon, first + RATE)
        # A time that a sample bears: a second and a half after the recording's first.
        time_ns = daemon.ask("/markers", {"text": "blink\tleft"})["time_ns"]
        marks.append((first, time_ns))
        until(daemon, first + 2 * RATE)
        studies.append(daemon.ask("/studies/current/stop", {}))
    code, words = daemon.end(signal.SIGINT)
    assert code == 0, words
    folders = [folder / "out" / meta["study"] for meta in studies]
    eegd("export", "bids", "--reference", "linked mastoids", *folders, folder / "dataset")
    eegd("export", "bids", "--power-line-hz", "60", folders[0], folder / "other")
    return folder / "dataset", codes, studies, marks


def test_the_validator_accepts_it(dataset):
    validator = pathlib.Path(sys.executable).with_name("bids-validator-deno")
    command = [sys.executable, validator, "--format", "json", dataset[0]]
    done = subprocess.run(command, capture_output=True, text=True)
    issues = json.loads(done.stdout)["issues"]["issues"]
    errors = [issue for issue in issues if issue["severity"] == "error"]
    assert done.returncode == 0 and not errors, errors or done.stderr
    # What is recommended and only the lab knows is all that it warns of.
    odd = {issue["code"] for issue in issues} - {"JSON_KEY_RECOMMENDED", "SIDECAR_KEY_RECOMMENDED", "TOO_FEW_AUTHORS"}
    assert not odd, odd
    # It does find what is wrong: without a required key there is an error.
    sidecar = next(dataset[0].glob("sub-P002/eeg/*_eeg.json"))
    text = sidecar.read_text()
    sidecar.write_text(text.replace('"EEGReference"', '"Reference"'))
    done = subprocess.run(command, capture_output=True, text=True)
    sidecar.write_text(text)
    assert done.returncode != 0 and "SIDECAR_KEY_REQUIRED" in done.stdout


def test_mne_bids_reads_what_was_recorded(dataset):
    root, codes, studies, marks = dataset
    paths = mne_bids.find_matching_paths(root, datatypes="eeg", suffixes="eeg", extensions=".bdf")
    names = ["sub-P001_task-rest_run-01_eeg.bdf", "sub-P001_task-rest_run-02_eeg.bdf", "sub-P002_task-oddball_run-01_eeg.bdf"]
    assert sorted(path.basename for path in paths) == names
    for path, meta, (first, marked_ns) in zip(sorted(paths, key=lambda path: path.basename), studies, marks):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            raw = mne_bids.read_raw_bids(path, verbose="warning")
        assert raw.info["line_freq"] == 50 and raw.info["sfreq"] == RATE
        assert raw.info["bads"] == ["E2", "E3"]
        sidecar = json.loads(pathlib.Path(str(path.fpath).replace(".bdf", ".json")).read_text())
        frames = round(sidecar["RecordingDuration"] * RATE)
        assert frames >= 2 * RATE and frames == meta["stages"]["study_playback"]["frames_in"]
        found = np.rint(raw.get_data(stop=frames) * 1e6 / (FULL_SCALE_UV / 8388607)).astype(int)
        np.testing.assert_array_equal(found, codes[:, first : first + frames])
        # The first sample's time, from the recording itself.
        started_ns = int(raw.info["meas_date"].timestamp() * 1e6) * 1000
        sample = round((marked_ns - started_ns) / 1e9 * RATE)
        blinks = [note["onset"] for note in raw.annotations if note["description"].endswith("blink left")]
        assert len(blinks) == 1 and abs(blinks[0] * RATE - sample) <= 1, (blinks, sample)
        assert sidecar["TaskName"] == meta["task"] and sidecar["EEGReference"] == "linked mastoids"
        assert sidecar["PowerLineFrequency"] == 50 and sidecar["SoftwareFilters"] == "n/a"
        assert (sidecar["EEGChannelCount"], sidecar["RecordingType"]) == (4, "continuous")


def rows(root, name):
    [path] = root.glob(f"sub-P001/eeg/*run-01_{name}")
    return list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))


def test_tables(dataset):
    root = dataset[0]
    channels = rows(root, "channels.tsv")
    assert [(row["name"], row["type"], row["units"], row["status"]) for row in channels] == [
        ("E0", "EEG", "uV", "good"), ("E1", "EEG", "uV", "good"), ("E2", "EEG", "uV", "bad"), ("E3", "EEG", "uV", "bad"),
    ]
    assert "rail" in channels[2]["status_description"] and "flat" in channels[3]["status_description"]
    events = rows(root, "events.tsv")
    assert list(events[0])[:2] == ["onset", "duration"]
    [blink] = [event for event in events if event["value"] == "blink left"]
    assert round(float(blink["onset"]) * RATE) == int(blink["sample"]) and blink["duration"] == "n/a"
    other = json.loads(next((root.parent / "other").glob("sub-P001/eeg/*_eeg.json")).read_text())
    assert other["PowerLineFrequency"] == 60 and other["EEGReference"] == "n/a"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-v"]))
