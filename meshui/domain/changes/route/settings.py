"""The settings of a VirtualService's HTTP routes, and the smallest change to other ones.

Source: Istio, "Virtual Service" reference: HTTPRoute, HTTPRetry, HTTPFaultInjection, mirrorPercentage. An absent
`retries` means the mesh's own (2 more attempts for connections that fail); `attempts: 0` means none at all.
"""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from meshui.domain.changes.route.durations import duration, milliseconds
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.networking import HttpRouteBlock, VirtualService
from meshui.domain.mesh.objects import Manifest
from meshui.domain.routing import matches


class Retries(msgspec.Struct, frozen=True):
    """`attempts` after the first one; `per_try_timeout_ms` None: the route's timeout; `retry_on` in Envoy's words."""

    attempts: int
    per_try_timeout_ms: int | None = None
    retry_on: tuple[str, ...] = ()


class Delay(msgspec.Struct, frozen=True):
    """That percentage of requests waits so long first."""

    percent: float
    delay_ms: int


class Abort(msgspec.Struct, frozen=True):
    """That percentage of requests is answered with the status at once."""

    percent: float
    status: int


class Mirror(msgspec.Struct, frozen=True):
    """A copy of that percentage of requests goes there too; its answer is dropped."""

    host: str
    percent: float
    subset: str | None = None


class RouteSettings(msgspec.Struct, frozen=True):
    """None: not set, so the mesh's own holds."""

    timeout_ms: int | None = None
    retries: Retries | None = None
    delay: Delay | None = None
    abort: Abort | None = None
    mirror: Mirror | None = None


class Route(msgspec.Struct, frozen=True):
    """One HTTP route. `hosts` are where it sends requests; `fixed`: why its settings can't be changed here, such as
    that it only redirects."""

    index: int
    name: str
    matches: str
    hosts: tuple[str, ...]
    settings: RouteSettings
    fixed: str | None = None


def read_routes(rule: VirtualService) -> tuple[Route, ...]:
    """The routes in the order in which they are tried."""
    return tuple(_route(index, block) for index, block in enumerate(rule.spec.http))


def set_settings(manifest: Manifest, route: Route, wanted: RouteSettings) -> Manifest:
    """A copy with these settings on the route. A part that stays as it is stays as it is written, unknown fields stay.
    Raises Failure(CONFLICT) when the manifest has no such route any more."""
    changed = copy.deepcopy(manifest)
    try:
        block = changed["spec"]["http"][route.index]
    except (KeyError, IndexError, TypeError):
        block = None
    if not isinstance(block, dict):
        raise Failure(
            Code.CONFLICT, f"The route {route.name} is gone", next_step="Read the routes again: somebody changed them."
        )
    now = route.settings
    if wanted.timeout_ms != now.timeout_ms:
        _put(block, "timeout", None if wanted.timeout_ms is None else duration(wanted.timeout_ms))
    if wanted.retries != now.retries:
        _put(block, "retries", _retries(block.get("retries") or {}, now.retries, wanted.retries))
    if (wanted.delay, wanted.abort) != (now.delay, now.abort):
        _put(block, "fault", _fault(block.get("fault") or {}, now, wanted) or None)
    if wanted.mirror != now.mirror:
        _set_mirror(block, wanted.mirror)
    return changed


def _route(index: int, block: HttpRouteBlock) -> Route:
    fixed = None
    if block.redirect is not None:
        fixed = "It redirects: nothing is sent on."
    elif block.direct_response is not None:
        fixed = "It answers by itself: nothing is sent on."
    elif block.delegate is not None:
        fixed = f"It is delegated to {block.delegate.namespace or 'the same namespace'}/{block.delegate.name}."
    elif block.mirrors:
        fixed = "It mirrors to several places; change it as YAML."
    return Route(
        index=index,
        name=block.name or f"http[{index}]",
        matches=matches.in_words(block.match),
        hosts=tuple(dict.fromkeys(one.destination.host for one in block.route)),
        settings=RouteSettings(
            timeout_ms=_whole(block.timeout),
            retries=_read_retries(block.retries),
            delay=_read_delay(block.fault),
            abort=_read_abort(block.fault),
            mirror=_read_mirror(block),
        ),
        fixed=fixed,
    )


def _whole(text: Any) -> int | None:
    ms = milliseconds(text) if isinstance(text, str) else None
    return None if ms is None else round(ms)


def _read_retries(found: dict[str, Any] | None) -> Retries | None:
    if found is None:
        return None
    attempts, on = found.get("attempts", 0), found.get("retryOn")
    return Retries(
        attempts=attempts if isinstance(attempts, int) else 0,
        per_try_timeout_ms=_whole(found.get("perTryTimeout")),
        retry_on=tuple(token.strip() for token in on.split(",") if token.strip()) if isinstance(on, str) else (),
    )


def _percent(found: dict[str, Any]) -> float:
    """`percentage.value`, or the older whole `percent`; absent: every request (delay and abort)."""
    percentage = found.get("percentage")
    value = percentage.get("value", 0.0) if isinstance(percentage, dict) else found.get("percent", 100.0)
    return float(value) if isinstance(value, int | float) else 0.0


def _read_delay(fault: dict[str, Any] | None) -> Delay | None:
    found = (fault or {}).get("delay")
    if not isinstance(found, dict):
        return None
    ms = _whole(found.get("fixedDelay"))
    return None if ms is None else Delay(_percent(found), ms)


def _read_abort(fault: dict[str, Any] | None) -> Abort | None:
    found = (fault or {}).get("abort")
    if not isinstance(found, dict) or not isinstance(found.get("httpStatus"), int):
        return None
    return Abort(_percent(found), found["httpStatus"])


def _read_mirror(block: HttpRouteBlock) -> Mirror | None:
    if block.mirror is None:
        return None
    percentage = block.mirror_percentage
    value = 100.0 if percentage is None else percentage.get("value", 0.0)
    percent = float(value) if isinstance(value, int | float) else 0.0
    return Mirror(block.mirror.host, percent, block.mirror.subset or None)


def _retries(found: dict[str, Any], now: Retries | None, wanted: Retries | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    before = now or Retries(-1)
    if wanted.attempts != before.attempts:
        found["attempts"] = wanted.attempts
    if wanted.per_try_timeout_ms != before.per_try_timeout_ms:
        ms = wanted.per_try_timeout_ms
        _put(found, "perTryTimeout", None if ms is None else duration(ms))
    if wanted.retry_on != before.retry_on:
        _put(found, "retryOn", ",".join(wanted.retry_on) or None)
    return found


def _fault(found: dict[str, Any], now: RouteSettings, wanted: RouteSettings) -> dict[str, Any]:
    if wanted.delay != now.delay:
        one = wanted.delay
        _put(found, "delay", None if one is None else _share(one.percent) | {"fixedDelay": duration(one.delay_ms)})
    if wanted.abort != now.abort:
        other = wanted.abort
        _put(found, "abort", None if other is None else _share(other.percent) | {"httpStatus": other.status})
    return found


def _set_mirror(block: dict[str, Any], wanted: Mirror | None) -> None:
    for older in ("mirrorPercent", "mirror_percent"):
        block.pop(older, None)
    if wanted is None:
        _put(block, "mirror", None)
        _put(block, "mirrorPercentage", None)
        return
    current = block.get("mirror")
    kept = dict(current) if isinstance(current, dict) and current.get("host") == wanted.host else {"host": wanted.host}
    _put(kept, "subset", wanted.subset)
    block["mirror"] = kept
    block["mirrorPercentage"] = {"value": _number(wanted.percent)}


def _share(percent: float) -> dict[str, Any]:
    return {"percentage": {"value": _number(percent)}}


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _put(target: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        target.pop(name, None)
    else:
        target[name] = value
