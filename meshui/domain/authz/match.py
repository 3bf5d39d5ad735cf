"""Matching of values that may not be known, in three values: no, maybe, yes.

Syntax of Istio's AuthorizationPolicy: exact `abc`, prefix `abc*`, suffix `*abc`, presence `*` (anything but empty).
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


def values_match(
    values: tuple[str, ...], not_values: tuple[str, ...], actual: Text, matches: Callable[[str, str], bool]
) -> Truth:
    """Whether `actual` is one of `values` and none of `not_values`; an empty list does not ask. Who has no value
    matches no positive list and every negative one."""
    return every((_positive(values, actual, matches), _positive(not_values, actual, matches, empty=Truth.NO).negated))


def text_matches(pattern: str, actual: str) -> bool:
    """Exact, prefix, suffix or presence match."""
    if pattern == "*":
        return actual != ""
    if pattern.startswith("*"):
        return actual.endswith(pattern[1:])
    if pattern.endswith("*"):
        return actual.startswith(pattern[:-1])
    return actual == pattern


def host_matches(pattern: str, actual: str) -> bool:
    """As text_matches, without regard to case."""
    return text_matches(pattern.lower(), actual.lower())


def path_matches(pattern: str, actual: str) -> bool:
    """As text_matches, or by a path template: `{*}` is one whole segment, `{**}` any number of segments. The query is
    not part of a path."""
    path = actual.partition("?")[0]
    if "{*}" in pattern or "{**}" in pattern:
        return bool(_template(pattern).fullmatch(path))
    return text_matches(pattern, path)


def address_matches(block: str, actual: str) -> bool:
    """Whether the address is the IP or in the CIDR block; a malformed block matches nothing."""
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False


def _positive(
    values: tuple[str, ...], actual: Text, matches: Callable[[str, str], bool], *, empty: Truth = Truth.YES
) -> Truth:
    if not values:
        return empty
    if isinstance(actual, msgspec.UnsetType):
        return Truth.MAYBE
    if actual is None:
        return Truth.NO
    return Truth.YES if any(matches(value, actual) for value in values) else Truth.NO


@lru_cache(maxsize=1024)
def _template(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern)
    text = text.replace(re.escape("{**}"), ".*").replace(re.escape("{*}"), "[^/]+")
    return re.compile(text)
