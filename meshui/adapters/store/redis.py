"""The snapshot store on Redis or Valkey.

Keys: `meshui:{CLUSTER}:...`; the braces keep one cluster's keys in one slot of a Redis Cluster.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec
import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from meshui.adapters.store.scripts import LOCK, PUBLISH, UNLOCK
from meshui.domain.failures import Code, Failure

MEGABYTE = 1024 * 1024
_P = ParamSpec("_P")
_R = TypeVar("_R")


class StoreOptions(msgspec.Struct, frozen=True):
    """Where the store is and how much it may keep. Times in seconds."""

    url: str
    ring_dense: float = 600.0
    """How long every past snapshot is kept; after that one in each `ring_every`, for `ring_reach` at most."""
    ring_every: float = 60.0
    ring_reach: float = 6 * 3600.0
    ring_bytes: int = 48 * MEGABYTE
    """What the ring of a cluster's window may take after compression: beyond that it is thinned earlier, and reaches
    back less far."""
    connect_timeout: float = 2.0
    timeout: float = 5.0
    prefix: str = "meshui"


def _answering(
    method: Callable[Concatenate[RedisStore, _P], _R],
) -> Callable[Concatenate[RedisStore, _P], _R]:
    """The method, with Redis' errors told as Failure(SOURCE_UNAVAILABLE)."""

    def guarded(self: RedisStore, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(self, *args, **kwargs)
        except redis.RedisError as problem:
            raise self.failure(problem) from problem

    guarded.__name__, guarded.__doc__ = method.__name__, method.__doc__
    return guarded


class RedisStore:
    """A SnapshotStore. Safe to share between threads and across forks; connects by itself again after a restart."""

    def __init__(self, options: StoreOptions) -> None:
        self._options = options
        self._redis: Any = redis.Redis.from_url(
            options.url,
            socket_connect_timeout=options.connect_timeout,
            socket_timeout=options.timeout,
            health_check_interval=15,
            retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.4), retries=3),
        )
        self._lock_script = self._redis.register_script(LOCK)
        self._unlock_script = self._redis.register_script(UNLOCK)
        self._publish_script = self._redis.register_script(PUBLISH)

    @_answering
    def put_part(self, cluster: str, part: str, data: bytes, seconds: float | None = None) -> None:
        """Keeps a part under its name, in place of the one before; for `seconds`, or until it is replaced."""
        lifetime = None if seconds is None else int(seconds * 1000)
        self._redis.set(self._key(cluster, "part", part), _pack(data), px=lifetime)

    @_answering
    def get_part(self, cluster: str, part: str) -> bytes | None:
        """The part as it was put; None when there is none."""
        return _unpack(self._redis.get(self._key(cluster, "part", part)))

    @_answering
    def get_parts(self, cluster: str, parts: Sequence[str]) -> list[bytes | None]:
        """Several parts in one go, in the order asked for."""
        if not parts:
            return []
        return [_unpack(data) for data in self._redis.mget([self._key(cluster, "part", part) for part in parts])]

    @_answering
    def publish(
        self, cluster: str, window_seconds: int, version: int, data: bytes, fence: int, note: bytes = b""
    ) -> bool:
        """Keeps the snapshot as the live one and in the ring, with a note that can be read without it; False when there
        is one of a newer version, or one published under a newer lock. Versions are milliseconds of the clock."""
        kinds = ("live", "ring", "ring-data", "ring-size", "ring-notes")
        keys = [self._key(cluster, kind, str(window_seconds)) for kind in kinds]
        spans = (self._options.ring_dense, self._options.ring_every, self._options.ring_reach)
        limits = [*(int(span * 1000) for span in spans), self._options.ring_bytes]
        return bool(self._publish_script(keys=keys, args=[version, fence, _pack(data), note, *limits]))

    @_answering
    def live(self, cluster: str, window_seconds: int) -> tuple[int, bytes] | None:
        """The newest snapshot and its version."""
        version, data = self._redis.hmget(self._key(cluster, "live", str(window_seconds)), "version", "data")
        found = _unpack(data)
        return None if version is None or found is None else (int(version), found)

    @_answering
    def live_version(self, cluster: str, window_seconds: int) -> int | None:
        """The newest snapshot's version alone: cheap enough to ask before every read."""
        version = self._redis.hget(self._key(cluster, "live", str(window_seconds)), "version")
        return None if version is None else int(version)

    @_answering
    def ring_versions(self, cluster: str, window_seconds: int, last: int, until: int | None = None) -> list[int]:
        """The versions of the last snapshots, of those not above `until` where it is given; oldest first."""
        newest: float = float("inf") if until is None else until
        ring = self._key(cluster, "ring", str(window_seconds))
        found = self._redis.zrevrangebyscore(ring, newest, "-inf", 0, max(last, 1))
        return [int(version) for version in reversed(found)]

    @_answering
    def ring_entries(self, cluster: str, window_seconds: int, versions: Sequence[int]) -> list[tuple[int, bytes]]:
        """Those of the snapshots that the ring still holds, in the order asked for."""
        if not versions:
            return []
        found = self._redis.hmget(self._key(cluster, "ring-data", str(window_seconds)), [str(one) for one in versions])
        unpacked = ((version, _unpack(data)) for version, data in zip(versions, found, strict=True))
        return [(version, data) for version, data in unpacked if data is not None]

    def ring_version_at(self, cluster: str, window_seconds: int, at: int) -> int | None:
        """The newest version in the ring that is not above `at`."""
        found = self.ring_versions(cluster, window_seconds, 1, at)
        return found[0] if found else None

    @_answering
    def ring_notes(self, cluster: str, window_seconds: int, first: int, last: int) -> list[tuple[int, bytes]]:
        """The versions from `first` to `last` with their notes, oldest first."""
        versions = self._redis.zrangebyscore(self._key(cluster, "ring", str(window_seconds)), first, last)
        if not versions:
            return []
        notes = self._redis.hmget(self._key(cluster, "ring-notes", str(window_seconds)), versions)
        return [(int(version), note or b"") for version, note in zip(versions, notes, strict=True)]

    def ring(self, cluster: str, window_seconds: int, last: int) -> list[tuple[int, bytes]]:
        """The last snapshots with their versions, oldest first."""
        return self.ring_entries(cluster, window_seconds, self.ring_versions(cluster, window_seconds, last))

    @_answering
    def lock(self, name: str, ttl_seconds: float) -> int | None:
        """A fencing token, larger than all before it, when nobody holds the lock; else None. The lock frees itself
        after `ttl_seconds`."""
        keys = [self._key(name, "lock"), self._key(name, "fence")]
        fence = self._lock_script(keys=keys, args=[int(ttl_seconds * 1000)])
        return None if fence is None else int(fence)

    @_answering
    def unlock(self, name: str, fence: int) -> None:
        """Frees the lock, unless it has passed to somebody else."""
        self._unlock_script(keys=[self._key(name, "lock")], args=[fence])

    @_answering
    def ping(self) -> None:
        """Raises Failure(SOURCE_UNAVAILABLE) when the store can't be used."""
        self._redis.ping()

    def close(self) -> None:
        """Gives the connections back."""
        self._redis.close()

    def failure(self, problem: redis.RedisError) -> Failure:
        """The error in plain words."""
        pool = self._redis.connection_pool.connection_kwargs
        where = pool.get("path") or f"{pool.get('host', 'localhost')}:{pool.get('port', 6379)}"
        if isinstance(problem, redis.exceptions.AuthenticationError):
            what = "does not accept MeshUI's credentials"
        elif isinstance(problem, redis.exceptions.BusyLoadingError):
            what = "is still loading its data"
        elif isinstance(problem, redis.exceptions.TimeoutError):
            what = f"did not answer in {self._options.timeout:g} s"
        elif isinstance(problem, redis.exceptions.ConnectionError):
            what = "can't be reached"
        else:
            what = f"refused: {problem}"
        return Failure(
            Code.SOURCE_UNAVAILABLE,
            f"The snapshot store at {where} {what}",
            next_step="MeshUI connects again by itself as soon as it is back.",
            context={"source": "store"},
        )

    def _key(self, cluster: str, *rest: str) -> str:
        return ":".join([self._options.prefix, "{" + cluster + "}", *rest])


def _pack(data: bytes) -> bytes:
    return zlib.compress(data, 1)


def _unpack(data: bytes | None) -> bytes | None:
    return None if data is None else zlib.decompress(data)
