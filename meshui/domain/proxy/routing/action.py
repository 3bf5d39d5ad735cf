"""What a route makes of a request: clusters and their chances, rewrites, redirects, answers of its own, timeouts.

Source: envoy/config/route/v3/route_components.proto, RouteAction, RedirectAction, DirectResponseAction.
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from meshui.domain.proxy.routing.matchers import replaced
from meshui.domain.proxy.routing.request import Request
from meshui.domain.proxy.routing.route_match import matched_part
from meshui.domain.proxy.routing.template import rewrite_of, rewritten, template_of
from meshui.domain.proxy.values import Raw, flag, record, records, seconds, share, text, whole

DEFAULT_TIMEOUT = 15.0
"""Seconds, where a route says nothing."""
_REDIRECT_CODES = {"FOUND": 302, "SEE_OTHER": 303, "TEMPORARY_REDIRECT": 307, "PERMANENT_REDIRECT": 308}


class Target(msgspec.Struct, frozen=True, gc=False):
    """A cluster that a route sends to, and for which share of its requests. `cluster` is "" where a header or plugin
    names it and that header isn't there; `how` says so."""

    cluster: str
    weight: int | None
    share: float
    how: str = ""


class MirrorTarget(msgspec.Struct, frozen=True):
    """A cluster that gets copies, and of which share of the requests."""

    cluster: str
    share: float


class Redirect(msgspec.Struct, frozen=True):
    """An answer that sends the client elsewhere."""

    status: int
    location: str


class DirectResponse(msgspec.Struct, frozen=True):
    """An answer that Envoy gives itself."""

    status: int
    body: str


class Timeouts(msgspec.Struct, frozen=True):
    """In ms; None: none. `expected_ms` is what the upstream is told (x-envoy-expected-rq-timeout-ms)."""

    request_ms: int | None
    per_try_ms: int | None
    expected_ms: int | None
    reason: str
    stream_ms: int | None = None
    """How long the whole stream may last (max_stream_duration), which a route may have in place of a timeout."""


class Retries(msgspec.Struct, frozen=True):
    """`on`: the conditions; `attempts`: how many further tries at most."""

    on: str
    attempts: int
    per_try_ms: int | None
    codes: tuple[int, ...]


def targets(action: Raw, request: Request | None = None) -> tuple[Target, ...]:
    """The clusters of a RouteAction. `request` is for those that a header names."""
    if "cluster" in action:
        return (Target(text(action, "cluster"), None, 1.0),)
    if name := text(action, "cluster_header"):
        return (_from_header(name, request, None, 1.0),)
    if weighted := record(action, "weighted_clusters"):
        found = records(weighted, "clusters")
        weights = [max(0, whole(one, "weight") or 0) for one in found]
        total = sum(weights)
        return tuple(
            Target(text(one, "name"), weight, weight / total if total else 0.0)
            if "name" in one
            else _from_header(text(one, "cluster_header"), request, weight, weight / total if total else 0.0)
            for one, weight in zip(found, weights, strict=True)
        )
    if "cluster_specifier_plugin" in action or "inline_cluster_specifier_plugin" in action:
        return (Target("", None, 1.0, "a cluster specifier plugin chooses"),)
    return ()


def _from_header(name: str, request: Request | None, weight: int | None, part: float) -> Target:
    value = request.header(name.lower()) if request is not None else None
    return Target(value or "", weight, part, f"the header {name} names it")


def mirrors(action: Raw, virtual_host: Raw) -> tuple[MirrorTarget, ...]:
    """Where copies go; a route's own policies replace its virtual host's."""
    policies = records(action, "request_mirror_policies") or records(virtual_host, "request_mirror_policies")
    if not policies:
        return ()
    found = []
    for policy in policies:
        fraction = record(policy, "runtime_fraction")
        part = share(record(fraction, "default_value")) if fraction else 1.0
        name = text(policy, "cluster") or f"(named by the header {text(policy, 'cluster_header')})"
        found.append(MirrorTarget(name, part))
    return tuple(found)


def rewritten_path(match: Raw, action: Raw, request: Request) -> str | None:
    """The path that the upstream sees, with its query; None when the route leaves it as it is."""
    plain = request.plain_path
    rest = request.path[len(plain) :]
    if prefix := text(action, "prefix_rewrite"):
        return prefix + plain[len(matched_part(match, plain)) :] + rest
    if expression := record(action, "regex_rewrite"):
        return _substituted(expression, plain) + rest
    template, matching = rewrite_of(action), template_of(match)
    if template is not None and matching is not None:
        new = rewritten(matching, template, plain)
        return None if new is None else new + rest
    return None


def rewritten_host(action: Raw, request: Request) -> tuple[str | None, str]:
    """(the authority that the upstream sees, what decides it); None with a reason where the endpoint decides, None and
    "" when the route leaves it as it is."""
    if literal := text(action, "host_rewrite_literal") or text(action, "host_rewrite"):
        return literal, "host_rewrite_literal"
    if header := text(action, "host_rewrite_header") or text(action, "auto_host_rewrite_header"):
        return request.header(header.lower()), f"the header {header}"
    if expression := record(action, "host_rewrite_path_regex"):
        return _substituted(expression, request.plain_path), "a regex on the path"
    if flag(action, "auto_host_rewrite"):
        return None, "the name of the endpoint that is chosen (auto_host_rewrite)"
    return None, ""


def redirect(match: Raw, action: Raw, request: Request) -> Redirect:
    """Where a RedirectAction sends the client."""
    scheme = text(action, "scheme_redirect") or ("https" if flag(action, "https_redirect") else request.scheme)
    port = whole(action, "port_redirect") or 0
    host = text(action, "host_redirect") or _host_kept(request, scheme, bool(port))
    path = request.path.partition("#")[0]
    kept_query = "" if flag(action, "strip_query") else request.query
    if wanted := text(action, "path_redirect"):
        path = wanted if "?" in wanted else wanted.partition("#")[0] + kept_query
    else:
        plain = request.plain_path
        if prefix := text(action, "prefix_rewrite"):
            plain = prefix + plain[len(matched_part(match, plain)) :]
        elif expression := record(action, "regex_rewrite"):
            plain = _substituted(expression, plain)
        path = (plain if plain.startswith("/") else f"/{plain}") + kept_query
    code = action.get("response_code")
    status = _REDIRECT_CODES.get(code if isinstance(code, str) else "", 301)
    return Redirect(status, f"{scheme}://{host}{f':{port}' if port else ''}{path}")


def tls_redirect(request: Request) -> Redirect:
    """Where a virtual host that requires TLS sends plain HTTP."""
    return Redirect(301, f"https://{request.host}{request.path}")


def direct_response(action: Raw) -> DirectResponse:
    """What a DirectResponseAction answers."""
    body = record(action, "body")
    inline = text(body, "inline_string") or ("(bytes)" if text(body, "inline_bytes") else "")
    return DirectResponse(whole(action, "status") or 0, inline or (f"(from {text(body, 'filename')})" if body else ""))


def retries(action: Raw, virtual_host: Raw) -> Retries | None:
    """The retry policy in force: the route's, else the virtual host's; None: no retries."""
    policy = record(action, "retry_policy") or record(virtual_host, "retry_policy")
    on = text(policy, "retry_on")
    attempts = whole(policy, "num_retries")
    codes = policy.get("retriable_status_codes")
    if not policy or not on or attempts == 0:
        return None
    return Retries(
        on=on,
        attempts=1 if attempts is None else attempts,
        per_try_ms=_milliseconds(seconds(policy, "per_try_timeout")),
        codes=tuple(one for one in codes if isinstance(one, int)) if isinstance(codes, list) else (),
    )


def timeouts(action: Raw, virtual_host: Raw, request: Request) -> Timeouts:
    """The time that the upstream has, as the router computes it: the route's timeout (15 s by default, 0: none; none
    with a max_stream_duration), for gRPC what the client's grpc-timeout says where the route heeds it; the headers
    x-envoy-upstream-rq-timeout-ms and x-envoy-upstream-rq-per-try-timeout-ms win."""
    given = seconds(action, "timeout")
    total = _milliseconds(DEFAULT_TIMEOUT if given is None else given) or 0
    reason = "Envoy's default" if given is None else "the route"
    policy = record(action, "retry_policy") or record(virtual_host, "retry_policy")
    per_try = _milliseconds(seconds(policy, "per_try_timeout")) or 0
    stream_ms = None
    asked = _grpc_timeout(request.header("grpc-timeout")) if request.grpc else None
    if "max_stream_duration" in action:
        total, reason, stream_ms = 0, "the route limits the stream instead", _stream_ms(action, asked)
    elif request.grpc and (longest := seconds(action, "max_grpc_timeout")) is not None:
        limit = _milliseconds(longest) or 0
        total = min(asked, limit) if asked and limit else asked or limit
        reason = "the client's grpc-timeout, as far as the route lets it"
    if (header := _header_ms(request, "x-envoy-upstream-rq-timeout-ms")) is not None:
        total, reason = header, "the header x-envoy-upstream-rq-timeout-ms"
    if (header := _header_ms(request, "x-envoy-upstream-rq-per-try-timeout-ms")) is not None:
        per_try = header
    if per_try >= total and total:
        per_try = 0
    expected = per_try or total
    return Timeouts(total or None, per_try or None, expected or None, reason, stream_ms)


def status_text(status: int) -> str:
    """ "503 Service Unavailable"."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _host_kept(request: Request, scheme: str, has_port: bool) -> str:
    """The request's own host; its port goes where another is set, and where it is the default of a scheme that is
    left."""
    host, colon, port = request.host.rpartition(":")
    if not colon or not port.isdigit() or ("]" not in host and ":" in host):
        return request.host
    default = {"http": "80", "https": "443"}.get(request.scheme)
    if has_port or (scheme != request.scheme and port == default):
        return host
    return request.host


def _substituted(expression: Raw, value: str) -> str:
    return replaced(text(expression, "pattern", "regex"), text(expression, "substitution"), value)


def _milliseconds(duration: float | None) -> int | None:
    return None if duration is None else round(duration * 1000)


def _header_ms(request: Request, name: str) -> int | None:
    value = request.header(name)
    return int(value) if value is not None and value.isascii() and value.isdigit() else None


_GRPC_UNITS = {"H": 3_600_000.0, "M": 60_000.0, "S": 1000.0, "m": 1.0, "u": 0.001, "n": 0.000_001}


def _stream_ms(action: Raw, asked: int | None) -> int | None:
    stream = record(action, "max_stream_duration")
    longest = seconds(stream, "grpc_timeout_header_max")
    if asked is not None and longest is not None:
        limit = _milliseconds(longest) or 0
        return min(asked, limit) if limit else asked
    return _milliseconds(seconds(stream, "max_stream_duration")) or None


def _grpc_timeout(value: str | None) -> int | None:
    if not value or value[-1] not in _GRPC_UNITS or not value[:-1].isdigit() or len(value) > 9:
        return None
    return int(-(-float(value[:-1]) * _GRPC_UNITS[value[-1]] // 1))
