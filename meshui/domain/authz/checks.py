"""The single checks that the fields of a rule make of a request.

Sources: Istio AuthorizationPolicy reference; istio/istio pilot/pkg/security/authz/model for Envoy and
pilot/pkg/serviceregistry/ambient/authorization.go for ztunnel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Literal

import msgspec

from meshui.domain.authz.match import (
    Test,
    Text,
    one_address,
    one_namespace,
    one_of,
    one_path,
    one_request_principal,
    one_sort,
)
from meshui.domain.authz.request import Asked
from meshui.domain.mesh.security import Condition, Operation, Source

Section = Literal["from", "to", "when"]
Place = Literal["http", "tcp", "ztunnel"]
"""What enforces a rule: an Envoy on HTTP, an Envoy on a TCP port, ztunnel."""

NO, MAYBE, YES = 0, 1, 2
"""Truth's numbers, plain for speed."""


class Check(msgspec.Struct, frozen=True):
    """One field of a source, an operation or a condition. `field` is as the policy spells it (`notPaths`,
    `request.headers[x-tenant]`)."""

    section: Section
    field: str
    values: tuple[str, ...]
    negated: bool
    test: Callable[[Asked], int]
    """NO, MAYBE or YES."""


class Unusable(Exception):  # noqa: N818 - says that a rule is not in force, not that something went wrong
    """Makes istiod skip the whole rule; the message says why."""


_HEADER = re.compile(r"^request\.headers\[(.+)\]$")
_CLAIMS = re.compile(r"^request\.auth\.claims((?:\[[^\[\]]+\])+)$")
_METADATA = re.compile(r"^experimental\.envoy\.filters\.[^\[]+\[.+\]$")
_NOT_AT_ZTUNNEL = ("trustDomains", "remoteIpBlocks")
_ZTUNNEL_KEYS = frozenset({"source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"})


def source_checks(source: Source, namespace: str, place: Place) -> Iterator[Check]:
    """The checks of a `from` entry in a policy of `namespace`."""
    for field, values, negated in _fields(source, _SOURCE_FIELDS):
        if field in ("serviceAccounts", "notServiceAccounts"):
            accounts = tuple(one if "/" in one else f"{namespace}/{one}" for one in values)
            yield Check("from", field, values, negated, _text("service_account", one_sort(accounts), negated))
            continue
        attribute, matcher, is_http = _SOURCE_FIELDS[_positive(field)]
        if place != "http" and (is_http or (place == "ztunnel" and _positive(field) in _NOT_AT_ZTUNNEL)):
            yield _lost("from", field, values, negated)
        else:
            yield Check("from", field, values, negated, _text(attribute, matcher(values), negated))


def operation_checks(operation: Operation, place: Place) -> Iterator[Check]:
    """The checks of a `to` entry."""
    for field, values, negated in _fields(operation, _OPERATION_FIELDS):
        attribute, matcher, is_http = _OPERATION_FIELDS[_positive(field)]
        if is_http and place != "http":
            yield _lost("to", field, values, negated)
        else:
            yield Check("to", field, values, negated, _text(attribute, matcher(values), negated))


def condition_checks(condition: Condition, namespace: str, place: Place) -> Iterator[Check]:
    """The checks of a `when` entry. Raises Unusable for a key that istiod does not know."""
    key = condition.key
    for values, negated in ((condition.values, False), (condition.not_values, True)):
        if not values:
            continue
        test = _condition(key, values, namespace, negated)
        lost = key.startswith("request.") if place == "tcp" else key not in _ZTUNNEL_KEYS
        if place != "http" and lost:
            yield _lost("when", key, values, negated)
        else:
            yield Check("when", key, values, negated, test)


def is_lost(check: Check) -> bool:
    """Whether the check asks for what its place does not know: HTTP on TCP, or at ztunnel."""
    return check.test is _never_asked


def _never_asked(_: Asked) -> int:
    return YES


def _lost(section: Section, field: str, values: tuple[str, ...], negated: bool) -> Check:
    return Check(section, field, values, negated, _never_asked)


_Matcher = Callable[[tuple[str, ...]], Test]
_Field = tuple[str, _Matcher, bool]
"""(attribute of Asked, how it is matched, whether only HTTP has it)."""


def _any_case(values: tuple[str, ...]) -> Test:
    return one_of(values, ignore_case=True, presence=True)


def _header_like(values: tuple[str, ...]) -> Test:
    return one_of(values, presence=True)


_SOURCE_FIELDS: dict[str, _Field] = {
    "principals": ("principal", one_of, False),
    "requestPrincipals": ("request_principal", one_request_principal, True),
    "namespaces": ("namespace", one_namespace, False),
    "serviceAccounts": ("service_account", one_sort, False),
    "trustDomains": ("trust_domain", one_namespace, False),
    "ipBlocks": ("source_ip", one_address, False),
    "remoteIpBlocks": ("remote_ip", one_address, False),
}
_OPERATION_FIELDS: dict[str, _Field] = {
    "hosts": ("host", _any_case, True),
    "methods": ("method", _header_like, True),
    "paths": ("path", one_path, True),
    "ports": ("port", one_sort, False),
}
_KEYS: dict[str, tuple[str, _Matcher]] = {
    "source.ip": ("source_ip", one_address),
    "remote.ip": ("remote_ip", one_address),
    "source.namespace": ("namespace", one_namespace),
    "source.principal": ("principal", one_of),
    "source.trustDomain": ("trust_domain", one_namespace),
    "request.auth.principal": ("request_principal", one_request_principal),
    "destination.ip": ("destination_ip", one_address),
    "destination.port": ("port", one_sort),
    "connection.sni": ("sni", one_of),
}
_CLAIM_KEYS = {"request.auth.audiences": ("aud",), "request.auth.presenter": ("azp",)}


def _condition(key: str, values: tuple[str, ...], namespace: str, negated: bool) -> Callable[[Asked], int]:
    if key in _KEYS:
        attribute, matcher = _KEYS[key]
        return _text(attribute, matcher(values), negated)
    if key == "source.serviceAccount":
        accounts = tuple(one if "/" in one else f"{namespace}/{one}" for one in values)
        return _text("service_account", one_sort(accounts), negated)
    if key in _CLAIM_KEYS:
        return _claim(_CLAIM_KEYS[key], one_of(values), negated)
    if match := _HEADER.match(key):
        return _header(match[1].lower(), one_of(values, presence=True), negated)
    if match := _CLAIMS.match(key):
        return _claim(tuple(match[1][1:-1].split("][")), one_of(values), negated)
    if _METADATA.match(key):
        return lambda _: MAYBE
    raise Unusable(f"{key!r} is no condition that Istio knows")


def _text(attribute: str, matches: Test, negated: bool) -> Callable[[Asked], int]:
    value_of: Callable[[Asked], Text] = attrgetter(attribute)
    hit, miss = (NO, YES) if negated else (YES, NO)

    def test(asked: Asked) -> int:
        actual = value_of(asked)
        if actual.__class__ is str:
            return hit if matches(actual) else miss
        return miss if actual is None else MAYBE

    return test


def _header(name: str, matches: Test, negated: bool) -> Callable[[Asked], int]:
    hit, miss = (NO, YES) if negated else (YES, NO)

    def test(asked: Asked) -> int:
        actual = asked.header(name)
        if isinstance(actual, str):
            return hit if matches(actual) else miss
        return miss if actual is None else MAYBE

    return test


def _claim(path: tuple[str, ...], matches: Test, negated: bool) -> Callable[[Asked], int]:
    hit, miss = (NO, YES) if negated else (YES, NO)

    def test(asked: Asked) -> int:
        found = asked.claim(path)
        if isinstance(found, msgspec.UnsetType):
            return MAYBE
        return hit if any(matches(value) for value in found) else miss

    return test


def _fields(entry: Source | Operation, known: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    for field in known:
        name = re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", field)
        if values := getattr(entry, name):
            yield field, values, False
        if values := getattr(entry, f"not_{name}"):
            yield f"not{field[0].upper()}{field[1:]}", values, True


def _positive(field: str) -> str:
    return field[3].lower() + field[4:] if field.startswith("not") else field
