"""The control plane's own HTTP server, as istiod has one on 15014: readiness, what each proxy was sent and runs, and
metrics."""

from __future__ import annotations

import asyncio
import json
import re
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
_RESOURCES = {
    "cluster": "dynamic_active_clusters",
    "listener": "dynamic_listeners",
    "route": "dynamic_route_configs",
    "endpoint": "dynamic_active_clusters",
}
_VERSION = re.compile(r'^(\S+)\.version_text: "(.*)"$', re.MULTILINE)


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
    nothing. Endpoints are sent inside clusters."""
    running = await _running(session, pod)
    routes = sorted(name for name in sent if name.startswith("rds."))
    entry: dict[str, Any] = {
        "cluster_id": CLUSTER,
        "proxy": f"{pod.name}.{pod.namespace}",
        "proxy_type": "router" if pod.is_gateway else "sidecar",
        "proxy_version": ISTIO_VERSION,
        "istio_version": ISTIO_VERSION,
        "resources": {},
    }
    for kind, files in {"cluster": ["cds"], "listener": ["lds"], "route": routes, "endpoint": ["cds"]}.items():
        version = ",".join(_version(sent, name) for name in files)
        acked = ",".join(running.get(name, "") for name in files)
        refused = running and acked != version
        entry |= {f"{kind}_sent": version, f"{kind}_acked": acked}
        entry["resources"][_TYPES[kind]] = {
            "sent": version,
            "acked": acked,
            "sentTime": max((sent[name].at.isoformat() for name in files if name in sent), default=""),
            "lastError": await _rejections(session, pod, _RESOURCES[kind]) if refused else "",
        }
    return entry


async def _running(session: aiohttp.ClientSession, pod: Pod) -> dict[str, str]:
    """What the proxy runs, by file (`cds`, `lds`, `rds.outbound`), as its admin interface says; empty when it doesn't
    answer."""
    text = await _ask(session, pod, "/stats?filter=version_text")
    return {_file(match[1]): match[2] for match in _VERSION.finditer(text or "")}


def _file(stat: str) -> str:
    """The file whose version a statistic tells."""
    if ".rds." in stat:
        return "rds." + stat.partition(".rds.")[2]
    return stat.rpartition(".")[2]


async def _rejections(session: aiohttp.ClientSession, pod: Pod, resource: str) -> str:
    """Why the proxy refused what it was last sent of a resource."""
    text = await _ask(session, pod, f"/config_dump?resource={resource}")
    try:
        items = json.loads(text or "{}").get("configs", [])
    except ValueError:
        return ""
    errors = [(item.get("error_state") or {}).get("details") for item in items]
    return "; ".join(error for error in errors if error)


async def _ask(session: aiohttp.ClientSession, pod: Pod, path: str) -> str | None:
    timeout = aiohttp.ClientTimeout(total=_ADMIN_SECONDS)
    try:
        async with session.get(f"http://{pod.ip}:{ADMIN_PORT}{path}", timeout=timeout) as answer:
            answer.raise_for_status()
            return await answer.text()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None


def _version(sent: Mapping[str, Sent], name: str) -> str:
    return sent[name].version if name in sent else ""


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
