"""Telemetry rows: what every metrics dialect is turned into. Columnar from the parse on: numpy arrays, strings
interned.

A row of a table says: at this key (source workload, destination service, destination workload, protocol), this reporter
counted so much per second. Rates are per second over the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

IntColumn = NDArray[np.int32]
FloatColumn = NDArray[np.float64]

UNKNOWN: Final = "unknown"
SOURCE: Final = 0
DESTINATION: Final = 1
WAYPOINT: Final = 2
REPORTERS: Final[tuple[Literal["source", "destination", "waypoint"], ...]] = ("source", "destination", "waypoint")
"""Names of the reporter numbers in a `reporter` column."""

SECURITY_UNKNOWN: Final = 0
SECURITY_PLAIN: Final = 1
SECURITY_MUTUAL_TLS: Final = 2

HTTP: Final = 0
GRPC: Final = 1
TCP: Final = 2
PROTOCOLS: Final[tuple[Literal["http", "grpc", "tcp"], ...]] = ("http", "grpc", "tcp")
"""Names of the protocol numbers in a `protocol` column."""


DIALECTS: Final = ("istio", "istio-ambient", "linkerd", "consul", "cilium", "envoy")
"""Names of the dialect numbers in a `dialect` column. Best first: of two that see the same traffic, the earlier is
believed. What ztunnel and waypoints tell is read as `istio`, for its series are Istio's, and named when workloads are
known."""
ISTIO: Final = 0
AMBIENT: Final = 1
CONSUL: Final = 3


def sums(cell: NDArray[np.integer[Any]], value: FloatColumn, cells: int) -> FloatColumn:
    """The sum of `value` in each of `cells` cells."""
    return np.bincount(cell, value, cells).astype(np.float64, copy=False)


class Strings:
    """Interns text: each different one has one number. Number 0 is always `unknown`."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {UNKNOWN: 0}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def numbers(self, texts: Sequence[str]) -> IntColumn:
        number = self.number
        return np.fromiter((number(text) for text in texts), dtype=np.int32, count=len(texts))

    def table(self) -> tuple[str, ...]:
        return tuple(self._numbers)


class Keys(msgspec.Struct, frozen=True):
    """The different ends that traffic has, one row each; every column but `protocol` and `dialect` numbers a
    string. Two dialects that tell of the same ends have a key each."""

    source_cluster: IntColumn
    source_namespace: IntColumn
    source_workload: IntColumn
    service_host: IntColumn
    service_name: IntColumn
    service_namespace: IntColumn
    destination_cluster: IntColumn
    destination_namespace: IntColumn
    destination_workload: IntColumn
    protocol: IntColumn
    dialect: IntColumn

    def __len__(self) -> int:
        return len(self.protocol)


class Requests(msgspec.Struct, frozen=True):
    """Requests per second by response. `code`, `grpc_code`, `flags` and the principals number strings."""

    key: IntColumn
    reporter: IntColumn
    code: IntColumn
    grpc_code: IntColumn
    flags: IntColumn
    security: IntColumn
    source_principal: IntColumn
    destination_principal: IntColumn
    rate: FloatColumn

    def __len__(self) -> int:
        return len(self.rate)


class Durations(msgspec.Struct, frozen=True):
    """Cumulative latency buckets: one row per key and reporter, one column per bound of `bounds` (milliseconds,
    rising, the last infinite), requests per second that took no longer."""

    key: IntColumn
    reporter: IntColumn
    bounds: FloatColumn
    cumulative: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.key)


class Sizes(msgspec.Struct, frozen=True):
    """Bytes per second of requests, toward the destination (`sent`) and back (`received`)."""

    key: IntColumn
    reporter: IntColumn
    sent: FloatColumn
    received: FloatColumn

    def __len__(self) -> int:
        return len(self.key)


class Connections(msgspec.Struct, frozen=True):
    """TCP: connections opened and closed per second, bytes per second toward the destination (`sent`) and back."""

    key: IntColumn
    reporter: IntColumn
    flags: IntColumn
    security: IntColumn
    source_principal: IntColumn
    destination_principal: IntColumn
    opened: FloatColumn
    closed: FloatColumn
    sent: FloatColumn
    received: FloatColumn

    def __len__(self) -> int:
        return len(self.key)


class TelemetryRows(msgspec.Struct, frozen=True):
    """Everything a poll learned from the metrics of a cluster, whatever mesh it is."""

    cluster: str
    strings: tuple[str, ...]
    keys: Keys
    requests: Requests
    durations: Durations
    sizes: Sizes
    connections: Connections


def no_rows(cluster: str) -> TelemetryRows:
    """Rows without any traffic: what is known before the first telemetry."""
    n, v = np.zeros(0, dtype=np.int32), np.zeros(0)
    return TelemetryRows(
        cluster=cluster,
        strings=Strings().table(),
        keys=Keys(n, n, n, n, n, n, n, n, n, n, n),
        requests=Requests(n, n, n, n, n, n, n, n, v),
        durations=Durations(n, n, v, np.zeros((0, 0))),
        sizes=Sizes(n, n, v, v),
        connections=Connections(n, n, n, n, n, n, v, v, v, v),
    )
