"""Stages while they are retuned, and after a day, against scipy with the state carried over.

    cargo test -p daemon --test peers          all peers, with what they need installed and built
    EEGD_STAGE=.../stage pytest ...            this file alone; EEGD_STAGE is the example `stage`, built

A retune of a recursive filter goes on from the state of the old one, with its steady part in the size of the newest sample
exchanged: `zi = zf + (sosfilt_zi(new) - sosfilt_zi(old)) x[-1]`. Filters of finite memory weigh the same past anew.
"""

import json
import os
import subprocess

import numpy as np
import pytest
from dsp_peer import DATA, LIMIT, read_bdf, relative
from scipy import signal

RATE = 250
CHANGES = (7001, 7040, 15000)


def stage(kind, params, samples, rate=RATE, packet=40, changes=()):
    """Runs a stage; `changes` are (sample, parameters)."""
    binary = os.environ.get("EEGD_STAGE")
    if not binary:
        pytest.fail("set EEGD_STAGE to the binary made by `cargo build --release -p stages_builtin --example stage`")
    more = [str(word) for sample, new in changes for word in (sample, json.dumps(new))]
    words = [binary, str(rate), str(samples.shape[1]), str(packet), kind, json.dumps(params), *more]
    done = subprocess.run(words, input=np.ascontiguousarray(samples, "<f4").tobytes(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, "<f4").reshape(len(samples), -1)


@pytest.fixture(scope="module")
def x():
    samples, rate = read_bdf(DATA / "cyton_blinks_jaw_alpha.bdf")  # offsets up to 62 mV, mains, EEG of 10 uV
    assert rate == RATE
    return samples


IIR = {  # stage: parameters one after another; scipy's design
    "notch": ([{"hz": 60}, {"hz": 50}, {"hz": 59, "q": 5}, {"hz": 60}], lambda p: np.concatenate(signal.iirnotch(p["hz"], p.get("q", 30), fs=RATE))[None]),
    "peak": ([{"hz": 12}, {"hz": 10}, {"hz": 10, "q": 3}, {"hz": 15}], lambda p: np.concatenate(signal.iirpeak(p["hz"], p.get("q", 10), fs=RATE))[None]),
    "highpass": ([{"hz": 0.5}, {"hz": 1}, {"hz": 0.05}, {"hz": 5}], lambda p: signal.butter(4, p["hz"], "highpass", output="sos", fs=RATE)),
    "lowpass": ([{"hz": 40}, {"hz": 1}, {"hz": 30}, {"hz": 60}], lambda p: signal.butter(4, p["hz"], output="sos", fs=RATE)),
    "bandpass": (
        [{"low_hz": 1, "high_hz": 40}, {"low_hz": 2, "high_hz": 30}, {"low_hz": 0.5, "high_hz": 45}, {"low_hz": 8, "high_hz": 13}],
        lambda p: signal.butter(4, [p["low_hz"], p["high_hz"]], "bandpass", output="sos", fs=RATE),
    ),
    "iir": (
        [{"design": "bessel", "high_hz": 40}, {"design": "butterworth", "high_hz": 20}, {"design": "bessel", "high_hz": 10}, {"design": "bessel", "high_hz": 50}],
        lambda p: (signal.bessel if p["design"] == "bessel" else signal.butter)(4, p["high_hz"], output="sos", fs=RATE),
    ),
    "dc_block": ([{"hz": 0.1}, {"hz": 1}, {"hz": 0.5}, {"hz": 0.05}], lambda p: signal.butter(1, p["hz"], "highpass", output="sos", fs=RATE)),
    "envelope": ([{"hz": 2}, {"hz": 4}, {"hz": 1}, {"hz": 3}], lambda p: np.pi / 2 * signal.butter(2, p["hz"], output="sos", fs=RATE) * [[1, 1, 1] + 3 * [2 / np.pi]]),
}  # fmt: skip


def pieces(given, params):
    """What each piece is filtered with."""
    return zip(np.split(given, CHANGES), params, strict=True)


@pytest.mark.parametrize("kind", IIR)
def test_a_retuned_recursive_filter(x, kind):
    params, design = IIR[kind]
    given = np.abs(x.astype(float)) if kind == "envelope" else x.astype(float)
    out, fresh, state, before = [], [], None, None
    for piece, now in pieces(given, params):
        sos = design(now)
        steady = signal.sosfilt_zi(sos)[:, :, None]
        if state is None:
            state = steady * piece[0]
        else:
            state = state + (steady - before) * newest
        y, state = signal.sosfilt(sos, piece, axis=0, zi=state)
        fresh.append(signal.sosfilt(sos, piece, axis=0, zi=steady * piece[0])[0])
        out.append(y)
        before, newest = steady, piece[-1]
    expected = np.concatenate(out)
    for packet in (1, 40, 333):
        ours = stage(kind, params[0], x, packet=packet, changes=list(zip(CHANGES, params[1:], strict=True)))
        off = relative(ours, expected)
        assert off < LIMIT, f"packets of {packet}: {off}"
    print(f"\n{kind}: {off:.1e} of rms")
    # No click: at the change the output jumps no more than it does from sample to sample anyway.
    jumps = np.abs(np.diff(expected, axis=0))
    for at in CHANGES[1:]:
        assert np.all(jumps[at - 1] <= 1.5 * np.max(jumps[at - RATE : at - 1], axis=0) + 1e-3 * np.abs(x).max(axis=0)), (kind, at)


def test_a_change_that_changes_nothing_is_not_heard(x):
    for kind, params in {"bandpass": {"low_hz": 1, "high_hz": 40}, "detrend": {}, "rms": {}, "fir": {"high_hz": 30}, "hilbert": {"low_hz": 8, "high_hz": 13}}.items():
        changed = stage(kind, params, x, changes=[(at, params | ({"init": "zero"} if kind == "bandpass" else {})) for at in CHANGES])
        np.testing.assert_array_equal(changed, stage(kind, params, x), err_msg=kind)


def past(x, at, known):
    """The input up to a change as a stage remembers it: `known` samples, the oldest standing for all before it."""
    return np.concatenate([np.repeat(x[at - known : at - known + 1], 1000, axis=0), x[at - known :]]), 1000 + known


def test_a_retuned_fir(x):
    given = x.astype(float)
    for one, two in ((101, 201), (201, 101)):
        old, new = ({"high_hz": 40, "taps": one}, {"high_hz": 20, "taps": two})
        ours = stage("fir", old, x, changes=[(7001, new)])
        first = signal.lfilter(signal.firwin(one, 40, fs=RATE), 1, np.concatenate([np.repeat(given[:1], one, axis=0), given]), axis=0)[one:]
        known, skip = past(given, 7001, one - 1)
        second = signal.lfilter(signal.firwin(two, 20, fs=RATE), 1, known, axis=0)[skip:]
        assert relative(ours, np.concatenate([first[:7001], second])) < LIMIT


@pytest.mark.parametrize("kind", ("detrend", "rms"))
def test_a_retuned_moving_average(x, kind):
    given, (one, two), at = x.astype(float), (100, 250), 7010
    value = given if kind == "detrend" else given**2
    ours = stage(kind, {"window_s": one / RATE}, x, changes=[(at, {"window_s": two / RATE})])
    # The old window still has its newest block and the one in the making.
    known = at % one + one

    def mean(n):
        window = one if n < at else two
        first = max(0, n + 1 - window, at - known if n >= at else 0)
        return value[first : n + 1].mean(axis=0)

    near = np.arange(at - 50, at + 600)
    means = np.array([mean(n) for n in near])
    expected = given[near] - means if kind == "detrend" else np.sqrt(means)
    assert relative(ours[near], expected) < LIMIT


def test_other_bands_of_the_same_windows_lose_nothing(x):
    narrow, wide = {"high_hz": 20, "average": 3}, {"high_hz": 40, "average": 3}
    changed = subprocess.run(
        [os.environ["EEGD_STAGE"], str(RATE), "8", "40", "psd", json.dumps(narrow), "7001", json.dumps(wide)],
        input=x.tobytes(), capture_output=True, check=True,
    )  # fmt: skip
    alone = [
        subprocess.run([os.environ["EEGD_STAGE"], str(RATE), "8", "40", "psd", json.dumps(p)], input=x.tobytes(), capture_output=True, check=True).stdout
        for p in (narrow, wide)
    ]
    spectra = int((7001 - 500) // 125) - 1  # of 500 samples every 125, three to an average, before the change
    cut = spectra * 8 * 40 * 4
    assert changed.stdout == alone[0][:cut] + alone[1][spectra * 8 * 80 * 4 :]


DAY = {  # parameters and scipy's sections, for a day of samples
    "highpass": ({"hz": 0.05, "order": 2}, lambda: signal.butter(2, 0.05, "highpass", output="sos", fs=RATE)),
    "bandpass": ({"low_hz": 0.5, "high_hz": 40}, lambda: signal.butter(4, [0.5, 40], "bandpass", output="sos", fs=RATE)),
    "notch": ({"hz": 50}, lambda: np.concatenate(signal.iirnotch(50, 30, fs=RATE))[None]),
}


def test_a_day_of_samples():
    """21.6 million frames: no drift. The tail, with everything before it carried in the state."""
    frames = 24 * 3600 * RATE
    noise = np.random.default_rng(6)
    day = (20_000 + 20 * noise.standard_normal(frames, dtype="f4")).astype("<f4")[:, None]
    tail = slice(frames - 60 * RATE, None)
    for kind, (params, design) in DAY.items():
        sos = design()
        expected, _ = signal.sosfilt(sos, day.astype(float), axis=0, zi=signal.sosfilt_zi(sos)[:, :, None] * day[0].astype(float))
        off = relative(stage(kind, params, day, packet=1000)[tail], expected[tail])
        print(f"\n{kind} after 24 h: {off:.1e} of rms")
        assert off < LIMIT, kind
    windows = np.lib.stride_tricks.sliding_window_view(day[frames - 60 * RATE - RATE + 1 :, 0].astype(float), RATE)
    for kind, expected in {
        "detrend": day[tail, 0] - windows.mean(axis=1),
        "rms": np.sqrt((windows**2).mean(axis=1)),
    }.items():
        off = relative(stage(kind, {"window_s": 1}, day, packet=1000)[tail], expected[:, None])
        print(f"\n{kind} after 24 h: {off:.1e} of rms")
        assert off < LIMIT, kind
