"""Disks that stall, fail and are full, beside a live stream: what is lost is said, what is there is right, nobody else is touched.

    cargo test -p daemon --test peers disk        with what it needs installed and built
    EEGD=.../eegd pytest disk_peer.py             this file alone; needs a C compiler

Stalls and EIO are played by `bad_disk.c`, loaded before libc. A full disk is a small tmpfs where one can be mounted, else a limit on
the length of files; that limit has a test of its own as well.
"""

import concurrent.futures
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from recorded import EEGD, KINDS, RATE, eegd, make_signal, read, recording_daemon, sink
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

FRAME = struct.Struct("<HBBIQqIHH")
LOST = re.compile(r"Lost samples: index=(\d+) count=(\d+)")


SIGNAL = "../signal.bdf"


@pytest.fixture
def codes(tmp_path):
    return make_signal(tmp_path, 120)


class Viewer(threading.Thread):
    """A client of /ws/data: every frame, in order."""

    def __init__(self, daemon, codes):
        super().__init__()
        self.daemon_address, self.codes = daemon.address, codes
        self.first = self.next = None
        self.odd = []
        self.start()

    def run(self):
        try:
            with connect(f"ws://{self.daemon_address}/ws/data?topics=live", max_size=None) as socket:
                while True:
                    self.take(socket.recv(timeout=60))
        except ConnectionClosed:
            pass
        except Exception as error:
            self.odd.append(repr(error))

    def take(self, message):
        if isinstance(message, str):
            if '"lagged"' in message:
                self.odd.append(message)
            return
        _, _, _, _, index, _, frames, channels, flags = FRAME.unpack_from(message)
        found = np.frombuffer(message, "<i4", offset=FRAME.size).reshape(frames, channels)
        if self.first is None:
            self.first = self.next = index
        # That the signal is at a rail is no trouble of the disk's.
        if index != self.next or flags & ~4:
            self.odd.append(f"frame {index}, flags {flags}, where {self.next} was due")
        if not np.array_equal(found.T, self.codes[:, index : index + frames]):
            self.odd.append(f"frame {index}: other samples than were played")
        self.next = index + frames


class Bench:
    """A daemon that records on a disk which can be made bad, and a viewer."""

    def __init__(self, folder, codes, sinks, disk=None, **more):
        folder.mkdir(exist_ok=True)
        self.disk, self.orders, self.codes = disk or folder / "disk", folder / "orders", codes
        self.disk.mkdir(exist_ok=True)
        self.orders.mkdir()
        text = f"- playback: {{ path: {SIGNAL} }}\n" + "".join(sinks) + "- websocket_sink: { topic: live, inputs: playback }\n"
        (folder / "p.yaml").write_text(text)
        env = os.environ | {"BAD_DISK": str(self.disk.resolve()), "BAD_DISK_ORDERS": str(self.orders)}
        self.daemon = recording_daemon(folder, self.disk, env=env | more.pop("env", {}), **more)
        self.viewer = Viewer(self.daemon, codes)
        self.until(RATE)

    def seen(self):
        return self.daemon.ask("/pipeline")["stages"]["playback"]["frames_out"]

    def until(self, frames):
        begun = time.monotonic()
        while (seen := self.seen()) < frames:
            assert time.monotonic() - begun < 120, f"{seen} of {frames} frames"
            time.sleep(0.02)
        return seen

    def bad(self, what, seconds):
        """Makes the disk bad for so many seconds of signal; gives frames seen at both ends."""
        before = self.seen()
        (self.orders / what).touch()
        self.until(before + round(seconds * RATE))
        (self.orders / what).unlink()
        return before, self.seen()

    def end(self):
        """Ends it; gives frames made, code, words. The viewer has all of them."""
        code, words = self.daemon.end(signal.SIGINT)
        self.viewer.join(120)
        assert not self.viewer.odd, self.viewer.odd[:5]
        assert self.viewer.next is not None and not self.viewer.is_alive()
        return self.viewer.next, code, words

    def recovered(self, name):
        """As `read`, of a file whose disk refused to the end: nothing could be cut off behind what it took in part."""
        path = self.disk / name
        if path.suffix != ".csv":
            read(path, self.codes)
        eegd("recover", path)
        return self.read(name)

    def read(self, name):
        """Index, gaps and texts of a recording; that it is whole and accounts for every sample, from the file alone."""
        path = self.disk / name
        index, texts = read(path, self.codes)
        gaps = [tuple(map(int, found.groups())) for text in texts if (found := LOST.search(text))]
        if path.suffix == ".csv":
            jumps = np.flatnonzero(np.diff(index) > 1)
            gaps = [(index[at] + 1, index[at + 1] - index[at] - 1) for at in jumps]
        lost = np.concatenate([np.arange(first, first + count) for first, count in gaps] or [np.arange(0)])
        np.testing.assert_array_equal(np.union1d(index, lost), np.arange(len(index) + len(lost)), err_msg=name)
        assert "the file is whole" in eegd("info", path), name
        return index, gaps, texts


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    built = tmp_path_factory.getbasetemp() / "bad_disk.so"
    source = os.path.join(os.path.dirname(__file__), "bad_disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", built, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(built)}


def stalls(folder, codes, env):
    """8 s, with queues of 10 s and of 2 s."""
    sinks = [sink(kind, name, more) for kind in KINDS for name, more in (("long", ""), ("short", ", buffer_s: 2"))]
    bench = Bench(folder, codes, sinks, env=env)
    begins, ends = bench.bad("stall", 8)
    bench.until(ends + RATE)
    frames, code, words = bench.end()
    assert code == 0, words
    for kind in KINDS:
        index, gaps, texts = bench.read(f"long.{kind}")
        assert (len(index), gaps) == (frames, []), kind
        assert any("the disk is slow" in text for text in texts), texts
        index, gaps, texts = bench.read(f"short.{kind}")
        [(first, count)] = gaps
        # What the queue holds is kept, and the gap begins after it, at most the length of a packet and of the look at the figures early.
        assert len(index) + count == frames and first >= begins + 2 * RATE - 10, (kind, first, begins)
        assert first + count <= ends + 3 * RATE and any("samples are being lost" in text for text in texts), texts
    return f"stall of 8 s, {frames} frames: queue of 10 s loses 0; of 2 s loses {count}, declared at {first}"


def fails(folder, codes, env):
    """EIO for 4 s, with queues of 10 s and of 2 s, and a recorder that gives up."""
    sinks = [sink(kind, "long") for kind in KINDS]
    sinks += [sink(kind, "short", ", buffer_s: 2, on_error: skip_packet") for kind in KINDS]
    sinks += [sink(kind, "ends", ", buffer_s: 2") for kind in KINDS]
    bench = Bench(folder, codes, sinks, env=env)
    begins, ends = bench.bad("eio", 4)
    bench.until(ends + RATE)
    stages = bench.daemon.ask("/pipeline")["stages"]
    frames, code, words = bench.end()
    assert code == 1, words
    for kind in KINDS:
        index, gaps, texts = bench.read(f"long.{kind}")
        assert (len(index), gaps) == (frames, []), kind
        assert any("the disk refuses" in text for text in texts), texts
        index, gaps, _ = bench.read(f"short.{kind}")
        lost = sum(count for _, count in gaps)
        assert lost and len(index) + lost == frames, (kind, gaps)
        assert gaps[0][0] >= begins + 2 * RATE - 10, (kind, gaps, begins)
        # Its branch is closed, and said to be; what could not be written is missing at the end.
        index, gaps, _ = bench.recovered(f"ends.{kind}")
        assert begins - RATE <= len(index) <= frames and not gaps, (kind, len(index), begins)
        assert stages[f"ends_{kind}"]["state"] == "failed", stages[f"ends_{kind}"]
        assert f"stage `ends_{kind}` failed" in words and "Input/output error" in words, words
    return f"EIO for 4 s, {frames} frames: queue of 10 s loses 0; of 2 s loses {lost}, declared"


def stops(folder, codes, env):
    """A study is stopped while its disk stalls: nobody else waits for that, and the recording is whole once the disk answers."""
    bench = Bench(folder, codes, [sink("csv", "long")], env=env)
    meta = bench.daemon.ask("/studies", {"participant": "P1"})
    bench.until(bench.seen() + RATE)
    (bench.orders / "stall").touch()
    bench.until(bench.seen() + RATE)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        stop = pool.submit(bench.daemon.ask, "/studies/current/stop", {})
        seen = bench.viewer.next
        bench.until(bench.seen() + 3 * RATE)
        assert bench.viewer.next >= seen + 2 * RATE and not stop.done(), "the viewer waits for the disk"
        (bench.orders / "stall").unlink()
        meta = stop.result()
    bench.until(bench.seen() + RATE)
    frames, code, words = bench.end()
    assert code == 0, words
    index, gaps, _ = bench.read("long.csv")
    assert (len(index), gaps) == (frames, [])
    raw = bench.disk / meta["study"] / "P1_rest_playback.bdf"
    first = meta["recordings"][0]["first_sample"]
    recorded = meta["stages"]["study_playback"]["frames_in"]
    index, _ = read(raw, codes[:, first:])
    assert len(index) == recorded >= 2 * RATE and meta["checksums"][raw.name]
    return f"study stopped in a stall: {recorded} frames, all there; the viewer got {frames} without a gap"


def dead(folder, codes, env):
    """EIO to the end: nothing can be closed."""
    bench = Bench(folder, codes, [sink(kind, "a") for kind in KINDS], env=env)
    bench.until(2 * RATE)
    begins = bench.seen()
    (bench.orders / "eio").touch()
    bench.until(begins + RATE)
    frames, code, words = bench.end()
    assert code == 1, words
    for kind in KINDS:
        index, gaps, _ = bench.recovered(f"a.{kind}")
        assert begins - RATE <= len(index) < frames and not gaps, (kind, len(index), begins)
    assert words.count("Input/output error") >= len(KINDS), words
    return f"EIO to the end, {frames} frames: {len(index)} are there, what is missing is said"


def test_stalls_and_failures(tmp_path, codes, shim):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        played = [pool.submit(play, tmp_path / play.__name__, codes, shim) for play in (stalls, fails, stops, dead)]
        print("\n" + "\n".join(one.result() for one in played))


def tmpfs(folder):
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True, text=True)
    return mounted.returncode == 0


def test_a_disk_that_somebody_fills_up(tmp_path, codes):
    disk = tmp_path / "small"
    if not tmpfs(disk):
        print("no tmpfs can be mounted here: a limit on the length of files instead")
        return limited(tmp_path / "limited", codes)
    try:
        bench = Bench(tmp_path / "bench", codes, [sink(kind, "a") for kind in KINDS], disk=disk)
        begins = bench.until(2 * RATE)
        with open(disk / "other", "wb", buffering=0) as other:
            try:
                while other.write(bytes(4096)) == 4096:
                    pass
            except OSError:
                pass
        bench.until(begins + 3 * RATE)
        stages = bench.daemon.ask("/pipeline")["stages"]
        frames, code, words = bench.end()
        assert code == 1, words
        for kind in KINDS:
            assert stages[f"a_{kind}"]["state"] == "failed", stages
            index, gaps, _ = bench.read(f"a.{kind}")
            assert begins - RATE <= len(index) < frames and not gaps, (kind, len(index), begins)
        print(f"\nfilled up at {begins} of {frames} frames: {len(index)} are there")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_small_disk_is_left_in_order(tmp_path, codes):
    """It runs out of room by itself: the recordings are closed before, whole to the last sample, and say so."""
    disk = tmp_path / "small"
    if not tmpfs(disk):
        print("no tmpfs can be mounted here: a limit on the length of files instead")
        return limited(tmp_path / "limited", codes)
    try:
        (disk / "other").write_bytes(bytes(1_600_000))
        bench = Bench(tmp_path / "bench", codes, [sink(kind, "a", ", min_free_mb: 0.3") for kind in KINDS], disk=disk)
        begun = time.monotonic()
        while any(stage["state"] == "running" for id, stage in bench.daemon.ask("/pipeline")["stages"].items() if id.startswith("a_")):
            assert time.monotonic() - begun < 120
            time.sleep(0.05)
        bench.until(bench.seen() + RATE // 2)
        frames, code, words = bench.end()
        assert code == 1 and "the disk is nearly full" in words, words
        for kind in KINDS:
            index, gaps, texts = bench.read(f"a.{kind}")
            assert RATE < len(index) < frames and not gaps
            assert any("the recording has ended: the disk is nearly full" in text for text in texts), texts
        print(f"\n2 MB, {frames} frames: ended in order after {len(index)}")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


LIMIT = 40_000


def limited(folder, codes):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    bench = Bench(folder, codes, [sink(kind, "a", ", buffer_s: 1") for kind in KINDS], preexec_fn=limit)
    bench.until(12 * RATE)
    frames, code, words = bench.end()
    assert code == 1 and "File too large" in words, words
    for kind in KINDS:
        path = bench.disk / f"a.{kind}"
        assert path.stat().st_size <= LIMIT
        index, gaps, _ = bench.read(path.name)
        assert RATE < len(index) < frames and not gaps, (kind, len(index))
    print(f"\nfiles of at most {LIMIT} bytes, {frames} frames: {len(index)} are there")


def test_a_limit_on_the_length_of_files(tmp_path, codes):
    limited(tmp_path / "limited", codes)


if __name__ == "__main__":
    assert EEGD
    sys.exit(pytest.main([__file__, "-v"]))
