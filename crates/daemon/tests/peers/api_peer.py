"""The API against its own description: valid by openapi-spec-validator, and kept under schemathesis' requests.

Requests made from `/openapi.json`, good ones and bad ones, go to a live daemon: no answer may be a 5xx, have an
undocumented status or content type, or a body that its schema does not allow. EEGD names the binary.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest
from live_daemon import Daemon
from openapi_spec_validator import validate

PIPELINE = """
- synthetic: { sps: 1000, channels: 2 }
- to_voltage
- notch: { hz: 60 }
- websocket_sink: { topic: eeg }
"""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method"
SECONDS = 30


@pytest.fixture()
def daemon(tmp_path):
    (tmp_path / "p.yaml").write_text(PIPELINE)
    live = Daemon(tmp_path, options=["--presets", "."], stderr=subprocess.DEVNULL)
    yield f"http://{live.address}", live.process
    live.end(signal.SIGKILL)


def fetch(url, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_description_is_valid_and_kept(daemon):
    url, process = daemon
    status, description = fetch(f"{url}/openapi.json")
    assert status == 200
    validate(description)
    operations = {(path, method) for path, item in description["paths"].items() for method in item}
    for operation in [("/pipeline", "get"), ("/pipeline", "patch"), ("/pipeline/start", "post"), ("/pipeline/shutdown", "post"),
                      ("/pipeline/stage/{id}", "post"), ("/presets", "get"), ("/stages", "get"), ("/markers", "post")]:
        assert operation in operations

    # Requests also stop the pipeline: then it is started again, so that the others meet one that runs.
    over = threading.Event()

    def keep_running():
        while not over.wait(0.3):
            if fetch(f"{url}/pipeline")[1]["state"] != "running":
                fetch(f"{url}/pipeline/start?preset=p", "POST")

    keeper = threading.Thread(target=keep_running)
    keeper.start()
    try:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
                   "--seed", "20261126", "--max-time", str(SECONDS), "--generation-database", "none", "--suppress-health-check", "all", "--no-color"]
        report = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=os.environ.get("TMPDIR", "/tmp"))
    finally:
        over.set()
        keeper.join()
    print("\n".join(report.stdout.splitlines()[-25:]))
    assert report.returncode == 0, report.stdout + report.stderr
    cases = int(re.search(r"([\d,]+) generated", report.stdout)[1].replace(",", ""))
    assert cases > 300, "too few requests to prove anything"
    assert process.poll() is None, "the daemon is still there"
    assert fetch(f"{url}/healthz") == (200, {"status": "ok"})
