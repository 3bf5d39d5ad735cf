"""A mesh of any size, the same one every time: its calls, its Kubernetes objects and its metrics.

Every service has two versions, each a workload with one pod, and 10 edges of the finest grain (calling workload, called
service, called workload): 5 pairs of one of its workloads and a service that it calls, each served by both versions.
Seven of ten calls stay in the namespace. Both sides' proxies report every call, with Istio's own buckets.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

CLUSTER = "bench"
NAMESPACE_SIZE = 25
CALLS_PER_SERVICE = 5
VERSIONS = ("v1", "v2")
BOUNDS = (
    *(0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000),
    *(60000, 300000, 600000, 1800000, 3600000),
)
"""Istio's, in milliseconds; the infinite one comes on top."""
SCRAPES = (-50, -30, -10, 0)
"""Seconds before the asked instant at which a counter has a sample."""

Labels = dict[str, str]


class Service(NamedTuple):
    """One service of the mesh."""

    namespace: str
    name: str
    protocol: str

    @property
    def host(self) -> str:
        return f"{self.name}.{self.namespace}.svc.cluster.local"

    def workload(self, version: str) -> str:
        return f"{self.name}-{version}"

    @property
    def account(self) -> str:
        return f"spiffe://cluster.local/ns/{self.namespace}/sa/{self.name}"


class Call(NamedTuple):
    """One edge of the finest grain. `responses`: (code, gRPC status, flags, requests per second); `typical`: the middle
    latency in ms."""

    caller: Service
    caller_version: str
    called: Service
    called_version: str
    responses: tuple[tuple[str, str, str, float], ...]
    typical: float


class Mesh(NamedTuple):
    """The services and who calls whom."""

    services: tuple[Service, ...]
    calls: tuple[Call, ...]


def mesh(services: int, seed: int = 1) -> Mesh:
    """The mesh of so many services."""
    chance = random.Random(seed)
    protocols = chance.choices(("http", "grpc", "tcp"), (80, 15, 5), k=services)
    all_services = tuple(
        Service(f"team-{number // NAMESPACE_SIZE:03}", f"service-{number:04}", protocol)
        for number, protocol in enumerate(protocols)
    )
    calls = []
    for number, caller in enumerate(all_services):
        first = number // NAMESPACE_SIZE * NAMESPACE_SIZE
        home = range(first, min(first + NAMESPACE_SIZE, services))
        chosen: set[tuple[str, int]] = set()
        while len(chosen) < CALLS_PER_SERVICE:
            other = chance.choice(home) if chance.random() < 0.7 else chance.randrange(services)
            if other != number:
                chosen.add((chance.choice(VERSIONS), other))
        for version, other in sorted(chosen):
            called, typical = all_services[other], chance.lognormvariate(3, 1)
            for called_version in VERSIONS:
                responses = _responses(called.protocol, chance)
                calls.append(Call(caller, version, called, called_version, responses, typical))
    return Mesh(all_services, tuple(calls))


def _responses(protocol: str, chance: random.Random) -> tuple[tuple[str, str, str, float], ...]:
    rate = round(chance.lognormvariate(1, 1), 3)
    if protocol == "tcp":
        return (("", "", "-", rate),)
    fine = "0" if protocol == "grpc" else ""
    found = [("200", fine, "-", rate)]
    if chance.random() < 0.15:
        found.append(("404", "", "-", rate / 50) if protocol == "http" else ("200", "5", "-", rate / 50))
    if chance.random() < 0.10:
        flags = chance.choice(("-", "UH", "URX,UF", "UO"))
        found.append(("503", "", flags, rate / 30) if protocol == "http" else ("200", "14", flags, rate / 30))
    return tuple(found)


def manifests(of: Mesh) -> dict[str, tuple[dict[str, Any], ...]]:
    """Its Kubernetes objects by `group/version/plural`, as a cluster lists them."""
    namespaces = sorted({service.namespace for service in of.services})
    services, deployments, replica_sets, pods, accounts = [], [], [], [], []
    for number, service in enumerate(of.services):
        place = {"namespace": service.namespace}
        services.append(
            _object(
                "v1",
                "Service",
                place | {"name": service.name},
                spec={"selector": {"app": service.name}, "ports": [{"name": service.protocol, "port": 80}]},
            )
        )
        accounts.append(_object("v1", "ServiceAccount", place | {"name": service.name}))
        for side, version in enumerate(VERSIONS):
            name, labels = service.workload(version), {"app": service.name, "version": version}
            template = {
                "metadata": {"labels": labels},
                "spec": {"serviceAccountName": service.name, "containers": [{"name": "app"}, {"name": "istio-proxy"}]},
            }
            selector = {"matchLabels": labels}
            spec = {"replicas": 1, "selector": selector, "template": template}
            deployments.append(_object("apps/v1", "Deployment", place | {"name": name}, spec=spec))
            owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": True, "uid": "1"}
            replica = place | {"name": f"{name}-7d9f", "ownerReferences": [owner]}
            replica_sets.append(_object("apps/v1", "ReplicaSet", replica, spec=spec))
            owner = {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": f"{name}-7d9f",
                "controller": True,
                "uid": "2",
            }
            pods.append(
                _object(
                    "v1",
                    "Pod",
                    place | {"name": f"{name}-7d9f-x2k4c", "labels": labels, "ownerReferences": [owner]},
                    spec=template["spec"],
                    status={
                        "phase": "Running",
                        "podIP": f"10.{number >> 8}.{number & 255}.{side + 1}",
                        "conditions": [{"type": "Ready", "status": "True"}],
                    },
                )
            )
    policies = [
        _object(
            "security.istio.io/v1",
            "AuthorizationPolicy",
            {"name": "same-namespace", "namespace": namespace},
            spec={"action": "ALLOW", "rules": [{"from": [{"source": {"namespaces": [namespace]}}]}, {"to": [{}]}]},
        )
        for namespace in namespaces
    ]
    strict = _object(
        "security.istio.io/v1",
        "PeerAuthentication",
        {"name": "default", "namespace": "istio-system"},
        spec={"mtls": {"mode": "STRICT"}},
    )
    return {
        "v1/namespaces": tuple(
            _object("v1", "Namespace", {"name": name, "labels": {"istio-injection": "enabled"}}) for name in namespaces
        ),
        "v1/services": tuple(services),
        "v1/serviceaccounts": tuple(accounts),
        "v1/pods": tuple(pods),
        "apps/v1/deployments": tuple(deployments),
        "apps/v1/replicasets": tuple(replica_sets),
        "security.istio.io/v1/authorizationpolicies": tuple(policies),
        "security.istio.io/v1/peerauthentications": (strict,),
    }


def _object(version: str, kind: str, metadata: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": metadata | {"resourceVersion": "1"}, **more}


class Family(NamedTuple):
    """One metric family: its name in the exposition (without `_total`), its type, its series."""

    name: str
    type: str
    series: Iterator[tuple[str, str, float]]
    """(suffix, labels as in the exposition, how much it grows a second)."""


def families(of: Mesh) -> Iterator[Family]:
    """The metrics that the proxies of the mesh count, as Istio names them."""
    yield Family("istio_requests", "counter", _requests(of))
    yield Family("istio_request_duration_milliseconds", "histogram", _durations(of))
    yield Family("istio_request_bytes", "histogram", _sizes(of, 900.0))
    yield Family("istio_response_bytes", "histogram", _sizes(of, 5200.0))
    for name, growth in (
        *(("istio_tcp_connections_opened", 1.0), ("istio_tcp_connections_closed", 1.0)),
        *(("istio_tcp_received_bytes", 800.0), ("istio_tcp_sent_bytes", 4000.0)),
    ):
        yield Family(name, "counter", _tcp(of, growth))


def _reported(of: Mesh, *, streams: bool) -> Iterator[tuple[Call, str, tuple[str, str, str, float]]]:
    """(call, its labels, response) for each reporter and response."""
    for call in of.calls:
        if (call.called.protocol == "tcp") != streams:
            continue
        for response in call.responses:
            for reporter in ("source", "destination"):
                yield call, _text(labels_of(call, reporter, response)), response


def _requests(of: Mesh) -> Iterator[tuple[str, str, float]]:
    for _, labels, response in _reported(of, streams=False):
        yield "_total", labels, response[3]


def _durations(of: Mesh) -> Iterator[tuple[str, str, float]]:
    for call, labels, response in _reported(of, streams=False):
        for bound in BOUNDS:
            share = 1 / (1 + (call.typical / bound) ** 3)
            yield "_bucket", f'{labels},le="{bound:g}"', response[3] * (share if share > 0.005 else 0)
        yield "_bucket", f'{labels},le="+Inf"', response[3]


def _sizes(of: Mesh, typical: float) -> Iterator[tuple[str, str, float]]:
    for _, labels, response in _reported(of, streams=False):
        yield "_sum", labels, response[3] * typical


def _tcp(of: Mesh, growth: float) -> Iterator[tuple[str, str, float]]:
    for _, labels, response in _reported(of, streams=True):
        yield "_total", labels, response[3] * growth


def labels_of(call: Call, reporter: str, response: tuple[str, str, str, float]) -> Labels:
    """The labels that the proxy of that side counts such a response with."""
    code, grpc_status, flags, _ = response
    caller, called = call.caller, call.called
    labels = {
        "reporter": reporter,
        "source_cluster": CLUSTER,
        "source_workload": caller.workload(call.caller_version),
        "source_workload_namespace": caller.namespace,
        "source_app": caller.name,
        "source_version": call.caller_version,
        "source_principal": caller.account if reporter == "destination" else "unknown",
        "destination_cluster": CLUSTER,
        "destination_service": called.host,
        "destination_service_name": called.name,
        "destination_service_namespace": called.namespace,
        "destination_workload": called.workload(call.called_version),
        "destination_workload_namespace": called.namespace,
        "destination_app": called.name,
        "destination_version": call.called_version,
        "destination_principal": called.account if reporter == "destination" else "unknown",
        "request_protocol": called.protocol,
        "response_flags": flags,
        "connection_security_policy": "mutual_tls" if reporter == "destination" else "unknown",
    }
    if code:
        labels["response_code"] = code
    if grpc_status:
        labels["grpc_response_status"] = grpc_status
    return labels


def _text(labels: Labels) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels.items())
