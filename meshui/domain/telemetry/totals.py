"""A whole mesh's requests per second over a stretch of time, in two queries: for a strip that is drawn, not for
numbers that are read. Each call is counted by its caller, or by the called side where the caller has no proxy.
"""

from __future__ import annotations

from typing import Final

import msgspec

from meshui.domain.failures import Code, Failure

_ONCE: Final = ('reporter="source"', 'reporter="destination",source_workload="unknown"', 'reporter="waypoint"')
_FAILED: Final = ('response_code=~"5..|0"', 'response_code!~"5..|0",grpc_response_status=~"2|4|12|13|14|15"')
"""By the rule of telemetry.responses."""


class MeshTotals(msgspec.Struct, frozen=True):
    """Requests per second, each call counted once, and how many of them failed. TCP is not in it: a connection is no
    request."""

    rate: float
    failed: float


def totals_queries(window_seconds: int, span_seconds: int, step_seconds: int) -> tuple[str, str]:
    """The queries for all requests and for those that failed, evaluated at each whole step of the span before the
    instant that they are asked at."""
    every = " or ".join(f"rate(istio_requests_total{{{one}}}[{window_seconds}s])" for one in _ONCE)
    failed = " or ".join(
        f"rate(istio_requests_total{{{one},{code}}}[{window_seconds}s])" for one in _ONCE for code in _FAILED
    )
    return f"sum({every})[{span_seconds}s:{step_seconds}s]", f"sum({failed})[{span_seconds}s:{step_seconds}s]"


class _Series(msgspec.Struct):
    values: list[tuple[float, str]]


class _Data(msgspec.Struct, rename="camel"):
    result_type: str
    result: list[_Series]


class _Body(msgspec.Struct):
    status: str
    data: _Data | None = None
    error: str = ""


def read_totals(rate: bytes, failed: bytes) -> dict[int, MeshTotals]:
    """The totals by the seconds of the clock, where anything was counted. Raises Failure(SOURCE_UNAVAILABLE)."""
    failures = _by_second(failed)
    return {
        second: MeshTotals(rate=value, failed=failures.get(second, 0.0)) for second, value in _by_second(rate).items()
    }


def _by_second(body: bytes) -> dict[int, float]:
    try:
        answer = msgspec.json.decode(body, type=_Body)
        if answer.status != "success" or answer.data is None or answer.data.result_type != "matrix":
            raise _unusable(answer.error or "it is no series")
        return {round(at): float(value) for series in answer.data.result for at, value in series.values}
    except (msgspec.DecodeError, ValueError) as problem:
        raise _unusable(str(problem)) from None


def _unusable(why: str) -> Failure:
    return Failure(
        Code.SOURCE_UNAVAILABLE,
        f"Prometheus' answer over time can't be read: {why}",
        context={"source": "telemetry"},
    )
