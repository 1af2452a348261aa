"""`eegd process` on whole files, against scipy in f64 and against the field's own readers.

EEGD names the binary. Every pipeline here ends in CSV files, which are all that is looked at.
"""

import csv
import functools
import io
import os
import pathlib
import subprocess
import sys

import edfio
import numpy as np
import pyedflib
import pytest
from scipy import signal

ROOT = pathlib.Path(__file__).resolve().parents[4]
DATA = ROOT / "data"
sys.path.insert(0, str(ROOT / "crates/eeg_formats/tests/peers"))
from formats_peer import SIGNALS, make_discontinuous  # noqa: E402

RATE = 250
HALF_A_STEP_UV = 0.011  # of an ADS1299 at gain 24
OF_RMS = 1e-6
PACKETS = (1, 7, 40, 1000)
STAGES = {
    "notch": ("notch", {"hz": 60}),
    "bandpass": ("bandpass", {"low_hz": 1, "high_hz": 40, "order": 4}),
    "bandstop": ("bandstop", {"low_hz": 48, "high_hz": 52, "order": 4}),
    "highpass": ("highpass", {"hz": 0.5, "order": 2}),
    "lowpass": ("lowpass", {"hz": 40, "order": 4}),
}
FACTORS = (2, 5)


def eegd(folder, pipeline):
    """Runs a pipeline given as a list of JSON-like stages; gives standard error."""
    binary = os.environ.get("EEGD")
    if not binary:
        pytest.fail("set EEGD to the binary made by `cargo build`, or run all of this with `cargo test`")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"- {kind}: {{ {', '.join(f'{k}: {v}' for k, v in params.items())} }}" for kind, params in pipeline]
    (folder / "p.yaml").write_text("\n".join(lines) + "\n")
    done = subprocess.run([binary, "process", "p.yaml", "--data-dir", "."], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def table(path):
    """index, time_s, label -> text of each value"""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    head, body = rows[0], rows[1:]
    assert head[:2] == ["sample", "time_s"] and all(len(row) == len(head) for row in body)
    index = np.array([int(row[0]) for row in body])
    return index, np.array([float(row[1]) for row in body]), head[2:], [row[2:] for row in body]


@functools.cache
def numbers(path, exact):
    """All channels: as the decimals say, or `exact`, the f32 whose shortest decimals they are."""
    index, _, _, rows = table(path)
    np.testing.assert_array_equal(index, np.arange(len(index)), err_msg="a sample is missing or invented")
    values = np.array(rows).astype(float)
    return values.astype(np.float32).astype(float) if exact else values


def everything(folder, path, packet):
    """One pipeline with the chain of the issue, and every stage alone beside it, each into a file of its own."""
    stages = [
        ("playback", {"path": f'"{path}"', "speed": 0, "packet_frames": packet}),
        ("to_voltage", {}),
        ("csv_sink", {"id": "input", "path": "input.csv"}),
        ("notch", {"id": "chain_notch", "hz": 60, "init": "zero"}),
        ("bandpass", {"id": "chain_bandpass", "low_hz": 1, "high_hz": 40, "order": 4, "init": "zero"}),
        ("csv_sink", {"id": "chain", "path": "chain.csv"}),
    ]
    for init in ("zero", "step"):
        alone = [(f"{name}_{init}", kind, params) for name, (kind, params) in STAGES.items()]
        alone += [(f"downsample_{factor}_{init}", "downsample", {"to": RATE / factor}) for factor in FACTORS]
        for name, kind, params in alone:
            stages.append((kind, {"id": name, "inputs": "to_voltage", "init": init, **params}))
            stages.append(("csv_sink", {"id": f"{name}_file", "path": f"{name}.csv"}))
    eegd(folder, stages)
    return {file.stem: file for file in folder.glob("*.csv")}


RECORDINGS = ("cyton_blinks_jaw_alpha.bdf", "cyton_blinks_jaw_alpha.txt")


@pytest.fixture(scope="module", params=RECORDINGS)
def recording(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("packets")
    files = {packet: everything(folder / str(packet), DATA / request.param, packet) for packet in PACKETS}
    return request.param, files


def of_the_file(name):
    """Microvolts in f64, read without eegd."""
    path = DATA / name
    if path.suffix == ".txt":
        lines = path.read_text().splitlines()
        body = [line for line in lines if line[:1].isdigit()]
        return np.loadtxt(body, delimiter=",", usecols=range(1, 9))
    with pyedflib.EdfReader(str(path)) as peer:
        columns = []
        for i in range(8):
            codes = peer.readSignal(i, digital=True).astype(float)
            low, high = peer.getDigitalMinimum(i), peer.getDigitalMaximum(i)
            bottom, top = peer.getPhysicalMinimum(i), peer.getPhysicalMaximum(i)
            columns.append(bottom + (codes - low) * (top - bottom) / (high - low))
    return np.stack(columns, axis=1)


def test_the_chain_within_half_an_adc_step(recording):
    name, files = recording
    x = of_the_file(name)
    y = signal.lfilter(*signal.iirnotch(60, 30, fs=RATE), x, axis=0)
    y = signal.sosfilt(signal.butter(4, [1, 40], "bandpass", output="sos", fs=RATE), y, axis=0)
    ours = numbers(files[40]["chain"], exact=False)
    assert ours.shape == y.shape
    worst = np.max(np.abs(ours - y))
    print(f"\n{name}: {y.shape[0]} samples of {y.shape[1]} channels, off by at most {worst:.2e} uV (limit {HALF_A_STEP_UV})")
    assert worst < HALF_A_STEP_UV


def test_any_packet_size_gives_the_same_bytes(recording):
    _, files = recording
    first, *others = (files[packet] for packet in PACKETS)
    assert len(first) == 2 + 2 * (len(STAGES) + len(FACTORS))
    for other in others:
        assert other.keys() == first.keys()
        for name, path in first.items():
            assert path.read_bytes() == other[name].read_bytes(), f"{name}: the packet size changes the output"


def relative(values, expected):
    """Worst difference of a channel as a part of the rms of what is expected.

    Half a step of f32 is taken off: the output is f32, and a transient a hundred times the rms has steps of 1e-5 of it.
    """
    rms = np.sqrt(np.mean(np.square(expected), axis=0))
    rounding = np.spacing(np.abs(expected).astype("<f4")).astype(float) / 2
    return np.max(np.max(np.abs(values - expected) - rounding, axis=0).clip(0) / rms)


def sections(name):
    kind, params = STAGES[name]
    if kind == "notch":
        return np.array([np.concatenate(signal.iirnotch(params["hz"], 30, fs=RATE))])
    edges = [params["low_hz"], params["high_hz"]] if "low_hz" in params else params["hz"]
    return signal.butter(params["order"], edges, kind, output="sos", fs=RATE)


@pytest.mark.parametrize("init", ("zero", "step"))
@pytest.mark.parametrize("name", STAGES)
def test_each_stage_alone_on_the_same_f32(recording, name, init):
    _, files = recording
    x = numbers(files[40]["input"], exact=True)
    sos = sections(name)
    start = np.zeros((len(sos), 2, x.shape[1]))
    if init == "step":
        start = signal.sosfilt_zi(sos)[:, :, None] * x[0]
    expected, _ = signal.sosfilt(sos, x, axis=0, zi=start)
    off = relative(numbers(files[40][f"{name}_{init}"], exact=True), expected)
    print(f"\n{recording[0]}, {name}, {init}: {off:.1e} of rms")
    assert off < OF_RMS


@pytest.mark.parametrize("init", ("zero", "step"))
@pytest.mark.parametrize("factor", FACTORS)
def test_downsample_on_the_published_taps(recording, factor, init):
    _, files = recording
    x = numbers(files[40]["input"], exact=True)
    taps = signal.firwin(58 * factor + 1, 0.9 / factor, window=("kaiser", signal.kaiser_beta(90)))
    start = np.zeros((len(taps) - 1, x.shape[1]))
    if init == "step":
        start = signal.lfilter_zi(taps, 1)[:, None] * x[0]
    expected = signal.lfilter(taps, 1, x, axis=0, zi=start)[0][::factor]
    path = files[40][f"downsample_{factor}_{init}"]
    ours = numbers(path, exact=True)
    assert ours.shape == expected.shape
    np.testing.assert_allclose(table(path)[1], np.arange(len(ours)) * factor / RATE, rtol=1e-12)
    off = relative(ours, expected)
    print(f"\n{recording[0]}, /{factor}, {init}: {off:.1e} of rms")
    assert off < OF_RMS


def test_the_input_is_the_files_own(recording):
    name, files = recording
    ours = numbers(files[40]["input"], exact=True)
    np.testing.assert_array_equal(ours, of_the_file(name).astype(np.float32))


# Every sample of every format comes out, gaps show, none is invented.


def played(folder, path, stream=None):
    """label -> values, with the index; what was said on the way."""
    source = {"path": f'"{path}"', "speed": 0} | ({} if stream is None else {"stream": stream})
    said = eegd(folder, [("playback", source), ("csv_sink", {"path": "out.csv"})])
    index, time_s, labels, rows = table(folder / "out.csv")
    return index, time_s, {label: [row[i] for row in rows] for i, label in enumerate(labels)}, said


def codes(values):
    return np.array([int(value) for value in values])


@pytest.mark.parametrize("name", ("eegmmidb_S001R01_eyes_open_60s.edf", "eeg_8ch_250hz.bdf", "cyton_blinks_jaw_alpha.bdf", "two_rates_synthetic.edf"))
def test_every_code_that_pyedflib_reads(tmp_path, name):
    with pyedflib.EdfReader(str(DATA / name)) as peer:
        rates = [peer.getSampleFrequency(i) for i in range(peer.signals_in_file)]
        streams = list(dict.fromkeys(rates))
        for number, rate in enumerate(streams):
            index, time_s, columns, _ = played(tmp_path / str(number), DATA / name, number)
            wanted = [i for i in range(peer.signals_in_file) if rates[i] == rate]
            assert list(columns) == [peer.getLabel(i).strip() for i in wanted]
            np.testing.assert_array_equal(index, np.arange(len(index)))
            np.testing.assert_allclose(time_s, index / rate, rtol=1e-12)
            for i, ours in zip(wanted, columns.values()):
                np.testing.assert_array_equal(codes(ours), peer.readSignal(i, digital=True))
        print(f"\n{name}: {len(streams)} stream(s), {len(rates)} channels, every code the same")
    assert len(streams) == (2 if "two_rates" in name else 1)


def test_every_code_that_edfio_reads_of_a_biosemi(tmp_path):
    # pyEDFlib refuses this file: its record count is -1.
    path = DATA / "biosemi_73ch_2048hz_1s.bdf"
    index, _, columns, _ = played(tmp_path, path)
    peer = [s for s in edfio.read_bdf(path).signals if s.label in columns]
    assert len(peer) == len(columns) >= 64
    np.testing.assert_array_equal(index, np.arange(len(index)))
    for channel in peer:
        np.testing.assert_array_equal(codes(columns[channel.label]), channel.digital)


@pytest.mark.parametrize("width", (2, 3))
def test_gaps_of_a_discontinuous_file_are_jumps(tmp_path, width):
    onsets, rate = [0, 1, 2, 7.5, 8.5, 20.004], 250
    path = tmp_path / ("gaps.bdf" if width == 3 else "gaps.edf")
    truth = make_discontinuous(path, onsets, 1, width, seed=11)
    index, time_s, columns, said = played(tmp_path / "out", path, 0)
    starts = np.array([round(onset * rate) for onset in onsets])
    np.testing.assert_array_equal(index, (starts[:, None] + np.arange(rate)).reshape(-1))
    np.testing.assert_allclose(time_s, index / rate, rtol=1e-12)
    assert list(columns) == [label for label, n in SIGNALS if n == rate]
    for label, ours in columns.items():
        np.testing.assert_array_equal(codes(ours), truth[label])
    lost = index[-1] + 1 - len(index)
    assert f"got {len(index)} frames; {lost} are missing" in said, said


def test_rows_missing_in_a_text_are_jumps(tmp_path):
    source = DATA / "cyton_blinks_jaw_alpha.txt"
    lines = source.read_text().splitlines()
    top = next(i for i, line in enumerate(lines) if line[:1].isdigit())
    whole = np.loadtxt(lines[top:], delimiter=",", usecols=range(1, 9)).astype(np.float32)
    kept = np.ones(len(whole), bool)
    for first, count in ((1000, 1), (2000, 3), (3001, 40), (3050, 100)):
        kept[first : first + count] = False
    path = tmp_path / "lost.txt"
    path.write_text("\n".join(lines[:top] + [line for line, keep in zip(lines[top:], kept) if keep]) + "\n")
    index, _, columns, _ = played(tmp_path / "out", path)
    np.testing.assert_array_equal(index, np.flatnonzero(kept))
    ours = np.array(list(columns.values())).T.astype(np.float32)
    np.testing.assert_array_equal(ours, whole[kept])
