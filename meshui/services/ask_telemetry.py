"""One instant of a cluster's metrics as rows: every query of the dialects that it speaks. An answer is read
while it arrives: its body is never in memory as a whole."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from meshui.domain.telemetry.dialects import Dialect, combined
from meshui.domain.telemetry.rows import TelemetryRows
from meshui.domain.telemetry.samples import Samples, read_samples
from meshui.services.cache import SingleFlight
from meshui.services.ports import MetricsSource

SLOW = timedelta(minutes=5)
"""How long the answer to a query without a window is taken to be true: that of bucket bounds is as dear to Prometheus
as that of the buckets, and hardly ever changes."""
AT_ONCE = 3
"""Queries in flight or waiting to be read, so that neither a slow server nor the memory is stormed."""


def ask_telemetry(
    metrics: MetricsSource, cluster: str, window_seconds: int, at: datetime, dialects: Iterable[Dialect]
) -> TelemetryRows:
    """The rows at that instant, rates over the window before it. Raises Failure(SOURCE_UNAVAILABLE)."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="query") as pool:
        try:
            found = [
                dialect.rows(_Answers(pool, metrics, dialect.queries, window_seconds, at), cluster)
                for dialect in dialects
            ]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return combined(found, cluster)


class _Answers(Mapping[str, Samples]):
    """The samples of each query, once; what comes next is being asked for meanwhile."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        metrics: MetricsSource,
        queries: Mapping[str, str],
        window_seconds: int,
        at: datetime,
    ) -> None:
        self._pool, self._metrics, self._at = pool, metrics, at
        # Not str.format: PromQL's own braces must stay.
        self._to_ask = {name: query.replace("{window}", f"{window_seconds}s") for name, query in queries.items()}
        self._slow = {name for name, query in queries.items() if "{window}" not in query}
        self._asked: dict[str, Future[Samples]] = {}

    def __getitem__(self, name: str) -> Samples:
        if name in self._to_ask:
            self._ask(name)
        answer = self._asked.pop(name)
        for later in list(self._to_ask)[: AT_ONCE - len(self._asked)]:
            self._ask(later)
        return answer.result()

    def _ask(self, name: str) -> None:
        self._asked[name] = self._pool.submit(self._read, name, self._to_ask.pop(name))

    def _read(self, name: str, promql: str) -> Samples:
        if name not in self._slow:
            return self._stream(name, promql)
        key = promql, int(self._at.timestamp() // SLOW.total_seconds())
        return _slow_answers(self._metrics).get(key, lambda: self._stream(name, promql))

    def _stream(self, name: str, promql: str) -> Samples:
        with closing(self._metrics.stream(promql, self._at)) as body:
            return read_samples(body, name)

    def __iter__(self) -> Iterator[str]:
        yield from (*self._asked, *self._to_ask)

    def __len__(self) -> int:
        return len(self._asked) + len(self._to_ask)


_Slow = SingleFlight[tuple[str, int], Samples]
_kept: WeakKeyDictionary[MetricsSource, _Slow] = WeakKeyDictionary()
_kept_lock = threading.Lock()


def _slow_answers(metrics: MetricsSource) -> _Slow:
    """What the process keeps of a server's slow answers."""
    with _kept_lock:
        return _kept.setdefault(metrics, SingleFlight(64))
