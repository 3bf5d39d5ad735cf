"""One rule of a VirtualService as the route that istiod would make of it, as far as routing goes.

Source: Istio, VirtualService reference; istio/istio pilot/pkg/networking/core/route. Headers that are added or removed
don't change where a request goes and are left out.
"""

from __future__ import annotations

from typing import Any

from meshui.domain.mesh.hosts import full_host, kubernetes_service
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.proxy.faults import FAULT
from meshui.domain.proxy.values import Raw, number, record, records, text, whole

Json = dict[str, Any]
DEFAULT_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled"
_CODES = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Translator:
    """For one virtual host of one proxy: `port` is the service's, `namespace` the VirtualService's."""

    def __init__(self, namespace: str, port: int, inventory: Inventory) -> None:
        self._namespace = namespace
        self._port = port
        self._inventory = inventory

    def route(self, rule: Raw, match: Raw, metadata: Raw) -> Json:
        """The route of a rule and one of its matches ({}: any request)."""
        name = ".".join(part for part in (text(rule, "name"), text(match, "name")) if part) or "default"
        found: Json = {"name": name, "match": route_match(match), "metadata": metadata}
        if redirect := record(rule, "redirect"):
            return found | {"redirect": _redirect(redirect)}
        if direct := record(rule, "directResponse"):
            body = text(direct, "body", "string")
            answer: Json = {"status": whole(direct, "status") or 0} | (
                {"body": {"inline_string": body}} if body else {}
            )
            return found | {"direct_response": answer}
        action: Json = self.destinations(rule)
        action["timeout"] = _duration(text(rule, "timeout")) if rule.get("timeout") else "0s"
        if rewrite := record(rule, "rewrite"):
            action |= _rewrite(rewrite)
        if policy := _retries(record(rule, "retries"), given="retries" in rule):
            action["retry_policy"] = policy
        if mirrors := self._mirrors(rule):
            action["request_mirror_policies"] = mirrors
        if fault := record(rule, "fault"):
            found["typed_per_filter_config"] = {FAULT: _fault(fault)}
        return found | {"route": action}

    def destinations(self, rule: Raw) -> Json:
        """The clusters of a rule, with their weights."""
        found = records(rule, "route")
        if not found:
            return {}
        if len(found) == 1:
            return {"cluster": self.cluster(record(found[0], "destination"))}
        clusters = [
            {"name": self.cluster(record(one, "destination")), "weight": whole(one, "weight") or 0} for one in found
        ]
        return {"weighted_clusters": {"clusters": clusters}}

    def cluster(self, destination: Raw) -> str:
        """The name of a destination's cluster."""
        host = full_host(text(destination, "host"), self._namespace, self._inventory.mesh.domain)
        port = whole(destination, "port", "number")
        if port is None:
            key = kubernetes_service(host)
            service = self._inventory.services.get(key) if key else None
            numbers = [one.port for one in service.ports] if service else []
            port = numbers[0] if len(numbers) == 1 else self._port
        return f"outbound|{port}|{text(destination, 'subset')}|{host}"

    def _mirrors(self, rule: Raw) -> list[Json]:
        found = []
        if mirror := record(rule, "mirror"):
            percent = number(rule, "mirrorPercentage")
            found.append((mirror, 100.0 if percent is None else percent))
        for one in records(rule, "mirrors"):
            percent = number(one, "percentage")
            found.append((record(one, "destination"), 100.0 if percent is None else percent))
        return [
            {"cluster": self.cluster(where), "runtime_fraction": {"default_value": _millionths(percent)}}
            for where, percent in found
        ]


def route_match(match: Raw) -> Json:
    """A HTTPMatchRequest as a RouteMatch, without what is settled before (gateways, port, source)."""
    uri = record(match, "uri")
    found: Json = {"prefix": "/"}
    for kind, field in (("exact", "path"), ("prefix", "prefix")):
        if kind in uri:
            found = {field: text(uri, kind)}
    if "regex" in uri:
        found = {"safe_regex": {"regex": text(uri, "regex")}}
    if match.get("ignoreUriCase") is True and "safe_regex" not in found:
        found["case_sensitive"] = False
    headers = [{"name": name, **_string(value)} for name, value in record(match, "headers").items()]
    headers += [
        {"name": name, **_string(value), "invert_match": True}
        | ({"treat_missing_header_as_empty": True} if value else {})
        for name, value in record(match, "withoutHeaders").items()
    ]
    headers += [
        {"name": f":{name}", **_string(match[name])} for name in ("method", "authority", "scheme") if name in match
    ]
    if headers:
        found["headers"] = headers
    if parameters := record(match, "queryParams"):
        found["query_parameters"] = [{"name": name, **_string(value)} for name, value in parameters.items()]
    return found


def _string(value: Any) -> Json:
    for kind in ("exact", "prefix"):
        if isinstance(value, dict) and kind in value:
            return {"string_match": {kind: text(value, kind)}}
    if isinstance(value, dict) and "regex" in value:
        return {"string_match": {"safe_regex": {"regex": text(value, "regex")}}}
    return {"present_match": True}


def _redirect(redirect: Raw) -> Json:
    found: Json = {"response_code": _CODES.get(whole(redirect, "redirectCode") or 301, "MOVED_PERMANENTLY")}
    names = {"uri": "path_redirect", "authority": "host_redirect", "scheme": "scheme_redirect", "port": "port_redirect"}
    return found | {envoy: redirect[name] for name, envoy in names.items() if name in redirect}


def _rewrite(rewrite: Raw) -> Json:
    found: Json = {}
    if uri := text(rewrite, "uri"):
        found["prefix_rewrite"] = uri
    elif expression := record(rewrite, "uriRegexRewrite"):
        pattern = {"regex": text(expression, "match")}
        found["regex_rewrite"] = {"pattern": pattern, "substitution": text(expression, "rewrite")}
    if host := text(rewrite, "authority"):
        found["host_rewrite_literal"] = host
    return found


def _retries(retries: Raw, *, given: bool) -> Json | None:
    attempts = whole(retries, "attempts")
    if given and attempts == 0:
        return None
    tokens = [one.strip() for one in text(retries, "retryOn").split(",") if one.strip()]
    codes = [int(one) for one in tokens if one.isdigit()]
    words = [one for one in tokens if not one.isdigit()] + (["retriable-status-codes"] if codes else [])
    policy: Json = {
        "retry_on": ",".join(words) or DEFAULT_RETRY_ON,
        "num_retries": 2 if attempts is None else attempts,
    }
    if codes:
        policy["retriable_status_codes"] = codes
    if limit := text(retries, "perTryTimeout"):
        policy["per_try_timeout"] = _duration(limit)
    return policy


def _fault(fault: Raw) -> Json:
    found: Json = {}
    if delay := record(fault, "delay"):
        found["delay"] = {"fixed_delay": _duration(text(delay, "fixedDelay")), "percentage": _share(delay)}
    if abort := record(fault, "abort"):
        found["abort"] = {"http_status": whole(abort, "httpStatus") or 0, "percentage": _share(abort)}
    return found


def _share(part: Raw) -> Json:
    percent = number(part, "percentage")
    if percent is None:
        percent = number(part, "percent")
    return _millionths(100.0 if percent is None else percent)


def _millionths(percent: float) -> Json:
    return {"numerator": round(percent * 10_000), "denominator": "MILLION"}


def _duration(written: str) -> str:
    """Go's "1m30s" as protobuf's "90s"."""
    total, digits = 0.0, ""
    rest = written
    while rest:
        digits = ""
        while rest and (rest[0].isdigit() or rest[0] == "."):
            digits, rest = digits + rest[0], rest[1:]
        unit = next((one for one in ("ms", "s", "m", "h") if rest.startswith(one)), "")
        if not digits or not unit:
            return "0s"
        total, rest = total + float(digits) * _UNITS[unit], rest[len(unit) :]
    return f"{total:.9f}".rstrip("0").rstrip(".") + "s"
