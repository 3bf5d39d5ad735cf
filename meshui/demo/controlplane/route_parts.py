"""The parts of an Envoy route that stand for themselves: what a VirtualService rule says of matching, headers,
rewrites, redirects, retries and faults, without looking at the mesh. All raise UnusableError naming `where`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshui.demo.controlplane.manifests import UnusableError, duration, number, regex
from meshui.demo.envoy.files import Resource

DEFAULT_RETRIES = {
    "retry_on": "connect-failure,refused-stream,unavailable,cancelled",
    "num_retries": 2,
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": "5",
}
"""Istio's default retry policy."""
_FAULT = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"
_REDIRECTS = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}


def route_match(match: Mapping[str, Any], where: str) -> Resource:
    """HTTPMatchRequest without what is settled beforehand (gateways, port, source)."""
    found: Resource = {"prefix": "/"}
    if uri := match.get("uri"):
        if "exact" in uri:
            found = {"path": uri["exact"]}
        elif "prefix" in uri:
            found = {"prefix": uri["prefix"]}
        else:
            found = {"safe_regex": regex(uri.get("regex"), f"{where}.uri.regex")}
        if match.get("ignoreUriCase") and "safe_regex" not in found:
            found["case_sensitive"] = False
    headers = [
        {"name": name, **_string_or_present(value, f"{where}.headers[{name}]")}
        for name, value in (match.get("headers") or {}).items()
    ]
    for name, value in (match.get("withoutHeaders") or {}).items():
        matcher = {"name": name, **_string_or_present(value, f"{where}.withoutHeaders[{name}]"), "invert_match": True}
        if "string_match" in matcher:
            matcher["treat_missing_header_as_empty"] = True
        headers.append(matcher)
    for field, header in (("method", ":method"), ("authority", ":authority"), ("scheme", ":scheme")):
        if field in match:
            headers.append({"name": header, **_string_or_present(match[field], f"{where}.{field}")})
    if headers:
        found["headers"] = headers
    parameters = [
        {"name": name, **_string_or_present(value, f"{where}.queryParams[{name}]")}
        for name, value in (match.get("queryParams") or {}).items()
    ]
    if parameters:
        found["query_parameters"] = parameters
    return found


def _string_or_present(value: Mapping[str, Any] | None, where: str) -> Resource:
    if not value:
        return {"present_match": True}
    for kind in ("exact", "prefix"):
        if kind in value:
            return {"string_match": {kind: value[kind]}}
    if "regex" in value:
        return {"string_match": {"safe_regex": regex(value["regex"], f"{where}.regex")}}
    raise UnusableError(f"{where}: needs exact, prefix or regex")


def added_headers(operations: Mapping[str, Any]) -> Iterator[Resource]:
    """The `set` and `add` of HeaderOperations."""
    for field, action in (("set", "OVERWRITE_IF_EXISTS_OR_ADD"), ("add", "APPEND_IF_EXISTS_OR_ADD")):
        for name, value in (operations.get(field) or {}).items():
            yield header_option(name, str(value), action)


def header_option(name: str, value: str, action: str) -> Resource:
    """One header with what becomes of it where it is there already."""
    return {"header": {"key": name, "value": value}, "append_action": action}


def merge_headers(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> dict[str, Any]:
    """Header operations of a rule and of its only destination, together."""
    merged: dict[str, Any] = {}
    for side in ("request", "response"):
        parts = [(operations or {}).get(side) or {} for operations in (one, other)]
        merged[side] = {
            field: {name: value for part in parts for name, value in (part.get(field) or {}).items()}
            for field in ("set", "add")
        } | {"remove": [name for part in parts for name in part.get("remove") or []]}
    return merged


def rewrite_action(rewrite: Mapping[str, Any], where: str) -> Resource:
    """HTTPRewrite, as part of a route action."""
    found: Resource = {}
    if rewrite.get("uri"):
        found["prefix_rewrite"] = rewrite["uri"]
    elif expression := rewrite.get("uriRegexRewrite"):
        found["regex_rewrite"] = {
            "pattern": regex(expression.get("match"), f"{where}.uriRegexRewrite.match"),
            "substitution": expression.get("rewrite", ""),
        }
    if rewrite.get("authority"):
        found["host_rewrite_literal"] = rewrite["authority"]
    return found


def redirect_action(redirect: Mapping[str, Any], where: str) -> Resource:
    """HTTPRedirect."""
    code = redirect.get("redirectCode", 301)
    if code not in _REDIRECTS:
        raise UnusableError(f"{where}.redirectCode: {code!r} is none of {', '.join(map(str, _REDIRECTS))}")
    found: Resource = {"response_code": _REDIRECTS[code]}
    for field, envoy in (
        ("uri", "path_redirect"),
        ("authority", "host_redirect"),
        ("scheme", "scheme_redirect"),
        ("port", "port_redirect"),
    ):
        if field in redirect:
            found[envoy] = redirect[field]
    return found


def direct_response_action(direct: Mapping[str, Any], where: str) -> Resource:
    """HTTPDirectResponse."""
    found: Resource = {"status": number(direct.get("status"), f"{where}.status", 200, 599)}
    body = direct.get("body") or {}
    if "string" in body:
        found["body"] = {"inline_string": body["string"]}
    elif "bytes" in body:
        found["body"] = {"inline_bytes": body["bytes"]}
    return found


def wants_no_retries(rule: Mapping[str, Any]) -> bool:
    """Whether the rule turns retries off."""
    retries = rule.get("retries")
    return retries is not None and retries.get("attempts", 2) == 0


def retry_policy(retries: Mapping[str, Any], where: str) -> Resource:
    """Istio's retries; its numeric tokens become retriable status codes, which Envoy wants apart."""
    policy = dict(DEFAULT_RETRIES)
    policy["num_retries"] = number(retries.get("attempts", 2), f"{where}.attempts")
    if retries.get("perTryTimeout"):
        policy["per_try_timeout"] = duration(retries["perTryTimeout"], f"{where}.perTryTimeout")
    if backoff := retries.get("backoff"):
        policy["retry_back_off"] = {"base_interval": duration(backoff, f"{where}.backoff")}
    if retries.get("retryOn"):
        tokens = [token.strip() for token in retries["retryOn"].split(",") if token.strip()]
        codes = [int(token) for token in tokens if token.isdigit()]
        words = [token for token in tokens if not token.isdigit()]
        for word in words:
            if word not in _RETRY_WORDS:
                raise UnusableError(f"{where}.retryOn: {word!r} is no condition to retry on")
        for code in codes:
            number(code, f"{where}.retryOn", 100, 599)
        if codes:
            policy["retriable_status_codes"] = codes
            words = list(dict.fromkeys([*words, "retriable-status-codes"]))
        policy["retry_on"] = ",".join(words)
    return policy


_RETRY_WORDS = frozenset(
    (
        *("5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited"),
        *(
            "retriable-4xx",
            "refused-stream",
            "retriable-status-codes",
            "retriable-headers",
            "http3-post-connect-failure",
        ),
        *("cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"),
    )
)


def fault_filter(fault: Mapping[str, Any], where: str) -> Resource:
    """HTTPFaultInjection, for the fault filter of this route."""
    found: Resource = {"@type": _FAULT}
    if delay := fault.get("delay"):
        found["delay"] = {
            "fixed_delay": duration(delay.get("fixedDelay"), f"{where}.delay.fixedDelay"),
            "percentage": fraction(_percentage(delay), f"{where}.delay.percentage"),
        }
    if abort := fault.get("abort"):
        kind: Resource
        if "grpcStatus" in abort:
            kind = {"grpc_status": _grpc_status(abort["grpcStatus"], f"{where}.abort.grpcStatus")}
        else:
            kind = {"http_status": number(abort.get("httpStatus"), f"{where}.abort.httpStatus", 200, 599)}
        found["abort"] = kind | {"percentage": fraction(_percentage(abort), f"{where}.abort.percentage")}
    return found


def _percentage(fault: Mapping[str, Any]) -> Mapping[str, Any]:
    return fault.get("percentage") or {"value": fault.get("percent", 100)}


def fraction(percentage: Mapping[str, Any], where: str) -> Resource:
    """A percentage in millionths."""
    value = percentage.get("value", 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise UnusableError(f"{where}.value: {value!r} is not a percentage from 0 to 100")
    return {"numerator": round(value * 10_000), "denominator": "MILLION"}


_GRPC_CODES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)


def _grpc_status(status: object, where: str) -> int:
    if status in _GRPC_CODES:
        return _GRPC_CODES.index(str(status))
    if isinstance(status, str) and status.isdigit() and int(status) < len(_GRPC_CODES):
        return int(status)
    raise UnusableError(f"{where}: {status!r} is not a gRPC status")
