"""The responses of a view's edges, by code, gRPC status and flag, and in words."""

from __future__ import annotations

import msgspec
import numpy as np

from meshui.domain.graph.aggregate import Spread
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.graph.views import Grouping
from meshui.domain.telemetry.responses import CLIENT_ERROR, ERROR, NO_RESPONSE, flags_of
from meshui.domain.telemetry.rows import GRPC, TCP, sums

GRPC_STATUSES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""Names of the gRPC status numbers."""


class Breakdown(msgspec.Struct):
    """One edge's rates: per code, per gRPC status, per single flag; and per error in words, the called side's and the
    caller's own."""

    codes: dict[str, float] = msgspec.field(default_factory=dict)
    grpc_codes: dict[str, float] = msgspec.field(default_factory=dict)
    flags: dict[str, float] = msgspec.field(default_factory=dict)
    errors: dict[str, float] = msgspec.field(default_factory=dict)
    client_errors: dict[str, float] = msgspec.field(default_factory=dict)


def breakdowns(graph: MeshGraph, grouping: Grouping) -> list[Breakdown]:
    """The breakdown of each edge of the view."""
    responses, strings = graph.responses, graph.strings
    spread = Spread(grouping, responses.edge)
    columns = (responses.code, responses.grpc_code, responses.flags, responses.outcome)
    kinds, kind = np.unique(np.stack([column.astype(np.int32) for column in columns]), axis=1, return_inverse=True)
    count = max(kinds.shape[1], 1)
    cells, cell = np.unique(spread.group.astype(np.int64) * count + kind.ravel()[spread.element], return_inverse=True)
    rates = sums(cell, responses.rate[spread.element], len(cells)).tolist()
    named = [(strings[code], strings[grpc], strings[flags], of) for code, grpc, flags, of in kinds.T.tolist()]
    singles = [flags_of(flags) for _, _, flags, _ in named]
    protocols = grouping.protocol.tolist()
    found = [Breakdown() for _ in range(len(grouping))]
    for place, rate in zip(cells.tolist(), rates, strict=True):
        group, number = divmod(place, count)
        code, grpc_code, flags, of = named[number]
        its, protocol = found[group], protocols[group]
        if protocol != TCP:
            its.codes[code] = its.codes.get(code, 0.0) + rate
        if protocol == GRPC and grpc_code:
            its.grpc_codes[grpc_code] = its.grpc_codes.get(grpc_code, 0.0) + rate
        for flag in singles[number]:
            its.flags[flag] = its.flags.get(flag, 0.0) + rate
        if of in (ERROR, CLIENT_ERROR):
            kept = its.errors if of == ERROR else its.client_errors
            words = in_words(protocol, code, grpc_code, flags)
            kept[words] = kept.get(words, 0.0) + rate
    return found


def in_words(protocol: int, code: str, grpc_code: str, flags: str) -> str:
    """A response as a person says it: `503 (UH)`, `no response (DC)`, `gRPC UNAVAILABLE`, `failed connections (UF)`."""
    if protocol == TCP:
        what = "failed connections"
    elif code == NO_RESPONSE:
        what = "no response"
    elif protocol == GRPC and grpc_code.isdigit() and code == "200":
        number = int(grpc_code)
        what = f"gRPC {GRPC_STATUSES[number]}" if number < len(GRPC_STATUSES) else f"gRPC status {grpc_code}"
    else:
        what = code
    shown = ",".join(flags_of(flags))
    return f"{what} ({shown})" if shown else what


def most_frequent(rates: dict[str, float]) -> tuple[str, bool]:
    """(the most frequent, whether it is the only one)."""
    if not rates:
        return "errors", True
    return max(sorted(rates), key=lambda name: rates[name]), len(rates) == 1
