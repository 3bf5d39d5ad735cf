"""The shapes of a projected graph. They are also what clients see: one word per idea on both sides of the wire.

Rates are per second over the window, latencies milliseconds, shares fractions of 1. `None` means "not known", never 0.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from meshui.domain.mesh.names import ObjectRef

NodeKind = Literal[
    "workload", "service", "gateway", "service_entry", "passthrough", "blackhole", "unknown", "app", "namespace"
]
ViewKind = Literal["workload", "versioned_app", "app", "service", "namespace"]
Boxing = Literal["cluster", "namespace", "app"]
HealthState = Literal["healthy", "degraded", "failing", "idle", "unknown"]
Protocol = Literal["http", "grpc", "tcp"]
Reporter = Literal["source", "destination", "waypoint"]
Verdict = Literal["allowed", "denied", "partly", "open", "unknown"]
MtlsOutcome = Literal["mutual_tls", "plain_text", "refused", "mixed", "unknown"]


class Health(msgspec.Struct, frozen=True):
    """A state and the sentence that says why: "5.2% of 41 req/s are 503, above 5%"."""

    state: HealthState
    reason: str


class Mtls(msgspec.Struct, frozen=True):
    """Encryption of an edge: what was observed beside what policy predicts, and which object decided."""

    observed_share: float | None
    """Share of requests (or connections) seen by the destination over mutual TLS; None without such a report."""
    expected: MtlsOutcome
    mode: str
    """Server mode in force: STRICT, PERMISSIVE, DISABLE or UNKNOWN."""
    decided_by: ObjectRef | None
    reason: str


class Authz(msgspec.Struct, frozen=True):
    """Authorization of an edge: what policy says of its callers beside what the proxies denied."""

    verdict: Verdict
    denied_rate: float
    """Requests per second refused by authorization (403 of the RBAC filter), as observed."""
    decided_by: ObjectRef | None
    reason: str
    disagrees: bool = False
    """What was seen contradicts policy: refused though allowed, or nothing refused though denied."""


class Traffic(msgspec.Struct, frozen=True):
    """RED of one direction of a node, over all protocols but TCP."""

    rate: float
    error_share: float | None
    p95_ms: float | None


class Badge(msgspec.Struct, frozen=True):
    """A mark on a node (`missing_proxy`, `traffic_split`, `fault_injection`, `mirror`, `circuit_breaker`, `gateway`,
    `virtual_service`, `ejected`, ...) and the object or reason behind it."""

    name: str
    reason: str
    object: ObjectRef | None = None


class Box(msgspec.Struct, frozen=True):
    """A group that nodes are drawn in, by cluster, namespace or app."""

    id: str
    kind: Boxing
    label: str
    parent: str | None = None


class Node(msgspec.Struct, frozen=True):
    """`id` is stable across versions: `workload:CLUSTER/NAMESPACE/NAME`, `service:...`, `unknown:CLUSTER`, ..."""

    id: str
    kind: NodeKind
    cluster: str
    namespace: str
    name: str
    label: str
    box: str | None
    health: Health
    inbound: Traffic
    outbound: Traffic
    app: str | None = None
    version: str | None = None
    workload_kind: str | None = None
    has_proxy: bool | None = None
    pods_ready: int | None = None
    pods_total: int | None = None
    badges: tuple[Badge, ...] = ()
    outside: bool = False
    """Outside the namespaces and workloads asked for: a neighbour, drawn dimmed."""


class Edge(msgspec.Struct, frozen=True):
    """`id` is `SOURCE>DESTINATION|PROTOCOL` with the node ids."""

    id: str
    source: str
    destination: str
    protocol: Protocol
    reporter: Reporter
    """Whose counters the rate comes from: reporters are chosen per edge, never added."""
    rate: float
    """Requests per second; for TCP, connections opened per second."""
    error_share: float | None
    codes: dict[str, float]
    """Rate per response code ("0": no response). Empty for TCP."""
    grpc_codes: dict[str, float]
    flags: dict[str, float]
    """Rate per response flag, `-` left out."""
    p50_ms: float | None
    p90_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    sent_bytes_rate: float
    """Bytes per second toward the destination."""
    received_bytes_rate: float
    """Bytes per second back to the source."""
    health: Health
    mtls: Mtls
    authz: Authz
    source_principals: tuple[str, ...] = ()
    destination_principals: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    code_flags: dict[str, dict[str, float]] = {}
    """Rate per response code and response flag, of the codes that have flags; TCP's are under the empty code."""
    dialects: tuple[str, ...] = ()
    """The metrics dialects that tell of it, such as `istio`."""
    caveats: tuple[str, ...] = ()
    """What they can't tell of such an edge, in sentences."""
    idle_since: datetime | None = None
    """When it last carried anything, if it carries nothing now; edges are forgotten an hour later."""


class SourceState(msgspec.Struct, frozen=True):
    """How fresh a source's part of the snapshot is. `stale`: it answered once and fails now; `failed`: it never
    answered."""

    name: Literal["telemetry", "inventory", "proxies"]
    state: Literal["loading", "live", "stale", "failed"]
    as_of: datetime | None = None
    """When its last good answer was taken."""
    stale_since: datetime | None = None
    error: str | None = None
    """The failure in plain words."""
    cluster: str | None = None
    """Whose source it is, in a graph of several clusters."""
    dialects: tuple[str, ...] = ()
    """Of telemetry: the metrics dialects that were found and are read, such as `istio`."""


class Past(msgspec.Struct, frozen=True):
    """Where a view of the past comes from; the view's `evaluated_at` is its exact moment."""

    origin: Literal["ring", "prometheus"]
    """`ring`: as it was published then. `prometheus`: computed from the metrics of then."""
    configuration_as_of: datetime | None
    """When the objects that it shows (workloads, policies, badges) were read; None: never."""
    reason: str


class GraphView(msgspec.Struct, frozen=True):
    """A projection of one snapshot, shared by all viewers who look at it."""

    cluster: str
    version: int
    published_at: datetime
    evaluated_at: datetime | None
    """The instant at which Prometheus evaluated the rates; None before the first telemetry."""
    window_seconds: int
    sources: tuple[SourceState, ...]
    boxes: tuple[Box, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    past: Past | None = None
    """Of a view of the past; None: the live one."""


class GraphDelta(msgspec.Struct, frozen=True):
    """What turns the view of version `base` into the view of `version`; removed elements by id."""

    cluster: str
    base: int
    version: int
    published_at: datetime
    evaluated_at: datetime | None
    window_seconds: int
    sources: tuple[SourceState, ...]
    boxes: tuple[Box, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    removed_boxes: tuple[str, ...]
    removed_nodes: tuple[str, ...]
    removed_edges: tuple[str, ...]


class ViewSpec(msgspec.Struct, frozen=True):
    """Which projection: hashable, so that a view is computed once whoever asks."""

    kind: ViewKind = "workload"
    """What a node stands for: a workload, an app in one version, an app, a service, or a namespace."""
    service_nodes: bool = True
    """Services as nodes between workloads or apps."""
    namespaces: tuple[str, ...] = ()
    """Only these and their neighbours one hop out; with none, and no `workloads`: all."""
    workloads: tuple[str, ...] = ()
    """Also these, as NAMESPACE/NAME, and whom they call or are called by. A service of that name counts as well."""
    idle: bool = False
    """Also nodes without traffic."""
    idle_edges: bool = False
    """Also edges that carried something in the last hour but don't now."""
    box_by: tuple[Boxing, ...] = ("namespace",)
    """What nodes are boxed by; a cluster's box holds namespaces' boxes, these hold apps'."""
    expanded: tuple[str, ...] = ()
    """In the namespace view: namespaces that are shown with their workloads instead of as one node."""


_BOXING: tuple[Boxing, ...] = ("cluster", "namespace", "app")


def canonical(spec: ViewSpec) -> ViewSpec:
    """The spec as all write it who want the same view: sorted, without repetitions and what does not matter to it."""
    return ViewSpec(
        kind=spec.kind,
        service_nodes=spec.service_nodes and spec.kind not in ("service", "namespace"),
        namespaces=tuple(sorted(set(spec.namespaces))),
        workloads=tuple(sorted(set(spec.workloads))),
        idle=spec.idle,
        idle_edges=spec.idle_edges,
        box_by=tuple(boxing for boxing in _BOXING if boxing in spec.box_by),
        expanded=tuple(sorted(set(spec.expanded))) if spec.kind == "namespace" else (),
    )
