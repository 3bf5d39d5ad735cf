"""The predicted encryption of every edge of a graph."""

from __future__ import annotations

import numpy as np

from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mtls.prediction import UNPREDICTED, MtlsPrediction
from meshui.domain.telemetry.rows import IntColumn


def mtls_predictions(graph: MeshGraph, inventory: Inventory) -> tuple[tuple[MtlsPrediction, ...], IntColumn]:
    """(the different predictions, which one each edge has)."""
    return (UNPREDICTED,), np.zeros(len(graph), dtype=np.int32)
