"""The shape of an explanation. It is also what clients see."""

from __future__ import annotations

from typing import Literal

import msgspec

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.routing.choose import PassedOver

StepKind = Literal[
    "source",
    "listener",
    "filter_chain",
    "request",
    "virtual_host",
    "route",
    "fault",
    "mirror",
    "rewrite",
    "answer",
    "timeout",
    "retries",
    "cluster",
    "endpoints",
    "tls",
    "inbound",
    "mtls",
    "authorization",
]
StepState = Literal["good", "plain", "warn", "bad", "unknown"]
Verdict = Literal[
    "reaches", "denied", "refused", "no_endpoint", "no_cluster", "no_route", "answered", "leaves", "depends", "unknown"
]
"""How it ends: `answered` by the proxy itself (redirect, direct response, fault), `leaves` the mesh, `depends` on what
is not known of the request; `unknown` where nothing could be read."""


class Question(msgspec.Struct, frozen=True):
    """A request. `host` may have a port; `port` is the service's (a gateway: the one it listens on). `headers` by
    lower-case name."""

    host: str
    port: int
    path: str = "/"
    method: str = "GET"
    headers: dict[str, str] = {}
    protocol: Literal["http", "tcp"] = "http"


class ConfigLink(msgspec.Struct, frozen=True):
    """Where it stands in a proxy's configuration."""

    pod: str
    """NAMESPACE/POD."""
    section: Literal["listeners", "routes", "clusters", "endpoints", "secrets"]
    name: str


class Step(msgspec.Struct, frozen=True):
    """One step: what was decided, why, by which configuration and which object."""

    kind: StepKind
    title: str
    says: str
    state: StepState = "plain"
    details: tuple[str, ...] = ()
    config: ConfigLink | None = None
    object: ObjectRef | None = None
    passed_over: tuple[PassedOver, ...] = ()


class Branch(msgspec.Struct, frozen=True):
    """One cluster that the request may go to, for `share` of the requests like it, and what happens there."""

    cluster: str
    share: float
    weight: int | None
    workloads: tuple[str, ...]
    """NAMESPACE/NAME of those behind it."""
    endpoints: int
    healthy: int
    verdict: Verdict
    says: str
    steps: tuple[Step, ...]


class Meaning(msgspec.Struct, frozen=True):
    """What an answer would mean here. `rate`: requests per second with it now; None without telemetry. `expected`: it
    is what the configuration leads to."""

    code: str
    flag: str
    title: str
    says: str
    expected: bool
    rate: float | None
    object: ObjectRef | None = None


class RequestExplanation(msgspec.Struct, frozen=True):
    """The whole path of a request."""

    source: str
    question: Question
    verdict: Verdict
    summary: str
    steps: tuple[Step, ...]
    branches: tuple[Branch, ...]
    meanings: tuple[Meaning, ...]
    findings: tuple[str, ...]
    """What could not be read, and what is wrong with what was read."""


class Rates(msgspec.Struct, frozen=True):
    """The live traffic of what is explained: per second by response code and by response flag."""

    total: float
    codes: dict[str, float]
    flags: dict[str, float]
