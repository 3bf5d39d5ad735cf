"""The route that takes a request, and why not the ones before it."""

from __future__ import annotations

import msgspec

from meshui.domain.proxy.routing.check import Check
from meshui.domain.proxy.routing.request import Request
from meshui.domain.proxy.routing.route_match import check_route, match_said
from meshui.domain.proxy.routing.virtual_hosts import HostMatch, HostTable
from meshui.domain.proxy.values import Raw, record, records, text


class PassedOver(msgspec.Struct, frozen=True):
    """A route that was asked before the one that takes the request, and why it doesn't take it, or not all of them."""

    position: int
    name: str
    match: str
    why: str


class Candidate(msgspec.Struct, frozen=True):
    """A route that takes the request. `share`: of the requests like this one that come to it; None where what it asks
    about isn't known, in which case the next ones may take it as well."""

    position: int
    route: Raw
    share: float | None
    reason: str


class Choice(msgspec.Struct, frozen=True):
    """The virtual host and the routes that may take the request, in order; none: 404. `must_be_tls`: the virtual host
    sends plain HTTP to https first."""

    host: HostMatch
    candidates: tuple[Candidate, ...]
    passed_over: tuple[PassedOver, ...]
    must_be_tls: bool
    undecided: str = ""
    """Why the routes were not looked at: a matcher tree of a kind that is not known here."""


def choose(table: HostTable, request: Request) -> Choice | None:
    """What the route configuration does with the request; None when no virtual host has its authority (404)."""
    name = request.header(table.header) if table.header else request.host
    found = table.find(name or "")
    if found is None:
        return None
    host = found.virtual_host
    internal = request.headers.get("x-envoy-internal") == "true"
    wanted = text(host, "require_tls")
    must = request.scheme != "https" and (wanted == "ALL" or (wanted == "EXTERNAL_ONLY" and not internal))
    if "matcher" in host:
        return Choice(found, (), (), must, "Its routes are in a matcher tree, which is not followed here.")
    candidates: list[Candidate] = []
    passed: list[PassedOver] = []
    left = 1.0
    for position, route in enumerate(records(host, "routes")):
        match = record(route, "match")
        check = check_route(match, request)
        if check.fails:
            passed.append(_passed(position, route, check))
            continue
        share = None if check.share is None else left * check.share
        candidates.append(Candidate(position, route, share, check.reason))
        if check.share is not None:
            left *= 1.0 - check.share
        if left <= 0.0:
            break
    return Choice(found, tuple(candidates), tuple(passed), must)


def route_name(route: Raw, position: int) -> str:
    """The route's name, else its place."""
    return text(route, "name") or f"route {position + 1}"


def _passed(position: int, route: Raw, check: Check) -> PassedOver:
    return PassedOver(position, route_name(route, position), match_said(record(route, "match")), check.reason)
