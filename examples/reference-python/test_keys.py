"""Tests a small client of your own against the reference implementation. Run: python3 -m unittest -v test_keys"""

import base64
import http.client
import json
import time
import unittest
import urllib.error
import urllib.request

from reference import Reference


# --- a client of your own ---------------------------------------------------------------------------------------------


class Client:
    def __init__(self, url, key):
        self.url = url
        credentials = f"{key['id']}:{key['secret']}".encode()
        self.authorization = "Basic " + base64.b64encode(credentials).decode()

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": self.authorization, "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["result"]

    def create_key(self, name, days, now):
        return self.call("POST", "/api-keys", {"name": name, "expiration": int(now) + days * 86_400})

    def key_names(self):
        return [key["name"] for key in self.call("GET", "/api-keys?limit=0")]


# --- its tests --------------------------------------------------------------------------------------------------------


class KeysTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.reference = Reference().__enter__()
        cls.addClassCleanup(cls.reference.__exit__)

    def setUp(self):
        self.reference.post("state/reset")  # the same world and the same keys for each test
        self.client = Client(self.reference.url, self.reference.keys["owner"])

    def assertRefused(self, status, call, *arguments):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            call(*arguments)
        refused.exception.close()
        self.assertEqual(refused.exception.code, status)

    def test_a_created_key_works(self):
        key = self.client.create_key("ci", 30, time.time())
        user = Client(self.reference.url, key).call("GET", "/user")
        self.assertEqual(user["email"], "owner@example.com")

    def test_a_key_expires(self):
        key = self.client.create_key("ci", 30, time.time())
        self.reference.post("clock/advance", {"days": 31})
        self.assertRefused(401, Client(self.reference.url, key).call, "GET", "/user")

    def test_a_key_past_the_maximum_is_refused(self):
        account = self.reference.created["accounts"]["main"]["id"]
        self.client.call("PATCH", f"/accounts/{account}", {"apiKeyExpiration": 30})
        self.assertRefused(400, self.client.create_key, "ci", 90, time.time())

    def test_a_lost_response_leaves_a_key_behind(self):
        rule = {"operation": "apiKeys.create", "effect": "reset", "when": "after-commit", "times": 1}
        self.reference.post("faults", rule)
        with self.assertRaises((urllib.error.URLError, http.client.HTTPException, ConnectionError)):
            self.client.create_key("orphan", 30, time.time())
        self.assertIn("orphan", self.client.key_names())

    def test_the_client_sends_no_unknown_request(self):
        self.client.key_names()
        self.assertEqual(self.reference.get("journal?unhandled=true")["entries"], [])
        self.assertEqual(self.reference.get("journal?operation=apiKeys.list")["count"], 1)


if __name__ == "__main__":
    unittest.main()
