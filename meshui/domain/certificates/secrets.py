"""The Secrets whose certificates gateways show to the outside, found by the Gateways that name them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from meshui.domain.certificates.life import Life
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.policies.selecting import WorkloadLabels, at, mapping, sequence, text

_GATEWAY_API = "Gateway.gateway.networking.k8s.io"


class SecretUse(msgspec.Struct, frozen=True):
    """A Secret that a Gateway's listener shows, and for which hosts."""

    namespace: str
    name: str
    gateway: ObjectRef
    hosts: tuple[str, ...]


class GatewayCertificate(msgspec.Struct, frozen=True):
    """The certificate in a Secret that a gateway shows. `error`: why it can't be told, also when the user may not read
    it."""

    namespace: str
    name: str
    gateway: ObjectRef
    hosts: tuple[str, ...]
    names: tuple[str, ...]
    issuer: str
    chain: tuple[str, ...]
    valid_from: datetime | None
    expires_at: datetime | None
    life: Life
    error: str | None


def secrets_of_gateways(inventory: Inventory) -> tuple[SecretUse, ...]:
    """Each Secret once for each Gateway. Istio reads a credential from the namespace of the gateway's own pods."""
    labels = WorkloadLabels(inventory)
    found: dict[tuple[str, str, ObjectRef], list[str]] = {}
    for ref, manifest in sorted(inventory.config.items()):
        if ref.kind == "Gateway":
            selector = mapping(at(manifest, "spec", "selector"))
            places = {key[0] for key in labels.selected(None, selector)} if selector else set()
            for server in sequence(at(manifest, "spec", "servers")):
                hosts = [text(host) for host in sequence(at(server, "hosts"))]
                for name in _credentials(mapping(at(server, "tls"))):
                    for place in places or {ref.namespace}:
                        found.setdefault((place, name, ref), []).extend(hosts)
        elif ref.kind == _GATEWAY_API:
            for listener in sequence(at(manifest, "spec", "listeners")):
                host = text(at(listener, "hostname")) or "*"
                for one in sequence(at(listener, "tls", "certificateRefs")):
                    if text(at(one, "kind")) in ("", "Secret") and (name := text(at(one, "name"))):
                        place = text(at(one, "namespace")) or ref.namespace
                        found.setdefault((place, name, ref), []).append(host)
    return tuple(
        SecretUse(place, name, ref, tuple(dict.fromkeys(hosts))) for (place, name, ref), hosts in found.items()
    )


def _credentials(tls: dict[str, object]) -> Iterator[str]:
    for one in (tls.get("credentialName"), *sequence(tls.get("credentialNames"))):
        if name := text(one):
            yield name.removeprefix("kubernetes-gateway://").rpartition("/")[2]
