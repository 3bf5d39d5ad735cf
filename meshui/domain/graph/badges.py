"""Marks on nodes: what configuration or the lack of a proxy means for them."""

from __future__ import annotations

from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.mesh.inventory import Inventory


def with_badges(graph: MeshGraph, inventory: Inventory) -> MeshGraph:
    """The graph with every node's badges."""
    return graph
