"""Stages in whole pipelines against numpy and scipy: channels, designs, FIR, moving averages, spectra.

EEGD names the binary. Every pipeline ends in CSV files; what scipy gets is the f32 input that the same run wrote. Run with:

    cargo build
    EEGD=target/debug/eegd pytest crates/stages_builtin/tests/peers/stages_peer.py
"""

import csv
import fractions
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.request

import numpy as np
import pytest
from scipy import signal

DATA = pathlib.Path(__file__).resolve().parents[4] / "data"
OF_RMS = 1e-6
PACKETS = (1, 7, 1000)  # beside the 40 of everything else
RECORDINGS = sorted(path.name for path in DATA.glob("*.bdf"))

DESIGNS = {  # stage parameters, scipy's function and its first arguments
    "cheby1": ({"design": "chebyshev1", "ripple_db": 1}, lambda n, *rest, **kw: signal.cheby1(n, 1, *rest, **kw)),
    "cheby2": ({"design": "chebyshev2", "stop_db": 40}, lambda n, *rest, **kw: signal.cheby2(n, 40, *rest, **kw)),
    "bessel": ({"design": "bessel"}, signal.bessel),
    "butter": ({"design": "butterworth"}, signal.butter),
}
BANDS = {  # stage parameters, scipy's edges and type
    "low": ({"high_hz": 40}, 40, "lowpass"),
    "high": ({"low_hz": 0.5}, 0.5, "highpass"),
    "pass": ({"low_hz": 1, "high_hz": 40}, [1, 40], "bandpass"),
    "stop": ({"low_hz": 48, "high_hz": 52, "stop": True}, [48, 52], "bandstop"),
}
ORDERS = (1, 2, 3, 4, 5, 7, 10)
FIRS = {  # stage parameters; taps, scipy's edges, pass_zero and window
    "fir_low": ({"high_hz": 40, "taps": 101}, (101, 40, "lowpass", "hamming")),
    "fir_high": ({"low_hz": 5, "taps": 201, "window": "hann"}, (201, 5, "highpass", "hann")),
    "fir_pass": ({"low_hz": 8, "high_hz": 13, "taps": 301, "window": "blackman"}, (301, [8, 13], "bandpass", "blackman")),
    "fir_stop": ({"low_hz": 45, "high_hz": 55, "stop": True, "taps": 151}, (151, [45, 55], "bandstop", "hamming")),
    "fir_own": ({"coefficients": [0.5, -0.25, 0.125, 1]}, None),
}
SPECTRA = {  # window_s, hop_s, average
    "newest": (2, 0.25, 1),  # 62.5 samples at 250/s
    "averaged": (1, 0.5, 4),
    "apart": (0.5, 0.8, 3),
    "short": (0.25, 0.1, 2),
}
RATES = (125 / 128, 8 / 5, 1 / 3)  # of the recording's
EDGES = {"delta": (0.5, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 30), "gamma": (30, 45)}


def eegd(folder, pipeline):
    binary = os.environ.get("EEGD")
    if not binary:
        pytest.fail("set EEGD to the binary made by `cargo build`, or run all of this with `cargo test`")
    folder.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    (folder / "p.yaml").write_text(json.dumps([{kind: params} for kind, params in pipeline]))
    done = subprocess.run([binary, "process", "p.yaml", "--data-dir", "."], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def read(path):
    """labels, times and values, as the f32 whose shortest decimals they are"""
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    values = np.array([row[2:] for row in rows], float).astype(np.float32).astype(float)
    assert [int(row[0]) for row in rows] == list(range(len(rows))), "a sample is missing or invented"
    return head[2:], np.array([float(row[1]) for row in rows]), values


def relative(values, expected):
    """Worst difference of a channel as a part of its rms; half a step of f32, in which the output is, is taken off."""
    assert values.shape == expected.shape
    rms = np.sqrt(np.mean(np.square(expected), axis=0))
    rounding = np.spacing(np.abs(expected).astype("<f4")).astype(float) / 2
    return np.max(np.max(np.abs(values - expected) - rounding, axis=0).clip(0) / np.where(rms > 0, rms, 1))


def stages(labels):
    """name -> kind, parameters: each on the same input, each into a file"""
    a, b, c = labels[0], labels[1], labels[-1]
    found = {
        "car": ("car", {}),
        "car_but_two": ("car", {"exclude": [a, c]}),
        "to_one": ("rereference", {"to": [b]}),
        "to_two": ("rereference", {"to": [c, a]}),
        "bipolar": ("bipolar", {"pairs": [f"{a}-{b}", f"{b}-{c}"]}),
        "select": ("select", {"channels": [c, a]}),
        "gain": ("gain", {"factor": -0.1}),
        "detrend": ("detrend", {"window_s": 0.7}),
        "rms": ("rms", {"window_s": 0.3}),
        "rename": ("rename", {"labels": {a: "first of all"}}),
    }
    for init in ("zero", "step"):
        for name, (params, _) in DESIGNS.items():
            for band, (edges, _, _) in BANDS.items():
                for order in ORDERS:
                    found[f"{name}_{band}_{order}_{init}"] = ("iir", {**params, **edges, "order": order, "init": init})
        for name, (params, _) in FIRS.items():
            found[f"{name}_{init}"] = ("fir", {**params, "init": init})
        found[f"peak_{init}"] = ("peak", {"hz": 12, "q": 8, "init": init})
        found[f"dc_block_{init}"] = ("dc_block", {"hz": 0.1, "init": init})
        found[f"envelope_{init}"] = ("envelope", {"hz": 3, "order": 2, "init": init})
    found["laplacian"] = ("laplacian", {"neighbours": {a: [b, c], c: labels[1:-1]}})
    found["threshold"] = ("threshold", {"level_uv": 0.5, "when": "above", "channels": [c, a], "min_s": 0.03, "pause_s": 0.1})
    found["blink"] = ("blink", {"channels": [a, b], "level_uv": 40})
    found["hilbert"] = ("hilbert", {"low_hz": 8, "high_hz": 13, "taps": 201})
    found["spectrogram"] = ("spectrogram", {"window_s": 0.5, "hop_s": 0.1, "high_hz": 40})
    for name, (window_s, hop_s, average) in SPECTRA.items():
        timing = {"window_s": window_s, "hop_s": hop_s, "average": average}
        found[f"psd_{name}"] = ("psd", timing | {"high_hz": 60})
        bands = {band: EDGES[band] for band in EDGES if window_s > 0.5 or band in ("alpha", "beta")}
        for kind in ("power", "relative"):
            params = timing | {"bands": bands, "relative": kind == "relative"}
            found[f"bands_{kind}_{name}"] = ("band_power", params)
    return found


def run(folder, name, labels, packet, chosen):
    above = [("playback", {"path": str(DATA / name), "speed": 0, "packet_frames": packet}), ("to_voltage", {})]
    above += [("select", {"id": "electrodes", "channels": labels}), ("csv_sink", {"id": "in", "path": "in.csv"})]
    todo = list(chosen.items())
    # A pipeline has at most 256 stages.
    for first in range(0, len(todo), 100):
        pipeline = list(above)
        for key, (kind, params) in todo[first : first + 100]:
            pipeline.append((kind, {"id": key, "inputs": "electrodes", **params}))
            pipeline.append(("csv_sink", {"id": f"{key}_file", "path": f"{key}.csv"}))
        eegd(folder, pipeline)


@pytest.fixture(scope="module", params=RECORDINGS)
def recording(request, tmp_path_factory):
    """The labels, the rate, the input and the folder of everything that the stages made of it."""
    folder = tmp_path_factory.mktemp("stages")
    name = request.param
    eegd(folder, [("playback", {"path": str(DATA / name), "speed": 0}), ("to_voltage", {}), ("csv_sink", {"path": "all.csv"})])
    labels, times, values = read(folder / "all.csv")
    moving = [k for k in range(len(labels)) if np.ptp(values[:, k]) > 0][:8]
    labels = [labels[k] for k in moving]
    run(folder, name, labels, 40, stages(labels))
    given, _, x = read(folder / "in.csv")
    assert given == labels
    np.testing.assert_array_equal(x, values[:, moving])
    rate = round((len(times) - 1) / times[-1])
    print(f"\n{name}: {x.shape[0]} frames of {x.shape[1]} channels at {rate}/s")
    return name, labels, rate, x, folder


def rounded(values):
    return values.astype(np.float32).astype(float)


def test_references_and_montages(recording):
    _, labels, _, x, folder = recording
    middle = x[:, 1:-1].mean(axis=1, keepdims=True)
    cut = np.concatenate([x[:, :1], x[:, 1:-1] - middle, x[:, -1:]], axis=1)
    for name, expected in {
        "car": x - x.mean(axis=1, keepdims=True),
        "car_but_two": cut,
        "to_one": x - x[:, [1]],
        "to_two": x - x[:, [0, -1]].mean(axis=1, keepdims=True),
    }.items():
        given, _, values = read(folder / f"{name}.csv")
        assert given == labels
        # Where a reference cancels all, what is left is rounding: a part of the input, then.
        np.testing.assert_allclose(values, rounded(expected), rtol=1e-6, atol=1e-9 * np.abs(x).max(), err_msg=name)
    given, _, values = read(folder / "bipolar.csv")
    assert given == [f"{labels[0]}-{labels[1]}", f"{labels[1]}-{labels[-1]}"]
    np.testing.assert_array_equal(values, rounded(np.stack([x[:, 0] - x[:, 1], x[:, 1] - x[:, -1]], axis=1)))


def test_select_rename_and_gain(recording):
    _, labels, _, x, folder = recording
    given, _, values = read(folder / "select.csv")
    assert given == [labels[-1], labels[0]]
    np.testing.assert_array_equal(values, x[:, [-1, 0]])
    given, _, values = read(folder / "rename.csv")
    assert given == ["first of all", *labels[1:]]
    np.testing.assert_array_equal(values, x)
    np.testing.assert_array_equal(read(folder / "gain.csv")[2], rounded(-0.1 * x))


def start(sos, x, init):
    zeros = np.zeros((len(sos), 2, x.shape[1]))
    return signal.sosfilt_zi(sos)[:, :, None] * x[0] if init == "step" else zeros


def sosfilt(sos, x, init):
    return signal.sosfilt(sos, x, axis=0, zi=start(sos, x, init))[0]


@pytest.mark.parametrize("init", ("zero", "step"))
@pytest.mark.parametrize("name", DESIGNS)
def test_designs(recording, name, init):
    _, _, rate, x, folder = recording
    worst = 0.0
    for band, (_, edges, kind) in BANDS.items():
        for order in ORDERS:
            sos = DESIGNS[name][1](order, edges, kind, output="sos", fs=rate)
            off = relative(read(folder / f"{name}_{band}_{order}_{init}.csv")[2], sosfilt(sos, x, init))
            assert off < OF_RMS, f"{name}, {band}, order {order}: {off}"
            worst = max(worst, off)
    print(f"\n{name}, {init}: {worst:.1e} of rms")


@pytest.mark.parametrize("init", ("zero", "step"))
def test_peak_dc_block_and_envelope(recording, init):
    _, _, rate, x, folder = recording
    cases = {
        "peak": sosfilt(np.concatenate(signal.iirpeak(12, 8, fs=rate))[None], x, init),
        "dc_block": sosfilt(signal.butter(1, 0.1, "highpass", output="sos", fs=rate), x, init),
        "envelope": np.pi / 2 * sosfilt(signal.butter(2, 3, output="sos", fs=rate), np.abs(x), init),
    }
    for name, expected in cases.items():
        off = relative(read(folder / f"{name}_{init}.csv")[2], expected)
        print(f"\n{name}, {init}: {off:.1e} of rms")
        assert off < OF_RMS, name


@pytest.mark.parametrize("init", ("zero", "step"))
@pytest.mark.parametrize("name", FIRS)
def test_fir(recording, name, init):
    _, _, rate, x, folder = recording
    params, design = FIRS[name]
    if design is None:
        taps = np.array(params["coefficients"])
    else:
        count, edges, kind, window = design
        taps = signal.firwin(count, edges, pass_zero=kind, window=window, fs=rate)
    past = x[:1] if init == "step" else np.zeros_like(x[:1])
    padded = np.concatenate([np.repeat(past, len(taps) - 1, axis=0), x])
    expected = signal.lfilter(taps, 1, padded, axis=0)[len(taps) - 1 :]
    off = relative(read(folder / f"{name}_{init}.csv")[2], expected)
    print(f"\n{name}, {init}: {off:.1e} of rms")
    assert off < OF_RMS


def moving_mean(x, frames):
    windows = np.lib.stride_tricks.sliding_window_view(x, min(frames, len(x)), axis=0).mean(axis=-1)
    growing = [x[: k + 1].mean(axis=0) for k in range(min(frames, len(x)) - 1)]
    return np.concatenate([np.reshape(growing, (-1, x.shape[1])), windows])


def test_moving_averages(recording):
    _, _, rate, x, folder = recording
    cases = {"detrend": x - moving_mean(x, round(0.7 * rate)), "rms": np.sqrt(moving_mean(x**2, round(0.3 * rate)))}
    for name, expected in cases.items():
        off = relative(read(folder / f"{name}.csv")[2], expected)
        print(f"\n{name}: {off:.1e} of rms")
        assert off < OF_RMS, name


def welch(x, rate, window, hop, average):
    """frequencies, [output][frequency][channel]"""
    starts = np.floor(np.arange(len(x) / hop) * hop + 0.5).astype(int)
    parts = [signal.welch(x[at : at + window], rate, nperseg=window, axis=0)[1] for at in starts if at + window <= len(x)]
    densities = [np.mean(parts[k : k + average], axis=0) for k in range(len(parts) - average + 1)]
    return np.arange(window // 2 + 1) * rate / window, np.array(densities).reshape(len(densities), window // 2 + 1, x.shape[1])


@pytest.mark.parametrize("name", SPECTRA)
def test_spectra(recording, name):
    file, labels, rate, x, folder = recording
    window_s, hop_s, average = SPECTRA[name]
    window, hop = int(window_s * rate + 0.5), hop_s * rate  # round() would make 62 of 62.5
    hz, density = welch(x, rate, window, hop, average)
    if name == "averaged":
        # With half a window as hop, an average is what scipy calls Welch.
        span = window + (average - 1) * window // 2
        if len(x) >= span:
            np.testing.assert_allclose(density[0], signal.welch(x[:span], rate, nperseg=window, axis=0)[1], rtol=1e-9)
    kept = hz < 60
    given, times, values = read(folder / f"psd_{name}.csv")
    assert len(given) == len(labels) * kept.sum() and len(values) == len(density)
    assert [label.split("@")[0] for label in given[:: kept.sum()]] == labels
    np.testing.assert_allclose([float(label.split("@")[1].removesuffix("Hz")) for label in given[: kept.sum()]], hz[kept], atol=0.005)
    np.testing.assert_allclose(times, np.arange(len(times)) * hop_s)
    if len(density) == 0:
        assert len(x) < window + (average - 1) * hop, "a recording of a second holds no such window"
        return
    expected = density[:, kept].transpose(0, 2, 1).reshape(len(density), -1)
    off = relative(values, expected)
    bands = {band: EDGES[band] for band in EDGES if window_s > 0.5 or band in ("alpha", "beta")}
    inside = [(hz >= low) & (hz < high) for low, high in bands.values()]
    power = np.stack([density[:, band].sum(axis=1) * rate / window for band in inside], axis=-1)
    whole = (hz >= min(low for low, _ in bands.values())) & (hz < max(high for _, high in bands.values()))
    part = power / (density[:, whole].sum(axis=1) * rate / window)[..., None]
    for kind, wanted in {"power": power, "relative": part}.items():
        given, _, values = read(folder / f"bands_{kind}_{name}.csv")
        assert given == [f"{label}.{band}" for label in labels for band in bands]
        off = max(off, relative(values, wanted.reshape(len(wanted), -1)))
    print(f"\n{file}, {name}: {len(density)} spectra, {off:.1e} of rms")
    assert off < OF_RMS


def test_laplacian(recording):
    _, _, _, x, folder = recording
    expected = x.copy()
    expected[:, 0] -= x[:, [1, -1]].mean(axis=1)
    expected[:, -1] -= x[:, 1:-1].mean(axis=1)
    np.testing.assert_allclose(read(folder / "laplacian.csv")[2], rounded(expected), rtol=1e-6, atol=1e-9 * np.abs(x).max())


def detections(x, level, least, pause):
    """1 while one is known, sample by sample."""
    out, past, active, left = np.zeros(len(x)), 0, False, 0
    for n, value in enumerate(x):
        if active:
            active = value > level
            past, left = 0, 0 if active else pause
        elif left:
            left -= 1
        else:
            past = past + 1 if value > level else 0
            active = past >= max(least, 1)
        out[n] = active
    return out


def test_detectors(recording):
    name, labels, rate, x, folder = recording
    given, _, values = read(folder / "threshold.csv")
    assert given == [f"{labels[-1]}.above", f"{labels[0]}.above"]
    expected = [detections(x[:, c], 0.5, int(0.03 * rate + 0.5), int(0.1 * rate + 0.5)) for c in (-1, 0)]
    np.testing.assert_array_equal(values, np.transpose(expected))
    sos = signal.butter(2, [1, 10], "bandpass", output="sos", fs=rate)
    mean = rounded(x[:, :2].mean(axis=1))
    filtered = np.abs(rounded(sosfilt(sos, mean[:, None], "step")[:, 0]))
    given, _, values = read(folder / "blink.csv")
    assert given == ["blink"]
    np.testing.assert_array_equal(values[:, 0], detections(filtered, 40, int(0.04 * rate + 0.5), int(0.3 * rate + 0.5)))


def test_the_blinks_of_the_cyton_recording(tmp_path):
    """Five from 4.2 to 6.3 s, and none while the eyes rest: data/README.md."""
    path = str(DATA / "cyton_blinks_jaw_alpha.bdf")
    eegd(tmp_path, [("playback", {"path": path, "speed": 0}), ("to_voltage", {}), ("blink", {}), ("csv_sink", {"path": "b.csv"})])
    _, times, values = read(tmp_path / "b.csv")
    began = times[1:][np.diff(values[:, 0]) > 0]
    assert np.sum((began > 4.2) & (began < 6.4)) == 5
    assert np.sum((began > 26) & (began < 76)) == 0


def test_hilbert(recording):
    _, labels, rate, x, folder = recording
    low_pass = signal.firwin(201, 2.5, window="blackman", fs=rate)
    h = 2 * low_pass * np.exp(2j * np.pi * 10.5 / rate * (np.arange(201) - 100))
    window = signal.get_window("blackman", 201, fftbins=False)
    h -= window * (h.sum() / window.sum())
    z = signal.lfilter(h, 1, np.concatenate([np.repeat(x[:1], 200, axis=0), x]), axis=0)[200:]
    given, _, values = read(folder / "hilbert.csv")
    assert given == [f"{label}.{what}" for label in labels for what in ("amplitude", "phase")]
    off = relative(values[:, ::2], np.abs(z))
    # A phase is as exact as the signal that it is the angle of.
    turned = np.abs(values[:, ::2] * np.exp(1j * values[:, 1::2]) - z).max(axis=0) / np.sqrt(np.mean(np.abs(z) ** 2, axis=0))
    print(f"\n{off:.1e} of rms, with the phase {turned.max():.1e}")
    assert off < OF_RMS and turned.max() < 3 * OF_RMS
    # What it is of a recording as a whole, away from its ends.
    if len(x) > 20 * rate:
        band = signal.sosfiltfilt(signal.butter(4, [7, 14], "bandpass", output="sos", fs=rate), x - x.mean(axis=0), axis=0)
        mid = slice(5 * rate, -5 * rate)
        there, whole = np.abs(z)[100:][mid], np.abs(signal.hilbert(band, axis=0))[: len(z) - 100][mid]
        assert all(np.corrcoef(there[:, c], whole[:, c])[0, 1] > 0.8 for c in range(x.shape[1]))


def test_spectrogram(recording):
    _, _, rate, x, folder = recording
    window = int(0.5 * rate + 0.5)
    hz, density = welch(x, rate, window, 0.1 * rate, 1)
    kept = hz < 40
    _, _, values = read(folder / "spectrogram.csv")
    expected = 10 * np.log10(density[:, kept].transpose(0, 2, 1).reshape(len(density), -1))
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("init", ("zero", "step"))
@pytest.mark.parametrize("ratio", RATES)
def test_resample(recording, tmp_path, ratio, init):
    name, labels, rate, x, _ = recording
    outputs = []
    for packet in (7, 1000):
        params = {"to": rate * ratio, "init": init}
        run(tmp_path / str(packet), name, labels, packet, {"resample": ("resample", params)})
        outputs.append((tmp_path / str(packet) / "resample.csv").read_bytes())
    assert outputs[0] == outputs[1], "the packet size changes the output"
    _, times, values = read(tmp_path / "7" / "resample.csv")
    np.testing.assert_allclose(times, np.arange(len(times)) / (rate * ratio), atol=1e-6)
    up, down = fractions.Fraction(ratio).limit_denominator(200).as_integer_ratio()
    # Kaiser's formulas, and a delay of whole output samples.
    half = int(np.ceil((90 - 7.95) / (2.285 * np.pi * 0.2 / max(up, down)) / 2 / down)) * down
    taps = up * signal.firwin(2 * half + 1, 0.9 / max(up, down), window=("kaiser", signal.kaiser_beta(90)))
    for phase in range(up):
        taps[phase::up] /= taps[phase::up].sum()
    before = -(-taps.size // up // down) * down  # inputs that are the past alone, a whole number of outputs
    past = np.repeat(x[:1] if init == "step" else 0 * x[:1], before, axis=0)
    expected = signal.upfirdn(taps, np.concatenate([past, x]), up, down, axis=0)[before * up // down :][: -(-len(x) * up // down)]
    off = relative(values, expected)
    print(f"\n{up}/{down}, {init}: {off:.1e} of rms")
    assert off < OF_RMS
    if init == "zero":
        # scipy's own resampler, later by what it hides: half the filter.
        scipys = signal.resample_poly(x, up, down, axis=0, window=taps / up)
        late = half // down
        np.testing.assert_allclose(values[late:], scipys[: len(values) - late], rtol=0, atol=1e-6 * np.abs(x).max())


def test_any_packet_size_gives_the_same_bytes(recording, tmp_path):
    name, labels, _, _, folder = recording
    skipped = ("_2_", "_3_", "_5_", "_7_", "_10_")
    chosen = {key: stage for key, stage in stages(labels).items() if not any(part in key for part in skipped)}
    for packet in PACKETS:
        run(tmp_path / str(packet), name, labels, packet, chosen)
        for key in chosen:
            same = (tmp_path / str(packet) / f"{key}.csv").read_bytes() == (folder / f"{key}.csv").read_bytes()
            assert same, f"{key}: packets of {packet} frames change the output"


RESPONSES = {  # stage, parameters; scipy's sections, or taps
    "notch": ({"hz": 50, "harmonics": 2}, lambda fs: [np.concatenate(signal.iirnotch(k * 50, 30, fs=fs)) for k in (1, 2)]),
    "peak": ({"hz": 12, "q": 10}, lambda fs: [np.concatenate(signal.iirpeak(12, 10, fs=fs))]),
    "dc_block": ({"hz": 0.1}, lambda fs: signal.butter(1, 0.1, "highpass", output="sos", fs=fs)),
    "bandpass": ({"low_hz": 0.5, "high_hz": 40}, lambda fs: signal.butter(4, [0.5, 40], "bandpass", output="sos", fs=fs)),
    "bandstop": ({"low_hz": 48, "high_hz": 52, "order": 10}, lambda fs: signal.butter(10, [48, 52], "bandstop", output="sos", fs=fs)),
    "highpass": ({"hz": 0.05, "order": 2}, lambda fs: signal.butter(2, 0.05, "highpass", output="sos", fs=fs)),
    "lowpass": ({"hz": 40, "order": 7}, lambda fs: signal.butter(7, 40, output="sos", fs=fs)),
    "iir": ({"design": "chebyshev2", "low_hz": 1, "high_hz": 40}, lambda fs: signal.cheby2(4, 40, [1, 40], "bandpass", output="sos", fs=fs)),
    "fir": ({"low_hz": 8, "high_hz": 13, "taps": 301}, lambda fs: signal.firwin(301, [8, 13], pass_zero="bandpass", fs=fs)),
    "detrend": ({"window_s": 0.5}, lambda fs: np.eye(1, fs // 2)[0] - 2 / fs),
}  # fmt: skip
ASKED_HZ = (0.2, 1, 4.5, 10, 23, 49.5, 61, 90)


def settled(h, end):
    """Samples until impulse and step response have come to within 1 % of where they end."""
    s = np.cumsum(h)
    ringing = np.abs(h) > 0.01 * np.abs(h[1:]).max()
    ringing[0] = False
    return np.flatnonzero(ringing | (np.abs(s - end) > 0.01 * np.abs(s).max())).max() + 1


def exact_delay(section, w):
    """The formula of `scipy.signal.group_delay` for each polynomial by itself, in extended precision where there is one."""

    def delay(c):
        c = np.asarray(c, np.longdouble)
        e = np.exp(-1j * np.outer(w.astype(np.longdouble), np.arange(c.size)))
        return ((e @ (c * np.arange(c.size))) / (e @ c)).real

    b, a = section
    return delay(b) - delay(a)


@pytest.mark.parametrize("rate", (250, 2000))
@pytest.mark.parametrize("name", RESPONSES)
def test_filter_report(tmp_path, name, rate):
    params, design = RESPONSES[name]
    pipeline = [{"synthetic": {"sps": rate, "channels": 1, "seed": 1}}, {"to_voltage": {}}, {name: params}, {"csv_sink": {"path": "x"}}]
    (tmp_path / "p.yaml").write_text(json.dumps(pipeline))
    asked = ",".join(map(str, ASKED_HZ))
    done = subprocess.run([os.environ["EEGD"], "check", f"--filters={asked}", "p.yaml"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    head, _, *rows = done.stdout.split("\n\n")[1].strip().splitlines()
    hz, db, degrees, delay_ms = np.array([row.split() for row in rows], float).T
    np.testing.assert_array_equal(hz, ASKED_HZ)
    filter_ = np.array(design(rate))
    taps = filter_.ndim == 1
    sections = [(filter_, [1.0])] if taps else [(row[:3], row[3:]) for row in filter_]
    response = np.prod([signal.freqz(*section, worN=hz, fs=rate)[1] for section in sections], axis=0)
    delay = np.sum([exact_delay(section, 2 * np.pi * hz / rate) for section in sections], axis=0)
    np.testing.assert_allclose(db, 20 * np.log10(np.abs(response)), rtol=0, atol=6e-4)
    turn = (degrees - np.angle(response, deg=True) + 180) % 360 - 180
    np.testing.assert_allclose(turn, 0, atol=6e-3)
    np.testing.assert_allclose(delay_ms, delay / rate * 1e3, rtol=0, atol=6e-4)
    high = hz > rate / 60  # Near z = 1 scipy multiplies the polynomials out and is off by up to a hundredth.
    scipys = np.sum([signal.group_delay(section, w=hz[high], fs=rate)[1] for section in sections], axis=0)
    np.testing.assert_allclose(delay_ms[high], scipys / rate * 1e3, rtol=0, atol=6e-4)
    impulse = np.zeros(400 * rate)
    impulse[0] = 1
    h = np.concatenate([filter_, [0.0]]) if taps else signal.sosfilt(filter_, impulse)
    end = filter_.sum() if taps else np.prod(filter_[:, :3].sum(axis=1) / filter_[:, 3:].sum(axis=1))
    said = float(head.split("settles in ")[1].removesuffix(" ms"))
    assert abs(said - settled(h, end) / rate * 1e3) < 0.06 + 1e3 / rate * (not taps), head


def test_filter_report_of_what_runs(tmp_path):
    """Over HTTP, and again after the notch was retuned while it ran."""
    pipeline = [{"synthetic": {"sps": 250, "channels": 2, "seed": 1}}, {"to_voltage": {}}, {"notch": {"hz": 50}}, {"fir": {"high_hz": 30}}]
    (tmp_path / "p.yaml").write_text(json.dumps([*pipeline, {"websocket_sink": {"topic": "x"}}]))
    words = [os.environ["EEGD"], "run", "p.yaml", "--listen", "127.0.0.1:0", "--data-dir", "."]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as daemon:
        try:
            url = next(line.split()[-1] for line in daemon.stdout if "viewer" in line)

            def ask(path, method="GET", body=None):
                kind = {"Content-Type": "application/json"} if body else {}
                request = urllib.request.Request(url + path, body and json.dumps(body).encode(), kind, method=method)
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)

            def check(notch_hz):
                filters = ask("/pipeline/filter_report")["filters"]
                assert list(filters) == ["notch", "fir"]
                notch = filters["notch"]
                _, response = signal.freqz(*signal.iirnotch(notch_hz, 30, fs=250), worN=notch["hz"], fs=250)
                assert len(notch["hz"]) == 200 and notch["rate_hz"] == 250
                np.testing.assert_allclose(notch["gain_db"], 20 * np.log10(np.abs(response)), rtol=1e-9, atol=1e-9)
                np.testing.assert_allclose(notch["phase_deg"], np.angle(response, deg=True), rtol=1e-9, atol=1e-9)
                assert len(set(filters["fir"]["group_delay_s"])) == 1

            check(50)
            ask("/pipeline", "PATCH", [{"op": "replace", "path": "/stages/notch/params/hz", "value": 60}])
            check(60)
            assert ask("/pipeline/filter_report?stage=notch&hz=1,10")["filters"]["notch"]["hz"] == [1, 10]
            for wrong, status in (("?stage=to_voltage", 404), ("?hz=x", 400), ("?herz=1", 400)):
                with pytest.raises(urllib.error.HTTPError) as error:
                    ask(f"/pipeline/filter_report{wrong}")
                assert error.value.code == status
        finally:
            daemon.terminate()
            daemon.communicate(timeout=60)
