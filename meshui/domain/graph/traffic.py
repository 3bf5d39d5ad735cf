"""Requests and TCP connections of the rows in one table, with node indexes instead of names."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from meshui.domain.graph.mesh import NONE
from meshui.domain.graph.nodes import NodeIndex
from meshui.domain.telemetry.rows import CONSUL, FloatColumn, IntColumn, TelemetryRows


class Ends(msgspec.Struct, frozen=True):
    """Node indexes of each key."""

    source: IntColumn
    service: IntColumn
    destination: IntColumn


class Traffic(msgspec.Struct, frozen=True):
    """Requests and TCP connections in one table: `rate` is requests or opened connections per second, `reports` what
    responses are counted by (for TCP connections closed, since only then their flags are final)."""

    key: IntColumn
    source: IntColumn
    service: IntColumn
    destination: IntColumn
    protocol: IntColumn
    reporter: IntColumn
    code: IntColumn
    grpc_code: IntColumn
    flags: IntColumn
    security: IntColumn
    source_principal: IntColumn
    destination_principal: IntColumn
    rate: FloatColumn
    dialect: IntColumn
    closed: FloatColumn
    sent: FloatColumn
    received: FloatColumn


def ends_of(rows: TelemetryRows, index: NodeIndex) -> Ends:
    """Node indexes of every key; each different name is looked up once."""
    keys = rows.keys

    def lookup(columns: tuple[IntColumn, ...], find: Callable[..., int]) -> IntColumn:
        if not len(keys):
            return np.zeros(0, dtype=np.int32)
        different, which = np.unique(np.stack(columns), axis=1, return_inverse=True)
        found = [find(*(int(number) for number in column)) for column in different.T]
        return np.array(found, dtype=np.int32)[which.ravel()]

    def text(*numbers: int) -> tuple[str, ...]:
        return tuple(rows.strings[number] for number in numbers)

    def caller(cluster: int, namespace: int, name: int, dialect: int) -> int:
        if dialect == CONSUL:
            return index.consul_caller(*text(cluster, namespace, name))
        number = index.workload(*text(cluster, namespace, name))
        return index.unknown_source(rows.strings[cluster]) if number == NONE else number

    def workload(cluster: int, namespace: int, name: int, dialect: int) -> int:
        return (index.consul_workload if dialect == CONSUL else index.workload)(*text(cluster, namespace, name))

    def called(cluster: int, host: int, name: int, namespace: int, destination_known: int, dialect: int) -> int:
        place, asked, short, where = text(cluster, host, name, namespace)
        if dialect == CONSUL:
            return index.consul_service(place, where, short)
        return index.called(place, asked, short, where, bool(destination_known))

    known = (keys.destination_workload != 0).astype(np.int32)
    return Ends(
        source=lookup((keys.source_cluster, keys.source_namespace, keys.source_workload, keys.dialect), caller),
        service=lookup(
            (keys.source_cluster, keys.service_host, keys.service_name, keys.service_namespace, known, keys.dialect),
            called,
        ),
        destination=lookup(
            (keys.destination_cluster, keys.destination_namespace, keys.destination_workload, keys.dialect), workload
        ),
    )


def traffic_of(rows: TelemetryRows, ends: Ends, empty: int) -> Traffic:
    """`empty` numbers the empty string: TCP has no codes."""
    requests, connections = rows.requests, rows.connections
    key = np.concatenate((requests.key, connections.key))
    count, streams = len(requests), len(connections)

    def rates(of_requests: FloatColumn, of_connections: FloatColumn) -> FloatColumn:
        return np.concatenate((of_requests, of_connections))

    def numbers(of_requests: IntColumn, of_connections: IntColumn) -> IntColumn:
        return np.concatenate((of_requests, of_connections))

    nothing = np.zeros(count)
    no_code = np.full(streams, empty, dtype=np.int32)
    return Traffic(
        key=key,
        source=ends.source[key],
        service=ends.service[key],
        destination=ends.destination[key],
        protocol=rows.keys.protocol[key],
        reporter=numbers(requests.reporter, connections.reporter),
        code=numbers(requests.code, no_code),
        grpc_code=numbers(requests.grpc_code, no_code),
        flags=numbers(requests.flags, connections.flags),
        security=numbers(requests.security, connections.security),
        source_principal=numbers(requests.source_principal, connections.source_principal),
        destination_principal=numbers(requests.destination_principal, connections.destination_principal),
        rate=rates(requests.rate, connections.opened),
        dialect=rows.keys.dialect[key],
        closed=rates(nothing, connections.closed),
        sent=rates(nothing, connections.sent),
        received=rates(nothing, connections.received),
    )
