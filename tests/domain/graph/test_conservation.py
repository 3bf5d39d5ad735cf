"""Laws that hold for any telemetry: nothing is lost, invented or counted twice, in whichever view."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.graph.delta import apply_delta, delta
from meshui.domain.graph.model import ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.join import join
from meshui.domain.snapshot import MeshSnapshot, decode, encode
from tests.domain.conftest import NOW

WORKLOADS = ("a/one-v1", "a/one-v2", "a/two", "b/one", "unknown")
SERVICES = ("a/one", "b/one", "b/two", "unknown", "x.example", "y.cloud.example")
PROTOCOLS = ("http", "grpc", "tcp")
PASSING_ON = ("service", "passthrough", "blackhole")
"""Nodes between: what they pass on was counted when it reached them."""
SPECS = (
    ViewSpec(),
    ViewSpec(service_nodes=False),
    ViewSpec("versioned_app"),
    ViewSpec("versioned_app", service_nodes=False),
    ViewSpec("app"),
    ViewSpec("app", service_nodes=False),
    ViewSpec("service"),
    ViewSpec("namespace"),
    ViewSpec("namespace", expanded=("a",)),
)


def calls(reporters: tuple[str, ...]) -> st.SearchStrategy[list[tuple[object, ...]]]:
    return st.lists(
        st.tuples(
            st.sampled_from(WORKLOADS),
            st.sampled_from(SERVICES),
            st.sampled_from(WORKLOADS),
            st.floats(0.001, 1000),
            st.sampled_from(("200", "404", "503", "0")),
            st.sampled_from(("-", "UH", "UF,URX", "NR")),
            st.sampled_from(PROTOCOLS),
            st.sampled_from(reporters),
        ),
        max_size=12,
    )


ANY = calls(("source", "destination", "waypoint", "source destination"))
ONE = calls(("source",))


def made(new_mesh, of):
    mesh = new_mesh().workload("a/one-v1", app="one").workload("a/one-v2", app="one", version="v2")
    mesh.workload("a/two").workload("b/one")
    mesh.service("a/one").service("b/one").service("b/two", app="one")
    mesh.add("ServiceEntry", "a/cloud", {"hosts": ["*.cloud.example"], "ports": []})
    for source, service, destination, rate, code, flags, protocol, by in of:
        mesh.calls(source, service, destination, rate, code=code, flags=flags, protocol=protocol, by=by)
    return mesh


def total(snapshot: MeshSnapshot, protocol: str) -> float:
    graph = snapshot.graph
    return float(graph.rate[graph.protocol == PROTOCOLS.index(protocol)].sum())


@settings(max_examples=30, deadline=None)
@given(ONE)
def test_the_sum_over_the_edges_of_each_view_is_the_sum_over_the_rows(new_mesh, of):
    mesh = made(new_mesh, of)
    snapshot = mesh.snapshot()
    for spec in SPECS:
        view = project(snapshot, spec)
        for protocol in PROTOCOLS:
            rows = sum(rate for _, _, _, rate, _, _, its, _ in of if its == protocol)
            edges = [edge for edge in view.edges if edge.protocol == protocol]
            if spec.service_nodes and spec.kind not in ("service", "namespace"):
                edges = [edge for edge in edges if not edge.source.startswith(PASSING_ON)]
            assert sum(edge.rate for edge in edges) == pytest.approx(rows, rel=1e-6, abs=1e-4), spec


@settings(max_examples=30, deadline=None)
@given(ANY)
def test_all_views_tell_of_the_same_traffic_and_of_no_more_than_was_reported(new_mesh, of):
    snapshot = made(new_mesh, of).snapshot()
    reported = dict.fromkeys(PROTOCOLS, 0.0)
    by_callers = dict(reported)
    for _, _, _, rate, _, _, protocol, by in of:
        reported[protocol] += rate * len(by.split())
        by_callers[protocol] += rate * ("source" in by)
    for protocol in PROTOCOLS:
        whole = total(snapshot, protocol)
        assert by_callers[protocol] - 1e-4 <= whole <= reported[protocol] + 1e-4
        for spec in SPECS:
            if not spec.service_nodes or spec.kind in ("service", "namespace"):
                edges = [edge.rate for edge in project(snapshot, spec).edges if edge.protocol == protocol]
                assert sum(edges) == pytest.approx(whole, rel=1e-6, abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(ANY)
def test_errors_are_conserved_too(new_mesh, of):
    snapshot = made(new_mesh, of).snapshot()
    responses = snapshot.graph.responses
    failed = float(responses.rate[responses.outcome == 2].sum())
    for spec in (ViewSpec(service_nodes=False), ViewSpec("app", service_nodes=False), ViewSpec("namespace")):
        edges = project(snapshot, spec).edges
        assert sum(edge.rate * (edge.error_share or 0) for edge in edges) == pytest.approx(failed, rel=1e-3, abs=1e-2)


@settings(max_examples=20, deadline=None)
@given(ANY, ANY, st.sampled_from(SPECS), st.booleans())
def test_a_delta_leads_from_each_view_to_the_next(new_mesh, before, after, spec, idle_edges):
    first = made(new_mesh, before).snapshot()
    second = made(new_mesh, after).snapshot(version=2, previous=first, published_at=NOW + timedelta(seconds=5))
    chosen = ViewSpec(spec.kind, spec.service_nodes, idle=True, idle_edges=idle_edges, expanded=spec.expanded)
    old, new = project(first, chosen), project(second, chosen)
    assert apply_delta(old, delta(old, new)) == new
    assert delta(new, new).nodes == delta(new, new).edges == delta(new, new).removed_nodes == ()


@settings(max_examples=20, deadline=None)
@given(ANY, st.sampled_from(SPECS), st.sampled_from(("a", "b")))
def test_a_filter_shows_elements_as_they_are_without_it(new_mesh, of, spec, namespace):
    snapshot = made(new_mesh, of).snapshot()
    chosen = ViewSpec(spec.kind, spec.service_nodes, namespaces=(namespace,), expanded=spec.expanded)
    whole, some = project(snapshot, spec), project(snapshot, chosen)
    assert all(edge in whole.edges for edge in some.edges)
    known = {node.id: node for node in whole.nodes}
    for node in some.nodes:
        assert (node.inbound, node.outbound, node.health) == (
            known[node.id].inbound,
            known[node.id].outbound,
            known[node.id].health,
        )
    touched = {node.id for node in whole.nodes if node.namespace == namespace}
    assert {edge.id for edge in some.edges} == {
        edge.id for edge in whole.edges if edge.source in touched or edge.destination in touched
    }


@settings(max_examples=20, deadline=None)
@given(ANY)
def test_all_namespaces_expanded_are_the_workloads(new_mesh, of):
    snapshot = made(new_mesh, of).snapshot()
    expanded = project(snapshot, ViewSpec("namespace", expanded=("a", "b")))
    workloads = project(snapshot, ViewSpec(service_nodes=False))
    assert {edge.id: edge.rate for edge in expanded.edges} == {edge.id: edge.rate for edge in workloads.edges}


@settings(max_examples=20, deadline=None)
@given(ANY)
def test_a_cluster_joined_with_itself_elsewhere_or_stored_is_the_same(new_mesh, of):
    snapshot = made(new_mesh, of).snapshot()
    again = decode(encode(snapshot))
    for spec in SPECS:
        view = project(snapshot, spec)
        assert project(again, spec) == view
        both = project(join([snapshot]), spec)
        assert (both.nodes, both.edges, both.boxes) == (view.nodes, view.edges, view.boxes)
