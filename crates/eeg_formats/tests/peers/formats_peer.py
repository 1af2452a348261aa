"""Compares the readers, sample for sample, with pyedflib, edfio and MNE, and text with numpy.

    cargo test -p daemon --test peers          all peers, with what they need installed and built
    EEG_FORMATS_DUMP=.../dump pytest ...       this file alone; EEG_FORMATS_DUMP is the example `dump`, built

Recordings are those of the repository's `data/` folder, and EDF+D and BDF+D files made here with gaps.
A peer that cannot read a file is listed in REFUSES with its reason, and the test holds that it still refuses.
"""

import io
import math
import os
import pathlib
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

HERE = pathlib.Path(__file__).resolve()
ROOT = HERE.parents[4]
DATA = ROOT / "data"
EDF_AND_BDF = sorted(p.name for p in DATA.iterdir() if p.suffix in (".edf", ".bdf"))
TEXT = sorted(p.name for p in DATA.iterdir() if p.suffix == ".txt")

# (peer, file): words of the peer's refusal
REFUSES = {
    ("pyedflib", "biosemi_73ch_2048hz_1s.bdf"): "Number of Datarecords",
}


def dump_binary():
    path = os.environ.get("EEG_FORMATS_DUMP")
    if not path or not pathlib.Path(path).exists():
        pytest.fail("set EEG_FORMATS_DUMP to the dump example: cargo build --release -p eeg_formats --example dump")
    return path


def run(*arguments):
    done = subprocess.run([dump_binary(), *map(str, arguments)], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def channels(path):
    """name -> stream, rate, frames, unit, scale, offset"""
    rows = [line.split("\t") for line in run(path, "--info").splitlines()]
    return {r[3]: dict(stream=r[0], rate=float(r[1]), frames=r[2], unit=r[4], scale=float(r[5]), offset=float(r[6])) for r in rows}


def samples(path, stream, dtype):
    """sample indices, and name -> values"""
    text = run(path, "--stream", stream)
    header, body = text.split("\n", 1)
    table = np.loadtxt(io.StringIO(body), delimiter=",", dtype=dtype, ndmin=2)
    return table[:, 0].astype(np.int64), dict(zip(header.split(",")[1:], table[:, 1:].T))


def ours(path):
    """name -> codes, for all streams; and the info"""
    info = channels(path)
    codes = {}
    for stream in sorted({c["stream"] for c in info.values()}):
        index, values = samples(path, stream, np.int64)
        assert len(index) == int(next(c["frames"] for c in info.values() if c["stream"] == stream))
        codes.update(values)
    return info, codes


@pytest.mark.parametrize("name", EDF_AND_BDF)
def test_pyedflib_codes_and_annotations(name):
    import pyedflib

    path = DATA / name
    if ("pyedflib", name) in REFUSES:
        with pytest.raises(OSError) as refusal:
            pyedflib.EdfReader(str(path))
        assert REFUSES["pyedflib", name] in str(refusal.value)
        return
    info, codes = ours(path)
    with pyedflib.EdfReader(str(path)) as peer:
        labels = [label.strip() for label in peer.getSignalLabels()]
        assert labels == [n for n in labels if n in info] and len(labels) == len(info)
        for i, label in enumerate(labels):
            np.testing.assert_array_equal(codes[label], peer.readSignal(i, digital=True), err_msg=label)
            physical = codes[label] * info[label]["scale"] + info[label]["offset"]
            step = abs(info[label]["scale"])
            np.testing.assert_allclose(physical, peer.readSignal(i), rtol=0, atol=step * 1e-6, err_msg=label)
            assert peer.getSampleFrequency(i) == pytest.approx(info[label]["rate"], rel=1e-12)
        onsets, durations, texts = peer.readAnnotations()
    compare_annotations(path, onsets, durations, texts)


@pytest.mark.parametrize("name", EDF_AND_BDF)
def test_edfio_codes(name):
    import edfio

    path = DATA / name
    info, codes = ours(path)
    peer = edfio.read_bdf(path) if path.suffix == ".bdf" else edfio.read_edf(path)
    assert len(peer.signals) == len(info)
    for signal in peer.signals:
        np.testing.assert_array_equal(codes[signal.label], signal.digital, err_msg=signal.label)
        assert signal.sampling_frequency == pytest.approx(info[signal.label]["rate"], rel=1e-12)
    notes = list(peer.annotations)
    compare_annotations(path, [n.onset for n in notes], [n.duration for n in notes], [n.text for n in notes])


@pytest.mark.parametrize("name", EDF_AND_BDF)
def test_mne_values(name):
    import mne

    path = DATA / name
    info, codes = ours(path)
    read = mne.io.read_raw_bdf if path.suffix == ".bdf" else mne.io.read_raw_edf
    # One rate at a time: MNE would otherwise resample the slower channels.
    for stream in sorted({c["stream"] for c in info.values()}):
        wanted = [n for n, c in info.items() if c["stream"] == stream]
        raw = read(path, include=wanted, preload=True, stim_channel=False, verbose="error")
        volts = raw.get_data()
        assert volts.shape == (len(wanted), int(info[wanted[0]]["frames"]))
        assert raw.info["sfreq"] == pytest.approx(info[wanted[0]]["rate"], rel=1e-12)
        for label, peer in zip(raw.ch_names, volts):
            factor = {"uV": 1e-6, "mV": 1e-3, "V": 1.0}.get(info[label]["unit"], 1.0)
            physical = (codes[label] * info[label]["scale"] + info[label]["offset"]) * factor
            atol = abs(info[label]["scale"]) * factor * 1e-6
            np.testing.assert_allclose(physical, peer, rtol=1e-12, atol=atol, err_msg=label)


def compare_annotations(path, onsets, durations, texts):
    found = [line.split("\t") for line in run(path, "--annotations").splitlines()]
    assert [f[2] for f in found] == list(texts)
    np.testing.assert_allclose([float(f[0]) for f in found], np.array(onsets, float), atol=1e-6)
    for mine, peer in zip(found, durations):
        assert (float(mine[1]) if mine[1] else 0.0) == pytest.approx(max(float(peer or 0), 0.0))


# Files with gaps, made here without any of the libraries.

SIGNALS = [("EEG Fp1-Ref", 250), ("EEG Cz-Ref", 250), ("Resp", 25)]


def field(text, width):
    data = str(text).encode("latin-1")
    assert len(data) <= width
    return data.ljust(width)


def make_discontinuous(path, onsets, duration, width, seed):
    """Writes a file whose records start at `onsets`; gives the codes of each signal."""
    rng = np.random.default_rng(seed)
    note_bytes = 60
    top = 2 ** (8 * width - 1)
    specs = [(label, "uV", -3276.8, 3276.7, -top, top - 1, n) for label, n in SIGNALS]
    kind = "BDF" if width == 3 else "EDF"
    specs.append((f"{kind} Annotations", "", -1, 1, -top, top - 1, note_bytes // width))
    head = b"\xffBIOSEMI" if width == 3 else field("0", 8)
    head += field("X X X X", 80) + field("Startdate 23-NOV-2026 X X X", 80) + field("23.11.26", 8) + field("10.00.00", 8)
    head += field(256 * (len(specs) + 1), 8) + field(f"{kind}+D", 44) + field(len(onsets), 8) + field(duration, 8)
    head += field(len(specs), 4)
    for column, size in ((0, 16), (None, 80), (1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (None, 80), (6, 8), (None, 32)):
        head += b"".join(field("" if column is None else spec[column], size) for spec in specs)
    codes = {label: [] for label, _ in SIGNALS}
    body = b""
    for number, onset in enumerate(onsets):
        for label, n in SIGNALS:
            values = rng.integers(-top, top, n)
            codes[label].append(values)
            body += values.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
        tal = f"+{onset:.10g}\x14\x14\x00".encode() + f"+{onset + 0.1:.10g}\x150.05\x14event {number} µ\x14\x00".encode()
        body += tal.ljust(note_bytes, b"\0")
    path.write_bytes(head + body)
    return {label: np.concatenate(parts) for label, parts in codes.items()}


ONSETS = {
    "one gap": [0, 1, 2, 7.5, 8.5],
    "every record": [0.004, 2, 4.1, 9.333, 100],
    "no gap": [0, 1, 2, 3],
    "an hour": [0, 3600, 3601, 7200.25],
}


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("onsets", ONSETS.values(), ids=ONSETS.keys())
def test_gaps(tmp_path, onsets, width):
    path = tmp_path / ("gaps.bdf" if width == 3 else "gaps.edf")
    truth = make_discontinuous(path, onsets, 1, width, seed=7)
    info = channels(path)
    assert list(info) == [label for label, _ in SIGNALS]
    for label, rate in SIGNALS:
        index, values = samples(path, info[label]["stream"], np.int64)
        # Each record starts where its onset says, to half a sample for every gap before it; within, one by one.
        starts = index.reshape(len(onsets), rate)
        assert (np.diff(starts, axis=1) == 1).all()
        exact = [Fraction(str(onset)) for onset in onsets]
        gaps = [math.floor((later - earlier - 1) * rate + Fraction(1, 2)) for earlier, later in zip(exact, exact[1:])]
        expected = np.concatenate([[0], np.cumsum(rate + np.array(gaps))])
        np.testing.assert_array_equal(starts[:, 0], expected)
        np.testing.assert_array_equal(values[label], truth[label])


@pytest.mark.parametrize("width", [2, 3])
def test_gaps_against_peers(tmp_path, width):
    import edfio
    import mne
    import pyedflib

    path = tmp_path / ("gaps.bdf" if width == 3 else "gaps.edf")
    onsets = ONSETS["one gap"]
    make_discontinuous(path, onsets, 1, width, seed=8)
    info, codes = ours(path)
    read = edfio.read_bdf if width == 3 else edfio.read_edf
    peer = read(path)
    for signal in peer.signals:
        np.testing.assert_array_equal(codes[signal.label], signal.digital)
    notes = list(peer.annotations)
    compare_annotations(path, [n.onset for n in notes], [n.duration for n in notes], [n.text for n in notes])
    with pytest.raises(OSError, match="discontinuous"):
        pyedflib.EdfReader(str(path))
    # MNE joins the records without their gaps; the values are the same.
    read = mne.io.read_raw_bdf if width == 3 else mne.io.read_raw_edf
    wanted = [label for label, rate in SIGNALS if rate == 250]
    raw = read(path, include=wanted, preload=True, verbose="error")
    for label, volts in zip(raw.ch_names, raw.get_data()):
        physical = (codes[label] * info[label]["scale"] + info[label]["offset"]) * 1e-6
        np.testing.assert_allclose(physical, volts[: len(physical)], rtol=0, atol=info[label]["scale"] * 1e-12)


@pytest.mark.parametrize("name", TEXT)
def test_text_against_numpy(name):
    path = DATA / name
    lines = path.read_text(encoding="utf-8").splitlines()
    top = next(i for i, line in enumerate(lines) if not line.startswith("%"))
    wanted = [i for i, column in enumerate(lines[top].split(",")) if "EXG" in column]
    width = len(lines[top].split(","))
    whole = [line for line in lines[top + 1 :] if len(line.split(",")) == width]
    peer = np.loadtxt(whole, delimiter=",", usecols=wanted).astype(np.float32)
    index, values = samples(path, "0", np.float64)
    np.testing.assert_array_equal(index, np.arange(len(peer)))
    np.testing.assert_array_equal(np.stack(list(values.values()), axis=1).astype(np.float32), peer)


@pytest.mark.parametrize("name", sorted(p.name for p in DATA.iterdir() if p.suffix == ".xdf"))
def test_xdf_against_pyxdf(name):
    import pyxdf

    path = DATA / name
    peers = pyxdf.load_xdf(path, dejitter_timestamps=False)[0]
    numbers = [s for s in peers if s["info"]["channel_format"] != ["string"]]
    # EEG first, otherwise in the order of the file.
    numbers.sort(key=lambda s: s["info"]["type"] != ["EEG"])
    for stream, peer in enumerate(numbers):
        if len(peer["time_stamps"]) == 0:
            continue
        index, values = samples(path, str(stream), np.float64)
        np.testing.assert_array_equal(index, np.arange(len(index)))
        np.testing.assert_array_equal(np.stack(list(values.values()), axis=1).astype(np.float32), peer["time_series"])
    # Ours count on the clock of the EEG, so that onset times rate is a sample; pyxdf's on the recorder's clock.
    own = pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False)[0]
    own = next(s for s in own if s["info"]["stream_id"] == numbers[0]["info"]["stream_id"])["time_stamps"]
    common = numbers[0]["time_stamps"]
    drift, offset = np.polyfit(common - common[0], own - own[0], 1)
    found = [line.split("\t") for line in run(path, "--annotations").splitlines()]
    texts = [s for s in peers if s["info"]["channel_format"] == ["string"]]
    wanted = [((t - common[0]) * drift + offset, v[0]) for s in texts for t, v in zip(s["time_stamps"], s["time_series"])]
    assert [f[2] for f in found] == [text for _, text in wanted]
    # pyxdf fits the clocks robustly, we by least squares.
    np.testing.assert_allclose([float(f[0]) for f in found], [t for t, _ in wanted], rtol=0, atol=1e-6)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-v"]))
