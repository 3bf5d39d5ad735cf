"""Values against patterns."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.authz.match import Truth, address_matches, path_matches, text_matches, values_match


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
    assert text_matches(pattern, actual) is expected


@pytest.mark.parametrize(
    ("pattern", "actual", "expected"),
    [
        ("/stock/*", "/stock/7", True),
        ("/stock/*", "/stock", False),
        ("/stock", "/stock?id=7", True),
        ("/a/{*}/c", "/a/b/c", True),
        ("/a/{*}/c", "/a/b/b/c", False),
        ("/a/{*}", "/a/", False),
        ("/a/{**}", "/a/b/c", True),
        ("/a/{*}/{**}", "/a/b/c/d", True),
        ("/a.b/{*}", "/axb/c", False),
    ],
)
def test_paths(pattern: str, actual: str, expected: bool):
    assert path_matches(pattern, actual) is expected


def test_addresses():
    assert address_matches("10.0.0.0/8", "10.1.2.3")
    assert address_matches("10.1.2.3", "10.1.2.3")
    assert not address_matches("10.0.0.0/8", "11.0.0.1")
    assert not address_matches("nonsense", "10.0.0.1")
    assert address_matches("fd00::/8", "fd00::1")


def test_who_has_no_value_matches_no_positive_list_and_every_negative_one():
    assert values_match(("a",), (), None, text_matches) is Truth.NO
    assert values_match(("*",), (), None, text_matches) is Truth.NO
    assert values_match((), ("a",), None, text_matches) is Truth.YES


def test_what_is_not_known_may_match():
    assert values_match(("a",), (), msgspec.UNSET, text_matches) is Truth.MAYBE
    assert values_match((), ("a",), msgspec.UNSET, text_matches) is Truth.MAYBE
    assert values_match((), (), msgspec.UNSET, text_matches) is Truth.YES


@given(
    st.lists(st.sampled_from("abc"), max_size=3), st.lists(st.sampled_from("abc"), max_size=3), st.sampled_from("abc")
)
def test_not_known_covers_every_answer(values, not_values, actual):
    exact = values_match(tuple(values), tuple(not_values), actual, text_matches)
    unknown = values_match(tuple(values), tuple(not_values), msgspec.UNSET, text_matches)
    assert unknown in (Truth.MAYBE, exact)
