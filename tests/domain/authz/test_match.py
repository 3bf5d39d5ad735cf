"""Values against patterns."""

from __future__ import annotations

import pytest

from meshui.domain.authz.match import (
    one_address,
    one_namespace,
    one_of,
    one_path,
    one_request_principal,
)


@pytest.mark.parametrize(
    ("pattern", "actual", "expected"),
    [
        ("abc", "abc", True),
        ("abc", "abcd", False),
        ("abc*", "abcd", True),
        ("*abc", "xabc", True),
        ("*", "x", True),
        ("*", "", False),
        ("a*c", "abc", False),
    ],
)
def test_text(pattern: str, actual: str, expected: bool):
    assert one_of((pattern,))(actual) is expected
    assert one_of(("other", "oth*", pattern))(actual) is expected


def test_a_header_that_is_there_is_present_even_when_empty():
    assert one_of(("*",), presence=True)("")


def test_hosts_are_the_same_in_any_case():
    assert one_of(("API.example",), ignore_case=True)("api.EXAMPLE")
    assert one_of(("*.Example",), ignore_case=True)("api.eXAMPLE")


@pytest.mark.parametrize(
    ("pattern", "actual", "expected"),
    [
        ("/stock/*", "/stock/7", True),
        ("/stock/*", "/stock", False),
        ("/a/{*}/c", "/a/b/c", True),
        ("/a/{*}/c", "/a/b/b/c", False),
        ("/a/{*}", "/a/", False),
        ("/a/{**}", "/a/b/c", True),
        ("/a/{**}", "/a/", True),
        ("/a/{*}/{**}", "/a/b/c/d", True),
        ("/a.b/{*}", "/axb/c", False),
    ],
)
def test_paths(pattern: str, actual: str, expected: bool):
    assert one_path((pattern,))(actual) is expected
    assert one_path(("/other", "/x/{*}", pattern))(actual) is expected


def test_addresses():
    assert one_address(("10.0.0.0/8",))("10.1.2.3")
    assert one_address(("10.1.2.3",))("10.1.2.3")
    assert not one_address(("10.0.0.0/8",))("11.0.0.1")
    assert not one_address(("nonsense",))("10.0.0.1")
    assert one_address(("nonsense", "fd00::/8"))("fd00::1")


@pytest.mark.parametrize(
    ("pattern", "actual", "expected"),
    [
        ("shop", "shop", True),
        ("sh*", "shop", True),
        ("*op", "shop", True),
        ("s*p", "shop", True),
        ("s.op", "shop", False),
    ],
)
def test_namespaces_take_stars_anywhere(pattern: str, actual: str, expected: bool):
    assert one_namespace((pattern,))(actual) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("https://idp/x/alice", True),
        ("*", True),
        ("https://idp/x/*", True),
        ("https://idp/x/al*", True),
        ("*/alice", True),
        ("*idp/x/alice", True),
        ("*alice", True),
        ("https*", True),
        ("idp*", False),
        ("https://idp/*", False),
        ("*/bob", False),
        ("https://idp/x", False),
    ],
)
def test_a_request_principal_is_issuer_and_subject(pattern: str, expected: bool):
    assert one_request_principal((pattern,))("https://idp/x/alice") is expected
