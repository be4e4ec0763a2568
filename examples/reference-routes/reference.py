"""Starts blazemeter-reference, a stand-in for BlazeMeter's API, and drives it. Standard library only.

with Reference() as reference:
    reference.url                               # the base URL of the API
    reference.keys["owner"]                     # {"id": ..., "secret": ...}
    reference.post("clock/advance", {"days": 366})
"""

import json
import os
import shlex
import subprocess
import urllib.request

COMMAND = "npx --package=blazemeter-client blazemeter-reference"


class Reference:
    """The command on a free port of this machine, for as long as the `with` block lasts."""

    def __init__(self, *options):
        command = shlex.split(os.environ.get("BLAZEMETER_REFERENCE", COMMAND))
        self._command = [*command, "--port", "0", "--json", "--print-credentials", *options]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()  # comes when it listens
        if not line:
            raise RuntimeError(f"it ended with exit code {self._process.wait()}")
        started = json.loads(line)
        self.url = started["url"]
        self.created = started["made"]
        self.keys = self.created["keys"]
        self._control = started["control"]
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()

    def get(self, path):
        """Reads from the control API, such as `journal` or `clock`."""
        with urllib.request.urlopen(self._control + path) as response:
            return json.load(response)

    def post(self, path, body=None):
        """Changes something: `clock/advance`, `faults`, `state/seed`, `state/reset`, `semantics`."""
        return self._change("POST", path, body)

    def delete(self, path):
        """Removes `faults`, `faults/1` or the `journal`."""
        return self._change("DELETE", path, None)

    def _change(self, method, path, body):
        request = urllib.request.Request(
            self._control + path,
            data=b"" if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request) as response:
            return json.load(response)
