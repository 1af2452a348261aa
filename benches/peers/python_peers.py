"""The chain in Python, for `run`: `python_peers.py scipy|brainflow|timeflux FOLDER`; the protocol is that of turns.rs."""

import sys
import time

import numpy as np

FRAMES, RATE_HZ, STEP_UV = 40, 4000.0, 4.5e6 / 24 / 2**23
WHICH, FOLDER = sys.argv[1], sys.argv[2]


def codes(channels):
    return np.fromfile(f"{FOLDER}/codes_{channels}.i32", "<i4").reshape(-1, channels)


def sections(order):
    rows = np.atleast_2d(np.loadtxt(f"{FOLDER}/sections_{order}.txt"))
    return np.column_stack([rows[:, :3], np.ones(len(rows)), rows[:, 3:]])


def microvolts(block):
    return (block * STEP_UV).astype(np.float32)


def chain_scipy(channels, order):
    """`sosfilt` with state, packet by packet: f64 inside, f32 between the stages."""
    from scipy.signal import sosfilt

    sos = sections(order)
    notch, band = sos[:1], sos[1:]
    state = [np.zeros((len(s), 2, channels)) for s in (notch, band)]

    def step(block):
        x = microvolts(block)
        for n, s in enumerate((notch, band)):
            y, state[n] = sosfilt(s, x, axis=0, zi=state[n])
            x = y.astype(np.float32)
        return x

    return step


def chain_brainflow(channels, order):
    """`DataFilter`, one call a channel and filter. It keeps no state: each packet starts anew."""
    from brainflow.data_filter import DataFilter, FilterTypes

    kind = FilterTypes.BUTTERWORTH.value

    def step(block):
        rows = np.ascontiguousarray(block.T * STEP_UV)
        for row in rows:
            # A notch of Q 30 at 50 Hz is 1.67 Hz wide.
            DataFilter.perform_bandstop(row, int(RATE_HZ), 49.17, 50.83, 1, kind, 0)
            DataFilter.perform_bandpass(row, int(RATE_HZ), 0.5, 100.0, order, kind, 0)
        return rows.T

    return step


def chain_timeflux(channels, order):
    """Five nodes and Timeflux's own scheduler, without its sleep to the graph's rate."""
    import pandas as pd
    from timeflux.core.graph import Graph
    from timeflux.core.node import Node
    from timeflux.core.scheduler import Scheduler
    from timeflux_dsp.nodes.filters import IIRFilter

    names = [f"ch{c}" for c in range(channels)]

    class Source(Node):
        block = None

        def update(self):
            self.o.data, self.o.meta = pd.DataFrame(self.block, columns=names), {"rate": RATE_HZ}

    class Volts(Node):
        def update(self):
            self.o.data, self.o.meta = self.i.data * STEP_UV, self.i.meta

    class Sink(Node):
        last = None

        def update(self):
            self.last = self.i.data

    sos = sections(order)
    nodes = {"source": Source(), "volts": Volts(), "notch": IIRFilter(rate=RATE_HZ, sos=sos[:1]),
             "band": IIRFilter(rate=RATE_HZ, sos=sos[1:]), "sink": Sink()}
    edges = [{"source": a, "target": b} for a, b in zip(list(nodes), list(nodes)[1:])]
    graph = Graph({"nodes": [{"id": n} for n in nodes], "edges": edges})
    graph.build()
    scheduler = Scheduler(graph.traverse(), nodes, 0)

    def step(block):
        nodes["source"].block = block
        scheduler.next()
        return nodes["sink"].last.to_numpy()

    return step


CHAIN = {"scipy": chain_scipy, "brainflow": chain_brainflow, "timeflux": chain_timeflux}[WHICH]


def blocks(channels):
    all_codes = codes(channels)
    return [all_codes[at : at + FRAMES] for at in range(0, len(all_codes), FRAMES)]


def turn(channels, order, packets):
    step, input_blocks = CHAIN(channels, order), blocks(channels)
    for block in input_blocks[:5]:
        step(block)
    began = time.perf_counter_ns()
    for n in range(packets):
        step(input_blocks[n % len(input_blocks)])
    return (time.perf_counter_ns() - began) / (packets * FRAMES * channels)


def main():
    CHAIN(8, 4)(blocks(8)[0])
    print("ready", flush=True)
    for line in sys.stdin:
        channels, order, what, *path = line.split()
        if what == "write":
            step = CHAIN(int(channels), int(order))
            np.concatenate([step(block) for block in blocks(int(channels))]).astype("<f4").tofile(path[0])
            print("written", flush=True)
        else:
            print(turn(int(channels), int(order), int(what)), flush=True)


main()
