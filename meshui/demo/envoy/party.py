"""Who a proxy says it is: what Istio's labels call a workload, and how proxies tell each other."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

PEER_HEADER = "x-mesh-peer"
"""Carries a Party from the client's sidecar to the server's, which takes it off before the application."""
PEER_METADATA = "istio.peer"
"""The namespace of Envoy metadata in which a peer's attributes are kept."""


@dataclass(frozen=True)
class Party:
    """One side of a call, by the attributes of Istio's metrics; absent ones are `unknown`."""

    workload: str = "unknown"
    namespace: str = "unknown"
    app: str = "unknown"
    version: str = "unknown"
    canonical_service: str = "unknown"
    canonical_revision: str = "latest"
    cluster: str = "unknown"

    def header(self) -> str:
        """The value of PEER_HEADER: the attributes in their order."""
        return ";".join(astuple(self))

    def labels(self, side: str) -> dict[str, str]:
        """Istio's labels for this party as `source` or `destination`."""
        return {label.format(side=side): getattr(self, attribute) for label, attribute in LABELS.items()}


ATTRIBUTES = tuple(field.name for field in fields(Party))
LABELS = {
    "{side}_workload": "workload",
    "{side}_workload_namespace": "namespace",
    "{side}_app": "app",
    "{side}_version": "version",
    "{side}_canonical_service": "canonical_service",
    "{side}_canonical_revision": "canonical_revision",
    "{side}_cluster": "cluster",
}
UNKNOWN = Party()
