"""Paths as policies see them (a real Envoy is asked in tests/demo/envoy)."""

from __future__ import annotations

import pytest

from meshui.domain.authz.paths import normalized


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("/stock/7?all=1", "/stock/7"),
        ("/a/./b/../c", "/a/c"),
        ("/a/..", "/"),
        ("/../../x", "/x"),
        ("/a/b/.", "/a/b/"),
        ("/%61dmin/%2e%2e/x", "/x"),
        ("/a|b", "/a%7Cb"),
        ("/a\\b", "/a/b"),
        ("/a%2Fb%2f", "/a%2Fb%2f"),
        ("//a//", "//a//"),
        ("/é", "/%C3%A9"),
    ],
)
def test_a_path_is_normalized(sent: str, seen: str):
    assert normalized(sent) == seen
