"""A whole mesh's requests per second over a stretch of time, in two queries: for a strip that is drawn, not for
numbers that are read. Each call is counted by its caller, or by the called side where the caller has no proxy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from meshui.domain.failures import Code, Failure

_ISTIO_ONCE: Final = ('reporter="source"', 'reporter="destination",source_workload="unknown"', 'reporter="waypoint"')
_ISTIO_FAILED: Final = ('response_code=~"5..|0"', 'response_code!~"5..|0",grpc_response_status=~"2|4|12|13|14|15"')
"""By the rule of telemetry.responses."""
_CONSUL: Final = 'consul_destination_service!=""'
_ENVOY: Final = 'consul_destination_service="",envoy_cluster_name!~"inbound.*|xds.*|prometheus.*|agent|.*admin"'

_SELECTORS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "istio": (
        tuple(f"istio_requests_total{{{one}}}" for one in _ISTIO_ONCE),
        tuple(f"istio_requests_total{{{one},{failed}}}" for one in _ISTIO_ONCE for failed in _ISTIO_FAILED),
    ),
    "linkerd": (
        ('response_total{direction="outbound"}',),
        ('response_total{direction="outbound",classification="failure"}',),
    ),
    "cilium": (
        ('hubble_http_requests_total{reporter!="client"}',),
        ('hubble_http_requests_total{reporter!="client",status=~"5.."}',),
    ),
    "consul": (
        (f"envoy_cluster_upstream_rq_xx{{{_CONSUL}}}",),
        (f'envoy_cluster_upstream_rq_xx{{{_CONSUL},envoy_response_code_class="5"}}',),
    ),
    "envoy": (
        (f"envoy_cluster_upstream_rq_xx{{{_ENVOY}}}",),
        (f'envoy_cluster_upstream_rq_xx{{{_ENVOY},envoy_response_code_class="5"}}',),
    ),
}
"""By dialect: the counters of all requests, and of those that failed. Each request is in one counter only."""


class MeshTotals(msgspec.Struct, frozen=True):
    """Requests per second, each call counted once, and how many of them failed. TCP is not in it: a connection is no
    request."""

    rate: float
    failed: float


def totals_queries(
    dialects: Collection[str], window_seconds: int, span_seconds: int, step_seconds: int
) -> tuple[str, str] | None:
    """The queries for all requests and for those that failed, evaluated at each whole step of the span before the
    instant that they are asked at; None when none of the dialects counts requests."""
    # Istio's proxies are Envoys: what they count as such has been counted already.
    told = [name for name in _SELECTORS if name in dialects and not (name == "envoy" and "istio" in dialects)]
    if not told:
        return None
    rate, failed = (
        "sum("
        + " or ".join(
            f'label_replace(sum({_rates(_SELECTORS[name][which], window_seconds)}), "dialect", "{name}", "", "")'
            for name in told
        )
        + f")[{span_seconds}s:{step_seconds}s]"
        for which in (0, 1)
    )
    return rate, failed


def _rates(selectors: Iterable[str], window_seconds: int) -> str:
    return " or ".join(f"rate({one}[{window_seconds}s])" for one in selectors)


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
