"""An independent client of /ws/data: checks the contract on a live daemon, field by field and index by index.

    EEGD_URL=http://127.0.0.1:8080 python ws_client.py [FRAMES_PER_TOPIC]

EEGD_TOKEN, when set, is sent as a browser would. Needs `websockets` (PyPI). Exits 0 when everything holds.
"""

import json
import os
import struct
import sys
import urllib.parse
import urllib.request

from websockets.sync.client import connect

HEADER = struct.Struct("<HBBIQqIHH")
DTYPES = {0: "i32", 1: "f32"}
VALUE = {"i32": "i", "f32": "f"}
PATIENCE_S = 30


def check(holds, *what):
    """An assertion that `python -O` keeps."""
    if not holds:
        raise SystemExit("ws_client: " + " ".join(map(str, what)))


def get(base, path, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(base + path, headers=headers), timeout=PATIENCE_S) as answer:
        check(answer.headers.get_content_type() == "application/json", path, "is", answer.headers["Content-Type"])
        return json.load(answer)


def check_stream(message, wanted):
    for field, kind in {
        "stream": int, "topic": str, "rate_hz": float, "unit": str, "dtype": str, "channels": list,
        "sensor": str, "config_revision": int,
    }.items():
        check(isinstance(message.get(field), kind), "stream message:", field, "is", repr(message.get(field)))
    check(message["topic"] in wanted, "a stream of a topic not asked for:", message["topic"])
    check(message["dtype"] in VALUE, "dtype", message["dtype"])
    check(message["rate_hz"] > 0 and message["channels"], "a stream without rate or channels:", message)
    for channel in message["channels"]:
        check(isinstance(channel["label"], str) and isinstance(channel["unit"], str), "channel", channel)
    if message["dtype"] == "i32":
        check(message["unit"] == "count", "codes are counted in", message["unit"])


class Topic:
    """What one topic has sent."""

    def __init__(self):
        self.stream = None
        self.next_index = None
        self.last_time_ns = None
        self.frames = 0

    def take(self, frame):
        magic, version, dtype, number, index, time_ns, frames, channels, flags = HEADER.unpack_from(frame)
        check((magic, version) == (0xEE61, 1), f"magic {magic:#x}, version {version}")
        check(DTYPES.get(dtype) == self.stream["dtype"], "dtype", dtype, "in a stream of", self.stream["dtype"])
        check(channels == len(self.stream["channels"]), channels, "channels")
        check(frames > 0 and len(frame) == HEADER.size + 4 * frames * channels, len(frame), "bytes for", frames, "frames")
        check(flags < 8, "unknown flags", flags)
        values = struct.unpack_from(f"<{frames * channels}{VALUE[self.stream['dtype']]}", frame, HEADER.size)
        check(all(value == value for value in values), "NaN at", index)
        if self.next_index is not None:
            gap = index != self.next_index
            check(not gap, f"{self.stream['topic']}: index {index} after {self.next_index}, gap flag {flags & 1}")
            # A recording that starts over is marked by the flag, and may go back in time.
            check(flags & 1 or time_ns > self.last_time_ns, "time runs backwards at", index)
        self.next_index, self.last_time_ns = index + frames, time_ns
        self.frames += 1


def listen(base, names, token, count):
    parts = urllib.parse.urlsplit(base)
    scheme = "wss" if parts.scheme == "https" else "ws"
    query = ",".join(urllib.parse.quote(name, safe="") for name in names[:1])
    protocols = ["eegd", f"bearer.{token}"] if token else None
    topics, by_number = {}, {}
    with connect(
        f"{scheme}://{parts.netloc}/ws/data?topics={query}", subprotocols=protocols, origin=base, max_size=None
    ) as socket:
        check(socket.subprotocol == ("eegd" if token else None), "protocol", socket.subprotocol)
        if names[1:]:
            socket.send(json.dumps({"subscribe": names[1:]}))
        while len(topics) < len(names) or any(topic.frames < count for topic in topics.values()):
            message = socket.recv(timeout=PATIENCE_S)
            if isinstance(message, str):
                message = json.loads(message)
                if message["type"] == "stream":
                    check_stream(message, names)
                    topic = topics.setdefault(message["topic"], Topic())
                    check(message["stream"] not in by_number, "stream number", message["stream"], "comes twice")
                    topic.stream, topic.next_index = message, None
                    by_number[message["stream"]] = topic
                else:
                    check(message["type"] == "event", "unexpected message", message)
                continue
            check(len(message) >= HEADER.size, "a frame of", len(message), "bytes")
            number = HEADER.unpack_from(message)[3]
            check(number in by_number, "a frame of stream", number, "that was never told")
            check(by_number[number].stream["stream"] == number, "a frame of stream", number, "which is over")
            by_number[number].take(message)

        socket.send(json.dumps({"unsubscribe": names}))
        socket.send("not a request")
        while True:
            message = socket.recv(timeout=PATIENCE_S)
            if isinstance(message, str) and json.loads(message)["type"] == "error":
                break
        try:
            late = socket.recv(timeout=0.3)
            check(isinstance(late, str), "a frame after the topic was unsubscribed")
        except TimeoutError:
            pass
    return topics


def main():
    base = os.environ.get("EEGD_URL", "").rstrip("/")
    check(base, "set EEGD_URL to the address of a running daemon, such as http://127.0.0.1:8080")
    token = os.environ.get("EEGD_TOKEN")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    check("state" in get(base, "/pipeline", token), "GET /pipeline has no state")
    names = get(base, "/topics", token)["topics"]
    check(names, "there is no topic to listen to")
    for name, topic in listen(base, names, token, count).items():
        form = topic.stream
        print(f"{name}: {topic.frames} frames, {len(form['channels'])} channels, {form['rate_hz']} Hz, {form['dtype']}")


if __name__ == "__main__":
    main()
