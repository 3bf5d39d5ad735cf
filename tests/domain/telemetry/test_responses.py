"""What a response counts as."""

from __future__ import annotations

import pytest

from meshui.domain.telemetry.responses import (
    CLIENT_ERROR,
    ERROR,
    FINE,
    NO,
    PERHAPS,
    SURE,
    denial,
    flags_of,
    outcome,
)


@pytest.mark.parametrize(
    ("protocol", "code", "grpc", "flags", "expected"),
    [
        ("http", "200", "", "-", FINE),
        ("http", "301", "", "-", FINE),
        ("http", "404", "", "-", CLIENT_ERROR),
        ("http", "403", "", "-", CLIENT_ERROR),
        ("http", "500", "", "-", ERROR),
        ("http", "503", "", "UH", ERROR),
        ("http", "0", "", "DC", ERROR),
        ("http", "unknown", "", "-", FINE),
        ("grpc", "200", "0", "-", FINE),
        ("grpc", "200", "5", "-", CLIENT_ERROR),
        ("grpc", "200", "14", "-", ERROR),
        ("grpc", "200", "13", "-", ERROR),
        ("grpc", "200", "", "-", FINE),
        ("grpc", "503", "14", "UF", ERROR),
        ("grpc", "0", "", "DC", ERROR),
        ("grpc", "200", "7", "-", CLIENT_ERROR),
        ("tcp", "", "", "-", FINE),
        ("tcp", "", "", "UF,URX", ERROR),
        ("tcp", "", "", "DC", FINE),
        ("tcp", "", "", "TLS_FAILURE", ERROR),
    ],
)
def test_outcome(protocol: str, code: str, grpc: str, flags: str, expected: int):
    assert outcome(protocol, code, grpc, flags) == expected


def test_a_403_may_be_a_denial_and_a_flag_says_it_surely():
    assert denial("http", "403", "", "-") == PERHAPS
    assert denial("http", "403", "", "UAEX") == SURE
    assert denial("grpc", "200", "7", "-") == PERHAPS
    assert denial("tcp", "", "", "DENY") == SURE
    assert denial("http", "404", "", "-") == NO
    assert denial("tcp", "", "", "UF") == NO


def test_flags_are_separated_and_none_is_none():
    assert flags_of("-") == flags_of("") == ()
    assert flags_of("UF,URX") == ("UF", "URX")
