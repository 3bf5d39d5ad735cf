"""The sentence that says why an element has its state."""

from __future__ import annotations

from collections.abc import Mapping

from meshui.domain.graph.model import Health, HealthState
from meshui.domain.health.levels import DEGRADED, FAILING, HEALTHY
from meshui.domain.health.limits import CLIENT_ERRORS, DEFAULTS, Limit

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
    *, level: int, limit: Limit | None, failed: float, total: float, words: Mapping[str, float], window_seconds: int
) -> Health:
    """Health by traffic: `failed` of `total` per second are what the limit is about; `words` say what they were
    answered ("503 (URX)"), with rates. Without a limit, nothing failed."""
    if total <= 0:
        return Health("idle", f"no traffic in the last {window_seconds} s")
    if limit is None or failed <= 0:
        return no_errors(total, _unit(limit))
    share, rate = failed / total, per_second(total, _unit(limit))
    worst = max(sorted(words), key=lambda name: words[name]) if words else "errors"
    of = f" ({limit.origin})" if limit.origin else ""
    if level > HEALTHY:
        threshold = limit.failing if level == FAILING or limit.degraded is None else limit.degraded
        what = f"are {worst}" if len(words) <= 1 else f"fail, mostly {worst}"
        return Health(_STATES[level], f"{percent(share)} of {rate} {what}, {_compared(share, threshold or 0.0)}{of}")
    threshold = limit.failing if limit.degraded is None else limit.degraded
    if threshold is None:
        return Health("healthy", f"{percent(share)} of {rate} are {worst}, which never count{of}")
    if limit in DEFAULTS and limit.responses == (CLIENT_ERRORS,):
        return Health("healthy", f"no errors in {rate}; {percent(share)} are {worst}")
    if share > threshold:
        seen = f"{round(failed * window_seconds)} of about {round(total * window_seconds)} in {window_seconds} s"
        return Health("healthy", f"{percent(share)} of {rate} are {worst}, too few to judge: {seen}")
    return Health("healthy", f"{percent(share)} of {rate} are {worst}, not above {percent(threshold)}{of}")


def no_errors(total: float, unit: str = "req/s") -> Health:
    """Health where nothing failed."""
    return Health("healthy", f"no errors in {per_second(total, unit)}")


def _compared(share: float, threshold: float) -> str:
    if share > threshold:
        return f"above {percent(threshold)}"
    return f"was above {percent(threshold)} and has not yet fallen clearly below"


def _unit(limit: Limit | None) -> str:
    units = {"tcp": "conn/s", "http": "HTTP req/s", "grpc": "gRPC req/s"}
    return units[limit.protocol] if limit and limit.protocol else "req/s"


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
