"""Reads what the writers wrote with MNE, pyedflib, edfio and pyxdf: every code, every annotation, every crash.

    cargo test -p daemon --test peers          all peers, with what they need installed and built
    EEG_FORMATS_WRITE=.../write pytest ...     this file alone; EEG_FORMATS_WRITE is the example `write`, built
"""

import logging
import os
import pathlib
import re
import subprocess
import sys
import time

import numpy as np
import pytest

logging.getLogger("pyxdf").setLevel(logging.CRITICAL)


def binary():
    path = os.environ.get("EEG_FORMATS_WRITE")
    if not path or not pathlib.Path(path).exists():
        pytest.fail("set EEG_FORMATS_WRITE to the write example: cargo build --release -p eeg_formats --example write")
    return path


def run(*arguments):
    done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def codes(kind, channels, index, seed):
    """As the example makes them: [channel][sample]"""
    bits = 16 if kind == "edf" else 24
    index = np.asarray(index, np.uint64)
    mixed = index[None] * 2654435761 + np.arange(channels, dtype=np.uint64)[:, None] * 40503 + np.uint64(seed * 97)
    made = (mixed & 0xFFFFFFFF).astype(np.uint32).view(np.int32) >> (32 - bits)
    made[:, index % 1000 == 7] = -(1 << (bits - 1))
    made[:, index % 1000 == 8] = (1 << (bits - 1)) - 1
    return made


def gaps(frames, count):
    """Index and count of each."""
    every = frames // (count + 1)
    return [((i + 1) * every + i * (i + 1) // 2, i + 1) for i in range(count)]


def truth(kind, channels, frames, seed, count):
    """Codes with filler where samples were lost, and which are real."""
    total = frames + count * (count + 1) // 2
    made = codes(kind, channels, np.arange(total), seed)
    real = np.ones(total, bool)
    for index, length in gaps(frames, count):
        made[:, index : index + length] = -32767 if kind == "edf" else -8388607
        real[index : index + length] = False
    return made, real


def notes(frames, seed, count):
    return sorted(((i * 7919 + seed) % frames, f"note {i} µ") for i in range(count))


def read_pyedflib(path):
    import pyedflib

    with pyedflib.EdfReader(str(path)) as peer:
        found = np.array([peer.readSignal(i, digital=True) for i in range(peer.signals_in_file)])
        rate = peer.getSampleFrequency(0)
        onsets, _, texts = peer.readAnnotations()
        # Its getStartdatetime takes tens of nanoseconds for hundreds; the number underneath is right.
        assert str(peer.getStartdatetime()).startswith("2026-11-23 10:30:00")
        assert peer.starttime_subsecond == 2_500_000
    return found, rate, list(zip(onsets, texts))


def read_edfio(path):
    import edfio

    peer = edfio.read_bdf(path) if str(path).endswith("bdf") else edfio.read_edf(path)
    found = np.array([signal.digital for signal in peer.signals])
    assert str(peer.starttime) == "10:30:00.250000" and str(peer.startdate) == "2026-11-23"
    return found, peer.signals[0].sampling_frequency, [(n.onset, n.text) for n in peer.annotations]


def read_mne(path):
    import mne

    read = mne.io.read_raw_bdf if str(path).endswith("bdf") else mne.io.read_raw_edf
    raw = read(path, preload=True, stim_channel=False, verbose="error")
    top = 8388607 if str(path).endswith("bdf") else 32767
    found = raw.get_data() / (187500e-6 / top)
    whole = np.rint(found)
    assert np.abs(found - whole).max(initial=0) < 1e-6
    return whole.astype(np.int64), raw.info["sfreq"], [(a["onset"], a["description"]) for a in raw.annotations]


READERS = {"pyedflib": read_pyedflib, "edfio": read_edfio, "mne": read_mne}

# rate, channels, frames: 1 to 64 channels, 250 to 16,000 Hz, rates that are no whole numbers
SHAPES = [
    (250, 1, 250),
    (250, 1, 2600),
    (250, 64, 1100),
    (500, 16, 2250),
    (12.8, 2, 200),
    (333.3, 3, 5000),
    (1000, 8, 3333),
    (2048, 32, 4100),
    (16000, 1, 33000),
    (16000, 64, 20000),
]


@pytest.mark.parametrize("rate, channels, frames", SHAPES)
@pytest.mark.parametrize("kind", ["bdf", "edf"])
def test_codes_annotations_and_gaps(tmp_path, kind, rate, channels, frames):
    path = tmp_path / f"a.{kind}"
    seed, note_count, gap_count = 3, 60, 5
    run("one", kind, rate, channels, frames, seed, note_count, gap_count, path)
    made, _ = truth(kind, channels, frames, seed, gap_count)
    for name, read in READERS.items():
        found, peer_rate, annotations = read(path)
        assert peer_rate == pytest.approx(rate, rel=1e-6), name
        assert len(found) == channels
        np.testing.assert_array_equal(found[:, : made.shape[1]], made, err_msg=name)
        assert (found[:, made.shape[1] :] == (-32767 if kind == "edf" else -8388607)).all()
        # Half a sample is the most that a rounded onset may be off.
        placed = sorted((round(onset * peer_rate), text) for onset, text in annotations)
        assert [a for a in placed if a[1].startswith("note")] == notes(frames, seed, note_count), name
        lost = [tuple(map(int, re.findall(r"=(\d+)", text)[:2])) for _, text in placed if text.startswith("Lost samples")]
        assert lost == gaps(frames, gap_count), name
        assert all(at == int(re.search(r"index=(\d+)", text)[1]) for at, text in placed if not text.startswith("note")), name
        rest = sum(int(re.search(r"count=(\d+)", t)[1]) for _, t in placed if t.startswith("Padding"))
        assert found.shape[1] == made.shape[1] + rest, name


DAY = 250 * 86400 + 1


@pytest.mark.parametrize("kind", ["bdf", "edf"])
def test_a_day(tmp_path, kind):
    path = tmp_path / f"day.{kind}"
    run("one", kind, 250, 1, DAY, 6, 500, 20, path)
    made, _ = truth(kind, 1, DAY, 6, 20)
    for name, read in READERS.items():
        found, rate, annotations = read(path)
        assert rate == 250 and (found[:, : made.shape[1]] == made).all(), name
        placed = sorted((round(onset * rate), text) for onset, text in annotations)
        assert [a for a in placed if a[1].startswith("note")] == notes(DAY, 6, 500), name
        assert [at for at, text in placed if text.startswith("Lost")] == [at for at, _ in gaps(DAY, 20)], name


def test_a_day_of_xdf(tmp_path):
    import pyxdf

    path = tmp_path / "day.xdf"
    run("one", "xdf", 250, 1, DAY, 6, 500, 20, path)
    made, real = truth("bdf", 1, DAY, 6, 20)
    by_name = {stream["info"]["name"][0]: stream for stream in pyxdf.load_xdf(path)[0]}
    eeg, markers = by_name["board"], by_name["markers"]
    assert (eeg["time_series"][:, 0] == made[0, real]).all()
    assert np.abs(eeg["time_stamps"] - 1000.25 - np.flatnonzero(real) / 250).max() < 0.01 / 250
    placed = [(round((t - 1000.25) * 250), text[0]) for t, text in zip(markers["time_stamps"], markers["time_series"])]
    assert sorted(p for p in placed if p[1].startswith("note")) == notes(DAY, 6, 500)
    assert sorted(at for at, text in placed if text.startswith("Lost")) == [at for at, _ in gaps(DAY, 20)]


@pytest.mark.parametrize("rate, channels, frames", SHAPES)
def test_xdf_samples_times_and_markers(tmp_path, rate, channels, frames):
    import pyxdf

    path = tmp_path / "a.xdf"
    seed, note_count, gap_count = 4, 60, 5
    run("one", "xdf", rate, channels, frames, seed, note_count, gap_count, path)
    made, real = truth("bdf", channels, frames, seed, gap_count)
    streams, header = pyxdf.load_xdf(path)
    assert header["info"]["datetime"] == ["2026-11-23T10:30:00.250+0000"]
    by_name = {stream["info"]["name"][0]: stream for stream in streams}
    eeg, markers = by_name["board"], by_name["markers"]
    np.testing.assert_array_equal(eeg["time_series"].T, made[:, real])
    assert float(eeg["info"]["nominal_srate"][0]) == rate
    assert eeg["footer"]["info"]["sample_count"] == [str(frames)]
    channel = eeg["info"]["desc"][0]["channels"][0]["channel"][0]
    assert (channel["label"], channel["unit"], channel["gain"]) == (["E0"], ["microvolts"], ["24"])
    # Not smeared: each sample at its own time, those after a gap too. The clock is 0.25 s off.
    index = np.flatnonzero(real)
    np.testing.assert_allclose(eeg["time_stamps"], 1000.25 + index / rate, rtol=0, atol=0.01 / rate)
    placed = [(round((t - 1000.25) * rate), text[0]) for t, text in zip(markers["time_stamps"], markers["time_series"])]
    assert sorted(p for p in placed if p[1].startswith("note")) == notes(frames, seed, note_count)
    lost = [tuple(map(int, re.findall(r"=(\d+)", text)[:2])) for _, text in placed if text.startswith("Lost samples")]
    assert lost == gaps(frames, gap_count)


def test_lost_samples_would_be_smeared_if_not_declared(tmp_path):
    """That pyxdf honours the declaration is what keeps the times right: without it they are wrong."""
    import pyxdf

    path = tmp_path / "a.xdf"
    run("one", "xdf", 250, 2, 2000, 1, 0, 5, path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"<can_drop_samples>true<", b"<can_drop_samples>nono<"))
    _, real = truth("bdf", 2, 2000, 1, 5)
    eeg = next(s for s in pyxdf.load_xdf(path)[0] if s["info"]["name"] == ["board"])
    assert np.abs(eeg["time_stamps"] - 1000.25 - np.flatnonzero(real) / 250).max() > 0.002


@pytest.mark.parametrize("kind", ["bdf", "edf"])
def test_a_killed_writer(tmp_path, kind):
    made = codes(kind, 4, np.arange(3000), 2)
    opened = 0
    table = run("crashes", kind, 250, 4, 2500, 2, 20, 0, tmp_path, 200)
    for line in table.splitlines():
        number, _, given, is_recording, is_still = line.split("\t")
        for name, due in ((number, True), (f"{number}.whole", is_recording == "true"), (f"{number}.cut", is_still == "true")):
            path = tmp_path / f"{name}.{kind}"
            header = path.read_bytes()[236:244] if path.exists() else b"0"
            if not due or not header.strip().isdigit() or int(header) == 0:
                # Not one record yet, which no reader takes.
                assert int(given) < 125 + 3 or "cut" in name
                continue
            opened += 1
            for reader, read in READERS.items():
                found, _, _ = read(path)
                assert found.shape[1] % 125 == 0 and ("cut" in name or found.shape[1] + 125 >= int(given)), (reader, line)
                real = min(found.shape[1], 2500)
                np.testing.assert_array_equal(found[:, :real], made[:, :real], err_msg=f"{reader} {path}")
    assert opened > 450


def test_a_killed_xdf_writer(tmp_path):
    import pyxdf

    made = codes("xdf", 4, np.arange(3000), 2)
    opened = 0
    table = run("crashes", "xdf", 250, 4, 2500, 2, 20, 0, tmp_path, 200)
    for line in table.splitlines():
        number, _, given, is_recording, is_still = line.split("\t")
        for name, due in ((number, True), (f"{number}.whole", is_recording == "true"), (f"{number}.cut", is_still == "true")):
            path = tmp_path / f"{name}.xdf"
            if not due or path.stat().st_size < 1500:
                assert int(given) < 250 or "cut" in name
                continue
            opened += 1
            # Fitting the clocks takes most of the time and has nothing to do with where the file ends.
            streams, _ = pyxdf.load_xdf(path, synchronize_clocks=int(number) % 20 == 0)
            found = next(s for s in streams if s["info"]["name"] == ["board"])["time_series"].T
            assert "cut" in name or found.shape[1] + 250 >= int(given), line
            np.testing.assert_array_equal(found, made[:, : found.shape[1]], err_msg=str(path))
    assert opened > 450


def test_speed_beside_the_others(tmp_path):
    """64 channels at 16,000 Hz: seconds of work for a second of recording."""
    import edfio
    import pyedflib

    seconds = 10
    ours = float(run("speed", "bdf", 16000, 64, 16000 * seconds, 1, 0, 0, tmp_path / "a.bdf")) / seconds
    values = codes("bdf", 64, np.arange(16000), 1)
    begin = time.perf_counter()
    with pyedflib.EdfWriter(str(tmp_path / "b.bdf"), 64, file_type=pyedflib.FILETYPE_BDFPLUS) as writer:
        for i in range(64):
            head = dict(label=f"E{i}", dimension="uV", sample_frequency=16000, physical_min=-187500, physical_max=187500)
            writer.setSignalHeader(i, {**head, "digital_min": -8388608, "digital_max": 8388607, "transducer": "", "prefilter": ""})
        writer.writeSamples([np.ascontiguousarray(v, np.int32) for v in values], digital=True)
    theirs = time.perf_counter() - begin
    begin = time.perf_counter()
    signals = [
        edfio.BdfSignal.from_digital(v, 16000, physical_range=(-187500, 187500), digital_range=(-8388608, 8388607))
        for v in values
    ]
    edfio.Bdf(signals, data_record_duration=0.01).write(tmp_path / "c.bdf")
    edfio_s = time.perf_counter() - begin
    print(f"\nBDF+ 64 x 16,000 Hz, share of one core: ours {ours:.1%}, pyedflib {theirs:.1%}, edfio {edfio_s:.1%}")
    assert ours < theirs


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-v"]))
