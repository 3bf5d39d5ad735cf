"""A path as policies see it: normalized by Envoy first, which is Istio's default (`pathNormalization: BASE`).

The rules were read off a real Envoy (tests/demo/envoy/kept_cases.py asks it each time): dot segments are resolved,
a backslash is a slash, an escaped letter, digit or `-._~` is unescaped, and characters that a URL may not have are
escaped. Several slashes stay.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPED = re.compile("%([0-9A-Fa-f]{2})")
_UNSAFE = re.compile(r'[^!-~]|["<>^`{|}]')
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")
_PLAIN = re.compile(r"[A-Za-z0-9\-_~/!$&'()*+,:;=@\[\]]*")


@lru_cache(maxsize=4096)
def normalized(target: str) -> str:
    """The path of a request target (`/a/./b?c`), without query and fragment."""
    path = target.partition("?")[0].partition("#")[0]
    if _PLAIN.fullmatch(path):
        return path
    path = _ESCAPED.sub(_unescape, path.replace("\\", "/"))
    path = _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), path)
    kept: list[str] = []
    segments = path.split("/")
    for number, segment in enumerate(segments):
        if segment in (".", ".."):
            if segment == ".." and len(kept) > 1:
                kept.pop()
            if number == len(segments) - 1:
                kept.append("")
        else:
            kept.append(segment)
    return "/".join(kept)


def _unescape(match: re.Match[str]) -> str:
    text = chr(int(match[1], 16))
    return text if _UNRESERVED.fullmatch(text) else match[0]
