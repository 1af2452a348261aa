"""`kill -9` while the daemon records, 50 times over four recorders at once: every file opens as it lies there, and made whole.

    cargo test -p daemon --test peers killed        with what it needs installed and built
    EEGD=.../eegd pytest kills_peer.py              this file alone
"""

import concurrent.futures
import random
import shutil
import signal
import sys
import time

import numpy as np
import pytest
from recorded import KINDS, RATE, eegd, is_empty, make_signal, read, recording_daemon, sink

ROUNDS, AT_ONCE = 50, 5
LONGEST_S = 3.5  # from the first sample to the kill


def one_round(folder, number):
    """Records, kills, makes copies whole. Gives frames seen by each recorder, and markers set more than a second before."""
    here = folder / f"{number:02}"
    daemon = recording_daemon(folder, here)
    chance = random.Random(number)
    end = time.monotonic() + chance.uniform(0, LONGEST_S)
    marked = []
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, chance.uniform(0.05, 0.6)))
        marked.append((time.monotonic(), f"marker {len(marked)}"))
        daemon.ask("/markers", {"text": marked[-1][1]})
    stages = daemon.ask("/pipeline")["stages"]
    killed = time.monotonic()
    code, _ = daemon.end(signal.SIGKILL)
    assert code == -signal.SIGKILL
    seen = {kind: stages[f"a_{kind}"]["frames_in"] for kind in KINDS}
    for kind in KINDS:
        path, whole = here / f"a.{kind}", here / f"whole.{kind}"
        shutil.copy(path, whole)
        if kind == "csv" and (here / "a_events.tsv").exists():
            shutil.copy(here / "a_events.tsv", here / "whole_events.tsv")
        # Until a second of samples has come, none has to be there.
        if seen[kind] > RATE or not is_empty(path):
            eegd("info", path)
            eegd("recover", whole)
            assert "the file is whole" in eegd("info", whole)
    return seen, [text for at, text in marked if killed - at > 1.2]


def test_a_daemon_killed_at_200_moments_leaves_files_that_open_and_miss_less_than_a_second(tmp_path):
    codes = make_signal(tmp_path, 120)
    (tmp_path / "p.yaml").write_text("- playback: { path: signal.bdf }\n" + "".join(sink(kind, "a") for kind in KINDS))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        rounds = list(pool.map(lambda number: one_round(tmp_path, number), range(ROUNDS)))
    missing = {kind: [] for kind in KINDS}
    for number, (seen, due) in enumerate(rounds):
        for kind, frames in seen.items():
            before = 0
            for name in ("a", "whole"):
                path = tmp_path / f"{number:02}" / f"{name}.{kind}"
                if frames <= RATE and is_empty(path):
                    continue
                index, texts = read(path, codes)
                np.testing.assert_array_equal(index, np.arange(len(index)), err_msg=str(path))
                assert len(index) >= max(frames - RATE, before), f"{path}: {len(index)} of {frames} frames, {before} before"
                assert frames <= RATE or set(due) <= set(texts), f"{path}: {due} is not all in {texts}"
                before = len(index)
                if name == "a":
                    missing[kind].append(frames - len(index))
    print(f"\n{ROUNDS} kills, {4 * ROUNDS} files; missing of what was seen, in seconds:")
    for kind, frames in missing.items():
        print(f"{kind}: {len(frames)} files with samples, at most {max(frames) / RATE:.2f}, median {np.median(frames) / RATE:.2f}")
    assert all(len(frames) > ROUNDS / 2 for frames in missing.values())


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-v"]))
