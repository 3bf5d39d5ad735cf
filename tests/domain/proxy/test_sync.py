"""How far proxies are with what they were sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import ProxyReading, TypeState
from meshui.domain.proxy.sync import parse_syncz, sync_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
_ROUTE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"


def reading(*errors: str, error: str | None = None) -> ProxyReading:
    types = (TypeState("route", 3, "7", NOON, errors),)
    return ProxyReading(ObjectRef("Pod", "shop", "web-1"), NOON, types=types, error=error)


def told(**more: Any) -> dict[str, Any]:
    route = {"sent": "n7", "acked": "n7", "sentTime": "2026-11-24T12:00:00Z", "lastError": "", **more}
    body = json.dumps([{"proxy": "web-1.shop", "resources": {_ROUTE: route}}]).encode()
    return dict(parse_syncz(body)["shop/web-1"])


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({}, "synced"),
        ({"acked": "n6"}, "stale"),
        ({"sent": "", "acked": ""}, "not_sent"),
        ({"acked": "n6", "lastError": "no such cluster"}, "rejected"),
    ],
)
def test_the_control_plane_tells_what_was_acknowledged(said: dict[str, str], state: str) -> None:
    (one,) = sync_of(reading(), told(**said))
    assert (one.type, one.state) == ("route", state)


def test_the_proxys_own_error_text_says_why_it_rejects() -> None:
    (one,) = sync_of(reading("Unknown cluster x"), told(acked="n6", lastError="other words"))
    assert (one.state, one.reason, one.version) == ("rejected", "Unknown cluster x", "7")


def test_without_a_control_plane_what_runs_is_in_force() -> None:
    (one,) = sync_of(reading(), None)
    assert (one.state, one.since) == ("in_force", NOON)
    (away,) = sync_of(reading(error="It refused the connection"), None)
    assert away.state == "unknown"


def test_releases_before_1_22_and_anything_else_are_read() -> None:
    old = [{"proxy": "web-1.shop", "route_sent": "a", "route_acked": "a"}]
    assert parse_syncz(json.dumps(old).encode())["shop/web-1"]["route"].acked == "a"
    for body in (b"", b"{}", b"[1, {}]", b'[{"proxy": 4}]', b'[{"proxy": "a.b", "resources": [1]}]'):
        parse_syncz(body)
