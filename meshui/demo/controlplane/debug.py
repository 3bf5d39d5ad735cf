"""The control plane's own HTTP server, as istiod has one on 15014: readiness, what each proxy was sent and runs, and
metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from meshui.demo.controlplane.publish import Sent
from meshui.demo.controlplane.world import Pod
from meshui.demo.layout import ADMIN_PORT, CLUSTER, ISTIO_VERSION

_ADMIN_SECONDS = 1.0
_TYPE = "type.googleapis.com/envoy.config"
_TYPES = {
    "cluster": f"{_TYPE}.cluster.v3.Cluster",
    "listener": f"{_TYPE}.listener.v3.Listener",
    "route": f"{_TYPE}.route.v3.RouteConfiguration",
    "endpoint": f"{_TYPE}.endpoint.v3.ClusterLoadAssignment",
}
_MASK = "mask=version_info,dynamic_listeners.error_state.details,dynamic_active_clusters.error_state.details"


@dataclass
class Numbers:
    """Counters for /metrics."""

    pushes: int = 0
    push_errors: int = 0
    problems: int = 0
    push_seconds: float = 0.0
    """How long the last push took."""
    certificates: int = 0


@dataclass
class State:
    """What the server shows; the control plane keeps it up to date."""

    ready: bool = False
    proxies: Callable[[], Iterable[tuple[Pod, Mapping[str, Sent]]]] = field(default=lambda: ())
    """Each proxy with its files as they were last sent."""
    numbers: Numbers = field(default_factory=Numbers)


def application(state: State, session: aiohttp.ClientSession) -> web.Application:
    """The server; `session` is used to ask proxies what they run."""

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="ready\n") if state.ready else web.Response(status=503, text="not ready\n")

    async def syncz(request: web.Request) -> web.Response:
        namespace = request.query.get("namespace")
        wanted = [(pod, sent) for pod, sent in state.proxies() if namespace in (None, pod.namespace)]
        return web.json_response(await asyncio.gather(*(_status(session, pod, sent) for pod, sent in wanted)))

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=_exposition(state))

    app = web.Application()
    app.add_routes([web.get("/ready", ready), web.get("/debug/syncz", syncz), web.get("/metrics", metrics)])
    return app


async def _status(session: aiohttp.ClientSession, pod: Pod, sent: Mapping[str, Sent]) -> dict[str, Any]:
    """One proxy in the shape of istiod's syncz. Versions stand for nonces; a proxy that can't be asked has acked
    nothing."""
    running, errors = await _running(session, pod)
    routes = sorted(name for name in sent if name.startswith("rds."))
    versions = {
        "cluster": _version(sent, "cds"),
        "listener": _version(sent, "lds"),
        "route": ",".join(_version(sent, name) for name in routes),
        "endpoint": _version(sent, "cds"),
    }
    entry: dict[str, Any] = {
        "cluster_id": CLUSTER,
        "proxy": f"{pod.name}.{pod.namespace}",
        "proxy_type": "router" if pod.is_gateway else "sidecar",
        "proxy_version": ISTIO_VERSION,
        "istio_version": ISTIO_VERSION,
        "resources": {},
    }
    for kind, version in versions.items():
        acked = running.get("cluster" if kind == "endpoint" else kind, "")
        entry |= {f"{kind}_sent": version, f"{kind}_acked": acked}
        entry["resources"][_TYPES[kind]] = {
            "sent": version,
            "acked": acked,
            "sentTime": _time(sent, kind, routes),
            "lastError": errors.get(kind, ""),
        }
    return entry


async def _running(session: aiohttp.ClientSession, pod: Pod) -> tuple[dict[str, str], dict[str, str]]:
    """Versions and rejections by kind, from the proxy's admin interface; empty when it doesn't answer."""
    url = f"http://{pod.ip}:{ADMIN_PORT}/config_dump"
    timeout = aiohttp.ClientTimeout(total=_ADMIN_SECONDS)
    try:
        async with session.get(f"{url}?{_MASK}", timeout=timeout) as answer:
            answer.raise_for_status()
            dumps = (await answer.json())["configs"]
        async with session.get(f"{url}?resource=dynamic_route_configs", timeout=timeout) as answer:
            answer.raise_for_status()
            routes = (await answer.json()).get("configs", [])
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError):
        return {}, {}
    versions, errors = {}, {}
    for dump in dumps:
        kind = {"ClustersConfigDump": "cluster", "ListenersConfigDump": "listener"}.get(
            dump["@type"].rpartition(".")[2]
        )
        if kind is None:
            continue
        versions[kind] = dump.get("version_info", "")
        for item in [*dump.get("dynamic_listeners", []), *dump.get("dynamic_active_clusters", [])]:
            if details := (item.get("error_state") or {}).get("details"):
                errors[kind] = details
    by_name = sorted((route.get("route_config", {}).get("name", ""), route.get("version_info", "")) for route in routes)
    versions["route"] = ",".join(version for _, version in by_name)
    for route in routes:
        if details := (route.get("error_state") or {}).get("details"):
            errors["route"] = details
    return versions, errors


def _version(sent: Mapping[str, Sent], name: str) -> str:
    return sent[name].version if name in sent else ""


def _time(sent: Mapping[str, Sent], kind: str, routes: list[str]) -> str:
    files = {"listener": ["lds"], "route": routes}.get(kind, ["cds"])
    times = [sent[name].at for name in files if name in sent]
    return max(times).isoformat() if times else ""


def _exposition(state: State) -> str:
    numbers = state.numbers
    lines: list[str] = []
    for name, kind, value in (
        ("pilot_xds_pushes", "counter", numbers.pushes),
        ("pilot_total_xds_rejects", "counter", numbers.push_errors),
        ("pilot_conflict_objects", "gauge", numbers.problems),
        ("pilot_proxy_convergence_seconds", "gauge", round(numbers.push_seconds, 6)),
        ("pilot_xds", "gauge", sum(1 for _ in state.proxies())),
        ("citadel_server_success_cert_issuance_count", "counter", numbers.certificates),
    ):
        lines += [f"# TYPE {name} {kind}", f"{name} {value}"]
    lines += ["# TYPE istio_build gauge", f'istio_build{{component="pilot",tag="{ISTIO_VERSION}"}} 1', ""]
    return "\n".join(lines)
