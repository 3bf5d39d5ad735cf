"""StringMatcher, HeaderMatcher and QueryParameterMatcher, in today's form and that of Envoy v1.20.

Source: envoy/type/matcher/v3/string.proto and envoy/config/route/v3/route_components.proto. Envoy's regular expressions
are RE2's, so RE2 itself is asked: in linear time, whatever the expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from meshui.domain.proxy.routing.check import HOLDS, Check, fails, unknown
from meshui.domain.proxy.routing.request import Request
from meshui.domain.proxy.values import Raw, flag, record, text, whole

_KINDS = ("exact", "prefix", "suffix", "contains", "safe_regex", "custom")
_OLD_HEADER = {
    "exact_match": "exact",
    "prefix_match": "prefix",
    "suffix_match": "suffix",
    "contains_match": "contains",
    "safe_regex_match": "safe_regex",
}
_GROUP = re.compile(r"\\([0-9\\])")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


@lru_cache(512)
def compiled(expression: str) -> Any:
    """The expression, or None when it is no RE2."""
    try:
        return re2.compile(expression, options=_OPTIONS)
    except re2.error:
        return None


def regex_matches(expression: str, value: str) -> bool | None:
    """Whether the expression matches the whole value; None when it is no RE2."""
    pattern = compiled(expression)
    return None if pattern is None else pattern.fullmatch(value) is not None


def replaced(expression: str, substitution: str, value: str) -> str:
    """The value with every match replaced (`\\1` stands for a group), as RE2's GlobalReplace does it: an empty match
    right after another match is none. An expression that is no RE2 changes nothing."""
    pattern = compiled(expression)
    if pattern is None:
        return value
    done: list[str] = []
    at, last = 0, -1
    while at <= len(value) and (match := pattern.search(value, at)):
        begin, end = match.span()
        done.append(value[at:begin])
        if begin == end == last:
            done.append(value[begin : begin + 1])
            at = begin + 1
            continue
        done.append("".join(_expanded(substitution, match)))
        at = last = end
    done.append(value[at:])
    return "".join(done)


def _expanded(substitution: str, match: Any) -> Iterator[str]:
    at = 0
    for group in _GROUP.finditer(substitution):
        yield substitution[at : group.start()]
        at = group.end()
        if not group[1].isdigit():
            yield group[1]
        elif int(group[1]) <= match.re.groups:
            yield match.group(int(group[1])) or ""
    yield substitution[at:]


def string_matches(matcher: Raw, value: str) -> bool | None:
    """Whether a StringMatcher matches; None when it is of a kind that is not known here."""
    if "safe_regex" in matcher:
        return regex_matches(text(matcher, "safe_regex", "regex"), value)
    kind = next((one for one in _KINDS if one in matcher), None)
    if kind is None:
        # An empty exact match is left out, as all defaults are.
        return value == ""
    wanted = matcher[kind]
    if kind == "custom" or not isinstance(wanted, str):
        return None
    if flag(matcher, "ignore_case"):
        wanted, value = _lower(wanted), _lower(value)
    match kind:
        case "exact":
            return value == wanted
        case "prefix":
            return value.startswith(wanted)
        case "suffix":
            return value.endswith(wanted)
    return wanted in value


def said(matcher: Raw) -> str:
    """A StringMatcher in words: `begins with "/v1"`."""
    words = {"exact": "is", "prefix": "begins with", "suffix": "ends with", "contains": "contains"}
    if "safe_regex" in matcher:
        return f"matches the regex {text(matcher, 'safe_regex', 'regex')}"
    for kind, word in words.items():
        if kind in matcher:
            return f'{word} "{text(matcher, kind)}"' + (" in any case" if flag(matcher, "ignore_case") else "")
    return 'is ""' if "custom" not in matcher else "passes a custom matcher"


def check_header(matcher: Raw, request: Request) -> Check:
    """Whether the request passes a HeaderMatcher. An absent header passes only matchers that ask for absence, or that
    treat it as empty (then it counts as present, too); inverting does not change that."""
    name = text(matcher, "name").lower()
    value = request.header(name)
    invert = flag(matcher, "invert_match")
    if "present_match" in matcher or not _asks_value(matcher):
        wanted = flag(matcher, "present_match", default="present_match" not in matcher) != invert
        if (value is not None or flag(matcher, "treat_missing_header_as_empty")) == wanted:
            return HOLDS
        return fails(f"the header {name} is absent" if wanted else f"the header {name} is present")
    if name == "x-request-id" and name not in request.headers:
        return unknown("Envoy makes x-request-id at random")
    if value is None:
        if not flag(matcher, "treat_missing_header_as_empty"):
            return fails(f"the header {name} is absent")
        value = ""
    if "range_match" in matcher:
        found: bool | None = _in_range(record(matcher, "range_match"), value)
        what = f"is in [{whole(matcher, 'range_match', 'start') or 0}, {whole(matcher, 'range_match', 'end') or 0})"
    else:
        string = string_matcher(matcher)
        found, what = string_matches(string, value), said(string)
    if found is None:
        return unknown(f"the header {name} {what}")
    if found != invert:
        return HOLDS
    return fails(f'the header {name} is "{value[:100]}", not one that {"not " if invert else ""}{what}')


def header_said(matcher: Raw) -> str:
    """A HeaderMatcher in words."""
    name, invert = text(matcher, "name"), flag(matcher, "invert_match")
    if "range_match" in matcher:
        scope = record(matcher, "range_match")
        what = f"in [{whole(scope, 'start') or 0}, {whole(scope, 'end') or 0})"
    elif _asks_value(matcher):
        what = said(string_matcher(matcher))
    else:
        present = flag(matcher, "present_match", default="present_match" not in matcher) != invert
        return f"{name} is {'present' if present else 'absent'}"
    return f"{name} {'not: ' if invert else ''}{what}"


def string_matcher(matcher: Raw) -> Raw:
    """What a HeaderMatcher asks of the value, also in the fields of before v1.21."""
    for old, kind in _OLD_HEADER.items():
        if old in matcher:
            return {kind: matcher[old]}
    return record(matcher, "string_match")


def check_query(matcher: Raw, parameters: dict[str, str]) -> Check:
    """Whether the parameters pass a QueryParameterMatcher."""
    name = text(matcher, "name")
    value = parameters.get(name)
    if "string_match" not in matcher:
        wanted = flag(matcher, "present_match", default=True)
        return HOLDS if (value is not None) == wanted else fails(f"the query has {'no' if wanted else 'a'} {name}")
    if value is None:
        return fails(f"the query has no {name}")
    found = string_matches(record(matcher, "string_match"), value)
    what = said(record(matcher, "string_match"))
    if found is None:
        return unknown(f"the query's {name} {what}")
    return HOLDS if found else fails(f'the query\'s {name} is "{value[:100]}", not one that {what}')


def query_said(matcher: Raw) -> str:
    """A QueryParameterMatcher in words."""
    name = text(matcher, "name")
    if "string_match" in matcher:
        return f"?{name} {said(record(matcher, 'string_match'))}"
    return f"?{name} is {'present' if flag(matcher, 'present_match', default=True) else 'absent'}"


def _asks_value(matcher: Raw) -> bool:
    return "string_match" in matcher or "range_match" in matcher or any(old in matcher for old in _OLD_HEADER)


def _in_range(scope: Raw, value: str) -> bool:
    digits = value.strip()
    if not digits.removeprefix("-").removeprefix("+").isdigit() or not digits.isascii():
        return False
    return (whole(scope, "start") or 0) <= int(digits) < (whole(scope, "end") or 0)


def _lower(text_: str) -> str:
    """ASCII only, as Envoy does it."""
    return "".join(chr(ord(one) + 32) if "A" <= one <= "Z" else one for one in text_)
