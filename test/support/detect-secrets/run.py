"""Runs the plugin over texts, line by line with five lines of context before and after, as detect-secrets does.

In: the plugin's path as the argument, a JSON list of texts on stdin. Out: {"patterns": {...}, "found": [[secret, ...], ...]}.
"""

import importlib.util
import json
import sys
from types import SimpleNamespace

spec = importlib.util.spec_from_file_location('plugin', sys.argv[1])
plugin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plugin)
detector = plugin.BlazeMeterDetector()
assert detector.secret_type


def scan(text):
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        first = max(0, number - 5)
        context = SimpleNamespace(lines=lines[first : number + 6], target_index=number - first)
        results = detector.analyze_line(filename='file', line=line, line_number=number + 1, context=context)
        for _, at, secret in sorted(results):
            assert at == number + 1 and secret in line
            found.append(secret)
    return found


print(json.dumps({'patterns': plugin.PATTERNS, 'found': [scan(text) for text in json.load(sys.stdin)]}))
