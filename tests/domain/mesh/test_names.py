"""Identities in every spelling."""

from __future__ import annotations

import pytest

from meshui.domain.mesh.names import Identity, parse_identity


@pytest.mark.parametrize(
    "text",
    [
        "spiffe://cluster.local/ns/shop/sa/web",
        "cluster.local/ns/shop/sa/web",
        "web.shop.serviceaccount.identity.linkerd.cluster.local",
    ],
)
def test_spellings_of_one_identity(text: str):
    assert parse_identity(text) == Identity("cluster.local", "shop", "web")


@pytest.mark.parametrize("text", ["", "unknown", "spiffe://x", "a/b", "spiffe://td/ns/a/sa/b/c"])
def test_other_text_is_no_identity(text: str):
    assert parse_identity(text) is None
