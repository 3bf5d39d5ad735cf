"""Exports are read back as the programs they are for would read them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.graph.export import FORMATS, dot, graphml
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.domain.graph.project import project

XMLNS = {"g": "http://graphml.graphdrawing.org/xmlns"}


@pytest.fixture
def view(new_mesh) -> GraphView:
    mesh = new_mesh()
    mesh.calls("a/one", "b/two", "b/two", 3.0)
    mesh.calls("a/one", "b/two", "b/two", 1.0, code="503")
    return project(mesh.snapshot(), ViewSpec(service_nodes=False))


def read(text: str) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Nodes and edges by id with their named data."""
    root = ElementTree.fromstring(text)
    names = {key.get("id"): key.get("attr.name") for key in root.findall("g:key", XMLNS)}
    found = []
    for tag in ("node", "edge"):
        found.append(
            {
                one.get("id"): {names[data.get("key")]: data.text or "" for data in one.findall("g:data", XMLNS)}
                | {end: one.get(end) for end in ("source", "target") if one.get(end)}
                for one in root.iterfind(f"g:graph/g:{tag}", XMLNS)
            }
        )
    return found[0], found[1]


def test_graphml_holds_every_node_and_edge_with_its_numbers(view):
    nodes, edges = read(graphml(view))
    assert set(nodes) == {node.id for node in view.nodes}
    assert set(edges) == {edge.id for edge in view.edges}
    for edge in view.edges:
        written = edges[edge.id]
        assert (written["source"], written["target"]) == (edge.source, edge.destination)
        assert float(written["rps"]) == edge.rate
        assert float(written["error_share"]) == edge.error_share
        assert written["health_reason"] == edge.health.reason


def test_graphml_leaves_out_what_is_not_known(view):
    unknown = msgspec.structs.replace(view.edges[0], p95_ms=None)
    _, edges = read(graphml(msgspec.structs.replace(view, edges=(unknown,))))
    assert "p95_ms" not in edges[unknown.id]


def test_dot_has_a_line_for_every_edge_and_a_cluster_for_every_box(view):
    text = dot(view)
    for edge in view.edges:
        assert f'"{edge.source}" -> "{edge.destination}" [label="4.00/s, 25.0% errors"' in text
    assert text.count("subgraph ") == len(view.boxes)
    assert text.count("{") == text.count("}")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_name_can_be_written_and_never_breaks_out(new_mesh, name):
    mesh = new_mesh()
    mesh.calls("a/one", "b/two", "b/two", 3.0)
    plain = project(mesh.snapshot(), ViewSpec())
    view = msgspec.structs.replace(
        plain, nodes=tuple(msgspec.structs.replace(node, label=name) for node in plain.nodes)
    )
    nodes, _ = read(graphml(view))
    assert len(nodes) == len(view.nodes)
    without_strings = re.sub(r'"(?:[^"\\]|\\.)*"', '""', dot(view))
    assert '"' not in without_strings.replace('""', "")
    assert without_strings == re.sub(r'"(?:[^"\\]|\\.)*"', '""', dot(plain))


def test_json_is_the_view_itself(view):
    assert msgspec.json.decode(FORMATS["json"].write(view), type=GraphView) == view
