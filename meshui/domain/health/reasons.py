"""The sentence that says why an element has its state."""

from __future__ import annotations

from meshui.domain.graph.model import Health, HealthState
from meshui.domain.health.levels import DEGRADED, FAILING, HEALTHY
from meshui.domain.health.thresholds import Thresholds

_STATES: dict[int, HealthState] = {HEALTHY: "healthy", DEGRADED: "degraded", FAILING: "failing"}
_SEVERITY: dict[HealthState, int] = {"idle": 0, "unknown": 0, "healthy": 1, "degraded": 2, "failing": 3}


def percent(share: float) -> str:
    """A share for people: 5.2%, 12%, 0.04%."""
    value = share * 100
    if value >= 99.95 or value == 0:
        return f"{value:.0f}%"
    return f"{value:.1f}".removesuffix(".0") + "%" if value >= 0.1 else f"{value:.2g}%"


def per_second(rate: float, unit: str = "req/s") -> str:
    """A rate for people: 41 req/s, 0.53 req/s."""
    digits = 0 if rate >= 99.5 else 1 if rate >= 9.95 else 2
    text = f"{rate:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


def traffic_health(
    *,
    total: float,
    failed: float,
    refused: float,
    server_level: int,
    client_level: int,
    window_seconds: int,
    worst: str,
    worst_client: str,
    single: bool,
    single_client: bool,
    unit: str,
    limits: Thresholds,
) -> Health:
    """Health by traffic. `worst` names the most frequent error ("503 (URX)"), and `single` says that there is no other;
    `refused` are the caller's own errors."""
    if total <= 0:
        return Health("idle", f"no traffic in the last {window_seconds} s")
    rate = per_second(total, unit)
    if server_level >= client_level and server_level > HEALTHY:
        threshold = limits.failing if server_level == FAILING else limits.degraded
        return _over(failed / total, rate, worst, single, threshold, server_level)
    if client_level > HEALTHY:
        limit = limits.client_failing if client_level == FAILING else limits.client_degraded
        return _over(refused / total, rate, worst_client, single_client, limit or 0.0, client_level)
    if failed > 0:
        share, count = failed / total, failed * window_seconds
        if share > limits.degraded:
            seen = f"{round(count)} of about {round(total * window_seconds)} in {window_seconds} s"
            return Health("healthy", f"{percent(share)} of {rate} are {worst}, too few to judge: {seen}")
        return Health("healthy", f"{percent(share)} of {rate} are {worst}, not above {percent(limits.degraded)}")
    if refused > 0:
        return Health("healthy", f"no errors in {rate}; {percent(refused / total)} are {worst_client}")
    return Health("healthy", f"no errors in {rate}")


def pods_health(ready: int | None, total: int | None) -> Health | None:
    """Health by pods, or None when they say nothing: not known, none wanted, or all ready."""
    if not total or ready is None or ready >= total:
        return None
    pods = "pod" if total == 1 else "pods"
    return Health("failing" if ready == 0 else "degraded", f"{ready} of {total} {pods} ready")


def worse(first: Health, second: Health | None) -> Health:
    """The worse of two; of two equally bad ones both reasons."""
    if second is None or _SEVERITY[first.state] > _SEVERITY[second.state]:
        return first
    if _SEVERITY[first.state] < _SEVERITY[second.state]:
        return second
    return Health(first.state, f"{first.reason}; {second.reason}") if first.reason != second.reason else first


def _over(share: float, rate: str, worst: str, single: bool, threshold: float, level: int) -> Health:
    what = f"are {worst}" if single else f"fail, mostly {worst}"
    if share > threshold:
        compared = f"above {percent(threshold)}"
    else:
        compared = f"was above {percent(threshold)} and has not yet fallen clearly below"
    return Health(_STATES[level], f"{percent(share)} of {rate} {what}, {compared}")
