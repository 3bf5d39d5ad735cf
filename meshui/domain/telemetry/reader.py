"""Vectors to rows. The vocabulary is that of Istio's standard metrics, the richest; other dialects are translated to it
first, at the cost of one object per label set.
"""

from __future__ import annotations

import msgspec
import numpy as np

from meshui.domain.telemetry.buckets import on_bounds
from meshui.domain.telemetry.prometheus import Vector
from meshui.domain.telemetry.rows import (
    DESTINATION,
    DIALECTS,
    GRPC,
    HTTP,
    REPORTERS,
    SECURITY_MUTUAL_TLS,
    SECURITY_PLAIN,
    SECURITY_UNKNOWN,
    SOURCE,
    TCP,
    UNKNOWN,
    WAYPOINT,
    Connections,
    Durations,
    FloatColumn,
    IntColumn,
    Keys,
    Requests,
    Sizes,
    Strings,
    TelemetryRows,
    sums,
)

_REPORTER_NUMBERS = {"source": SOURCE, "destination": DESTINATION, "waypoint": WAYPOINT}
MOST_BOUNDS = 160
"""Of native histograms' bounds together; of more, every other one is passed over."""
_UNNAMED = ("", UNKNOWN)
_PROTOCOL_NUMBERS = {"grpc": GRPC, "tcp": TCP}
_SECURITY_NUMBERS = {"mutual_tls": SECURITY_MUTUAL_TLS, "none": SECURITY_PLAIN}


class Labels(msgspec.Struct, frozen=True, gc=False):
    """Istio's names for what a series is about; any may be missing, for a Telemetry object can remove it."""

    reporter: str = ""
    source_cluster: str = ""
    source_workload: str = ""
    source_workload_namespace: str = ""
    source_principal: str = ""
    destination_cluster: str = ""
    destination_service: str = ""
    destination_service_name: str = ""
    destination_service_namespace: str = ""
    destination_workload: str = ""
    destination_workload_namespace: str = ""
    destination_principal: str = ""
    request_protocol: str = ""
    response_code: str = ""
    grpc_response_status: str = ""
    response_flags: str = ""
    connection_security_policy: str = ""


class Reader:
    """Numbers strings and keys over all the vectors of one dialect in one poll. `cluster` stands where a series does
    not say its cluster."""

    def __init__(self, cluster: str, dialect: str) -> None:
        """`dialect` is one of rows.DIALECTS."""
        self.strings = Strings()
        self._cluster = cluster
        self._dialect = DIALECTS.index(dialect)
        self._keys: dict[tuple[str | int, ...], int] = {}

    def rows(
        self, *, requests: Requests, durations: Durations, sizes: Sizes, connections: Connections
    ) -> TelemetryRows:
        """The finished rows; call it when every vector has been read."""
        return TelemetryRows(
            cluster=self._cluster,
            keys=self._finished_keys(),
            strings=self.strings.table(),
            requests=requests,
            durations=durations,
            sizes=sizes,
            connections=connections,
        )

    def _finished_keys(self) -> Keys:
        columns = list(zip(*self._keys, strict=True)) or [()] * 11

        def named(column: int) -> IntColumn:
            return self.strings.numbers([str(value) for value in columns[column]])

        return Keys(
            source_cluster=named(0),
            source_namespace=named(1),
            source_workload=named(2),
            service_host=named(3),
            service_name=named(4),
            service_namespace=named(5),
            destination_cluster=named(6),
            destination_namespace=named(7),
            destination_workload=named(8),
            protocol=np.array(columns[9], dtype=np.int32),
            dialect=np.full(len(columns[9]), self._dialect, dtype=np.int32),
        )

    def _key(self, labels: Labels, stream: bool) -> int:
        # An end whose cluster is not known is looked for where the other one is.
        said = [one for one in (labels.source_cluster, labels.destination_cluster) if one not in ("", UNKNOWN)]
        source_cluster, destination_cluster = (said[0], said[-1]) if said else (self._cluster, self._cluster)
        key = (
            source_cluster,
            labels.source_workload_namespace or UNKNOWN,
            labels.source_workload or UNKNOWN,
            labels.destination_service or UNKNOWN,
            labels.destination_service_name or UNKNOWN,
            labels.destination_service_namespace or UNKNOWN,
            destination_cluster,
            labels.destination_workload_namespace or UNKNOWN,
            labels.destination_workload or UNKNOWN,
            TCP if stream else _PROTOCOL_NUMBERS.get(labels.request_protocol, HTTP),
            # Callers without a name are told apart by what they proved, so that each keeps its own latencies.
            labels.source_principal if labels.source_workload in _UNNAMED else "",
        )
        return self._keys.setdefault(key, len(self._keys))

    def _ends(self, vector: Vector[Labels], stream: bool = False) -> tuple[IntColumn, IntColumn]:
        """The key and reporter of each label set. A series without a reporter is taken for the destination's."""
        count = len(vector.labels)
        keys = np.fromiter((self._key(labels, stream) for labels in vector.labels), np.int32, count)
        reporters = np.fromiter(
            (_REPORTER_NUMBERS.get(labels.reporter, DESTINATION) for labels in vector.labels), np.int32, count
        )
        return keys, reporters

    def _trust(self, vector: Vector[Labels]) -> tuple[IntColumn, IntColumn, IntColumn]:
        """Security, source principal and destination principal of each label set."""
        security = [
            _SECURITY_NUMBERS.get(labels.connection_security_policy, SECURITY_UNKNOWN) for labels in vector.labels
        ]
        return (
            np.array(security, dtype=np.int32),
            self.strings.numbers([labels.source_principal or UNKNOWN for labels in vector.labels]),
            self.strings.numbers([labels.destination_principal or UNKNOWN for labels in vector.labels]),
        )

    def requests(self, vector: Vector[Labels]) -> Requests:
        key, reporter = self._ends(vector)
        security, source_principal, destination_principal = self._trust(vector)
        code = self.strings.numbers([labels.response_code or UNKNOWN for labels in vector.labels])
        grpc_code = self.strings.numbers([labels.grpc_response_status for labels in vector.labels])
        flags = self.strings.numbers([labels.response_flags or "-" for labels in vector.labels])
        at = vector.label_set
        return Requests(
            key=key[at],
            reporter=reporter[at],
            code=code[at],
            grpc_code=grpc_code[at],
            flags=flags[at],
            security=security[at],
            source_principal=source_principal[at],
            destination_principal=destination_principal[at],
            rate=vector.value,
        )

    def durations(
        self, vector: Vector[Labels], all_bounds: FloatColumn, native: Vector[Labels] | None = None
    ) -> Durations:
        """From classic buckets, whose bounds in force are `all_bounds`, and from native histograms; where both tell of
        a key, because both are scraped, the native ones, for they are finer."""
        classic = self._classic(vector, all_bounds)
        if native is None or not len(native):
            return classic
        finer = self._native(native)
        told = _pair(finer.key, finer.reporter)
        kept = ~np.isin(_pair(classic.key, classic.reporter), told)
        classic = Durations(classic.key[kept], classic.reporter[kept], classic.bounds, classic.cumulative[kept])
        bounds = np.unique(np.concatenate((classic.bounds, finer.bounds))) if kept.any() else finer.bounds
        return Durations(
            key=np.concatenate((classic.key, finer.key)),
            reporter=np.concatenate((classic.reporter, finer.reporter)),
            bounds=bounds,
            cumulative=np.concatenate((on_bounds(classic, bounds), on_bounds(finer, bounds))),
        )

    def _native(self, vector: Vector[Labels]) -> Durations:
        """Each label set has bounds of its own; between them requests are spread evenly."""
        key, reporter = self._ends(vector)
        bounds = np.unique(vector.bound)
        while len(bounds) > MOST_BOUNDS:
            bounds = np.union1d(bounds[::2], bounds[-1:])
        order = np.lexsort((vector.bound, vector.label_set))
        starts = np.searchsorted(vector.label_set[order], np.arange(len(vector.labels) + 1))
        cell, row = np.unique(_pair(key, reporter), return_inverse=True)
        cumulative = np.zeros((len(cell), len(bounds)))
        for number in range(len(vector.labels)):
            its = order[starts[number] : starts[number + 1]]
            if len(its):
                finite = its[:-1]
                its_row = np.full(len(bounds), vector.value[its[-1]])
                if len(finite):
                    its_row[:-1] = np.interp(bounds[:-1], vector.bound[finite], vector.value[finite], left=0.0)
                cumulative[row[number]] += its_row
        return Durations(
            key=(cell // len(REPORTERS)).astype(np.int32),
            reporter=(cell % len(REPORTERS)).astype(np.int32),
            bounds=bounds,
            cumulative=cumulative,
        )

    def _classic(self, vector: Vector[Labels], all_bounds: FloatColumn) -> Durations:
        key, reporter = self._ends(vector)
        known = np.concatenate((vector.bound, all_bounds[~np.isnan(all_bounds)]))
        bounds, column = np.unique(known, return_inverse=True)
        dense = np.zeros((len(vector.labels), len(bounds)))
        dense[vector.label_set, column[: len(vector)]] = vector.value
        np.maximum.accumulate(dense, axis=1, out=dense)
        cell, row = np.unique(_pair(key, reporter), return_inverse=True)
        cumulative = np.zeros((len(cell), len(bounds)))
        np.add.at(cumulative, row, dense)
        return Durations(
            key=(cell // len(REPORTERS)).astype(np.int32),
            reporter=(cell % len(REPORTERS)).astype(np.int32),
            bounds=bounds,
            cumulative=cumulative,
        )

    def sizes(self, sent: Vector[Labels], received: Vector[Labels]) -> Sizes:
        parts = [_pair(*self._ends(vector))[vector.label_set] for vector in (sent, received)]
        cell, row = np.unique(np.concatenate(parts), return_inverse=True)
        split = len(sent)
        return Sizes(
            key=(cell // len(REPORTERS)).astype(np.int32),
            reporter=(cell % len(REPORTERS)).astype(np.int32),
            sent=sums(row[:split], sent.value, len(cell)),
            received=sums(row[split:], received.value, len(cell)),
        )

    def connections(
        self, *, opened: Vector[Labels], closed: Vector[Labels], sent: Vector[Labels], received: Vector[Labels]
    ) -> Connections:
        vectors = (opened, closed, sent, received)
        columns: list[list[IntColumn]] = []
        for vector in vectors:
            flags = self.strings.numbers([labels.response_flags or "-" for labels in vector.labels])
            its = (*self._ends(vector, stream=True), flags, *self._trust(vector))
            columns.append([column[vector.label_set] for column in its])
        joined = [np.concatenate(parts) for parts in zip(*columns, strict=True)]
        lengths = [len(vector) for vector in vectors]
        values = []
        for index, vector in enumerate(vectors):
            value = np.zeros(sum(lengths))
            start = sum(lengths[:index])
            value[start : start + lengths[index]] = vector.value
            values.append(value)
        return Connections(*joined, *values)


def _pair(key: IntColumn, reporter: IntColumn) -> IntColumn:
    return (key * len(REPORTERS) + reporter).astype(np.int32)
