"""The metrics dialects that MeshUI reads, which of them a cluster speaks, and their rows joined to one table.

Several may be spoken at once (a mesh that is being migrated). Each tells what it knows; that no request is counted
twice is decided where the names are known to be the same workload: in `graph.once`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
import numpy as np

from meshui.domain.telemetry import ambient, cilium, consul, envoy, istio, linkerd
from meshui.domain.telemetry.buckets import on_bounds
from meshui.domain.telemetry.prometheus import Answer, read_vector
from meshui.domain.telemetry.rows import Strings, TelemetryRows, no_rows

T = TypeVar("T", bound=msgspec.Struct)


class Dialect(msgspec.Struct, frozen=True):
    """How one kind of mesh tells of its traffic."""

    name: str
    probe: str
    """A PromQL vector that has samples where the dialect is spoken."""
    queries: Mapping[str, str]
    """Name -> PromQL, cluster-wide; `{window}` is the range, such as `15s`."""
    rows: Callable[[Mapping[str, Answer], str], TelemetryRows]
    """The rows in the answers by query name of a cluster. Each is asked for once, in the order of `queries`, and
    not kept; an absent one reads as no samples. Raises Failure(SOURCE_UNAVAILABLE)."""


_MODULES: Final = (istio, ambient, linkerd, consul, cilium, envoy)
DIALECTS: Final = tuple(Dialect(one.NAME, one.PROBE, one.QUERIES, one.rows) for one in _MODULES)
"""In the order of rows.DIALECTS."""


_NAMED: Final = frozenset(
    {"source_cluster", "source_namespace", "source_workload", "service_host", "service_name", "service_namespace"}
    | {"destination_cluster", "destination_namespace", "destination_workload"}
    | {"code", "grpc_code", "flags", "source_principal", "destination_principal"}
)
"""Columns that number strings."""


class _Found(msgspec.Struct, frozen=True):
    dialect: str = ""


def detection(dialects: Iterable[Dialect] = DIALECTS) -> str:
    """One cheap query that says which of the dialects are spoken."""
    return " or ".join(
        f'label_replace(count({dialect.probe}), "dialect", "{dialect.name}", "", "")' for dialect in dialects
    )


def detected(body: bytes, dialects: Iterable[Dialect] = DIALECTS) -> tuple[Dialect, ...]:
    """The dialects in the answer to `detection`, in their order. Raises Failure(SOURCE_UNAVAILABLE)."""
    found = {labels.dialect for labels in read_vector(body, "dialects", _Found).labels}
    return tuple(dialect for dialect in dialects if dialect.name in found)


def combined(parts: Sequence[TelemetryRows], cluster: str) -> TelemetryRows:
    """The rows of several dialects of one cluster in one table, each with keys of its own: nothing is added up and
    nothing left out."""
    if len(parts) <= 1:
        return parts[0] if parts else no_rows(cluster)
    strings = Strings()
    numbers = [strings.numbers(part.strings) for part in parts]
    starts = np.cumsum([0, *(len(part.keys) for part in parts)]).astype(np.int32)
    bounds = np.unique(np.concatenate([part.durations.bounds for part in parts]))
    own_bounds = [
        msgspec.structs.replace(part.durations, bounds=bounds, cumulative=on_bounds(part.durations, bounds))
        for part in parts
    ]

    def joined(tables: Sequence[T]) -> T:
        columns = {}
        for name in tables[0].__struct_fields__:
            its = [getattr(table, name) for table in tables]
            if name in _NAMED:
                its = [number[column] for number, column in zip(numbers, its, strict=True)]
            elif name == "key":
                its = [column + start for column, start in zip(its, starts, strict=False)]
            columns[name] = bounds if name == "bounds" else np.concatenate(its)
        return type(tables[0])(**columns)

    return TelemetryRows(
        cluster=cluster,
        strings=strings.table(),
        keys=joined([part.keys for part in parts]),
        requests=joined([part.requests for part in parts]),
        durations=joined(own_bounds),
        sizes=joined([part.sizes for part in parts]),
        connections=joined([part.connections for part in parts]),
    )
