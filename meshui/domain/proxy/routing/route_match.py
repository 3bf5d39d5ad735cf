"""Whether a route takes a request, and if not, why.

Source: envoy/config/route/v3/route_components.proto, RouteMatch. Paths are compared without query and fragment.
"""

from __future__ import annotations

from meshui.domain.proxy.routing.check import HOLDS, Check, every, fails, unknown
from meshui.domain.proxy.routing.matchers import (
    check_header,
    check_query,
    header_said,
    query_said,
    regex_matches,
)
from meshui.domain.proxy.routing.request import Request, query_parameters
from meshui.domain.proxy.routing.template import matches as template_matches
from meshui.domain.proxy.routing.template import template_of
from meshui.domain.proxy.values import Raw, flag, record, records, share, text

_KNOWN = frozenset(
    (
        *("prefix", "path", "safe_regex", "path_separated_prefix", "path_match_policy", "connect_matcher"),
        *("case_sensitive", "runtime_fraction", "headers", "query_parameters", "grpc", "tls_context"),
    )
)


def check_route(match: Raw, request: Request) -> Check:
    """Whether the route with this RouteMatch takes the request: for what share of requests, and why not."""
    fraction = record(match, "runtime_fraction")
    checks = [_path(match, request)]
    if checks[0].fails:
        return checks[0]
    if fraction:
        checks.append(_runtime(fraction))
    if "grpc" in match:
        checks.append(HOLDS if request.grpc else fails("the request is not gRPC"))
    checks += [check_header(one, request) for one in records(match, "headers")]
    if wanted := records(match, "query_parameters"):
        parameters = query_parameters(request.path)
        checks += [check_query(one, parameters) for one in wanted]
    if tls := record(match, "tls_context"):
        checks += _tls(tls, request)
    checks += [unknown(f"{name} decides too, which is not known here") for name in match if name not in _KNOWN]
    return every(checks)


def match_said(match: Raw) -> str:
    """A RouteMatch in words: `path begins with /v1, header x-user is "jason"`."""
    any_case = "" if flag(match, "case_sensitive", default=True) else " in any case"
    template = template_of(match)
    if "prefix" in match:
        prefix = text(match, "prefix")
        parts = ["any path" if prefix in ("", "/") else f"path begins with {prefix}{any_case}"]
    elif "path" in match:
        parts = [f"path is {text(match, 'path')}{any_case}"]
    elif "safe_regex" in match:
        parts = [f"path matches the regex {text(match, 'safe_regex', 'regex')}"]
    elif "path_separated_prefix" in match:
        parts = [f"path is or is below {text(match, 'path_separated_prefix')}{any_case}"]
    elif template is not None:
        parts = [f"path is like {template}"]
    elif "connect_matcher" in match:
        parts = ["CONNECT"]
    else:
        parts = ["any path" if not match.get("path_match_policy") else "a path policy of an unknown kind"]
    if fraction := record(match, "runtime_fraction"):
        parts.append(f"{_percent(share(record(fraction, 'default_value')))} of the requests")
    if "grpc" in match:
        parts.append("gRPC only")
    parts += [f"header {header_said(one)}" for one in records(match, "headers")]
    parts += [query_said(one) for one in records(match, "query_parameters")]
    parts += [name for name in match if name not in _KNOWN or name == "tls_context"]
    return ", ".join(parts)


def matched_part(match: Raw, path: str) -> str:
    """The part of the path (without query) that a prefix rewrite replaces."""
    for field in ("prefix", "path_separated_prefix"):
        if field in match:
            return path[: len(text(match, field))]
    return path


def _path(match: Raw, request: Request) -> Check:
    path = request.plain_path
    exact = flag(match, "case_sensitive", default=True)
    compared = path if exact else path.lower()

    def wanted(field: str) -> str:
        return text(match, field) if exact else text(match, field).lower()

    if request.method == "CONNECT" and "connect_matcher" not in match:
        return fails("the request is a CONNECT")
    if "prefix" in match:
        if compared.startswith(wanted("prefix")):
            return HOLDS
        return fails(f"the path does not begin with {text(match, 'prefix')}")
    if "path" in match:
        return HOLDS if compared == wanted("path") else fails(f"the path is not {text(match, 'path')}")
    if "safe_regex" in match:
        expression = text(match, "safe_regex", "regex")
        found = regex_matches(expression, path)
        if found is None:
            return unknown(f"the regex {expression} can't be read")
        return HOLDS if found else fails(f"the path does not match the regex {expression}")
    if "path_separated_prefix" in match:
        prefix = wanted("path_separated_prefix")
        if compared == prefix or compared.startswith(f"{prefix}/"):
            return HOLDS
        return fails(f"the path is not {text(match, 'path_separated_prefix')} or below it")
    if "connect_matcher" in match:
        return HOLDS if request.method == "CONNECT" else fails("the request is no CONNECT")
    template = template_of(match)
    if template is not None:
        found = template_matches(template, path)
        if found is None:
            return unknown(f"the template {template} can't be read")
        return HOLDS if found else fails(f"the path is not like {template}")
    if "path_match_policy" in match:
        return unknown("its path policy is of a kind that is not known here")
    return HOLDS


def _runtime(fraction: Raw) -> Check:
    part = share(record(fraction, "default_value"))
    key = text(fraction, "runtime_key")
    if part >= 1.0:
        return HOLDS
    reason = f"it takes {_percent(part)} of the requests" + (f" (unless the runtime sets {key})" if key else "")
    return Check(part, reason)


def _tls(context: Raw, request: Request) -> list[Check]:
    checks = []
    for field, what in (("presented", "presents a certificate"), ("validated", "has a valid certificate")):
        if field not in context:
            continue
        if request.tls:
            checks.append(unknown(f"whether the client {what} decides"))
        else:
            without = not flag(context, field)
            checks.append(HOLDS if without else fails(f"the client {what} only over TLS, and speaks plain text"))
    return checks


def _percent(part: float) -> str:
    return f"{part * 100:.4g}%"
