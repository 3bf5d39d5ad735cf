"""The name of a cluster, where its metrics give it another one than MeshUI does.

Istio calls a cluster `Kubernetes` unless it is told otherwise; without this no workload in the metrics would be one of
the inventory. In a mesh of several clusters the names must agree.
"""

from __future__ import annotations

import msgspec
import numpy as np

from meshui.domain.telemetry.rows import SOURCE, IntColumn, TelemetryRows


def with_own_name(rows: TelemetryRows, cluster: str) -> TelemetryRows:
    """The rows with the cluster called `cluster`, if all proxies that report say that they are in one of another name,
    and none speaks of `cluster`."""
    keys = rows.keys
    reporting = [
        np.where(table.reporter == SOURCE, keys.source_cluster[table.key], keys.destination_cluster[table.key])
        for table in (rows.requests, rows.connections)
    ]
    said = np.unique(np.concatenate(reporting)).tolist()
    spoken_of = np.unique(np.concatenate((keys.source_cluster, keys.destination_cluster))).tolist()
    if len(said) != 1 or cluster in {rows.strings[number] for number in spoken_of}:
        return rows
    strings = (*rows.strings, cluster)

    def renamed(column: IntColumn) -> IntColumn:
        return np.where(column == said[0], len(strings) - 1, column).astype(np.int32)

    return msgspec.structs.replace(
        rows,
        strings=strings,
        keys=msgspec.structs.replace(
            keys,
            source_cluster=renamed(keys.source_cluster),
            destination_cluster=renamed(keys.destination_cluster),
        ),
    )
