"""How far each proxy is with each kind of configuration: what it was sent, what it runs, what it refused.

Source: istiod's /debug/syncz and istioctl's statusgen: an error is a rejection, nothing sent is NOT SENT, acknowledged
as sent is SYNCED, else STALE. Without a control plane the proxy's own word stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from meshui.domain.proxy.reading import ProxyReading, TypeState
from meshui.domain.proxy.values import decode, moment, record, records, text

SyncState = Literal["synced", "stale", "not_sent", "rejected", "in_force", "unknown"]
"""`in_force`: the proxy has configuration of this kind, and no control plane was asked whether it is the newest."""
TYPES = ("listener", "route", "cluster", "endpoint", "secret")
_URLS = {
    "Listener": "listener",
    "RouteConfiguration": "route",
    "Cluster": "cluster",
    "ClusterLoadAssignment": "endpoint",
    "Secret": "secret",
}


class Sent(msgspec.Struct, frozen=True):
    """What the control plane says of one kind of one proxy's configuration."""

    sent: str
    acked: str
    sent_at: datetime | None
    error: str


class TypeSync(msgspec.Struct, frozen=True):
    """The state of one kind, with the reason. `since`: when the version in force came, or since when it is stale."""

    type: str
    state: SyncState
    reason: str
    version: str
    since: datetime | None
    resources: int | None


def parse_syncz(body: bytes) -> dict[str, dict[str, Sent]]:
    """What one istiod says of its proxies, by NAMESPACE/POD and kind; empty when it can't be read."""
    try:
        document = decode(body)
    except ValueError:
        return {}
    found: dict[str, dict[str, Sent]] = {}
    for entry in records(document):
        pod, _, namespace = text(entry, "proxy").rpartition(".")
        if not pod:
            continue
        resources = record(entry, "resources")
        kinds: dict[str, Sent] = {}
        for url, given in resources.items():
            kind = _URLS.get(str(url).rpartition(".")[2])
            if kind and isinstance(given, dict):
                kinds[kind] = Sent(
                    text(given, "sent"), text(given, "acked"), moment(given, "sentTime"), text(given, "lastError")
                )
        for kind in TYPES:
            # Releases before 1.22 have no `resources`.
            if kind not in kinds and f"{kind}_sent" in entry:
                kinds[kind] = Sent(text(entry, f"{kind}_sent"), text(entry, f"{kind}_acked"), None, "")
        found[f"{namespace}/{pod}"] = kinds
    return found


def sync_of(reading: ProxyReading, told: Mapping[str, Sent] | None) -> tuple[TypeSync, ...]:
    """Each kind's state for a proxy; `told` is what the control plane says of it, None when it was not asked."""
    own = {one.type: one for one in reading.types}
    return tuple(_one(kind, own.get(kind), told, reading) for kind in TYPES if kind in own or (told and kind in told))


def _one(kind: str, own: TypeState | None, told: Mapping[str, Sent] | None, reading: ProxyReading) -> TypeSync:
    version = own.version if own else ""
    count = own.resources if own else None
    since = own.updated_at if own else None
    sent = told.get(kind) if told is not None else None

    def state(name: SyncState, reason: str, at: datetime | None = since) -> TypeSync:
        return TypeSync(kind, name, reason, version or (sent.acked if sent else ""), at, count)

    error = "; ".join(own.errors) if own else ""
    if error or (sent is not None and sent.error):
        return state("rejected", error or (sent.error if sent else ""))
    if sent is None:
        if reading.error:
            return state("unknown", f"The proxy does not answer: {reading.error}")
        return state("in_force", "The proxy runs it; the control plane does not tell whether it is the newest.")
    if not sent.sent:
        return state("not_sent", "The control plane has had nothing to send.")
    if sent.acked == sent.sent:
        return state("synced", "The proxy has acknowledged what was sent last.")
    if reading.error:
        return state("unknown", f"The proxy does not answer: {reading.error}", sent.sent_at)
    return state("stale", "The proxy has not acknowledged what was sent last.", sent.sent_at)


def merged(replicas: Iterable[dict[str, dict[str, Sent]]]) -> dict[str, dict[str, Sent]]:
    """All replicas' words: each istiod knows its own connections only."""
    found: dict[str, dict[str, Sent]] = {}
    for one in replicas:
        found |= one
    return found
