"""The laws of deltas."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.graph.delta import apply_delta, delta
from meshui.domain.graph.model import GraphDelta, GraphView, ViewSpec
from meshui.domain.graph.project import project

CALLS = st.lists(
    st.tuples(
        st.sampled_from(("a/one", "a/two", "b/one")),
        st.sampled_from(("a/one", "b/one", "b/two")),
        st.sampled_from((1.0, 2.0, 5.0)),
        st.sampled_from(("200", "503")),
    ),
    max_size=6,
)


def _view(new_mesh, calls, version: int) -> GraphView:
    mesh = new_mesh()
    for source, destination, rate, code in calls:
        mesh.calls(source, destination, destination, rate, code=code)
    return project(mesh.snapshot(version=version), ViewSpec())


@settings(max_examples=50, deadline=None)
@given(CALLS, CALLS)
def test_a_delta_leads_to_the_new_view(new_mesh, before, after):
    old, new = _view(new_mesh, before, 1), _view(new_mesh, after, 2)
    change = delta(old, new)
    assert apply_delta(old, change) == new
    assert apply_delta(old, msgspec.json.decode(msgspec.json.encode(change), type=GraphDelta)) == new


@settings(max_examples=20, deadline=None)
@given(CALLS)
def test_between_equal_views_nothing_changes(new_mesh, calls):
    change = delta(_view(new_mesh, calls, 1), _view(new_mesh, calls, 2))
    assert (change.nodes, change.edges, change.boxes) == ((), (), ())
    assert (change.removed_nodes, change.removed_edges, change.removed_boxes) == ((), (), ())


def test_a_delta_fits_its_base_only(new_mesh):
    old, new = _view(new_mesh, [], 1), _view(new_mesh, [], 2)
    with pytest.raises(ValueError, match="does not fit version 2"):
        apply_delta(new, delta(old, new))
