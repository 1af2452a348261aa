"""What happened while it was recorded, read back from the files alone with pyedflib, pyxdf and csv: losses, changes, refusals, markers, rails,
electrodes that came off, the board's settings, the clock.

    cargo test -p daemon --test peers truth        with what it needs installed and built
    EEGD=.../eegd pytest truth_peer.py             this file alone
"""

import csv
import json
import re
import signal
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pyedflib
import pytest
import pyxdf
from recorded import recording_daemon

RATE = 500
RAIL = 7_969_177
LABELS = ["Fp1", "Fp2", "C3", "C4"]
# The clock of the chips is 0.4 % fast, which is told from nothing but their edges.
PPM = 4000
PIPELINE = """\
sensors:
  0:
    driver: simulated
    channels: 4
    labels: [Fp1, Fp2, C3, C4]
    oscillator: { ppm: 4000 }
    faults:
      - missed_edges: { at_s: 1.2, count: 5 }
      - electrode_off: { at_s: 2, for_s: 2.5, channel: 2 }
      - late_read: { at_s: 5.5, for_s: 0.05 }
stages:
  - acquire: { board: 0, sps: 500, gain: 24 }
  - bdf_sink: { path: a.bdf, inputs: acquire }
  - edf_sink: { path: a.edf, inputs: acquire, max_step_uv: 20 }
  - xdf_sink: { path: a.xdf, inputs: acquire }
  - csv_sink: { path: a.csv, inputs: acquire }
  - to_voltage: { inputs: acquire }
  - notch: { hz: 50 }
  - quality: { inputs: to_voltage }
"""


def edf(path):
    with pyedflib.EdfReader(str(path)) as peer:
        codes = np.array([peer.readSignal(i, digital=True) for i in range(4)])
        found = [(round(float(on) * RATE), round(float(for_s) * RATE) if float(for_s) > 0 else None, str(text)) for on, for_s, text in zip(*peer.readAnnotations())]
        gain = [peer.getTransducer(i) for i in range(4)]
    real = np.ones(codes.shape[1], bool)
    for at, samples, text in found:
        if text.startswith(("Lost", "Padding")):
            real[at : at + samples] = False
    return np.flatnonzero(real), codes[:, real], found, gain


def xdf(path):
    streams = pyxdf.load_xdf(str(path), synchronize_clocks=False, dejitter_timestamps=False)[0]
    eeg = next(one for one in streams if one["info"]["name"] == ["eeg"])
    marks = next(one for one in streams if one is not eeg)
    texts = [text[0] for text in marks["time_series"]]
    begun = float(re.search(r"start_unix_ns=(\d+)", "".join(texts))[1]) / 1e9
    index = np.rint((np.array(eeg["time_stamps"]) - begun) * RATE).astype(int)
    found = [(round((at - begun) * RATE), None, text) for at, text in zip(marks["time_stamps"], texts)]
    assert len(eeg["clock_times"]) >= 2, "the host's clock is not measured"
    # How far the host's clock runs from the chips' tells the rate.
    times, offsets = np.array(eeg["clock_times"]), np.array(eeg["clock_values"])
    slope = np.polyfit(times - times[0], offsets, 1)[0]
    return index, np.array(eeg["time_series"]).T, found, slope


def table(path):
    rows = np.array([[float(value) for value in line.split(",")] for line in path.read_text().splitlines()[1:]])
    with open(path.with_name("a_events.tsv"), newline="") as beside:
        events = list(csv.DictReader(beside, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = []
    for event in events:
        samples = None if event["duration"] == "n/a" else round(float(event["duration"]) * RATE)
        sort = event["trial_type"]
        prefix = {"marker": "", "rail": "Rail: ", "clock": "Clock: ", "gap": "Lost samples: ", "recorder": ""}.get(sort, sort.capitalize() + " ")
        found.append((int(event["sample"]), samples, prefix + event["value"]))
    return rows[:, 0].astype(int), rows[:, 2:].T.astype(int), found, None


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("truth")
    (folder / "p.yaml").write_text(PIPELINE)
    daemon = recording_daemon(folder, folder / "out")

    def until(frames):
        begun = time.monotonic()
        while (seen := daemon.ask("/pipeline")["stages"]["bdf_sink"]["frames_in"]) < frames:
            assert time.monotonic() - begun < 120, seen
            time.sleep(0.02)
        return seen

    def patch(path, value):
        body = json.dumps([{"op": "replace", "path": path, "value": value}]).encode()
        request = urllib.request.Request(f"http://{daemon.address}/pipeline", body, {"Content-Type": "application/json"}, method="PATCH")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    until(RATE)
    marked_ns = daemon.ask("/markers", {"text": "blink µ"})["time_ns"]
    until(5 * RATE)
    changed_at = patch("/stages/notch/params/hz", 60)["applied_at"]["notch"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        patch("/stages/acquire/params/gain", 12)
    assert refused.value.code == 423
    until(7 * RATE)
    ledger = daemon.ask("/pipeline/ledger")
    code, words = daemon.end(signal.SIGINT)
    assert code == 0, words
    return folder / "out", marked_ns, changed_at, ledger


@pytest.mark.parametrize("read, name", [(edf, "a.bdf"), (edf, "a.edf"), (xdf, "a.xdf"), (table, "a.csv")])
def test_the_truth_is_in_the_file(recorded, read, name):
    folder, marked_ns, changed_at, ledger = recorded
    index, codes, found, more = read(folder / name)
    texts = [text for _, _, text in found]

    def of(start):
        these = [(at, samples, text) for at, samples, text in found if text.startswith(start)]
        assert these, f"no `{start}` in {texts}"
        return these

    # Losses: each where it is, and all of them: acquired = written + declared lost.
    if name == "a.csv":
        gaps = [(at, samples) for at, samples, text in of("Lost samples: ")]
    else:
        gaps = [tuple(map(int, re.search(r"index=(\d+) count=(\d+) cause=", text).groups())) for _, _, text in of("Lost samples: ")]
    assert gaps[0][1] == 5 and len(gaps) == 2, gaps
    lost = np.concatenate([np.arange(at, at + count) for at, count in gaps])
    np.testing.assert_array_equal(np.sort(np.concatenate([index, lost])), np.arange(len(index) + len(lost)))
    assert of("Board acquire: 5 samples were lost: 5 missed") and of("Board acquire: 25 samples were lost: 25 late")
    # A marker at its sample.
    [origin] = of("Recorder: ")
    begun_ns = int(re.search(r"start_unix_ns=(\d+)", origin[2])[1])
    [(at, _, _)] = of("blink µ")
    assert abs(at - (marked_ns - begun_ns) / 1e9 * RATE * (1 + PPM / 1e6)) <= 1
    # A change: what, by whom, at which sample; and one that was refused.
    [(at, _, text)] = of("Change notch: ")
    assert "/stages/notch/params/hz = 60" in text and "by HTTP from 127.0.0.1" in text and abs(at - changed_at) <= RATE / 10, (text, at, changed_at)
    [(_, _, text)] = of("Refusal ")
    assert "gain" in text and "127.0.0.1" in text
    # The board as it was set.
    [(_, _, text)] = of("Board acquire: settings: ")
    for word in ("board=0", "sps=500", "gain=24", "driver=simulated", 'labels=["Fp1","Fp2","C3","C4"]'):
        assert word in text, text
    if name.endswith("df") and more is not None and name[2] in "be":
        assert all("gain=24" in transducer or "gain 24" in transducer for transducer in more), more
    # Rails, from the codes themselves.
    limit = RAIL if name != "a.edf" else 32767 * 0.95
    railed = index[np.abs(codes[1]) >= limit]
    if name != "a.edf":
        [(at, _, begins), (ends_at, samples, ended)] = of("Rail: ")
        assert (at, begins) == (railed[0], "Rail: Fp2 is at a rail of the ADC")
        lasted = railed[-1] + 1 - railed[0]
        assert (ends_at, ended) == (railed[0], f"Rail: Fp2 was at a rail of the ADC for {lasted} samples")
        assert samples == lasted or name == "a.xdf"
    # The electrode that came off, and came back.
    assert any("Fp2 seems to have lost its electrode" in text for text in texts), texts
    assert any("Fp2 has its electrode again" in text for text in texts), texts
    # The clock: as the chips' edges tell it.
    [(_, _, text)] = of("Clock: ")
    ppm = float(re.search(r"ppm=(-?[\d.]+)", text)[1])
    assert abs(ppm - PPM) < 100, text
    if name == "a.xdf":
        assert abs(-more * 1e6 - PPM) < 100, more


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-v"]))
