"""Pairs that were once explained wrongly: (virtual host, connection manager's options, request)."""

from __future__ import annotations

from typing import Any

from tests.domain.proxy.generated import Json

INSIDE: Json = {
    "use_remote_address": True,
    "internal_address_config": {"cidr_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]},
}
"""A connection manager that takes everybody here for a client inside."""
_RED: Json = {"name": "red", "match": {"prefix": "/"}, "route": {"cluster": "red"}}


def _host(*routes: Json, **more: Any) -> Json:
    return {"name": "host", "domains": ["*"], "routes": list(routes), **more}


def _get(path: str, host: str = "a", **headers: str) -> Json:
    dashed = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"host": host, "path": path, "method": "GET", "headers": dashed}


_STREAM = _RED | {"route": {"cluster": "red", "timeout": "30s", "max_stream_duration": {"max_stream_duration": "20s"}}}
_NO_SLASH = {
    "name": "redirect",
    "match": {"prefix": "/"},
    "redirect": {"regex_rewrite": {"pattern": {"regex": "^/x"}, "substitution": "y"}},
}
_SCHEME = {"name": "redirect", "match": {"prefix": "/"}, "redirect": {"path_redirect": "/z"}}
_HTTPS = {"name": "redirect", "match": {"prefix": "/"}, "redirect": {"https_redirect": True}}
_EMPTY = {"name": "x-user", "present_match": False, "treat_missing_header_as_empty": True}
_ABSENT = _RED | {"match": {"prefix": "/", "headers": [_EMPTY]}}

KEPT: tuple[tuple[Json, Json, Json], ...] = (
    (_host(_RED), {"merge_slashes": True}, _get("//")),
    (_host(_RED), {"merge_slashes": True}, _get("//a///b//?c=//")),
    (_host(_RED, require_tls="ALL"), {}, _get("/x?y=1", "a:80")),
    (_host(_RED, require_tls="EXTERNAL_ONLY"), INSIDE, _get("/x")),
    (_host(_RED, require_tls="EXTERNAL_ONLY"), {}, _get("/x", x_envoy_internal="true")),
    (_host(_HTTPS), {}, _get("/x", "a:80")),
    (_host(_HTTPS), {}, _get("/x", "a:443")),
    (_host(_HTTPS), {}, _get("/x", "[::1]:80")),
    (_host(_STREAM), {}, _get("/x")),
    (_host(_STREAM), INSIDE, _get("/x", x_envoy_upstream_rq_timeout_ms="21000")),
    (_host(_RED), {}, _get("/x", x_envoy_upstream_rq_timeout_ms="21000")),
    (_host(_NO_SLASH), {}, _get("/x")),
    (_host(_SCHEME), {}, _get("/x?a", x_forwarded_proto="https")),
    (_host(_SCHEME), {"use_remote_address": True}, _get("/x?a", x_forwarded_proto="https")),
    (_host(_SCHEME), {}, _get("/x?a", content_type="application/grpc")),
    (_host(_ABSENT), {}, _get("/x")),
    (_host(_RED), {"normalize_path": True}, _get("/%61/./b/../c%2e%7E%2F/..")),
    (_host(_RED), {"normalize_path": True}, _get("/a/%2e%2e/b//c/")),
    (_host(_RED), {"path_with_escaped_slashes_action": "REJECT_REQUEST"}, _get("/a%2Fb")),
    (_host(_RED), {"strip_trailing_host_dot": True, "strip_any_host_port": True}, _get("/", "a.b.:80")),
)
