"""Every environment variable MeshUI reads, typed. A bad value raises at start and names its variable.

`read(os.environ)` is called once per process, by settings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

EnvoyAdmin = Literal["pod-ip", "port-forward", "none"]

_T = TypeVar("_T")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_REPOSITORY = Path(__file__).resolve().parent.parent


class BadEnvironmentError(ValueError):
    """A variable that can't be used: which one, and what was expected of it."""

    def __init__(self, variable: str, expected: str, value: str | None = None) -> None:
        got = "it is not set" if value is None else f"it is {value!r}"
        super().__init__(f"{variable} must be {expected}; {got}")
        self.variable = variable
        self.expected = expected


class Window(msgspec.Struct, frozen=True):
    """A span over which rates are taken: 60 seconds is called "1m"."""

    seconds: int
    label: str


class Environment(msgspec.Struct, frozen=True):
    """What the environment says. Each field is named as its variable, without the prefix."""

    secret_key: str
    debug: bool
    allowed_hosts: tuple[str, ...]
    database_url: str
    redis_url: str
    state: Path
    """Folder for everything that is written to disk."""
    demo: bool
    windows: tuple[Window, ...]
    """The first one is the default."""
    poll_telemetry_seconds: float
    poll_inventory_seconds: float
    poll_proxies_seconds: float
    ring_dense_minutes: float
    """How long every snapshot is kept for replay; after that one a minute."""
    ring_hours: float
    ring_megabytes: float
    """Of one cluster and window, in Redis."""
    replay_days: float
    """How far back the past may be asked of Prometheus."""
    cluster: str
    """Name of the cluster that these variables describe."""
    kubeconfig: str | None
    """A path (or several, joined by the path separator); None: the service account of the pod, or ~/.kube/config."""
    kube_context: str | None
    prometheus_url: str
    prometheus_token: str | None
    prometheus_headers: dict[str, str]
    envoy_admin: EnvoyAdmin
    envoy_admin_urls: dict[str, str]
    """Name -> admin address of proxies that are no pods of the cluster."""
    demo_control_url: str | None
    health_file: Path | None
    """Limits for errors; None: the defaults and annotations only."""

    @property
    def default_window(self) -> Window:
        """The window of a viewer who asked for none."""
        return self.windows[0]


def read(variables: Mapping[str, str]) -> Environment:
    """The environment as MeshUI understands it. Raises BadEnvironmentError."""
    state = Path(variables.get("MESHUI_STATE") or _REPOSITORY / ".meshui" / "demo").expanduser().absolute()
    debug = _value(variables, "MESHUI_DEBUG", _boolean, False)
    demo = _value(variables, "MESHUI_DEMO", _boolean, False)
    return Environment(
        secret_key=_secret(variables, needed=not (debug or demo)),
        debug=debug,
        allowed_hosts=_value(variables, "MESHUI_ALLOWED_HOSTS", _names, ("localhost", "127.0.0.1", "[::1]")),
        database_url=_value(variables, "DATABASE_URL", _database, f"sqlite:///{state / 'meshui.sqlite3'}"),
        redis_url=_value(variables, "REDIS_URL", _redis, "redis://127.0.0.1:6379/0"),
        state=state,
        demo=demo,
        windows=_value(variables, "MESHUI_WINDOWS", _windows, _windows("1m,5m,15m,1h")),
        poll_telemetry_seconds=_value(variables, "MESHUI_POLL_TELEMETRY_SECONDS", _seconds, 5.0),
        poll_inventory_seconds=_value(variables, "MESHUI_POLL_INVENTORY_SECONDS", _seconds, 5.0),
        poll_proxies_seconds=_value(variables, "MESHUI_POLL_PROXIES_SECONDS", _seconds, 10.0),
        ring_dense_minutes=_value(variables, "MESHUI_RING_DENSE_MINUTES", _number(1, 24 * 60), 10.0),
        ring_hours=_value(variables, "MESHUI_RING_HOURS", _number(0.1, 7 * 24), 6.0),
        ring_megabytes=_value(variables, "MESHUI_RING_MEGABYTES", _number(1, 10_000), 48.0),
        replay_days=_value(variables, "MESHUI_REPLAY_DAYS", _number(0.01, 400), 7.0),
        cluster=_value(variables, "MESHUI_CLUSTER", _cluster, "default"),
        kubeconfig=variables.get("KUBECONFIG") or None,
        kube_context=variables.get("MESHUI_KUBE_CONTEXT") or None,
        prometheus_url=_value(variables, "PROMETHEUS_URL", _http, "http://127.0.0.1:9090"),
        prometheus_token=variables.get("PROMETHEUS_TOKEN") or None,
        prometheus_headers=_value(variables, "PROMETHEUS_HEADERS", _headers, {}),
        envoy_admin=_value(variables, "MESHUI_ENVOY_ADMIN", _envoy_admin, "none"),
        envoy_admin_urls=_value(variables, "MESHUI_ENVOY_ADMIN_URLS", _admin_urls, {}),
        demo_control_url=_value(variables, "MESHUI_DEMO_CONTROL_URL", _http, None),
        health_file=_value(variables, "MESHUI_HEALTH_FILE", _path, None),
    )


def _value(variables: Mapping[str, str], name: str, parse: Callable[[str], _T], default: _T) -> _T:
    text = variables.get(name)
    if text is None or not text.strip():
        return default
    try:
        return parse(text.strip())
    except _Expected as problem:
        raise BadEnvironmentError(name, problem.expected, text) from None


class _Expected(Exception):  # noqa: N818 - a parser's answer to `_value`
    def __init__(self, expected: str) -> None:
        self.expected = expected


def _secret(variables: Mapping[str, str], *, needed: bool) -> str:
    text = variables.get("MESHUI_SECRET_KEY", "")
    if needed and len(text) < 32:
        expected = "a random text of at least 32 characters (sessions are signed with it)"
        # A secret's value stays out of the message.
        raise BadEnvironmentError("MESHUI_SECRET_KEY", expected, f"{len(text)} characters long" if text else None)
    return text or "meshui-development-key-not-for-production-use"


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise _Expected("1 or 0")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _url(text: str, schemes: tuple[str, ...], expected: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise _Expected(expected) from None
    if parts.scheme not in schemes or not (parts.hostname or parts.scheme in {"unix", "sqlite"}):
        raise _Expected(expected)
    return text


def _http(text: str) -> str:
    return _url(text, ("http", "https"), "an http:// or https:// address").rstrip("/")


def _redis(text: str) -> str:
    return _url(text, ("redis", "rediss", "unix"), "an address like redis://host:6379/0")


def _database(text: str) -> str:
    schemes = ("sqlite", "postgres", "postgresql")
    return _url(text, schemes, "an address like postgresql://user:password@host:5432/name or sqlite:////path/file")


def _windows(text: str) -> tuple[Window, ...]:
    windows: list[Window] = []
    for label in _names(text):
        match = re.fullmatch(r"(\d{1,6})([smhd])", label)
        seconds = int(match[1]) * _UNITS[match[2]] if match else 0
        if not 5 <= seconds <= 7 * 86400:
            raise _Expected("spans such as 1m,5m,1h, separated by commas, each from 5s to 7d")
        if seconds not in {window.seconds for window in windows}:
            windows.append(Window(seconds=seconds, label=label))
    if not windows:
        raise _Expected("spans such as 1m,5m,1h, separated by commas")
    return tuple(windows)


def _seconds(text: str) -> float:
    expected = "a number of seconds from 0.5 to 3600"
    try:
        seconds = float(text)
    except ValueError:
        raise _Expected(expected) from None
    if not 0.5 <= seconds <= 3600:
        raise _Expected(expected)
    return seconds


def _number(least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        expected = f"a number from {least:g} to {most:g}"
        try:
            value = float(text)
        except ValueError:
            raise _Expected(expected) from None
        if not least <= value <= most:
            raise _Expected(expected)
        return value

    return number


def _cluster(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", text):
        raise _Expected("letters, digits, '-', '_' and '.', at most 63 characters")
    return text


def _headers(text: str) -> dict[str, str]:
    expected = 'a JSON object of texts, like {"X-Scope-OrgID": "team"}'
    try:
        headers = json.loads(text)
    except ValueError:
        raise _Expected(expected) from None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise _Expected(expected)
    if any("\n" in name + value or "\r" in name + value for name, value in headers.items()):
        raise _Expected(expected)
    return headers


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _envoy_admin(text: str) -> EnvoyAdmin:
    match text:
        case "pod-ip" | "port-forward" | "none":
            return text
    raise _Expected("pod-ip, port-forward or none")


def _admin_urls(text: str) -> dict[str, str]:
    expected = "NAME=http://HOST:PORT pairs, separated by commas, such as edge-1=http://10.0.0.7:9901"
    found: dict[str, str] = {}
    for pair in _names(text):
        name, _, url = pair.partition("=")
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", name):
            raise _Expected(expected)
        found[name] = _url(url, ("http", "https"), expected).rstrip("/")
    return found
