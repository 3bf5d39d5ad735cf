"""Edges that carry nothing now, remembered from snapshot to snapshot."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshui.domain.graph.model import ViewSpec
from meshui.domain.graph.project import project
from tests.domain.conftest import NOW

WEB, CATALOG = "workload:demo/shop/web", "service:demo/shop/catalog"
V1, V2 = "workload:demo/shop/catalog-v1", "workload:demo/shop/catalog-v2"
IDLE = ViewSpec(idle_edges=True)


@pytest.fixture
def busy(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v2", 1)
    return shop


def later(mesh, previous, seconds, **more):
    at = NOW + timedelta(seconds=seconds)
    return mesh.snapshot(version=previous.version + 1, previous=previous, published_at=at, evaluated_at=at, **more)


def test_an_edge_without_traffic_is_idle_since_it_last_had_some(busy):
    first = busy.snapshot()
    busy.samples = {"requests": [one for one in busy.samples["requests"] if "catalog-v1" in str(one)]}
    second = later(busy, first, 10)
    assert {edge.id for edge in project(second, ViewSpec()).edges} == {
        f"{WEB}>{CATALOG}|http",
        f"{CATALOG}>{V1}|http",
    }
    view = project(second, IDLE)
    (idle,) = [edge for edge in view.edges if edge.idle_since]
    assert (idle.id, idle.rate, idle.error_share, idle.idle_since) == (f"{CATALOG}>{V2}|http", 0, None, NOW)
    assert (idle.health.state, idle.health.reason) == ("idle", "nothing since 12:00:00 UTC")
    assert (idle.mtls.observed_share, idle.mtls.expected) == (None, "mutual_tls")


def test_its_end_is_kept_while_nothing_comes_and_gone_when_traffic_is_back(busy):
    first = busy.snapshot()
    traffic, busy.samples = busy.samples, {}
    second = later(busy, first, 10)
    third = later(busy, second, 20)
    assert {edge.idle_since for edge in project(third, IDLE).edges} == {NOW}
    assert project(third, ViewSpec()).edges == ()
    busy.samples = traffic
    assert [edge.idle_since for edge in project(later(busy, third, 30), IDLE).edges] == [None] * 3


def test_it_is_forgotten_after_an_hour(busy):
    first = busy.snapshot()
    busy.samples = {}
    assert len(project(later(busy, first, 3600), IDLE).edges) == 3
    assert project(later(busy, first, 3601), IDLE).edges == ()


def test_an_edge_of_a_deleted_workload_is_forgotten(busy):
    first = busy.snapshot()
    busy.samples = {}
    busy.manifests = [one for one in busy.manifests if "catalog-v2" not in str(one["metadata"])]
    assert {edge.id for edge in project(later(busy, first, 10), IDLE).edges} == {
        f"{WEB}>{CATALOG}|http",
        f"{CATALOG}>{V1}|http",
    }


def test_one_of_outside_callers_is_kept(shop):
    shop.calls("unknown", "shop/catalog", "shop/catalog-v1", 3, by="destination")
    shop.calls("shop/web", "x.example", "unknown", 1, by="source")
    first = shop.snapshot()
    shop.samples = {}
    assert {edge.source for edge in project(later(shop, first, 10), IDLE).edges} == {"unknown:demo", WEB, CATALOG}


def test_errors_that_are_over_are_no_idle_edge(busy):
    busy.calls("shop/web", "shop/catalog", "unknown", 1, code="503", flags="UH", by="source")
    first = busy.snapshot()
    busy.samples = {}
    view = project(later(busy, first, 10), ViewSpec(service_nodes=False, idle_edges=True))
    assert {edge.destination for edge in view.edges} == {V1, V2}


def test_another_window_remembers_nothing_of_this_one(busy):
    first = busy.snapshot()
    busy.samples = {}
    assert project(later(busy, first, 10, window=300), IDLE).edges == ()
