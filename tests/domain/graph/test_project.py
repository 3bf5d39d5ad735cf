"""Views of one snapshot."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.graph.model import ViewSpec
from meshui.domain.graph.project import project

WEB, CATALOG = "workload:demo/shop/web", "service:demo/shop/catalog"
V1, V2 = "workload:demo/shop/catalog-v1", "workload:demo/shop/catalog-v2"


@pytest.fixture
def three(shop):
    shop.workload("edge/gate").workload("stock/inventory").service("stock/inventory")
    shop.calls("edge/gate", "shop/web", "shop/web", 20)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v2", 1)
    shop.calls("shop/catalog-v1", "stock/inventory", "stock/inventory", 4)
    return shop


def test_the_service_view_shows_services_and_callers_that_have_none(three):
    assert three.view(kind="service").edge_rates == {
        "workload:demo/edge/gate>service:demo/shop/web|http": 20,
        "service:demo/shop/web>service:demo/shop/catalog|http": 10,
        "service:demo/shop/catalog>service:demo/stock/inventory|http": 4,
    }


def test_a_workload_behind_two_services_counts_for_one(three):
    three.service("shop/aaa", app="catalog")
    rates = three.view(kind="service").edge_rates
    assert rates["service:demo/shop/catalog>service:demo/stock/inventory|http"] == 4
    assert sum(rates.values()) == 34


def test_the_namespace_view_joins_namespaces(three):
    assert three.view(kind="namespace").edge_rates == {
        "namespace:demo/edge>namespace:demo/shop|http": 20,
        "namespace:demo/shop>namespace:demo/shop|http": 10,
        "namespace:demo/shop>namespace:demo/stock|http": 4,
    }


def test_the_namespace_view_has_no_boxes_and_sums_pods(three):
    view = three.view(kind="namespace")
    assert view.view.boxes == ()
    assert (view.node("namespace:demo/shop").pods_ready, view.node("namespace:demo/shop").pods_total) == (4, 4)


def test_boxes_are_the_namespaces_shown(three):
    view = three.view()
    assert [box.label for box in view.view.boxes] == ["edge", "shop", "stock"]
    assert view.node(WEB).box == "box:demo/shop"


def test_a_filter_keeps_neighbours_one_hop_out_and_their_whole_numbers(three):
    view = three.view(service_nodes=False, namespaces=("stock",))
    assert view.edge_rates == {f"{V1}>workload:demo/stock/inventory|http": 4}
    assert view.node(V1).outside
    assert not view.node("workload:demo/stock/inventory").outside
    assert view.node(V1).inbound.rate == 9


def test_idle_nodes_come_on_request(three):
    three.workload("shop/newsletter").service("shop/newsletter")
    idle = {"workload:demo/shop/newsletter", "service:demo/shop/newsletter"}
    assert not idle & set(three.view().nodes)
    view = three.view(idle=True)
    assert idle <= set(view.nodes)
    assert view.node("workload:demo/shop/newsletter").health.state == "idle"
    assert "service:demo/shop/newsletter" not in three.view(idle=True, service_nodes=False).nodes
    assert "workload:demo/shop/newsletter" not in three.view(idle=True, namespaces=("edge",)).nodes


def test_elements_are_ordered_by_id(three):
    view = three.view(idle=True).view
    for elements in (view.boxes, view.nodes, view.edges):
        ids = [element.id for element in elements]
        assert ids == sorted(ids)


WORKLOADS = ("a/one", "a/two", "b/one", "b/two", "unknown")
SERVICES = ("a/one", "b/one", "b/two", "unknown", "x.example")
CALLS = st.lists(
    st.tuples(
        st.sampled_from(WORKLOADS),
        st.sampled_from(SERVICES),
        st.sampled_from(WORKLOADS),
        st.floats(0.001, 1000),
        st.sampled_from(("200", "404", "503", "0")),
        st.sampled_from(("http", "grpc", "tcp")),
        st.sampled_from(("source", "destination", "waypoint", "source destination")),
    ),
    max_size=12,
)


def _inventory_mesh(new_mesh):
    made = new_mesh()
    for where in WORKLOADS[:-1]:
        made.workload(where)
    for where in SERVICES[:3]:
        made.service(where)
    return made


@settings(max_examples=60, deadline=None)
@given(CALLS)
def test_no_request_is_counted_by_two_reporters(new_mesh, calls):
    mesh = _inventory_mesh(new_mesh)
    for source, service, destination, rate, code, protocol, by in calls:
        mesh.calls(source, service, destination, rate, code=code, protocol=protocol, by=by)
    graph = mesh.graph()
    # Of two reports that name neither service nor workload nobody can say that they tell of the same requests.
    named = [node.kind != "unknown" for node in graph.nodes]
    for stream in (False, True):
        its = (graph.protocol == 2) == stream
        for end in (graph.service, graph.destination):
            pairs = {}
            for source, other, reporter in zip(graph.source[its], end[its], graph.reporter[its], strict=True):
                pairs.setdefault((source, other), set()).add(int(reporter))
            assert all(
                len(found) == 1 for (_, other), found in pairs.items() if other >= 0 and named[other] and 0 in found
            )


@settings(max_examples=60, deadline=None)
@given(CALLS)
def test_numbers_are_never_negative_and_shares_are_shares(new_mesh, calls):
    mesh = _inventory_mesh(new_mesh)
    for source, service, destination, rate, code, protocol, by in calls:
        mesh.calls(source, service, destination, rate, code=code, protocol=protocol, by=by)
    snapshot = mesh.snapshot()
    for spec in (ViewSpec(), ViewSpec("service"), ViewSpec("namespace", idle=True)):
        view = project(snapshot, spec)
        for edge in view.edges:
            assert edge.rate >= 0
            assert edge.error_share is None or 0 <= edge.error_share <= 1
            assert edge.mtls.observed_share is None or 0 <= edge.mtls.observed_share <= 1
            assert sum(edge.codes.values()) == pytest.approx(edge.rate if edge.protocol != "tcp" else 0, abs=1e-4)
        ids = {node.id for node in view.nodes}
        assert all(edge.source in ids and edge.destination in ids for edge in view.edges)


@settings(max_examples=40, deadline=None)
@given(CALLS)
def test_a_service_gives_no_more_than_it_gets(new_mesh, calls):
    mesh = _inventory_mesh(new_mesh)
    for source, service, destination, rate, code, protocol, by in calls:
        mesh.calls(source, service, destination, rate, code=code, protocol=protocol, by=by)
    view = project(mesh.snapshot(), ViewSpec())
    for node in view.nodes:
        if node.kind == "service":
            assert node.outbound.rate <= node.inbound.rate + 1e-4
