"""Envoy's URI templates (`/v1/{user}/{rest=**}`) for matching and for rewriting paths.

Source: envoy/extensions/path/match/uri_template/v3 and rewrite/uri_template/v3. A template is as good as a regular
expression: `*` is one segment, `**` any number of them.
"""

from __future__ import annotations

import re

import re2  # type: ignore[import-untyped]

from meshui.domain.proxy.routing.matchers import compiled
from meshui.domain.proxy.values import Raw, message, record, text

_PIECE = re.compile(r"\{(\w+)(?:=([^{}]*))?\}|(\*\*)|(\*)|([^{}*]+)")
_CHARACTERS = r"a-zA-Z0-9\-._~%!$&'()+,;:@="
_SEGMENT = f"[{_CHARACTERS}]+"
_SEGMENTS = f"[{_CHARACTERS}/]*"


def template_of(match: Raw) -> str | None:
    """The template that a route's `path_match_policy` asks for; None for another policy."""
    if "path_match_policy" not in match:
        return None
    name, config = message(record(match, "path_match_policy"))
    return text(config, "path_template") if name == "UriTemplateMatchConfig" else None


def rewrite_of(action: Raw) -> str | None:
    """The template that a route's `path_rewrite_policy` makes the path of."""
    if "path_rewrite_policy" not in action:
        return None
    name, config = message(record(action, "path_rewrite_policy"))
    return text(config, "path_template_rewrite") if name == "UriTemplateRewriteConfig" else None


def expression(template: str) -> str:
    """The template as a regular expression with its variables as named groups."""
    found = []
    for variable, inner, many, one, literal in _PIECE.findall(template):
        if variable:
            found.append(f"(?P<{variable}>{expression(inner) if inner else _SEGMENT})")
        else:
            found.append(_SEGMENTS if many else _SEGMENT if one else re2.escape(literal))
    return "".join(found)


def matches(template: str, path: str) -> bool | None:
    """Whether the path (without query) is of the template; None when the template can't be read."""
    pattern = compiled(expression(template))
    return None if pattern is None else pattern.fullmatch(path) is not None


def rewritten(match_template: str, rewrite_template: str, path: str) -> str | None:
    """The new path, made of the parts of the old one; None when it doesn't match."""
    pattern = compiled(expression(match_template))
    found = pattern.fullmatch(path) if pattern is not None else None
    if found is None:
        return None
    values = found.groupdict()
    return re.sub(r"\{(\w+)\}", lambda variable: values.get(variable[1]) or "", rewrite_template)
