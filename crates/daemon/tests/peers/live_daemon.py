"""`eegd run` as tests of the live side need it. EEGD names the binary."""

import json
import os
import subprocess
import urllib.request

import pytest


class Daemon:
    """`eegd run` on `p.yaml` in a folder, recording below `here`; it listens when this returns."""

    def __init__(self, folder, here="out", options=(), stderr=None, **more):
        if not os.environ.get("EEGD"):
            pytest.fail("set EEGD to the binary made by `cargo build`, or run all of this with `cargo test`")
        command = [os.environ["EEGD"], "run", "p.yaml", "--data-dir", here, "--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=stderr, text=True, **more)
        banner = ""
        while "Ctrl-C" not in banner:
            line = self.process.stdout.readline()
            assert line, f"eegd ended before it listened: {banner} {self.process.communicate()}"
            banner += line
        self.address = banner.split("http://")[1].split()[0].rstrip("/")

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.address}{path}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def end(self, signal):
        """Sends it and waits; gives the exit code and, where it is a pipe, standard error."""
        self.process.send_signal(signal)
        words = self.process.communicate(timeout=120)[1]
        return self.process.returncode, words
