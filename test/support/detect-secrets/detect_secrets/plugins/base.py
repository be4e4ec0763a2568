"""Stands in for the base class of detect-secrets 1.x, as far as a plugin with regular expressions sees it."""


class RegexBasedDetector:
    secret_type = None
    denylist = ()

    def analyze_string(self, string):
        for regex in self.denylist:
            yield from regex.findall(string)

    def analyze_line(self, filename, line, line_number=0, context=None, raw_context=None, **kwargs):
        return {(filename, line_number, secret) for secret in self.analyze_string(line, **kwargs)}
