"""Designs and filtered output of `stages_builtin::dsp` against scipy itself.

    cargo test -p daemon --test peers          all peers, with what they need installed and built
    EEGD_SOSFILT=.../sosfilt pytest ...        this file alone; EEGD_SOSFILT is the example `sosfilt`, built

Reads the recordings in the data folder.
"""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
from scipy import signal

DATA = pathlib.Path(__file__).parents[4] / "data"
LIMIT = 1e-6  # of each channel's rms
PACKETS = (1, 7, 40, 1000)


def sosfilt(*arguments, samples=None):
    binary = os.environ.get("EEGD_SOSFILT")
    if not binary:
        pytest.fail("set EEGD_SOSFILT to the binary made by `cargo build --release -p stages_builtin --example sosfilt`")
    stdin = None if samples is None else np.ascontiguousarray(samples, "<f4").tobytes()
    done = subprocess.run([binary, *map(str, arguments)], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def ours(spec, rate):
    rows = [json.loads(line) for line in sosfilt("sos", spec, rate).splitlines()]
    return np.array([row["sos"] for row in rows]), np.array([row["zi"] for row in rows])


def scipys(spec, rate):
    kind, *numbers = spec.split(":")
    if kind == "notch":
        hz, q, harmonics = float(numbers[0]), float(numbers[1]), int(numbers[2])
        pairs = [signal.iirnotch(k * hz, q, fs=rate) for k in range(1, harmonics + 1)]
        return np.array([np.concatenate(pair) for pair in pairs])
    order, *edges = numbers
    edges = [float(edge) for edge in edges]
    return signal.butter(int(order), edges if len(edges) > 1 else edges[0], kind, output="sos", fs=rate)


def read_bdf(path):
    """Channels of one rate, in the file's unit, as [frame][channel]."""
    raw = path.read_bytes()
    count = int(raw[252:256])
    header = 256 * (count + 1)

    def field(offset, width):
        start = 256 + offset * count
        return [raw[start + k * width : start + (k + 1) * width].decode("latin-1").strip() for k in range(count)]

    labels, low, high = field(0, 16), np.array(field(104, 8), float), np.array(field(112, 8), float)
    digital_low, digital_high = np.array(field(120, 8), float), np.array(field(128, 8), float)
    per_record = np.array(field(216, 8), int)
    keep = [k for k in range(count) if "Annotations" not in labels[k] and labels[k] != "Status"]
    assert len(set(per_record[keep])) == 1, "one rate only"
    seconds = float(raw[244:252])
    codes = np.frombuffer(raw[header:], np.uint8)
    codes = codes[: codes.size // (3 * per_record.sum()) * 3 * per_record.sum()].reshape(-1, 3).astype(np.int32)
    codes = (codes[:, 0] | codes[:, 1] << 8 | codes[:, 2] << 16) << 8 >> 8
    records = np.split(codes.reshape(-1, per_record.sum()), np.cumsum(per_record)[:-1], axis=1)
    scale = (high - low) / (digital_high - digital_low)
    columns = [low[k] + (records[k].reshape(-1) - digital_low[k]) * scale[k] for k in keep]
    return np.stack(columns, axis=1).astype("<f4"), per_record[keep[0]] / seconds


def noise(rate, seconds=20, channels=9):
    """20 uV rms on an electrode offset of 5 mV, with a slow drift."""
    random = np.random.default_rng(int(rate))
    time = np.arange(int(rate * seconds))[:, None] / rate
    drift = 200 * np.sin(2 * np.pi * 0.1 * time + np.arange(channels))
    return (5000 + drift + random.normal(0, 20, (time.size, channels))).astype("<f4")


def relative(values, expected):
    """Worst difference of each channel as a part of the rms of what is expected, the largest of them.

    Half a step of f32 is taken off: the output is f32, and a transient a hundred times the rms has steps of 1e-5 of it.
    """
    rms = np.sqrt(np.mean(np.square(expected), axis=0))
    rounding = np.spacing(np.abs(expected).astype("<f4")).astype(float) / 2
    return np.max(np.max(np.abs(values - expected) - rounding, axis=0).clip(0) / rms)


def designs(rate):
    for order in range(1, 11):
        for hz in (0.05, 0.5, 1, 40, 0.45 * rate):
            yield f"lowpass:{order}:{hz}"
            yield f"highpass:{order}:{hz}"
        for low, high in ((0.05, 40), (0.5, 100), (1, 40), (8, 13), (49, 51), (0.1 * rate, 0.37 * rate)):
            yield f"bandpass:{order}:{low}:{high}"
            yield f"bandstop:{order}:{low}:{high}"
    for hz in (50, 60):
        for q in (1, 30, 100):
            yield f"notch:{hz}:{q}:2"


@pytest.mark.parametrize("rate", (250, 500, 1000, 4000, 16000))
def test_designs(rate):
    worst, same = 0.0, 0
    for spec in designs(rate):
        (sos, zi), expected = ours(spec, rate), scipys(spec, rate)
        assert sos.shape == expected.shape, spec
        # The gain is spread over the first row: compare it as a part of itself.
        scale = np.maximum(np.abs(expected), np.max(np.abs(expected[:, :3]), axis=1, keepdims=True) * [1, 1, 1, 0, 0, 0])
        scale[:, 3:] = 1
        off = np.max(np.abs(sos - expected) / scale)
        assert off < 1e-9, f"{spec} at {rate}: {off}\n{sos}\n{expected}"
        worst, same = max(worst, off), same + np.array_equal(sos, expected)
        assert np.allclose(zi, signal.sosfilt_zi(sos), rtol=1e-9, atol=1e-12 * np.max(np.abs(zi))), spec
    print(f"\n{rate} samples/s: worst coefficient off by {worst:.1e}, {same} designs bit for bit")


@pytest.mark.parametrize("kind", ("bandpass", "bandstop"))
def test_symmetric_designs(kind):
    """Around a quarter of the rate poles mirror each other: which of them comes first hangs on the last bit, the filter does not."""
    for order in range(1, 11):
        spec = f"{kind}:{order}:25:100"
        w, expected = signal.sosfreqz(scipys(spec, 250), worN=4000)
        _, response = signal.sosfreqz(ours(spec, 250)[0], worN=w)
        assert np.max(np.abs(response - expected)) < 1e-10, spec


def compare(samples, rate, spec, init, packets=PACKETS):
    expected_sos = scipys(spec, rate)
    x = samples.astype(float)
    start = np.zeros((len(expected_sos), 2, x.shape[1]))
    if init == "step":
        start = signal.sosfilt_zi(expected_sos)[:, :, None] * x[0]
    expected, _ = signal.sosfilt(expected_sos, x, axis=0, zi=start)
    outputs = [sosfilt("filter", spec, rate, x.shape[1], packet, init, samples=samples) for packet in packets]
    assert all(output == outputs[0] for output in outputs), f"{spec}: the packet size changes the output"
    output = np.frombuffer(outputs[0], "<f4").reshape(x.shape)
    off = relative(output, expected)
    if off < LIMIT:
        return off
    # Where a low cut-off takes a large offset out, f64 itself loses more than the limit: two runs in f64, with and
    # without fused multiply-adds, may then differ by as much as each is off from extended precision.
    lost = relative(expected, extended(expected_sos, x, start))
    print(f"\n{spec} at {rate}, {init}: off by {off:.1e} of rms, scipy itself by {lost:.1e}")
    return off * LIMIT / max(LIMIT, lost)


def extended(sos, x, start):
    """`sosfilt` in extended precision."""
    y = x.astype(np.longdouble)
    for (b0, b1, b2, _, a1, a2), (s1, s2) in zip(sos.astype(np.longdouble), start.astype(np.longdouble)):
        out = np.empty_like(y)
        for i, u in enumerate(y):
            out[i] = v = b0 * u + s1
            s1, s2 = b1 * u - a1 * v + s2, b2 * u - a2 * v
        y = out
    return y.astype(float)


FILTERS = (
    "notch:60:30:1", "notch:50:30:2",
    "bandpass:4:1:40", "bandpass:4:0.5:100", "bandpass:2:0.05:40", "bandpass:10:1:40", "bandstop:4:48:52",
    "highpass:4:0.05", "highpass:1:0.05", "highpass:2:0.5", "highpass:10:0.5", "highpass:10:0.05",
    "lowpass:4:40", "lowpass:1:0.05", "lowpass:4:0.05", "lowpass:10:0.5", "lowpass:10:40",
)  # fmt: skip


@pytest.mark.parametrize("init", ("zero", "step"))
@pytest.mark.parametrize("spec", FILTERS)
@pytest.mark.parametrize("rate", (250, 4000, 16000))
def test_noise_on_an_offset(rate, spec, init):
    off = compare(noise(rate), rate, spec, init, packets=(7, 1000) if rate > 4000 else PACKETS)
    print(f"\n{spec} at {rate}, {init}: {off:.1e} of rms")
    assert off < LIMIT


@pytest.mark.parametrize("init", ("zero", "step"))
@pytest.mark.parametrize("spec", FILTERS)
@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*.bdf")))
def test_recordings(name, spec, init):
    samples, rate = read_bdf(DATA / name)
    flat = np.ptp(samples, axis=0) == 0
    off = compare(samples[:, ~flat], rate, spec, init)
    print(f"\n{name} ({samples.shape}, {rate}), {spec}, {init}: {off:.1e} of rms")
    assert off < LIMIT


@pytest.mark.parametrize("factor", (2, 3, 4, 5, 7, 8, 16, 30, 64, 1000))
@pytest.mark.parametrize("rate", (250, 16000))
def test_decimation(rate, factor):
    """Each step is what `firwin` makes for it; all of them together are one filter, `lfilter(taps, 1, x)[::factor]`."""
    steps = [json.loads(line) for line in sosfilt("taps", factor).splitlines()]
    left, apart, taps = factor, 1, np.ones(1)
    for step in steps:
        h = np.array(step["taps"])
        # In Nyquist frequencies of the step: flat to 0.8 of the last one, down where what folds would reach below the last one.
        flat, down = 0.8 / left, (2 * left / step["factor"] - 1) / left
        beta = signal.kaiser_beta(90 if len(steps) == 1 else 93)
        assert np.allclose(h, signal.firwin(h.size, (flat + down) / 2, window=("kaiser", beta)), rtol=0, atol=1e-15)
        spread = np.zeros((h.size - 1) * apart + 1)
        spread[::apart] = h
        taps = np.convolve(taps, spread)
        left, apart = left // step["factor"], apart * step["factor"]
    assert left == 1 and apart == factor
    response = np.fft.rfft(taps, 1 << 19)
    f = np.linspace(0, np.pi, response.size)
    assert 20 * np.log10(np.max(np.abs(response[f >= np.pi / factor]))) < -80
    assert np.max(np.abs(20 * np.log10(np.abs(response[f <= 0.8 * np.pi / factor])))) < 0.001
    x = noise(rate)
    for init in ("zero", "step"):
        past = x[:1] if init == "step" else np.zeros_like(x[:1])
        before = -(-taps.size // factor)  # outputs, whose inputs are the past alone
        padded = np.concatenate([np.repeat(past, before * factor, axis=0), x]).astype(float)
        expected = signal.upfirdn(taps, padded, 1, factor, axis=0)[before:][: -(-len(x) // factor)]
        outputs = [sosfilt("decimate", factor, x.shape[1], packet, init, samples=x) for packet in PACKETS]
        assert all(output == outputs[0] for output in outputs), "the packet size changes the output"
        off = relative(np.frombuffer(outputs[0], "<f4").reshape(expected.shape), expected)
        print(f"\n/{factor} in {len(steps)} steps at {rate}, {init}: {off:.1e} of rms")
        assert off < LIMIT
