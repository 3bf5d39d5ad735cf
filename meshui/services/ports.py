"""What use cases need from the outside, as protocols. Adapters implement them; `wiring` picks which."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import Certificate, ProxyReading

Manifest = dict[str, Any]
"""A Kubernetes object as JSON gives it."""


class MetricsSource(Protocol):
    """A Prometheus-compatible server. Raises Failure(SOURCE_UNAVAILABLE)."""

    def query(self, promql: str, at: datetime) -> bytes:
        """The raw JSON body of an instant query evaluated at `at`."""
        ...

    def stream(self, promql: str, at: datetime) -> Generator[bytes, None, None]:
        """The same, in pieces while it arrives: for answers too large to hold."""
        ...


class InventorySource(Protocol):
    """A cluster's objects, read. Raises Failure(SOURCE_UNAVAILABLE | FORBIDDEN)."""

    def refresh(self, known: Mapping[str, KindState], budget_seconds: float) -> Mapping[str, KindState]:
        """The current objects of every kind that the cluster serves and MeshUI knows, by `group/version/plural`: listed
        the first time, then watched from the resourceVersion of `known` for at most `budget_seconds`. A kind without
        change keeps the very same `objects`."""
        ...


class KindState(Protocol):
    """One kind's objects and the resourceVersion they are current at. `error`: why they may be old, or are missing."""

    @property
    def resource_version(self) -> str: ...

    @property
    def objects(self) -> tuple[Manifest, ...]: ...

    @property
    def error(self) -> str | None: ...


class ConfigSource(Protocol):
    """Single objects, read and written as a person (impersonated). Raises Failure(NOT_FOUND | CONFLICT | FORBIDDEN |
    INVALID | SOURCE_UNAVAILABLE)."""

    def get(self, ref: ObjectRef, *, acting_as: Actor) -> Manifest: ...

    def create(self, manifest: Manifest, *, acting_as: Actor, dry_run: bool) -> Manifest: ...

    def replace(self, manifest: Manifest, *, acting_as: Actor, dry_run: bool) -> Manifest:
        """Puts the object; its metadata.resourceVersion must be the one that was read, else CONFLICT."""
        ...

    def delete(self, ref: ObjectRef, resource_version: str, *, acting_as: Actor, dry_run: bool) -> None: ...

    def certificate(self, namespace: str, name: str, *, acting_as: Actor) -> Certificate | None:
        """As a SecretSource."""
        ...


class SecretSource(Protocol):
    """The certificates in Secrets, read as a person; their keys never."""

    def certificate(self, namespace: str, name: str, *, acting_as: Actor) -> Certificate | None:
        """None where it has none. Raises Failure(NOT_FOUND | FORBIDDEN | SOURCE_UNAVAILABLE)."""
        ...


class Actor(Protocol):
    """Who a write is made as in the cluster's own RBAC."""

    @property
    def kubernetes_user(self) -> str: ...

    @property
    def kubernetes_groups(self) -> tuple[str, ...]: ...


class ProxySource(Protocol):
    """Envoy admin of one proxy."""

    @property
    def fixed(self) -> tuple[ObjectRef, ...]:
        """Proxies that no inventory tells of."""
        ...

    def syncz(self, pod: ObjectRef) -> bytes:
        """What a control plane's pod says its proxies have. Raises Failure(SOURCE_UNAVAILABLE)."""
        ...

    def log_levels(self, pod: ObjectRef) -> dict[str, str]:
        """Level by logger. Raises Failure(SOURCE_UNAVAILABLE)."""
        ...

    def set_log_level(self, pod: ObjectRef, logger: str, level: str) -> dict[str, str]:
        """Changes one logger's level ("": of all). Raises Failure(SOURCE_UNAVAILABLE | INVALID)."""
        ...

    def get(self, pod: ObjectRef, path: str) -> bytes:
        """A page's body. Raises Failure(SOURCE_UNAVAILABLE | UNSUPPORTED)."""
        ...

    def read(self, pod: ObjectRef) -> ProxyReading:
        """Its state, certificates, unhealthy endpoints and config versions. Raises Failure(SOURCE_UNAVAILABLE)."""
        ...


class SnapshotStore(Protocol):
    """Where snapshots and parts live between processes. Raises Failure(SOURCE_UNAVAILABLE)."""

    def put_part(self, cluster: str, part: str, data: bytes, seconds: float | None = None) -> None:
        """Keeps it for `seconds`, or until it is replaced."""
        ...

    def get_part(self, cluster: str, part: str) -> bytes | None: ...

    def get_parts(self, cluster: str, parts: Sequence[str]) -> list[bytes | None]: ...

    def publish(
        self, cluster: str, window_seconds: int, version: int, data: bytes, fence: int, note: bytes = b""
    ) -> bool:
        """Keeps the snapshot as the live one and in the ring, with a note that can be read without it; False when
        `fence` or `version` is older than theirs. Versions are milliseconds of the clock."""
        ...

    def live(self, cluster: str, window_seconds: int) -> tuple[int, bytes] | None: ...

    def live_version(self, cluster: str, window_seconds: int) -> int | None: ...

    def ring_versions(self, cluster: str, window_seconds: int, last: int, until: int | None = None) -> list[int]:
        """The last ones, not above `until` where it is given; oldest first."""
        ...

    def ring_entries(self, cluster: str, window_seconds: int, versions: Sequence[int]) -> list[tuple[int, bytes]]: ...

    def ring_version_at(self, cluster: str, window_seconds: int, at: int) -> int | None:
        """The newest in the ring that is not above `at`."""
        ...

    def ring_notes(self, cluster: str, window_seconds: int, first: int, last: int) -> list[tuple[int, bytes]]:
        """Versions with their notes, oldest first."""
        ...

    def ring(self, cluster: str, window_seconds: int, last: int) -> Iterable[tuple[int, bytes]]: ...

    def lock(self, name: str, ttl_seconds: float) -> int | None:
        """A fencing token (larger each time) when nobody holds the lock, else None."""
        ...

    def unlock(self, name: str, fence: int) -> None: ...


class Events(Protocol):
    """Tells every web process that something new is there to be read from the store."""

    def published(self, cluster: str, window_seconds: int, version: int) -> None: ...

    def changed(self, cluster: str, change: Mapping[str, Any]) -> None: ...
