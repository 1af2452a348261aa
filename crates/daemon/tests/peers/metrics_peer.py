"""`GET /metrics` as Prometheus has it: promtool's rules, every query of the dashboard, and the same numbers as `GET /pipeline`.

EEGD names the binary. promtool and prometheus are those of the distribution (Debian: apt-get install prometheus).
"""

import asyncio
import contextlib
import json
import math
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import websockets
from live_daemon import Daemon

DASHBOARD = pathlib.Path(__file__).resolve().parents[4] / "packaging/grafana/eegd.json"
ODD = 'odd "group" \\ of\nsinks'
PIPELINE = f"""
sensors:
  0:
    driver: simulated
    channels: 8
    oscillator: {{ ppm: 200 }}
    faults: [{{ missed_edges: {{ at_s: 1, count: 5 }} }}]
groups:
  acquire: {{ priority: 60 }}
  {json.dumps(ODD)}: {{}}
stages:
  - acquire: {{ board: 0, sps: 1000, gain: 24, packet_frames: 5 }}
  - bdf_sink: {{ path: raw.bdf }}
  - to_voltage
  - notch: {{ hz: 50 }}
  - websocket_sink: {{ topic: eeg, group: {json.dumps(ODD)} }}
"""
PATIENCE_S = 120


def get(url):
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return answer.headers, answer.read().decode()


def post(url):
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=PATIENCE_S) as answer:
        return json.load(answer)


def until(what, holds):
    began = time.monotonic()
    while not (found := holds()):
        assert time.monotonic() - began < PATIENCE_S, f"still waiting: {what}"
        time.sleep(0.1)
    return found


def program(name):
    return shutil.which(name) or pytest.fail(f"there is no {name}: Debian has it, apt-get install --no-install-recommends prometheus")


@pytest.fixture()
def eegd(tmp_path):
    (tmp_path / "p.yaml").write_text(PIPELINE)
    live = Daemon(tmp_path)
    yield live.address
    live.end(signal.SIGINT)


@pytest.fixture()
def client(eegd):
    """A live client, so that there is somebody to be late for."""

    async def listen(over):
        async with websockets.connect(f"ws://{eegd}/ws/data?topics=eeg") as live:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(live.recv(), 0.5)

    over = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(listen(over)))
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture()
def prometheus(eegd, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = {
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
        "scrape_configs": [{"job_name": "eegd", "static_configs": [{"targets": [eegd]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    store = f"--storage.tsdb.path={tmp_path / 'prometheus'}"
    command = [program("prometheus"), "--config.file=prometheus.yml", store, f"--web.listen-address=127.0.0.1:{port}"]
    with open(tmp_path / "prometheus.log", "w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)

    def query(expression):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            return json.loads(get(url)[1])["data"]["result"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it listens before it is ready
                return []
            pytest.fail(f"{expression}: {error.read().decode()}")
        except OSError:
            assert process.poll() is None, (tmp_path / "prometheus.log").read_text()
            return []

    yield query
    process.terminate()
    process.wait(PATIENCE_S)


def expressions():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    targets = [target for panel in panels for target in panel.get("targets", [])]
    return [target["expr"].replace("$__rate_interval", "5s") for target in targets]


def test_promtool_prometheus_and_the_dashboard(eegd, client, prometheus):
    headers, text = get(f"http://{eegd}/metrics")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    checked = subprocess.run([program("promtool"), "check", "metrics"], input=text, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout + checked.stderr

    asked = expressions()
    assert len(asked) >= 25

    def unanswered():
        def has_figures(result):
            return any(math.isfinite(float(series["value"][1])) for series in result)

        return [expression for expression in asked if not has_figures(prometheus(expression))]

    began = time.monotonic()
    while missing := unanswered():
        assert time.monotonic() - began < PATIENCE_S, f"no data for {missing}"
        time.sleep(0.5)
    print(f"{len(asked)} queries of the dashboard answered after {time.monotonic() - began:.1f} s")

    # What is odd in a label has come through two writers and two readers.
    assert prometheus("eegd_thread_priority{group=%s}" % json.dumps(ODD))
    assert prometheus("up")[0]["value"][1] == "1"
    # The planted fault shows by its cause.
    until("the missed edges", lambda: any(float(s["value"][1]) == 5 for s in prometheus("eegd_source_lost_frames_total")))

    # Nothing moves any more: then both ways to ask must agree to the last frame.
    post(f"http://{eegd}/pipeline/shutdown")
    stages = json.loads(get(f"http://{eegd}/pipeline")[1])["stages"]

    def agree():
        def seen(metric, stage):
            series = prometheus('%s{stage="%s"}' % (metric, stage))
            return float(series[0]["value"][1]) if series else None

        return all(
            seen(f"eegd_stage_{figure}_total", stage) == status[figure]
            for stage, status in stages.items()
            for figure in ("packets_in", "frames_in", "frames_out", "lost_frames", "errors")
        )

    until("the last frames in Prometheus", agree)
    assert stages["bdf_sink"]["frames_in"] > 1000
