"""The same program in Python, over HTTP: the command serves the routes, and its control API moves the clock and adds the fault.

Run: python3 load_test.py
"""

import base64
import json
import time
import urllib.error
import urllib.request

from reference import Reference


def call(url, key, method, path, body=None):
    """Sends a signed request, and a read once more if it fails with a 503."""
    credentials = f"{key['id']}:{key['secret']}".encode()
    request = urllib.request.Request(
        url + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": "Basic " + base64.b64encode(credentials).decode(),
            "Content-Type": "application/json",
        },
        method=method,
    )
    for attempt in (1, 2):
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)["result"]
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 503 or method != "GET" or attempt == 2:
                raise


def main():
    with Reference("--routes", "routes.mjs") as reference:
        url = reference.url
        tomorrow = int(time.time()) + 86_400
        key = call(url, reference.keys["member"], "POST", "/api-keys", {"name": "load test", "expiration": tomorrow})
        fault = {"operation": "GET /masters/{id}/status", "effect": "status", "status": 503, "nth": 3}
        reference.post("faults", fault)

        test = call(url, key, "POST", "/tests", {"name": "Checkout"})
        master = call(url, key, "POST", f"/tests/{test['id']}/start")
        polls = 1
        while call(url, key, "GET", f"/masters/{master['id']}/status")["status"] != "ENDED":
            reference.post("clock/advance", {"minutes": 2})  # in a real program: wait
            polls += 1
        report = call(url, key, "GET", f"/masters/{master['id']}/reports/main/summary")["summary"][0]

        print(f"{report['hits']} hits in {report['duration']} s, {polls} polls")
        requests = reference.get("journal?operation=GET%20/masters/{id}/status")["count"]
        print(f"{requests} requests for the status, one of them failed")
        assert reference.get("journal?unhandled=true")["entries"] == []


if __name__ == "__main__":
    main()
