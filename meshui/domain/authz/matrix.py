"""Who may call what: callers by services, and closer, workloads by services or by the methods of one service."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import numpy as np

from meshui.domain.authz.calls import Judge
from meshui.domain.authz.network.layers import network_layers
from meshui.domain.authz.observed import refused_rates
from meshui.domain.authz.prediction import disagrees
from meshui.domain.authz.reach import is_stream
from meshui.domain.authz.request import Request
from meshui.domain.graph.mesh import NONE, MeshGraph
from meshui.domain.graph.model import Verdict
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import Identity, ObjectRef
from meshui.domain.mesh.workloads import Service, Workload
from meshui.domain.mtls.overlay import called_plane, workload_port

Columns = Literal["services", "methods"]
OUTSIDE = "outside the mesh"
MOST_ROWS = 300
MOST_COLUMNS = 300
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class Axis(msgspec.Struct, frozen=True):
    """A row or column: `namespace` "" is the outside."""

    id: str
    namespace: str
    name: str


class Cell(msgspec.Struct, frozen=True):
    """What one caller may do to one service. `rate` was observed, `denied_rate` of it refused by authorization."""

    row: int
    column: int
    verdict: Verdict
    object: ObjectRef | None
    reason: str
    rate: float
    denied_rate: float
    disagrees: bool
    """Traffic gets through that policy denies, or is refused that policy allows."""


class Matrix(msgspec.Struct, frozen=True):
    """Cells that are not listed are those of rows that say nothing to a column."""

    rows: tuple[Axis, ...]
    columns: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    left_out_rows: int
    left_out_columns: int


class MatrixSpec(msgspec.Struct, frozen=True):
    """`callers`: only these namespaces, then by workload; none: all, by namespace. `called`: services of these
    namespaces only. `service`: that one's methods."""

    callers: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    service: Key | None = None


def matrix(graph: MeshGraph, inventory: Inventory, spec: MatrixSpec) -> Matrix:
    """The matrix of the inventory's policies beside the graph's traffic."""
    rows = _rows(inventory, spec)
    services = _services(inventory, spec)
    columns: list[tuple[Axis, Service, str | None]] = [
        (Axis(f"{one.namespace}/{one.name}", one.namespace, one.name), one, None) for one in services
    ]
    if spec.service is not None and services:
        columns = [(Axis(method, services[0].namespace, method), services[0], method) for method in METHODS]
    shown_rows, shown_columns = rows[:MOST_ROWS], columns[:MOST_COLUMNS]
    judging = _Judging(inventory)
    traffic = _Traffic(graph)
    cells = []
    for row, (_, members) in enumerate(shown_rows):
        for column, (_, service, method) in enumerate(shown_columns):
            callers = [one for one in members if one is None or not judging.is_only_itself(one, service)]
            if not callers:
                continue
            told = judging.together(callers, service, method)
            can_refuse = told[0] in ("denied", "partly")
            rate, denied = traffic.between(members, service, can_refuse) if method is None else (0.0, 0.0)
            cells.append(Cell(row, column, *told, rate, denied, disagrees(told[0], denied, rate)))
    return Matrix(
        rows=tuple(axis for axis, _ in shown_rows),
        columns=tuple(axis for axis, _, _ in shown_columns),
        cells=tuple(cells),
        left_out_rows=len(rows) - len(shown_rows),
        left_out_columns=len(columns) - len(shown_columns),
    )


def as_csv(found: Matrix) -> str:
    """A line per cell. Texts that a spreadsheet would take for a formula are made plain."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("caller", "called", "verdict", "decided by", "rate", "denied rate", "reason"))
    for cell in found.cells:
        values = (
            found.rows[cell.row].id,
            found.columns[cell.column].id,
            cell.verdict,
            str(cell.object) if cell.object else "",
            f"{cell.rate:g}",
            f"{cell.denied_rate:g}",
            cell.reason,
        )
        writer.writerow([f"'{value}" if value[:1] in ("=", "+", "-", "@") else value for value in values])
    return text.getvalue()


_Row = tuple[Axis, tuple[Workload | None, ...]]


def _rows(inventory: Inventory, spec: MatrixSpec) -> list[_Row]:
    by_namespace: dict[str, list[Workload]] = {}
    for workload in inventory.workloads.values():
        by_namespace.setdefault(workload.namespace, []).append(workload)
    rows: list[_Row] = []
    for namespace in sorted(by_namespace):
        if spec.callers and namespace not in spec.callers:
            continue
        its = sorted(by_namespace[namespace], key=lambda one: one.name)
        if spec.callers or spec.service is not None:
            rows += [(Axis(f"{namespace}/{one.name}", namespace, one.name), (one,)) for one in its]
        else:
            rows.append((Axis(namespace, namespace, namespace), tuple(its)))
    return [*rows, (Axis(OUTSIDE, "", OUTSIDE), (None,))]


def _services(inventory: Inventory, spec: MatrixSpec) -> list[Service]:
    if spec.service is not None:
        found = inventory.services.get(spec.service)
        return [found] if found is not None else []
    return [
        one
        for key, one in sorted(inventory.services.items())
        if (not spec.called or key[0] in spec.called) and inventory.service_workloads.get(key)
    ]


_Told = tuple[Verdict, ObjectRef | None, str]


class _Judging:
    """Verdicts, each worked out once for whoever has the same identity."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._judge = Judge(inventory)
        self._by_workload = bool(network_layers(inventory))
        """Network policy looks at the caller's labels and address: an identity alone does not tell."""
        self._known: dict[tuple[Identity | None, Key | None, Key, str | None], _Told] = {}

    def is_only_itself(self, caller: Workload, service: Service) -> bool:
        """Whether the service is nothing but the caller."""
        behind = self._inventory.service_workloads.get((service.namespace, service.name), ())
        return behind == ((caller.namespace, caller.name),)

    def together(self, callers: Sequence[Workload | None], service: Service, method: str | None) -> _Told:
        told = list(dict.fromkeys(self._told(one, service, method) for one in callers))
        verdicts = {one[0] for one in told}
        if len(told) == 1:
            return told[0]
        objects = {one[1] for one in told}
        only = next(iter(objects)) if len(objects) == 1 else None
        reason = " ".join(one[2] for one in told[:3]) + (f" And {len(told) - 3} more." if len(told) > 3 else "")
        if len(verdicts) == 1:
            return told[0][0], only, reason
        return ("partly" if verdicts & {"denied", "partly"} else "allowed"), only, reason

    def _identity(self, caller: Workload | None) -> Identity | None:
        if caller is None or called_plane(caller) == "none":
            return None
        return self._inventory.identity_of((caller.namespace, caller.name))

    def _told(self, caller: Workload | None, service: Service, method: str | None) -> _Told:
        who = (caller.namespace, caller.name) if caller is not None and self._by_workload else None
        identity = self._identity(caller)
        key = (identity, who, (service.namespace, service.name), method)
        if key not in self._known:
            self._known[key] = self._judged(caller, identity, service, method)
        return self._known[key]

    def _judged(
        self, caller: Workload | None, identity: Identity | None, service: Service, method: str | None
    ) -> _Told:
        found: list[_Told] = []
        for one in self._inventory.service_workloads.get((service.namespace, service.name), ()):
            workload = self._inventory.workloads[one]
            for port in service.ports:
                number = workload_port(port, workload)
                request = Request(
                    identity=identity,
                    port=msgspec.UNSET if number is None else str(number),
                    method=method if method is not None else msgspec.UNSET,
                    stream=is_stream(port),
                )
                told = self._judge.told(caller, workload, service, port, request)
                found.append((told.verdict, told.decided_by, told.reason))
        different = list(dict.fromkeys(found))
        if not different:
            return "unknown", None, f"{service.name} has no ports."
        if len({one[0] for one in different}) == 1:
            return different[0]
        mixed = " ".join(one[2] for one in different[:3])
        partly = {one[0] for one in different} & {"denied", "partly"}
        return ("partly" if partly else "allowed"), None, mixed


class _Traffic:
    """Observed rates by (caller, service): of all, of those refused for sure, of those refused if policy can."""

    def __init__(self, graph: MeshGraph) -> None:
        nowhere = np.zeros(len(graph), dtype=bool)
        sure, perhaps = refused_rates(graph, nowhere), refused_rates(graph, ~nowhere)
        self._rates: dict[tuple[Key, Key], tuple[float, float, float]] = {}
        for source, service, *its in _edges(graph, sure.tolist(), perhaps.tolist()):
            before = self._rates.get((source, service), _NOTHING)
            self._rates[source, service] = (before[0] + its[0], before[1] + its[1], before[2] + its[2])

    def between(self, callers: Sequence[Workload | None], service: Service, can_refuse: bool) -> tuple[float, float]:
        key = (service.namespace, service.name)
        found = [
            self._rates.get((("", "") if one is None else (one.namespace, one.name), key), _NOTHING) for one in callers
        ]
        refused = sum(one[2] if can_refuse else one[1] for one in found)
        return round(sum(one[0] for one in found), 6), round(refused, 6)


_NOTHING = (0.0, 0.0, 0.0)


def _edges(graph: MeshGraph, sure: list[float], perhaps: list[float]) -> Iterator[tuple[Key, Key, float, float, float]]:
    names: list[Key] = [("", "") if one.kind == "unknown" else (one.namespace, one.name) for one in graph.nodes]
    rates = graph.rate.tolist()
    for edge, (source, service) in enumerate(zip(graph.source.tolist(), graph.service.tolist(), strict=True)):
        if service != NONE:
            yield names[source], names[service], rates[edge], sure[edge], perhaps[edge]
