"""The snapshot: one immutable, versioned picture of a cluster that all views are projected from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.arrays import decode_array, encode_array
from meshui.domain.authz.overlay import authz_predictions
from meshui.domain.authz.prediction import AuthzPrediction
from meshui.domain.graph.badges import with_badges
from meshui.domain.graph.build import build_graph
from meshui.domain.graph.idle import with_idle_edges
from meshui.domain.graph.judge import Judge, Memory
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.graph.model import SourceState
from meshui.domain.graph.policies import with_policies
from meshui.domain.graph.views import VIEWS
from meshui.domain.health.limits import DEFAULTS
from meshui.domain.health.rules import NO_RULES, HealthRules, Policy
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mtls.overlay import mtls_predictions
from meshui.domain.mtls.prediction import MtlsPrediction
from meshui.domain.telemetry.rows import IntColumn, TelemetryRows

FORMAT = 4
"""Raised when the encoding changes, so that what an older release stored is not misread."""


class MeshSnapshot(msgspec.Struct, frozen=True):
    """`mtls` and `authz` are the different predictions; `mtls_of` and `authz_of` say which one each edge of the graph
    has. `policies` are what nodes are judged by, from the rules in `health` and annotations; `levels` remembers health
    per view name, for hysteresis."""

    cluster: str
    version: int
    published_at: datetime
    evaluated_at: datetime | None
    window_seconds: int
    sources: tuple[SourceState, ...]
    graph: MeshGraph
    mtls: tuple[MtlsPrediction, ...]
    mtls_of: IntColumn
    authz: tuple[AuthzPrediction, ...]
    authz_of: IntColumn
    levels: dict[str, Memory]
    policies: tuple[Policy, ...] = (DEFAULTS,)
    health: HealthRules = NO_RULES
    format: int = FORMAT


def assemble(
    *,
    cluster: str,
    version: int,
    published_at: datetime,
    evaluated_at: datetime | None,
    window_seconds: int,
    rows: TelemetryRows,
    inventory: Inventory,
    sources: Iterable[SourceState] = (),
    previous: MeshSnapshot | None = None,
    health: HealthRules = NO_RULES,
) -> MeshSnapshot:
    """The snapshot of what the sources last said. `previous` is the one before of the same window: health that was
    reached is kept until it is clearly left. Without telemetry yet, give `rows` as
    `telemetry.rows.no_rows(cluster)`."""
    graph = build_graph(rows, inventory, cluster=cluster)
    if previous and previous.evaluated_at and previous.window_seconds == window_seconds:
        graph = with_idle_edges(graph, previous.graph, previous.evaluated_at, published_at)
    graph, policies = with_policies(with_badges(graph, inventory), inventory, health)
    mtls, mtls_of = mtls_predictions(graph, inventory)
    authz, authz_of = authz_predictions(graph, inventory, mtls, mtls_of)
    before = previous.levels if previous and previous.window_seconds == window_seconds else {}
    judge = Judge(graph, policies, window_seconds, health.thresholds)
    levels = {view: judge.memory(view, before.get(view, {})) for view in VIEWS}
    return MeshSnapshot(
        cluster=cluster,
        version=version,
        published_at=published_at,
        evaluated_at=evaluated_at,
        window_seconds=window_seconds,
        sources=tuple(sources),
        graph=graph,
        mtls=mtls,
        mtls_of=mtls_of,
        authz=authz,
        authz_of=authz_of,
        levels=levels,
        policies=policies,
        health=health,
    )


def may_deny(predictions: tuple[AuthzPrediction, ...], which: IntColumn) -> NDArray[np.bool_]:
    """For each edge whether policy can refuse requests there."""
    return np.array([one.may_deny for one in predictions], dtype=bool)[which]


def encode(snapshot: MeshSnapshot) -> bytes:
    """MessagePack; arrays as their bytes."""
    return _ENCODER.encode(snapshot)


def decode(data: bytes) -> MeshSnapshot:
    """The snapshot again; its arrays are read-only views of `data`. Raises ValueError on anything else, also on a
    snapshot of another release's format."""
    try:
        snapshot = _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a snapshot: {error}") from None
    if snapshot.format != FORMAT:
        raise ValueError(f"a snapshot of format {snapshot.format}, not {FORMAT}")
    return snapshot


_ENCODER = msgspec.msgpack.Encoder(enc_hook=encode_array)
_DECODER = msgspec.msgpack.Decoder(MeshSnapshot, dec_hook=decode_array)
