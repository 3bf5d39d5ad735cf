"""What the HTTP connection manager makes of a request before it is routed.

Source: envoy/extensions/filters/network/http_connection_manager/v3: normalize_path, merge_slashes, the stripping of
ports, and path_with_escaped_slashes_action.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

import msgspec

from meshui.domain.proxy.routing.request import Request, without_query
from meshui.domain.proxy.routing.virtual_hosts import without_port_if_any
from meshui.domain.proxy.values import Raw, flag, records, text, whole

Stop = Literal["", "refused", "redirected"]
_INTERNAL_ONLY = (
    *("x-envoy-retriable-status-codes", "x-envoy-retriable-header-names", "x-envoy-retry-on", "x-envoy-retry-grpc-on"),
    *("x-envoy-max-retries", "x-envoy-upstream-alt-stat-name", "x-envoy-upstream-rq-timeout-ms"),
    *("x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-upstream-rq-timeout-alt-response"),
    *("x-envoy-expected-rq-timeout-ms", "x-envoy-force-trace", "x-envoy-ip-tags", "x-envoy-original-url"),
    "x-envoy-hedge-on-per-try-timeout",
)
"""Headers that only clients inside may send: they are taken off other requests."""
_ESCAPED_SLASH = re.compile(r"%2f|%5c", re.IGNORECASE)
_ESCAPED = re.compile(r"%([0-9a-fA-F]{2})")
_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/%[]^|")


class Normalized(msgspec.Struct, frozen=True):
    """The request as the router gets it, what was changed, and whether it is stopped before (`stop`: 400, or 307 to the
    cleaned path)."""

    request: Request
    changes: tuple[str, ...]
    stop: Stop = ""


def normalized(manager: Raw, request: Request, port: int) -> Normalized:
    """The request after the connection manager's own rules; `port` is the listener's."""
    changes: list[str] = []
    host = request.host
    if flag(manager, "strip_trailing_host_dot"):
        bare = without_port_if_any(host)
        host = bare.rstrip(".") + host[len(bare) :]
    bare = without_port_if_any(host)
    if flag(manager, "strip_any_host_port") or (
        flag(manager, "strip_matching_host_port") and host[len(bare) :] == f":{port}"
    ):
        host = bare
    if host != request.host:
        changes.append(f"the authority becomes {host}")
    plain = without_query(request.path)
    rest = request.path[len(plain) :]
    path, stop = _escaped_slashes(manager, plain)
    if flag(manager, "normalize_path"):
        path = canonical(path)
    if flag(manager, "merge_slashes"):
        path = merged_slashes(path)
    if path != plain:
        changes.append(f"the path becomes {path}")
    headers = request.headers
    if flag(manager, "use_remote_address") and "x-forwarded-proto" in headers:
        changes.append("x-forwarded-proto is taken off: this proxy trusts no one before it")
        headers = {name: value for name, value in headers.items() if name != "x-forwarded-proto"}
    headers = {name: value for name, value in headers.items() if name != "x-envoy-internal"}
    if is_internal(manager, request):
        headers["x-envoy-internal"] = "true"
    elif any(name in headers for name in _INTERNAL_ONLY):
        changes += [f"{name} is taken off: the request is not internal" for name in _INTERNAL_ONLY if name in headers]
        headers = {name: value for name, value in headers.items() if name not in _INTERNAL_ONLY}
    clean = msgspec.structs.replace(request, host=host, path=path + rest, headers=headers)
    return Normalized(clean, tuple(changes), stop)


def is_internal(manager: Raw, request: Request) -> bool:
    """Whether Envoy trusts the request as one from inside: its one address (the connection's with use_remote_address,
    else x-forwarded-for's) is in `internal_address_config`."""
    forwarded = [one.strip() for one in request.headers.get("x-forwarded-for", "").split(",") if one.strip()]
    if flag(manager, "use_remote_address"):
        trusted = "" if forwarded else request.source_ip
    else:
        trusted = forwarded[0] if len(forwarded) == 1 else ""
    try:
        address = ipaddress.ip_address(trusted)
        ranges = [
            ipaddress.ip_network(f"{text(one, 'address_prefix')}/{whole(one, 'prefix_len') or 0}", strict=False)
            for one in records(manager, "internal_address_config", "cidr_ranges")
        ]
    except ValueError:
        return False
    return any(address in one for one in ranges if one.version == address.version)


def canonical(path: str) -> str:
    """The path by RFC 3986 as Envoy's URL library does it: letters that need no escape are unescaped, `.` and `..` go,
    backslashes become slashes."""

    def unescape(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character.isascii() and (character.isalnum() or character in "-._~") else match[0]

    path = _ESCAPED.sub(unescape, path.replace("\\", "/"))
    path = "".join(one if ord(one) in _KEPT else "".join(f"%{byte:02X}" for byte in one.encode()) for one in path)
    segments = path.split("/")[1:]
    kept: list[str] = []
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
            continue
        if last:
            kept.append("")
    return "/" + "/".join(kept)


def merged_slashes(path: str) -> str:
    """The path with single slashes; one of nothing but slashes becomes "//", as Envoy does it."""
    if "//" not in path:
        return path
    return "/" + "/".join(part for part in path.split("/") if part) + ("/" if path.endswith("/") else "")


def _escaped_slashes(manager: Raw, path: str) -> tuple[str, Stop]:
    if not _ESCAPED_SLASH.search(path):
        return path, ""

    def unescape(match: re.Match[str]) -> str:
        return "/" if match[0].lower() == "%2f" else "\\"

    match text(manager, "path_with_escaped_slashes_action"):
        case "REJECT_REQUEST":
            return path, "refused"
        case "UNESCAPE_AND_REDIRECT":
            return _ESCAPED_SLASH.sub(unescape, path), "redirected"
        case "UNESCAPE_AND_FORWARD":
            return _ESCAPED_SLASH.sub(unescape, path), ""
    return path, ""
