"""Finds BlazeMeter API keys with detect-secrets, 1.0 and later: detect-secrets scan --plugin detect_secrets_blazemeter.py

A key is an id of 24 hex digits and a secret of 72, lower case. docs/scanners.md tells more.
"""

import re

from detect_secrets.plugins.base import RegexBasedDetector

PATTERNS = {
    # As in BZ_TOKEN, .bzt-rc, `curl -u`, a URL; the colon may be percent-encoded.
    'pair': r'''(?:^|[^0-9A-Fa-f]|%[0-9A-F]{2})[0-9a-f]{24}(?::|%3[Aa])([0-9a-f]{72})\b''',
    # Base64 of 24 hex digits, a colon and 72 hex digits, and of nothing else: each group of four characters is three bytes.
    'basic': r'''((?:(?:[MN][DTjz]|O[DT]|Y[Tjz]|Z[DTj])(?:[AEIMQUYcgk][w-z0-5]|[BFJNRVZdhl][h-m])|(?:[MN][GWm2]|O[GW]|Y[Wm2]|Z[GWm])(?:[EIMQUY][w-z0-5]|[FJNRVZ][h-m])){8}O(?:j(?:[AEIMQUYcgk][w-z0-5]|[BFJNRVZdhl][h-m])|m(?:[EIMQUY][w-z0-5]|[FJNRVZ][h-m]))(?:(?:[MN][DTjz]|O[DT]|Y[Tjz]|Z[DTj])(?:[AEIMQUYcgk][w-z0-5]|[BFJNRVZdhl][h-m])|(?:[MN][GWm2]|O[GW]|Y[Wm2]|Z[GWm])(?:[EIMQUY][w-z0-5]|[FJNRVZ][h-m])){23}(?:[MN][AQgw]|O[AQ]|Y[Qgw]|Z[AQg]))''',
    # Key files, answers of the API, source code, command lines; JSON within JSON, too.
    'key-file': r'''[Ii][Dd]["\x27\\:=>\s]{1,12}[0-9a-f]{24}\b[^{}]{0,300}?[Ss](?:ecret|ECRET)["\x27\\:=>\s]{1,12}([0-9a-f]{72})\b''',
    # The same the other way round.
    'key-file-secret-first': r'''[Ss](?:ecret|ECRET)["\x27\\:=>\s]{1,12}([0-9a-f]{72})\b[^{}]{0,300}?[Ii][Dd]["\x27\\:=>\s]{1,12}[0-9a-f]{24}\b''',
    # API_KEY_SECRET, BLAZEMETER_API_KEY_SECRET, apiKeySecret, in .env, YAML, Dockerfiles, properties.
    'variable': r'''(?:[Bb](?:laze[Mm]eter|LAZEMETER)[0-9A-Za-z_.-]{0,24}|[Aa](?:pi|PI)[_.-]?(?:[Kk](?:ey|EY)[_.-]?)?)[Ss](?:ecret|ECRET)["\x27\\:=>\s-]{1,40}(?:[Vv]alue["\x27\\:=>\s]{1,8})?([0-9a-f]{72})\b''',
}

# Made by the reference implementation of blazemeter-client: plain, and inside base64 behind the id.
MADE_UP = re.compile(r'''^7e57ed5e|^[0-9A-Za-z]{32}OjdlNTdlZDVl''')


class BlazeMeterDetector(RegexBasedDetector):
    """A secret is found on the line that holds it; the id may stand on a line near it."""

    secret_type = 'BlazeMeter API Key'

    denylist = tuple(re.compile(pattern) for pattern in PATTERNS.values())

    def analyze_line(self, filename, line, line_number=0, context=None, **others):
        # detect-secrets goes by lines, and gives the five before and after as the context.
        around = line if context is None else '\n'.join(text.rstrip('\r\n') for text in context.lines)
        return super().analyze_line(
            filename=filename, line=line, line_number=line_number, context=context, around=around, **others
        )

    def analyze_string(self, string, around=None, **_):
        found = []
        for regex in self.denylist:
            for match in regex.finditer(string if around is None else around):
                secret = match.group(1)
                if secret in string and secret not in found and not MADE_UP.search(secret):
                    found.append(secret)
        yield from found
