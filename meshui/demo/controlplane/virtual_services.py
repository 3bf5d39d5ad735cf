"""One VirtualService's HTTP rules as Envoy routes (Istio, Virtual Service reference)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshui.demo.controlplane import names
from meshui.demo.controlplane.destination_rules import Rule, exported, rule_for
from meshui.demo.controlplane.manifests import Manifest, UnusableError, duration, number, regex, selects, spec_of
from meshui.demo.controlplane.world import Pod, Service, World
from meshui.demo.envoy.files import Resource
from meshui.demo.envoy.party import PEER_HEADER

MESH = "mesh"
ANY = ""
"""Stands for every gateway: with it all rules apply, for checking an object."""
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


@dataclass(frozen=True)
class Client:
    """Who routes: a sidecar (gateway `mesh`) or a gateway, at one port."""

    world: World
    pod: Pod
    gateway: str
    """`mesh`, or `<namespace>/<name>` of the Gateway."""
    port: int
    """The service's or the Gateway server's port."""

    def cluster(self, destination: Mapping[str, Any], namespace: str, where: str) -> tuple[str, Service]:
        """The cluster of a destination and its service. Raises UnusableError when there is none."""
        service, port, subset, _ = resolve(self.world, self.pod.namespace, destination, namespace, self.port, where)
        return names.outbound_cluster(port, subset, service.host), service


def resolve(
    world: World,
    client_namespace: str,
    destination: Mapping[str, Any],
    namespace: str,
    default_port: int | None,
    where: str,
) -> tuple[Service, int, str, Rule]:
    """What a destination stands for: service, port, subset and the rule that defines it. Raises UnusableError."""
    host = names.full_host(str(destination.get("host") or ""), namespace)
    service = world.by_host.get(host)
    if service is None:
        raise UnusableError(f"{where}.host: there is no service {host!r}")
    port = (destination.get("port") or {}).get("number")
    if port is None:
        numbers = [candidate.number for candidate in service.ports]
        port = numbers[0] if len(numbers) == 1 or default_port not in numbers else default_port
    if service.port(port) is None:
        raise UnusableError(f"{where}.port.number: {host} has no port {port}")
    subset = destination.get("subset") or ""
    rule = rule_for(world, client_namespace, service)
    if subset and subset not in rule.subsets:
        raise UnusableError(
            f"{where}.subset: no DestinationRule for {host} defines the subset {subset!r}",
            needs=(("DestinationRule", host),),
        )
    return service, port, subset, rule


def is_visible(manifest: Manifest, namespace: str) -> bool:
    return exported(manifest, namespace)


def hosts_of(manifest: Manifest) -> list[str]:
    namespace = manifest["metadata"]["namespace"]
    return [names.full_host(host, namespace) for host in spec_of(manifest).get("hosts") or []]


def gateways_of(manifest: Manifest) -> list[str]:
    """`mesh`, or `<namespace>/<name>`; none given means the mesh."""
    namespace = manifest["metadata"]["namespace"]
    return [_gateway(name, namespace) for name in spec_of(manifest).get("gateways") or [MESH]]


def routes(manifest: Manifest, client: Client) -> list[Resource]:
    """The routes that the rules give this client, in order; those after a rule that matches everything are dropped.
    Raises UnusableError."""
    namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    config = f"/apis/networking.istio.io/v1/namespaces/{namespace}/virtual-service/{name}"
    found: list[Resource] = []
    for index, rule in enumerate(spec_of(manifest).get("http") or []):
        where = f"spec.http[{index}]"
        matches = rule.get("match") or [{}]
        for position, match in enumerate(matches):
            place = f"{where}.match[{position}]"
            if not _applies(match, client, namespace):
                continue
            route = _action(rule, client, namespace, where)
            suffix = match.get("name") or ""
            route["name"] = ".".join(part for part in (rule.get("name") or "", suffix) if part) or "default"
            route["match"] = _match(match, place)
            route["metadata"] = {"filter_metadata": {"istio": {"config": config}}}
            found.append(route)
            if route["match"] == {"prefix": "/"} and client.gateway != ANY:
                return found
    return found


def check(manifest: Manifest, world: World) -> None:
    """Raises UnusableError when some client would get a route that can't be made."""
    own = manifest["metadata"]["namespace"]
    if not spec_of(manifest).get("hosts"):
        raise UnusableError("spec.hosts: is empty")
    for namespace in dict.fromkeys((own, *(pod.namespace for pod in world.proxies))):
        if is_visible(manifest, namespace):
            nobody = Pod(namespace, "", "127.0.0.1", {}, "", "", True, True, False, ())
            client = Client(world, nobody, ANY, 80)
            routes(manifest, client)
            for index, rule in enumerate(spec_of(manifest).get("tcp") or []):
                tcp_destinations(rule, client, own, f"spec.tcp[{index}]")


def tcp_destinations(rule: Mapping[str, Any], client: Client, namespace: str, where: str) -> list[tuple[str, int]]:
    """Clusters and weights of a TCP rule. Raises UnusableError."""
    items = rule.get("route") or []
    if not items:
        raise UnusableError(f"{where}.route: has no destination")
    found = []
    for index, item in enumerate(items):
        place = f"{where}.route[{index}]"
        cluster, _ = client.cluster(item.get("destination") or {}, namespace, f"{place}.destination")
        found.append((cluster, number(item.get("weight", 100 if len(items) == 1 else 0), f"{place}.weight", 0, 2**31)))
    return [(cluster, weight) for cluster, weight in found if weight]


def default_route(client: Client, service: Service, port: int) -> Resource:
    """The route to a service that no VirtualService has a say in."""
    action = {"cluster": names.outbound_cluster(port, "", service.host), "timeout": "0s"}
    return {
        "name": "default",
        "match": {"prefix": "/"},
        "route": action | {"retry_policy": DEFAULT_RETRIES},
        **_headers({}, service, client.pod),
    }


def _gateway(name: str, namespace: str) -> str:
    return name if name == MESH or "/" in name else f"{namespace}/{name}"


def _applies(match: Mapping[str, Any], client: Client, namespace: str) -> bool:
    """Whether the conditions that are settled beforehand (gateway, port, who the client is) hold."""
    if client.gateway == ANY:
        return True
    chosen = [_gateway(name, namespace) for name in match.get("gateways") or []]
    if chosen and client.gateway not in chosen:
        return False
    if match.get("port") not in (None, client.port):
        return False
    if client.gateway != MESH:
        return True
    if match.get("sourceNamespace") not in (None, "", client.pod.namespace):
        return False
    return selects(match.get("sourceLabels"), client.pod.labels)


def _match(match: Mapping[str, Any], where: str) -> Resource:
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


def _action(rule: Mapping[str, Any], client: Client, namespace: str, where: str) -> Resource:
    if redirect := rule.get("redirect"):
        return {"redirect": _redirect(redirect, f"{where}.redirect")}
    if direct := rule.get("directResponse"):
        return {"direct_response": _direct_response(direct, f"{where}.directResponse")}
    return _route(rule, client, namespace, where)


def _route(rule: Mapping[str, Any], client: Client, namespace: str, where: str) -> Resource:
    destinations = rule.get("route") or []
    if not destinations:
        raise UnusableError(f"{where}.route: has no destination")
    action: Resource = {"timeout": duration(rule["timeout"], f"{where}.timeout") if rule.get("timeout") else "0s"}
    found: Resource = {}
    if len(destinations) == 1:
        cluster, service = client.cluster(
            destinations[0].get("destination") or {}, namespace, f"{where}.route[0].destination"
        )
        action["cluster"] = cluster
        found |= _headers(_merge(rule.get("headers"), destinations[0].get("headers")), service, client.pod)
    else:
        action["weighted_clusters"] = {"clusters": list(_weighted(destinations, client, namespace, where))}
        found |= _headers(rule.get("headers") or {}, None, client.pod)
    if rewrite := rule.get("rewrite"):
        action |= _rewrite(rewrite, f"{where}.rewrite")
    action["retry_policy"] = _retries(rule["retries"], f"{where}.retries") if rule.get("retries") else DEFAULT_RETRIES
    if _wants_no_retries(rule):
        del action["retry_policy"]
    if mirrors := list(_mirrors(rule, client, namespace, where)):
        action["request_mirror_policies"] = mirrors
    if fault := rule.get("fault"):
        found["typed_per_filter_config"] = {"envoy.filters.http.fault": _fault(fault, f"{where}.fault")}
    return found | {"route": action}


def _weighted(destinations: list[Any], client: Client, namespace: str, where: str) -> Iterator[Resource]:
    weights = [
        number(item.get("weight", 0), f"{where}.route[{i}].weight", 0, 2**31) for i, item in enumerate(destinations)
    ]
    if not sum(weights):
        raise UnusableError(f"{where}.route: the weights are all 0")
    for index, (item, weight) in enumerate(zip(destinations, weights, strict=True)):
        cluster, service = client.cluster(
            item.get("destination") or {}, namespace, f"{where}.route[{index}].destination"
        )
        headers = _headers(item.get("headers") or {}, service, client.pod)
        yield {"name": cluster, "weight": weight, **headers}


def _headers(operations: Mapping[str, Any], service: Service | None, pod: Pod) -> Resource:
    """Header changes that the rule asks for; towards a service of the mesh the client tells who it is, towards the
    world it doesn't. Without a service, that is left to the weighted destinations."""
    request, response = operations.get("request") or {}, operations.get("response") or {}
    added = list(_added(request))
    removed = list(request.get("remove") or [])
    if service is not None and service.external:
        removed.append(PEER_HEADER)
    elif service is not None:
        added.append(_header(PEER_HEADER, pod.party.header(), "OVERWRITE_IF_EXISTS_OR_ADD"))
    found = {
        "request_headers_to_add": added,
        "request_headers_to_remove": removed,
        "response_headers_to_add": list(_added(response)),
        "response_headers_to_remove": list(response.get("remove") or []),
    }
    return {name: value for name, value in found.items() if value}


def _added(operations: Mapping[str, Any]) -> Iterator[Resource]:
    for field, action in (("set", "OVERWRITE_IF_EXISTS_OR_ADD"), ("add", "APPEND_IF_EXISTS_OR_ADD")):
        for name, value in (operations.get(field) or {}).items():
            yield _header(name, str(value), action)


def _header(name: str, value: str, action: str) -> Resource:
    return {"header": {"key": name, "value": value}, "append_action": action}


def _merge(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> dict[str, Any]:
    """Header operations of a rule and of its only destination, together."""
    merged: dict[str, Any] = {}
    for side in ("request", "response"):
        parts = [(operations or {}).get(side) or {} for operations in (one, other)]
        merged[side] = {
            field: {name: value for part in parts for name, value in (part.get(field) or {}).items()}
            for field in ("set", "add")
        } | {"remove": [name for part in parts for name in part.get("remove") or []]}
    return merged


def _rewrite(rewrite: Mapping[str, Any], where: str) -> Resource:
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


def _redirect(redirect: Mapping[str, Any], where: str) -> Resource:
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


def _direct_response(direct: Mapping[str, Any], where: str) -> Resource:
    found: Resource = {"status": number(direct.get("status"), f"{where}.status", 200, 599)}
    body = direct.get("body") or {}
    if "string" in body:
        found["body"] = {"inline_string": body["string"]}
    elif "bytes" in body:
        found["body"] = {"inline_bytes": body["bytes"]}
    return found


def _wants_no_retries(rule: Mapping[str, Any]) -> bool:
    retries = rule.get("retries")
    return retries is not None and retries.get("attempts", 2) == 0


def _retries(retries: Mapping[str, Any], where: str) -> Resource:
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


def _mirrors(rule: Mapping[str, Any], client: Client, namespace: str, where: str) -> Iterator[Resource]:
    if mirror := rule.get("mirror"):
        cluster, _ = client.cluster(mirror, namespace, f"{where}.mirror")
        percentage = rule.get("mirrorPercentage") or {"value": rule.get("mirrorPercent", 100)}
        yield {
            "cluster": cluster,
            "runtime_fraction": {"default_value": _fraction(percentage, f"{where}.mirrorPercentage")},
        }
    for index, item in enumerate(rule.get("mirrors") or []):
        place = f"{where}.mirrors[{index}]"
        cluster, _ = client.cluster(item.get("destination") or {}, namespace, f"{place}.destination")
        fraction = _fraction(item.get("percentage") or {"value": 100}, f"{place}.percentage")
        yield {"cluster": cluster, "runtime_fraction": {"default_value": fraction}}


def _fault(fault: Mapping[str, Any], where: str) -> Resource:
    found: Resource = {"@type": _FAULT}
    if delay := fault.get("delay"):
        found["delay"] = {
            "fixed_delay": duration(delay.get("fixedDelay"), f"{where}.delay.fixedDelay"),
            "percentage": _fraction(_percentage(delay), f"{where}.delay.percentage"),
        }
    if abort := fault.get("abort"):
        kind: Resource
        if "grpcStatus" in abort:
            kind = {"grpc_status": _grpc_status(abort["grpcStatus"], f"{where}.abort.grpcStatus")}
        else:
            kind = {"http_status": number(abort.get("httpStatus"), f"{where}.abort.httpStatus", 200, 599)}
        found["abort"] = kind | {"percentage": _fraction(_percentage(abort), f"{where}.abort.percentage")}
    return found


def _percentage(fault: Mapping[str, Any]) -> Mapping[str, Any]:
    return fault.get("percentage") or {"value": fault.get("percent", 100)}


def _fraction(percentage: Mapping[str, Any], where: str) -> Resource:
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
