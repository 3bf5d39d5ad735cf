"""Matching of values that may not be known, in three values: no, maybe, yes.

Syntax of Istio's AuthorizationPolicy: exact `abc`, prefix `abc*`, suffix `*abc`, presence `*`; paths also by template.
Semantics follow what istiod makes of it for Envoy (istio/istio pilot/pkg/security/authz/{matcher,model}): a `*` asks a
header only to be there, anything else not to be empty; an identity's namespace may have stars anywhere.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from enum import IntEnum
from functools import lru_cache

import msgspec

Text = str | None | msgspec.UnsetType
"""A value of a request: text; None when it has none (a plain-text client has no principal); UNSET when that is not
known."""
Test = Callable[[str], bool]
"""Whether a known value is one of those that are asked for."""


class Truth(IntEnum):
    """AND is min, OR is max."""

    NO = 0
    MAYBE = 1
    YES = 2

    @property
    def negated(self) -> Truth:
        return Truth(2 - self)


def every(parts: Iterable[Truth]) -> Truth:
    """AND; of nothing: yes."""
    return min(parts, default=Truth.YES)


def some(parts: Iterable[Truth]) -> Truth:
    """OR; of nothing: no."""
    return max(parts, default=Truth.NO)


def one_of(patterns: Iterable[str], *, ignore_case: bool = False, presence: bool = False) -> Test:
    """A test for any of the patterns. `presence`: `*` also takes an empty value, as it does of headers."""
    exact: set[str] = set()
    prefixes: list[str] = []
    suffixes: list[str] = []
    anything = False
    for pattern in patterns:
        text = pattern.lower() if ignore_case else pattern
        if text == "*":
            anything = True
        elif text.startswith("*"):
            suffixes.append(text[1:])
        elif text.endswith("*"):
            prefixes.append(text[:-1])
        else:
            exact.add(text)
    if anything:
        return (lambda _: True) if presence else (lambda actual: actual != "")
    if not prefixes and not suffixes:
        known = frozenset(exact)
        return (lambda actual: actual.lower() in known) if ignore_case else known.__contains__
    starts, ends, known = tuple(prefixes), tuple(suffixes), frozenset(exact)
    if not ignore_case and not exact and not ends:
        return lambda actual: actual.startswith(starts)

    def matches(actual: str) -> bool:
        actual = actual.lower() if ignore_case else actual
        return actual in known or actual.startswith(starts) or actual.endswith(ends)

    return matches


def one_path(patterns: Iterable[str]) -> Test:
    """A test of a path without its query: patterns, or templates with `{*}` (one whole segment) and `{**}` (any number
    of segments)."""
    plain: list[str] = []
    templates: list[re.Pattern[str]] = []
    for pattern in patterns:
        if is_template(pattern):
            templates.append(_template(pattern))
        else:
            plain.append(pattern)
    simple = one_of(plain)
    if not templates:
        return simple
    return lambda actual: simple(actual) or any(template.fullmatch(actual) for template in templates)


def one_namespace(patterns: Iterable[str]) -> Test:
    """A test of an identity's namespace; stars stand for any text."""
    patterns = tuple(patterns)
    if not any("*" in pattern for pattern in patterns):
        return frozenset(patterns).__contains__
    expression = "|".join(".*".join(re.escape(part) for part in pattern.split("*")) for pattern in patterns)
    compiled = re.compile(expression, re.S)
    return lambda actual: compiled.fullmatch(actual) is not None


def one_request_principal(patterns: Iterable[str]) -> Test:
    """A test of `ISSUER/SUBJECT`, both of which must be there. The last slash of a pattern parts them."""
    pairs = tuple(_issuer_and_subject(pattern) for pattern in patterns)

    def matches(actual: str) -> bool:
        issuer, _, subject = actual.rpartition("/")
        return any(of_issuer(issuer) and of_subject(subject) for of_issuer, of_subject in pairs)

    return matches


def one_address(blocks: Iterable[str]) -> Test:
    """A test of an address: an IP or CIDR block; a malformed one matches nothing."""
    networks = tuple(network for network in map(network_of, blocks) if network is not None)

    def matches(actual: str) -> bool:
        address = _address(actual)
        return address is not None and any(address in network for network in networks)

    return matches


def one_sort(values: Iterable[str]) -> Test:
    """A test for one of exactly these values."""
    return frozenset(values).__contains__


def is_template(pattern: str) -> bool:
    """Whether a path pattern is a template."""
    return "{*}" in pattern or "{**}" in pattern


@lru_cache(maxsize=4096)
def network_of(block: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The IP or CIDR block; None when it is neither."""
    try:
        return ipaddress.ip_network(block, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=16384)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _issuer_and_subject(pattern: str) -> tuple[Test, Test]:
    issuer, slash, subject = pattern.rpartition("/")
    if not slash:
        issuer, subject = pattern, ""
    anything = one_of(("*",))
    if pattern == "*":
        return anything, anything
    if pattern.startswith("*"):
        if not slash:
            return anything, _ending(pattern[1:])
        return (anything if issuer == "*" else _ending(issuer[1:])), subject.__eq__
    if pattern.endswith("*"):
        if not slash:
            return _starting(pattern[:-1]), anything
        return issuer.__eq__, anything if subject == "*" else _starting(subject[:-1])
    return issuer.__eq__, subject.__eq__


def _ending(text: str) -> Test:
    return lambda actual: actual.endswith(text)


def _starting(text: str) -> Test:
    return lambda actual: actual.startswith(text)


@lru_cache(maxsize=4096)
def _template(pattern: str) -> re.Pattern[str]:
    """Envoy's URI template: a segment and a rest are of the characters that a path may have there
    (envoy source/extensions/path/uri_template_lib)."""
    text = re.escape(pattern)
    text = text.replace(re.escape("{**}"), f"[{_PATH_CHARACTERS}/]*").replace(
        re.escape("{*}"), f"[{_PATH_CHARACTERS}]+"
    )
    return re.compile(text)


_PATH_CHARACTERS = r"a-zA-Z0-9\-._~%!$&'()+,;:@=*"
