"""The live side seen by Python's `websockets`: frames by the contract's table, values by the recording they come from.

EEGD names the binary.
"""

import asyncio
import json
import pathlib
import signal as signals
import struct

import numpy as np
import pyedflib
import pytest
import websockets
from live_daemon import Daemon

DATA = pathlib.Path(__file__).resolve().parents[4] / "data"
RECORDING = DATA / "cyton_blinks_jaw_alpha.bdf"
RATE, CHANNELS, PACKET = 250, 8, 10
HEAD = struct.Struct("<HBBIQqIHH")
PIPELINE = f"""
- playback: {{ path: "{RECORDING}", speed: 10, packet_frames: {PACKET} }}
- websocket_sink: {{ id: codes, topic: codes }}
- to_voltage
- websocket_sink: {{ id: volts, topic: volts }}
"""


@pytest.fixture()
def daemon(tmp_path):
    (tmp_path / "p.yaml").write_text(PIPELINE)
    live = Daemon(tmp_path)
    yield live.address, live.process
    live.end(signals.SIGKILL)


def decode(data):
    magic, version, dtype, stream, index, time_ns, frames, channels, flags = HEAD.unpack_from(data)
    assert (magic, version) == (0xEE61, 1)
    values = np.frombuffer(data, "<i4" if dtype == 0 else "<f4", offset=HEAD.size).reshape(frames, channels)
    return stream, index, time_ns, flags, values


async def listen(address, process, seconds=6):
    forms, frames, events = {}, {}, []
    async with websockets.connect(f"ws://{address}/ws/data?topics=codes,volts") as socket:
        asyncio.get_running_loop().call_later(seconds, process.send_signal, signals.SIGINT)
        async for message in socket:
            if isinstance(message, str):
                said = json.loads(message)
                if said["type"] == "stream":
                    assert said["stream"] not in forms, "a form is told once"
                    forms[said["stream"]] = said
                else:
                    events.append(said)
                continue
            stream, *frame = decode(message)
            assert stream in forms, "a frame before its stream message"
            frames.setdefault(forms[stream]["topic"], []).append(frame)
    return forms, frames, events, socket.close_code


def test_frames_hold_the_recording(daemon):
    address, process = daemon
    forms, frames, events, code = asyncio.run(asyncio.wait_for(listen(address, process), 60))
    assert process.wait(30) == 0
    assert code == 1001
    assert not [said for said in events if said["type"] == "lagged"]
    with pyedflib.EdfReader(str(RECORDING)) as peer:
        truth = np.stack([peer.readSignal(i, digital=True) for i in range(CHANNELS)], axis=1)
        step = np.array([(peer.getPhysicalMaximum(i) - peer.getPhysicalMinimum(i)) / (peer.getDigitalMaximum(i) - peer.getDigitalMinimum(i)) for i in range(CHANNELS)])
        labels = [peer.getLabel(i).strip() for i in range(CHANNELS)]
    by_topic = {form["topic"]: form for form in forms.values()}
    for topic, dtype in (("codes", "i32"), ("volts", "f32")):
        form = by_topic[topic]
        assert (form["rate_hz"], form["dtype"]) == (RATE, dtype)
        assert [channel["label"] for channel in form["channels"]] == labels
        got = frames[topic]
        assert len(got) > 300, "too little to prove anything"
        for (index, time_ns, flags, values), (next_index, next_ns, _, _) in zip(got, got[1:]):
            assert next_index == index + len(values), "a sample is missing"
            assert abs((next_ns - time_ns) - len(values) * 1e9 / RATE) <= 1
            assert flags == 0
        first = got[0][0]
        values = np.concatenate([frame[3] for frame in got])
        wanted = truth[first : first + len(values)]
        if dtype == "i32":
            np.testing.assert_array_equal(values, wanted)
        else:
            np.testing.assert_array_equal(values, (wanted * step).astype(np.float32))
    assert by_topic["volts"]["unit"] == "uV"
