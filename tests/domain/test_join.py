"""Several clusters in one graph: east and west, each with an inventory and metrics of its own."""

from __future__ import annotations

import pytest

from meshui.domain.graph.model import SourceState, ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.join import cluster_of, join
from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.snapshot import assemble
from meshui.domain.telemetry import istio
from tests.domain.conftest import NOW, Mesh, View, vector

WEB, CART = "workload:west/shop/web", "workload:east/shop/cart"
LOCAL = ViewSpec(service_nodes=False)


class Cluster(Mesh):
    """A cluster of its own; `calls` says the clusters of both ends."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def calls(self, source, service, destination, rate, *, at="", **more):
        here, _, there = (at or f"{self.name}>{self.name}").partition(">")
        return super().calls(
            source, service, destination, rate, **{"source_cluster": here, "destination_cluster": there, **more}
        )

    def snapshot(self, *, version=1, previous=None, at=NOW):
        bodies = {name: vector(samples) for name, samples in self.samples.items()}
        return assemble(
            cluster=self.name,
            version=version,
            published_at=at,
            evaluated_at=at,
            window_seconds=60,
            rows=istio.rows(bodies, self.name),
            inventory=build_inventory(self.manifests, self.name),
            sources=(SourceState("telemetry", "live", at),),
            previous=previous,
        )


@pytest.fixture
def west():
    return Cluster("west").workload("shop/web").service("shop/web").service("shop/cart")


@pytest.fixture
def east():
    return Cluster("east").workload("shop/cart").service("shop/cart")


def view(*clusters, spec=LOCAL):
    return View(project(join([one.snapshot() for one in clusters]), spec))


def test_an_edge_that_both_ends_tell_of_is_one_edge(west, east):
    west.calls("shop/web", "shop/cart", "shop/cart", 10, at="west>east", by="source")
    east.calls("shop/web", "shop/cart", "shop/cart", 9.5, at="west>east", by="destination")
    both = view(west, east)
    assert both.edge_rates == {f"{WEB}>{CART}|http": 10}
    edge = both.edge(WEB, CART)
    assert (edge.reporter, edge.mtls.observed_share, edge.mtls.expected) == ("source", 1, "mutual_tls")
    assert both.node(CART).pods_total == both.node(WEB).pods_total == 1


def test_the_order_of_clusters_does_not_matter(west, east):
    west.calls("shop/web", "shop/cart", "shop/cart", 10, at="west>east", by="source")
    east.calls("shop/web", "shop/cart", "shop/cart", 9.5, at="west>east", by="destination")
    east.calls("shop/cart", "shop/cart", "shop/cart", 1)
    one, other = view(west, east).view, view(east, west).view
    assert (one.nodes, one.edges) == (other.nodes, other.edges)


@pytest.mark.parametrize("spec", [LOCAL, ViewSpec(), ViewSpec("service"), ViewSpec("namespace")])
def test_a_prometheus_that_both_share_is_not_counted_twice(west, east, spec):
    for one in (west, east):
        one.calls("shop/web", "shop/cart", "shop/cart", 10, at="west>east")
        one.calls("shop/web", "shop/cart", "unknown", 1, at="west>unknown", code="503", flags="UH", by="source")
        one.calls("shop/cart", "shop/cart", "shop/cart", 3, at="east>east")
        one.calls("shop/web", "x.example", "unknown", 2, at="west>unknown", by="source")
        one.calls("unknown", "shop/cart", "shop/cart", 5, at="unknown>east", by="destination", mtls=False)
    west.add("ServiceEntry", "shop/x", {"hosts": ["x.example"], "ports": []})
    edges = view(west, east, spec=spec).edge_rates
    callers = ("workload:", "unknown:", "namespace:", "service:" if spec.kind == "service" else "workload:")
    assert sum(rate for edge, rate in edges.items() if edge.startswith(callers)) == 21


def test_a_caller_that_only_the_other_end_tells_of_is_kept(west, east):
    east.calls("shop/web", "shop/cart", "shop/cart", 10, at="west>east", by="destination")
    assert view(west, east).edge_rates == {f"{WEB}>{CART}|http": 10}


def test_callers_of_two_clusters_without_proxies_of_their_own_are_added(west, east):
    west.workload("shop/cart")
    for one in (west, east):
        one.calls("shop/batch", "shop/cart", "shop/cart", 2, at=f"north>{one.name}", by="destination")
    assert view(west, east).edge_rates == {
        f"workload:north/shop/batch>workload:{name}/shop/cart|http": 2 for name in ("east", "west")
    }


def test_boxes_can_be_clusters(west, east):
    west.calls("shop/web", "shop/cart", "shop/cart", 10, at="west>east", by="source")
    boxed = view(west, east, spec=ViewSpec(service_nodes=False, box_by=("cluster", "namespace")))
    assert [(box.id, box.parent) for box in boxed.view.boxes] == [
        ("box:east", None),
        ("box:east/shop", "box:east"),
        ("box:west", None),
        ("box:west/shop", "box:west"),
    ]


def test_a_service_stands_for_the_workload_of_its_own_cluster(west, east):
    west.calls("shop/web", "shop/cart", "shop/cart", 10, at="west>east", by="source")
    east.workload("shop/db").service("shop/db")
    east.calls("shop/cart", "shop/db", "shop/db", 4)
    assert view(west, east, spec=ViewSpec("service")).edge_rates == {
        "service:west/shop/web>service:west/shop/cart|http": 10,
        "service:east/shop/cart>service:east/shop/db|http": 4,
    }


def test_latencies_with_different_buckets_are_merged(west, east):
    west.calls("shop/web", "shop/web", "shop/web", 10)
    west.took(
        "shop/web", "shop/web", "shop/web", {"100": 10, "+Inf": 10}, source_cluster="west", destination_cluster="west"
    )
    east.calls("shop/cart", "shop/cart", "shop/cart", 10)
    east.took(
        "shop/cart", "shop/cart", "shop/cart", {"50": 10, "+Inf": 10}, source_cluster="east", destination_cluster="east"
    )
    both = view(west, east)
    assert both.edge(WEB, WEB).p50_ms == pytest.approx(view(west).edge(WEB, WEB).p50_ms)
    assert both.edge(CART, CART).p50_ms == pytest.approx(25)


def test_an_edge_that_is_idle_in_one_cluster_and_not_in_the_other_is_not_idle(west, east):
    west.calls("shop/web", "shop/cart", "shop/cart", 10, at="west>east", by="source")
    before = west.snapshot()
    west.samples = {}
    idle = west.snapshot(version=2, previous=before)
    spec = ViewSpec(service_nodes=False, idle_edges=True)
    assert [edge.idle_since for edge in project(join([idle, east.snapshot()]), spec).edges] == [NOW]
    east.calls("shop/web", "shop/cart", "shop/cart", 9.5, at="west>east", by="destination")
    assert [edge.idle_since for edge in project(join([idle, east.snapshot()]), spec).edges] == [None]


def test_each_source_says_whose_it_is_and_what_is_missing_is_told(west, east):
    loading = SourceState("telemetry", "loading", cluster="north")
    both = join([west.snapshot(version=5), east.snapshot(version=7)], [loading])
    assert [(state.cluster, state.state) for state in both.sources] == [
        ("west", "live"),
        ("east", "live"),
        ("north", "loading"),
    ]
    assert (both.cluster, both.version) == ("*", 12)


def test_the_join_of_one_cluster_is_that_cluster(west):
    west.calls("shop/web", "shop/web", "shop/web", 10)
    one, alone = view(west).view, project(west.snapshot(), LOCAL)
    assert (one.nodes, one.edges, one.boxes) == (alone.nodes, alone.edges, alone.boxes)


@pytest.mark.parametrize(
    ("element", "cluster"),
    [(WEB, "west"), (f"{WEB}>{CART}|http", "west"), ("unknown:west>x:y/z|tcp", "west"), ("nonsense", "")],
)
def test_an_element_is_in_the_cluster_of_its_caller(element, cluster):
    assert cluster_of(element) == cluster
