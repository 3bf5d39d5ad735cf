"""The pages of an Envoy's admin interface that MeshUI may read. Everything else stays closed: the same port can also
drain listeners and quit the proxy.
Source: https://www.envoyproxy.io/docs/envoy/latest/operations/admin
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from meshui.domain.failures import Code, Failure

ALLOWED: dict[str, frozenset[str]] = {
    "/certs": frozenset(),
    "/clusters": frozenset({"format", "filter"}),
    "/config_dump": frozenset({"resource", "mask", "name_regex", "include_eds"}),
    "/debug/syncz": frozenset(),
    "/listeners": frozenset({"format"}),
    "/memory": frozenset(),
    "/ready": frozenset(),
    "/server_info": frozenset(),
    "/stats": frozenset({"format", "filter", "usedonly", "type", "histogram_buckets"}),
    "/stats/prometheus": frozenset({"filter", "usedonly"}),
}
"""Path -> query parameters that it may have. `/debug/syncz` is istiod's."""
LEVELS = ("trace", "debug", "info", "warning", "error", "critical", "off")


def logging_path(logger: str = "", level: str = "") -> str:
    """The one page that is POSTed to: without arguments it lists the loggers and changes nothing. `logger` is "" for
    all. Raises Failure(INVALID)."""
    if not level:
        return "/logging"
    if level not in LEVELS:
        raise Failure(
            Code.INVALID, "There is no such level", fields={"level": f"This must be one of {', '.join(LEVELS)}."}
        )
    if not re.fullmatch(r"[a-z0-9_]{0,64}", logger):
        raise Failure(Code.INVALID, "There is no such logger", fields={"logger": "There is no such logger."})
    return f"/logging?{logger or 'level'}={level}"


def check_path(path: str) -> str:
    """The path, when it may be read. Raises Failure(UNSUPPORTED)."""
    parts = urlsplit(path)
    parameters = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.scheme or parts.netloc or parts.path not in ALLOWED or not parameters <= ALLOWED[parts.path]:
        raise Failure(Code.UNSUPPORTED, f"{path!r} is not a page of a proxy that MeshUI reads")
    if not path.isprintable() or " " in path:
        raise Failure(Code.UNSUPPORTED, f"{path!r} is not a page of a proxy that MeshUI reads")
    return path
