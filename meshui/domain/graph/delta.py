"""What changed between two views, and a view with the changes put in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from meshui.domain.graph.model import Box, Edge, GraphDelta, GraphView, Node

Element = TypeVar("Element", Box, Node, Edge)


def delta(old: GraphView, new: GraphView) -> GraphDelta:
    """What makes `new` of `old`: elements that are new or different, and the ids of those that are gone. Both are views
    of one spec; their elements are ordered by id, as projections are."""
    boxes, gone_boxes = _changes(old.boxes, new.boxes)
    nodes, gone_nodes = _changes(old.nodes, new.nodes)
    edges, gone_edges = _changes(old.edges, new.edges)
    return GraphDelta(
        cluster=new.cluster,
        base=old.version,
        version=new.version,
        published_at=new.published_at,
        evaluated_at=new.evaluated_at,
        window_seconds=new.window_seconds,
        sources=new.sources,
        boxes=boxes,
        nodes=nodes,
        edges=edges,
        removed_boxes=gone_boxes,
        removed_nodes=gone_nodes,
        removed_edges=gone_edges,
    )


def apply_delta(view: GraphView, change: GraphDelta) -> GraphView:
    """The view that the delta leads to: apply_delta(old, delta(old, new)) == new. Raises ValueError when the delta
    starts from another version."""
    if change.base != view.version:
        raise ValueError(f"a delta from version {change.base} does not fit version {view.version}")
    return GraphView(
        cluster=change.cluster,
        version=change.version,
        published_at=change.published_at,
        evaluated_at=change.evaluated_at,
        window_seconds=change.window_seconds,
        sources=change.sources,
        boxes=_changed(view.boxes, change.boxes, change.removed_boxes),
        nodes=_changed(view.nodes, change.nodes, change.removed_nodes),
        edges=_changed(view.edges, change.edges, change.removed_edges),
    )


def _changes(old: Iterable[Element], new: Iterable[Element]) -> tuple[tuple[Element, ...], tuple[str, ...]]:
    before = {element.id: element for element in old}
    different = []
    for element in new:
        if before.pop(element.id, None) != element:
            different.append(element)
    return tuple(different), tuple(sorted(before))


def _changed(old: Iterable[Element], changed: Iterable[Element], removed: Iterable[str]) -> tuple[Element, ...]:
    elements = {element.id: element for element in old}
    for gone in removed:
        elements.pop(gone, None)
    elements.update((element.id, element) for element in changed)
    return tuple(elements[element_id] for element_id in sorted(elements))
