"""The names by which things of a mesh are known, on both sides of the wire."""

from __future__ import annotations

import re

import msgspec


class ObjectRef(msgspec.Struct, frozen=True, order=True):
    """A Kubernetes object by kind, namespace ("" when cluster-scoped) and name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class WorkloadRef(msgspec.Struct, frozen=True, order=True):
    """A workload (Deployment, StatefulSet, ... by its own name) in a cluster's namespace."""

    cluster: str
    namespace: str
    name: str


class Identity(msgspec.Struct, frozen=True, order=True):
    """Who a proxy is, whatever spelling a mesh uses: trust domain, namespace and service account."""

    trust_domain: str
    namespace: str
    service_account: str

    def __str__(self) -> str:
        return f"spiffe://{self.trust_domain}/ns/{self.namespace}/sa/{self.service_account}"


_SPIFFE = re.compile(r"^(?:spiffe://)?([^/]+)/ns/([^/]+)/sa/([^/]+)$")
_LINKERD = re.compile(r"^([^.]+)\.([^.]+)\.serviceaccount\.identity\.[^.]+\.(.+)$")


def parse_identity(text: str) -> Identity | None:
    """An identity from a principal in any spelling: SPIFFE URI (metrics), without scheme (Istio policies), or
    Linkerd's DNS form. None for "", "unknown" and anything that is not a workload identity."""
    if match := _SPIFFE.match(text):
        return Identity(match[1], match[2], match[3])
    if match := _LINKERD.match(text):
        return Identity(match[3], match[2], match[1])
    return None
