"""The responses of a view's edges, by code, gRPC status and flag, and in words."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from meshui.domain.graph.aggregate import Spread
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.graph.model import Protocol
from meshui.domain.graph.views import Grouping
from meshui.domain.telemetry.responses import GRPC_STATUSES, NO_RESPONSE, Outcome, flags_of
from meshui.domain.telemetry.rows import PROTOCOLS, FloatColumn, IntColumn, sums


class Kind(NamedTuple):
    """A kind of response: what it was answered with, in which protocol, and what it counts as."""

    protocol: Protocol
    code: str
    grpc_code: str
    flags: str
    outcome: Outcome


class Answers(msgspec.Struct, frozen=True):
    """The responses of a view's edges: each row says at which `rate` an `edge` had responses of a `kind`."""

    kinds: tuple[Kind, ...]
    edge: IntColumn
    kind: IntColumn
    rate: FloatColumn


class Breakdown(msgspec.Struct):
    """One edge's rates: per code, per gRPC status, per single flag, per code and flag, and per kind of response."""

    codes: dict[str, float] = msgspec.field(default_factory=dict)
    grpc_codes: dict[str, float] = msgspec.field(default_factory=dict)
    flags: dict[str, float] = msgspec.field(default_factory=dict)
    code_flags: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)
    kinds: dict[int, float] = msgspec.field(default_factory=dict)


class ResponseKinds(msgspec.Struct, frozen=True):
    """The kinds of responses in a graph, and which one each row of its `responses` is of."""

    kinds: tuple[Kind, ...]
    of: IntColumn


def kinds_of(graph: MeshGraph) -> ResponseKinds:
    """The kinds of responses in the graph."""
    responses, strings = graph.responses, graph.strings
    columns = (graph.protocol[responses.edge], responses.code, responses.grpc_code, responses.flags, responses.outcome)
    # One number for each kind: columns are small, so that they fit into one after the other.
    code = np.zeros(len(responses.edge), dtype=np.int64)
    for column in columns:
        different, place = np.unique(column, return_inverse=True)
        code = np.unique(code * max(len(different), 1) + place, return_inverse=True)[1].astype(np.int64)
    _, first, kind = np.unique(code, return_index=True, return_inverse=True)
    kinds = [
        Kind(PROTOCOLS[protocol], strings[code_], strings[grpc_code], strings[flags], of)
        for protocol, code_, grpc_code, flags, of in zip(*(column[first].tolist() for column in columns), strict=True)
    ]
    return ResponseKinds(tuple(kinds), kind.astype(np.int32))


def answers(graph: MeshGraph, grouping: Grouping, known: ResponseKinds) -> Answers:
    """The responses of the view's edges."""
    responses = graph.responses
    spread = Spread(grouping, responses.edge)
    count = max(len(known.kinds), 1)
    cell = spread.group.astype(np.int64) * count + known.of[spread.element]
    if len(grouping) * count <= 16 * len(cell):
        rate = sums(cell, responses.rate[spread.element], len(grouping) * count)
        cells = np.flatnonzero(rate)
        rate = rate[cells]
    else:
        cells, place = np.unique(cell, return_inverse=True)
        rate = sums(place, responses.rate[spread.element], len(cells))
    return Answers(
        kinds=known.kinds,
        edge=(cells // count).astype(np.int32),
        kind=(cells % count).astype(np.int32),
        rate=rate,
    )


def breakdowns(given: Answers, edges: int) -> list[Breakdown]:
    """The breakdown of each edge of the view."""
    singles = [flags_of(kind.flags) for kind in given.kinds]
    found = [Breakdown() for _ in range(edges)]
    for edge, number, rate in zip(given.edge.tolist(), given.kind.tolist(), given.rate.tolist(), strict=True):
        kind, its = given.kinds[number], found[edge]
        if kind.protocol != "tcp":
            its.codes[kind.code] = its.codes.get(kind.code, 0.0) + rate
        if kind.protocol == "grpc" and kind.grpc_code:
            its.grpc_codes[kind.grpc_code] = its.grpc_codes.get(kind.grpc_code, 0.0) + rate
        for flag in singles[number]:
            its.flags[flag] = its.flags.get(flag, 0.0) + rate
            of_code = its.code_flags.setdefault(kind.code if kind.protocol != "tcp" else "", {})
            of_code[flag] = of_code.get(flag, 0.0) + rate
        its.kinds[number] = rate
    return found


def in_words(kind: Kind) -> str:
    """A response as a person says it: `503 (UH)`, `no response (DC)`, `gRPC UNAVAILABLE`, `failed connections (UF)`."""
    if kind.protocol == "tcp":
        what = "failed connections"
    elif kind.code == NO_RESPONSE:
        what = "no response"
    elif kind.protocol == "grpc" and kind.grpc_code.isdigit() and kind.code == "200":
        number = int(kind.grpc_code)
        what = f"gRPC {GRPC_STATUSES[number]}" if number < len(GRPC_STATUSES) else f"gRPC status {kind.grpc_code}"
    else:
        what = kind.code
    shown = ",".join(flags_of(kind.flags))
    return f"{what} ({shown})" if shown else what
