"""Names of hosts."""

from __future__ import annotations

import pytest

from meshui.domain.mesh.hosts import best_match, full_host, host_matches, kubernetes_service, without_port


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("catalog", "catalog.shop.svc.cluster.local"),
        ("Catalog", "catalog.shop.svc.cluster.local"),
        ("catalog.other", "catalog.other"),
        ("*", "*"),
        ("*.example.com", "*.example.com"),
        ("10.0.0.1", "10.0.0.1"),
        ("", ""),
    ],
)
def test_a_short_name_is_of_the_rules_namespace(host: str, expected: str):
    assert full_host(host, "shop") == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [("a.b:80", "a.b"), ("a.b", "a.b"), ("[::1]:80", "::1"), ("::1", "::1"), ("10.0.0.1:8080", "10.0.0.1")],
)
def test_the_port_is_taken_off(host: str, expected: str):
    assert without_port(host) == expected


def test_a_kubernetes_host_is_recognised_by_svc():
    assert kubernetes_service("web.shop.svc.cluster.local") == ("shop", "web")
    assert kubernetes_service("web.shop.svc") == ("shop", "web")
    assert kubernetes_service("web.shop") is None
    assert kubernetes_service("svc.example.com") is None


def test_wildcards_cover_labels_not_their_suffix():
    assert host_matches("*.example.com", "a.b.example.com")
    assert not host_matches("*.example.com", "example.com")
    assert not host_matches("*.example.com", "badexample.com")
    assert host_matches("*", "anything")


def test_exact_beats_the_longest_wildcard():
    assert best_match(["*", "*.com", "*.example.com", "a.example.com"], "a.example.com") == "a.example.com"
    assert best_match(["*", "*.com", "*.example.com"], "a.example.com") == "*.example.com"
    assert best_match(["*.org"], "a.example.com") is None
