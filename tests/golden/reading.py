"""Golden cases: what a file in this folder means.

A case is a mesh, the series that its proxies expose, and the graph that a person worked out from them:

    says: what the case shows, as a sentence
    workloads: [NAMESPACE/NAME option=value ...]    app, version, pods, ready, proxy, account,
                                                    template (of the injector), label:KEY
    services: [NAMESPACE/NAME app]                  selecting by app, which is its name if left out
    objects: [manifests]
    series: [REPORTER CALLER > SERVICE > WORKLOAD | words | per second]
    view: {fields of the ViewSpec}
    edges: {CALLER > CALLED (PROTOCOL): numbers}    all of the view's edges, no more and no less
    nodes: {NODE: what is true of it}               some of the view's nodes

In `series`, `-` is what a proxy calls unknown and a service with a dot is a host. The words are a code, flags, a
protocol, `plain` (no mutual TLS), what is counted if not requests (opened, closed, sent, received, request_bytes,
response_bytes, took with le=), LABEL=VALUE, and of the counter: `reset@-30` (its process started anew 30 s ago),
`still@-90` (it has not moved for 90 s), `gone@-90` (no samples for 90 s).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tests.domain.conftest import Mesh, ends

WINDOW = 60
EVERY = 10
"""Seconds between samples."""
BEFORE = 420
"""Seconds of samples before the moment of a case."""
APART = timedelta(minutes=20)
"""Between the moments of two cases: further than Prometheus looks back."""
BEGIN = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

_METRICS = {
    "requests": "istio_requests_total",
    "took": "istio_request_duration_milliseconds_bucket",
    "request_bytes": "istio_request_bytes_sum",
    "response_bytes": "istio_response_bytes_sum",
    "opened": "istio_tcp_connections_opened_total",
    "closed": "istio_tcp_connections_closed_total",
    "sent": "istio_tcp_sent_bytes_total",
    "received": "istio_tcp_received_bytes_total",
}


class Series(msgspec.Struct, frozen=True):
    metric: str
    labels: dict[str, str]
    rate: float
    reset: int | None = None
    still: int | None = None
    gone: int | None = None

    def samples(self) -> list[tuple[int, float]]:
        """(seconds before the case's moment, value), oldest first."""
        found = []
        for ago in range(BEFORE, -1, -EVERY):
            if self.gone is not None and ago < self.gone:
                break
            value = self.rate * (BEFORE - max(ago, self.still or 0)) + 1000.0
            if self.reset is not None and ago <= self.reset:
                value = self.rate * (self.reset - ago)
            found.append((ago, value))
        return found


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    says: str
    series: list[str]
    edges: dict[str, dict[str, Any]]
    workloads: list[str] = []
    services: list[str] = []
    objects: list[dict[str, Any]] = []
    view: dict[str, Any] = msgspec.field(default_factory=lambda: {"service_nodes": False})
    nodes: dict[str, dict[str, Any]] = {}
    clusters: list[str] = msgspec.field(default_factory=lambda: ["demo"])
    """With more than one, all of them ask the same Prometheus, and the view is of them all."""
    earlier: int | None = None
    """Seconds before the moment at which there was a poll, too."""

    def mesh(self) -> Mesh:
        made = Mesh()
        for line in self.workloads:
            where, *options = line.split()
            given: dict[str, Any] = dict(option.split("=", 1) for option in options)
            labels = {key[6:]: given.pop(key) for key in list(given) if key.startswith("label:")}
            for number in ("pods", "ready"):
                if number in given:
                    given[number] = int(given[number])
            if "proxy" in given:
                given["proxy"] = given["proxy"] == "yes"
            template = given.pop("template", None)
            annotations = {"inject.istio.io/templates": template} if template else {}
            made.workload(where, labels=labels, annotations=annotations, **given)
        for line in self.services:
            where, _, app = line.partition(" ")
            made.service(where, app=app or None)
        made.manifests += self.objects
        return made

    def parsed(self) -> list[Series]:
        return [series(line) for line in self.series]


def cases() -> list[Case]:
    """All cases, in the order of files and of cases in them."""
    found = []
    for file in sorted(Path(__file__).parent.glob("*.yaml")):
        found += msgspec.convert(yaml.safe_load(file.read_text()), list[Case])
    return found


def moment(number: int) -> datetime:
    """When the case of that number is."""
    return BEGIN + number * APART


def series(line: str) -> Series:
    """The series that a line of a case stands for, with all labels that a proxy would give it."""
    ends_, words, rate = (part.strip() for part in line.split("|"))
    reporter, _, path = ends_.partition(" ")
    caller, service, workload = ("unknown" if name == "-" else name for name in path.replace(" ", "").split(">"))
    what, protocol, code, flags, plain = "requests", "http", "200", "-", False
    given: dict[str, str] = {}
    counter: dict[str, int] = {}
    for word in words.split():
        if match := re.fullmatch(r"(reset|still|gone)@-(\d+)", word):
            counter[match[1]] = int(match[2])
        elif "=" in word:
            name, _, value = word.partition("=")
            given[name] = value
        elif word in _METRICS:
            what = word
        elif word in ("http", "grpc", "tcp"):
            protocol = word
        elif word == "plain":
            plain = True
        elif re.fullmatch(r"\d+", word):
            code = word
        else:
            flags = word
    tcp = what in ("opened", "closed", "sent", "received")
    own = reporter == "source"
    labels = {
        **ends(caller, service, workload),
        "reporter": reporter,
        "request_protocol": "tcp" if tcp else protocol,
        "connection_security_policy": "unknown" if own else "none" if plain else "mutual_tls",
        "source_principal": _principal(caller, plain),
        "destination_principal": _principal(workload, plain),
    }
    if what != "took":
        labels["response_flags"] = flags
    if what == "requests":
        labels |= {"response_code": code, "grpc_response_status": given.pop("grpc", "")}
    return Series(_METRICS[what], labels | given, float(rate), **counter)


def exposition(all_cases: list[Case]) -> str:
    """OpenMetrics of all cases, each at its moment."""
    by_metric: dict[str, list[str]] = {metric: [] for metric in _METRICS.values()}
    for number, case in enumerate(all_cases):
        at = moment(number).timestamp()
        for one in case.parsed():
            labels = ",".join(f'{name}="{value}"' for name, value in one.labels.items())
            by_metric[one.metric] += [
                f"{one.metric}{{{labels}}} {value:g} {at - ago:.0f}" for ago, value in one.samples()
            ]
    lines = [line for metric in sorted(by_metric) for line in [f"# TYPE {metric} unknown", *by_metric[metric]]]
    return "\n".join([*lines, "# EOF", ""])


def node_id(short: str) -> str:
    """`shop/web` is a workload; other kinds are named: `service shop/web`, `app shop/web`, `external shop/x.example`.
    `@west` at the end: in that cluster."""
    name, _, cluster = short.partition("@")
    cluster = cluster or "demo"
    if name in ("unknown", "passthrough", "blackhole"):
        return f"{name}:{cluster}"
    if name == "unknown destination":
        return f"unknown:{cluster}/destination"
    kind, _, rest = name.rpartition(" ")
    kind = {"": "workload", "external": "service_entry", "version": "versioned_app"}.get(kind, kind)
    return f"{kind}:{cluster}/{rest}"


def edge_id(short: str) -> str:
    """`shop/web > service shop/catalog (grpc)`; without a protocol, HTTP."""
    match = re.fullmatch(r"(.*?) > (.*?)(?: \((\w+)\))?", short)
    assert match, short
    return f"{node_id(match[1])}>{node_id(match[2])}|{match[3] or 'http'}"


def _principal(workload: str, plain: bool) -> str:
    namespace, slash, name = workload.partition("/")
    return f"spiffe://cluster.local/ns/{namespace}/sa/{name}" if slash and not plain else "unknown"
