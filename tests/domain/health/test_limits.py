"""Limits in words, and which responses they are about."""

from __future__ import annotations

import re

import pytest

from meshui.domain.health.limits import DEFAULTS, BadLimit, Limit, limits
from meshui.domain.telemetry.responses import outcome


def covers(limit: Limit, protocol: str, code: str, grpc_code: str = "", flags: str = "-") -> bool:
    return limit.covers(protocol, code, grpc_code, outcome(protocol, code, grpc_code, flags))


def test_a_limit_is_read_in_any_order():
    (limit,) = limits("outbound degraded 0.5% 503 GRPC failing 5%")
    assert limit == Limit(("503",), "grpc", "outbound", 0.005, 0.05)
    assert limits("404, 429 never", "here") == (Limit(("404", "429"), origin="here"),)


def test_several_are_parted_by_semicolons_and_lines():
    assert len(limits("404 never; 5xx failing 10%\n\n no_response degraded 1%")) == 3


def test_errors_of_any_protocol_are_those_of_requests_and_those_of_connections():
    assert [limit.protocol for limit in limits("errors failing 10%")] == [None, "tcp"]
    assert [limit.protocol for limit in limits("http errors failing 10%")] == ["http"]
    assert [(limit.responses, limit.protocol) for limit in DEFAULTS] == [
        (("errors",), None),
        (("errors",), "tcp"),
        (("client_errors",), None),
    ]


@pytest.mark.parametrize(
    ("text", "response", "covered"),
    [
        ("503 never", ("http", "503"), True),
        ("503 never", ("http", "500"), False),
        ("5xx never", ("grpc", "503"), True),
        ("5xx never", ("grpc", "200", "14"), False),
        ("errors never", ("grpc", "200", "14"), True),
        ("errors never", ("grpc", "200", "5"), False),
        ("errors never", ("http", "404", "", "NR"), True),
        ("client_errors never", ("grpc", "200", "5"), True),
        ("unavailable never", ("grpc", "200", "14"), True),
        ("UNAVAILABLE never", ("grpc", "200", "13"), False),
        ("no_response never", ("http", "0"), True),
        ("http 503 never", ("grpc", "503"), False),
        ("errors never", ("tcp", "", "", "UF"), False),
        ("tcp errors never", ("tcp", "", "", "UF"), True),
        ("tcp errors never", ("http", "503"), False),
    ],
)
def test_what_a_limit_is_about(text, response, covered):
    assert covers(limits(text)[0], *response) is covered


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "It says nothing"),
        (" ; ", "It says nothing"),
        ("503", "must say either never, or from which share on"),
        ("503 never failing 5%", "must say either never, or from which share on"),
        ("failing 5%", "does not say which responses"),
        ("503 failing 5", "After failing comes a share from 0% to 100%, not '5'."),
        ("503 failing", "After failing comes a share"),
        ("503 degraded 101%", "After degraded comes a share"),
        ("503 degraded 5% failing 1%", "would be failing before it is degraded"),
        ("503 faling 5%", "'faling' means nothing here; did you mean failing?"),
        ("603 never", "'603' means nothing here"),
        ("tcp 503 never", "TCP, which has no codes"),
    ],
)
def test_what_makes_no_sense_is_said(text, told):
    with pytest.raises(BadLimit, match=re.escape(told)):
        limits(text)
