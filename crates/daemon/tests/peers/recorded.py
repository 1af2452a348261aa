"""What tests of recordings share: a signal that is known without eegd, a daemon that records it, and the field's readers for all four formats."""

import os
import pathlib
import subprocess

import edfio
import mne
import numpy as np
import pyedflib
import pyxdf
from live_daemon import Daemon

RATE, CHANNELS = 500, 4
FULL_SCALE_UV = 187500.0
EEGD = os.environ.get("EEGD", "")
# kind: the rest of its stage's parameters
KINDS = {"bdf": "", "edf": ", max_step_uv: 10", "xdf": "", "csv": ""}
# Samples that were lost, where a format has something stand for them.
FILLER = {"bdf": -8388607, "edf": -32767}


def make_signal(folder, seconds, railed=None, flat=None):
    """Writes `signal.bdf`, random codes with both ends of 24 bits among them, with edfio; gives the codes [channel][sample].

    One channel may be at a rail all the time, one flat.
    """
    assert pathlib.Path(EEGD).is_file(), "set EEGD to the binary made by `cargo build`"
    codes = np.random.default_rng(11).integers(-(1 << 23), 1 << 23, (CHANNELS, RATE * seconds), np.int32)
    codes[:, ::100], codes[:, 1::100] = -(1 << 23), (1 << 23) - 1
    if railed is not None:
        codes[railed] = (1 << 23) - 1
    if flat is not None:
        codes[flat] = 1000
    limits = {"physical_range": (-FULL_SCALE_UV, FULL_SCALE_UV), "digital_range": (-(1 << 23), (1 << 23) - 1)}
    signals = [
        edfio.BdfSignal.from_digital(one, RATE, label=f"E{i}", physical_dimension="uV", **limits) for i, one in enumerate(codes)
    ]
    edfio.Bdf(signals, data_record_duration=1).write(folder / "signal.bdf")
    return codes


def sink(kind, name, more=""):
    return f"- {kind}_sink: {{ id: {name}_{kind}, path: {name}.{kind}, inputs: playback{KINDS[kind]}{more} }}\n"


def recording_daemon(folder, here, **more):
    """Whose standard error is read at its end."""
    return Daemon(folder, here, stderr=subprocess.PIPE, **more)


def eegd(*arguments):
    done = subprocess.run([EEGD, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def is_empty(path):
    """Not there yet, or a header and nothing more: without a record no reader takes BDF, without a second row a CSV has no rate."""
    data = path.read_bytes()
    if path.suffix == ".csv":
        return data.count(b"\n") <= 2
    return not data or (path.suffix in (".bdf", ".edf") and data[236:244].strip() in (b"0", b"-1", b""))


def of_edf(path):
    """What the three readers find, and that they agree: index of each sample, digital values [channel][sample], texts."""
    with pyedflib.EdfReader(str(path)) as peer:
        found = np.array([peer.readSignal(i, digital=True) for i in range(peer.signals_in_file)])
        onsets, durations, texts = peer.readAnnotations()
        texts = list(map(str, texts))
    other = edfio.read_bdf(path) if path.suffix == ".bdf" else edfio.read_edf(path)
    np.testing.assert_array_equal(found, np.array([one.digital for one in other.signals]))
    assert sorted(note.text for note in other.annotations) == sorted(texts)
    read = mne.io.read_raw_bdf if path.suffix == ".bdf" else mne.io.read_raw_edf
    raw = read(path, preload=True, stim_channel=False, verbose="error")
    assert raw.info["sfreq"] == RATE and len(raw.annotations) == len(texts)
    top = 8388607 if path.suffix == ".bdf" else 32767
    np.testing.assert_allclose(raw.get_data() * 1e6 / (FULL_SCALE_UV / top), found, atol=1e-3)
    # Filler and padding are declared, and are no samples.
    index = np.arange(found.shape[1])
    real = np.ones(found.shape[1], bool)
    for onset, duration, text in zip(onsets, durations, texts):
        if text.startswith(("Lost samples", "Padding")):
            first = round(onset * RATE)
            made_up = slice(first, first + round(float(duration) * RATE))
            assert (found[:, made_up] == FILLER[path.suffix[1:]]).all(), text
            real[made_up] = False
    return index[real], found[:, real], texts


def of_xdf(path):
    streams = pyxdf.load_xdf(str(path), synchronize_clocks=False, dejitter_timestamps=False)[0]
    eeg = next((one for one in streams if one["info"]["name"] == ["eeg"]), None)
    texts = [text[0] for one in streams if one is not eeg for text in one["time_series"]]
    if eeg is None or not len(eeg["time_series"]):
        return np.arange(0), np.empty((CHANNELS, 0), int), texts
    begun = float(next(text for text in texts if "start_unix_ns=" in text).split("start_unix_ns=")[1].split()[0]) / 1e9
    index = np.rint((np.array(eeg["time_stamps"]) - begun) * RATE).astype(int)
    return index, np.array(eeg["time_series"]).T, texts


def of_csv(path):
    text = path.read_bytes()
    assert text.endswith(b"\n"), text[-80:]
    table = np.array([[float(value) for value in line.split(",")] for line in text.decode().splitlines()[1:]]).reshape(-1, 2 + CHANNELS)
    beside = path.with_name(f"{path.stem}_events.tsv").read_bytes()
    assert beside.endswith(b"\n"), beside[-80:]
    events = [line.split("\t") for line in beside.decode().splitlines()]
    assert all(len(event) == 5 for event in events)
    return table[:, 0].astype(int), table[:, 2:].T.astype(int), [event[4] for event in events[1:]]


READ = {"bdf": of_edf, "edf": of_edf, "xdf": of_xdf, "csv": of_csv}


def read(path, codes):
    """Index of each sample in the file and all texts; that every sample is the one that was played."""
    index, found, texts = READ[path.suffix[1:]](path)
    wanted = codes[:, index]
    if path.suffix == ".edf":
        # The nearest of 65535 steps. The range of the source is not quite symmetric: its codes are half a step of 24 bits off.
        assert np.abs(found - (wanted + 0.5) * (32767 / 8388607.5)).max(initial=0) <= 0.5001, path
    else:
        np.testing.assert_array_equal(found, wanted, err_msg=str(path))
    return index, texts
