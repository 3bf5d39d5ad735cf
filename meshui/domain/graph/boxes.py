"""The boxes that a view's nodes are drawn in: clusters hold namespaces, namespaces hold apps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from meshui.domain.graph.mesh import GraphNode
from meshui.domain.graph.model import Box, ViewSpec


class Boxed(msgspec.Struct, frozen=True):
    """The boxes, ordered by id, and the innermost box of each node by its id."""

    boxes: tuple[Box, ...]
    of: dict[str, str]


def boxes_of(nodes: Sequence[GraphNode], spec: ViewSpec) -> Boxed:
    """The boxes of these nodes. An app has one where it is more than one node; a namespace's node is in none of its
    own."""
    apps = Counter(app for node in nodes if (app := _app(node)))
    found: dict[str, Box] = {}
    of: dict[str, str] = {}
    for node in nodes:
        box: str | None = None
        if "cluster" in spec.box_by and node.cluster:
            box = _put(found, Box(f"box:{node.cluster}", "cluster", node.cluster))
        if "namespace" in spec.box_by and node.namespace and node.kind != "namespace":
            box = _put(found, Box(f"box:{node.cluster}/{node.namespace}", "namespace", node.namespace, box))
        if "app" in spec.box_by and (app := _app(node)) and apps[app] > 1:
            box = _put(found, Box(app, "app", node.app or "", box))
        if box is not None:
            of[node.id] = box
    return Boxed(tuple(found[box] for box in sorted(found)), of)


def _app(node: GraphNode) -> str | None:
    return f"box:{node.cluster}/{node.namespace}/{node.app}" if node.app and node.namespace else None


def _put(found: dict[str, Box], box: Box) -> str:
    found.setdefault(box.id, box)
    return box.id
