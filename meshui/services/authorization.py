"""Questions about authorization, answered from policy and from observed traffic; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
import yaml

from meshui.domain.authz.edits import CLUSTER_SCOPED, PolicyEdit, edit_of
from meshui.domain.authz.matrix import Matrix, MatrixSpec, matrix
from meshui.domain.authz.network.layers import network_layers
from meshui.domain.authz.observed import AuthzDisagreement, disagreements
from meshui.domain.authz.overlay import authz_predictions
from meshui.domain.authz.reach import Call, Reach, Reaching
from meshui.domain.authz.request import Request
from meshui.domain.authz.suggest import Suggestion, suggest
from meshui.domain.authz.what_if import WhatIf, what_if
from meshui.domain.failures import Code, Failure
from meshui.domain.graph.build import build_graph
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.objects import Manifest, ref_of
from meshui.domain.mtls.overlay import mtls_predictions
from meshui.domain.telemetry.dialects import Dialect
from meshui.services import read_graph
from meshui.services.ask_telemetry import ask_telemetry
from meshui.services.cache import PerStore, SingleFlight
from meshui.services.poll_telemetry import BEHIND, spoken_dialects
from meshui.services.ports import MetricsSource, SnapshotStore
from meshui.services.turn import turn

LONGEST_HOURS = 168
KEPT_SECONDS = 15
"""For so long the traffic of some hours is not asked for again."""
LOCK_SECONDS = 60.0
PATIENCE_SECONDS = 20.0
MOST_DOCUMENTS = 200
MOST_CHARACTERS = 200_000


class ObservedTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """Which traffic an answer is about: the average over `hours` before `until`, or (0) over the live window."""

    hours: int
    seconds: int
    until: datetime
    edges: int
    rate: float
    """Requests and new TCP connections per second."""


class _Kept(msgspec.Struct, frozen=True):
    graphs: SingleFlight[tuple[str, int, int], tuple[MeshGraph, datetime]]


_kept: PerStore[_Kept] = PerStore(lambda: _Kept(SingleFlight(4)))


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """May the caller (None: somebody outside the mesh) call the service, or the workload itself? `port` is the
    service's, or the workload's own."""

    caller: Key | None
    service: Key | None
    workload: Key | None
    port: int | None
    request: Request


def explain(inventory: Inventory, question: Question) -> tuple[Reach, ...]:
    """An answer for each workload that may get the request. Raises Failure(INVALID)."""
    caller = _found(inventory.workloads, question.caller, "caller", "workload") if question.caller else None
    service = _found(inventory.services, question.service, "service", "service") if question.service else None
    keys: tuple[Key, ...] = (question.workload,) if question.workload else ()
    if service is not None:
        keys = inventory.service_workloads.get((service.namespace, service.name), ())
        if not keys:
            raise _invalid("service", f"No workload is behind {service.namespace}/{service.name}.")
    called = [_found(inventory.workloads, key, "workload", "workload") for key in keys]
    port = None
    if service is not None:
        port = next((one for one in service.ports if question.port in (None, one.port)), None)
        if port is None and question.port is not None:
            known = ", ".join(str(one.port) for one in service.ports)
            raise _invalid("port", f"{service.namespace}/{service.name} has no port {question.port}; it has {known}.")
    request = question.request
    if service is None and question.port is not None:
        request = msgspec.structs.replace(request, port=str(question.port))
    reaching = Reaching(inventory, network_layers(inventory))
    return tuple(
        reaching.reach(Call(caller=caller, service=service, called=one, port=port, request=request)) for one in called
    )


def observed(
    store: SnapshotStore, metrics: MetricsSource, inventory: Inventory, cluster: str, window_seconds: int, hours: int
) -> tuple[MeshGraph, ObservedTraffic]:
    """The traffic of the last hours, averaged (0: as it is now). Raises Failure(NOT_READY | SOURCE_UNAVAILABLE |
    THROTTLED)."""
    if not hours:
        live = read_graph.snapshot(store, cluster, window_seconds)
        graph, until, seconds = live.graph, live.evaluated_at or live.published_at, window_seconds
    else:
        seconds = hours * 3600
        now = datetime.now(UTC)
        at = datetime.fromtimestamp(int(now.timestamp()) // KEPT_SECONDS * KEPT_SECONDS, UTC) - BEHIND
        key = (cluster, hours, int(at.timestamp()))
        graph, until = _kept.of(store).graphs.get(
            key, lambda: (_asked(store, metrics, inventory, cluster, seconds, at), at)
        )
    return graph, ObservedTraffic(
        hours=hours, seconds=seconds, until=until, edges=len(graph), rate=round(float(graph.rate.sum()), 6)
    )


def _asked(
    store: SnapshotStore, metrics: MetricsSource, inventory: Inventory, cluster: str, seconds: int, at: datetime
) -> MeshGraph:
    """One span, one answer: who called whom and what was refused, without latencies and sizes."""
    busy = f"The traffic of {timedelta(seconds=seconds)} of {cluster} is being read for others"
    with turn(store, f"authorization:{cluster}", hold=LOCK_SECONDS, patience=PATIENCE_SECONDS, busy=busy):
        spoken = [_counting(one) for one in spoken_dialects(metrics, store, cluster, at)]
        rows = ask_telemetry(metrics, cluster, seconds, at, spoken)
    return build_graph(rows, inventory, cluster=cluster)


def _counting(dialect: Dialect) -> Dialect:
    queries = {name: query for name, query in dialect.queries.items() if not _is_costly(name)}
    return msgspec.structs.replace(dialect, queries=queries)


def _is_costly(name: str) -> bool:
    return "duration" in name or "latenc" in name or "bytes" in name


def try_policies(graph: MeshGraph, inventory: Inventory, edits: Sequence[PolicyEdit]) -> WhatIf:
    """What the edits would have done to the traffic."""
    return what_if(graph, inventory, edits)


def suggest_policies(graph: MeshGraph, inventory: Inventory, namespace: str, service: str | None) -> Suggestion:
    """The least that the traffic needs. Raises Failure(INVALID)."""
    if namespace not in inventory.namespaces:
        raise _invalid("namespace", f"There is no namespace {namespace[:63]}.")
    if service is not None:
        _found(inventory.services, (namespace, service), "service", "service")
    return suggest(graph, inventory, namespace, service)


def callers_and_called(graph: MeshGraph, inventory: Inventory, spec: MatrixSpec) -> Matrix:
    """Who may call what. Raises Failure(INVALID)."""
    for field, names in (("callers", spec.callers), ("called", spec.called)):
        if unknown := [name for name in names if name not in inventory.namespaces]:
            raise _invalid(field, f"There is no namespace {', '.join(unknown)[:200]}.")
    if spec.service is not None:
        _found(inventory.services, spec.service, "service", "service")
    return matrix(graph, inventory, spec)


def contradictions(graph: MeshGraph, inventory: Inventory) -> tuple[AuthzDisagreement, ...]:
    """Where the traffic contradicts the policies."""
    return disagreements(graph, *authz_predictions(graph, inventory, *mtls_predictions(graph, inventory)))


def read_manifests(text: str) -> list[PolicyEdit]:
    """The policies in a YAML text of one or more documents, or lists of them. Raises Failure(INVALID) with the line."""
    found: list[Manifest] = []
    try:
        for document in yaml.load_all(text, _Plain):
            found += _objects(document)
            if len(found) > MOST_DOCUMENTS:
                raise _invalid("yaml", f"These are more than {MOST_DOCUMENTS} objects.")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise _invalid("yaml", f"This is not YAML{where}: {getattr(error, 'problem', None) or error}"[:500]) from None
    edits = [edit_of(one) for one in found]
    for edit in edits:
        if not edit.object.kind or not edit.object.name:
            raise _invalid("yaml", "Each object needs kind and metadata.name.")
        if not edit.object.namespace and edit.object.kind not in CLUSTER_SCOPED:
            raise _invalid("yaml", f"{edit.object} needs metadata.namespace.")
    return edits


class _Plain(yaml.SafeLoader):
    """YAML without aliases, by which a short text can mean an endless one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not taken here", event.start_mark)
        return super().compose_node(parent, index)


def _objects(document: Any) -> Iterator[Manifest]:
    if document is None:
        return
    if not isinstance(document, dict):
        raise _invalid("yaml", "Each document must be an object with kind and metadata.")
    if document.get("kind") == "List" and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _objects(item)
        return
    ref_of(document)
    yield document


def _found(known: dict[Key, Any], key: Key, field: str, what: str) -> Any:
    if key not in known:
        raise _invalid(field, f"There is no {what} {'/'.join(key)[:300]}.")
    return known[key]


def _invalid(field: Literal["yaml"] | str, told: str) -> Failure:
    return Failure(Code.INVALID, f"The question can't be answered: {told}", fields={field: told})
