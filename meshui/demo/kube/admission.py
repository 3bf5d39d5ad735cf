"""What happens to an object before it is stored beside its schema: names, a cluster IP, and Istio's own webhook.

The webhook's checks and words are those of istiod (pkg/config/validation, 2026-08). Weights
needn't total 100: a destination gets weight / sum.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from meshui.demo.kube.errors import Cause, denied_by_webhook, invalid
from meshui.demo.kube.resources import Resource
from meshui.demo.kube.schema import Object

WEBHOOK = "validation.istio.io"

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)?", re.ASCII)
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?", re.ASCII)
_LABEL_NAMED = frozenset({"namespaces", "services"})
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character"
)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character"
)


def metadata_problems(metadata: Object, resource: Resource) -> Iterator[Cause]:
    """Wrong names and labels (apimachinery/pkg/api/validation)."""
    name = metadata.get("name", "")
    if not name:
        yield Cause("metadata.name", "FieldValueRequired", "Required value: name or generateName is required")
    elif resource.plural in _LABEL_NAMED and not resource.group:
        if len(name) > 63 or not _LABEL.fullmatch(name):
            yield Cause("metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": {_LABEL_RULE}')
    elif len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        yield Cause("metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": {_SUBDOMAIN_RULE}')
    for key, value in (metadata.get("labels") or {}).items():
        if not _LABEL_KEY.fullmatch(key) or len(key.rpartition("/")[2]) > 63:
            yield Cause("metadata.labels", "FieldValueInvalid", f'Invalid value: "{key}": not a qualified name')
        if len(value) > 63 or not _LABEL_VALUE.fullmatch(value):
            yield Cause("metadata.labels", "FieldValueInvalid", f'Invalid value: "{value}": not a label value')


def builtin_problems(object_: Object, resource: Resource) -> Iterator[Cause]:
    """Rules of built-in kinds that their schemas don't say: those that clients run into."""
    spec = object_.get("spec") or {}
    if resource.group == "apps" and "template" in spec:
        wanted = (spec.get("selector") or {}).get("matchLabels") or {}
        labels = (spec["template"].get("metadata") or {}).get("labels") or {}
        if not wanted.items() <= labels.items():
            message = "Invalid value: `selector` does not match template `labels`"
            yield Cause("spec.template.metadata.labels", "FieldValueInvalid", message)
        if isinstance(spec.get("replicas"), int) and spec["replicas"] < 0:
            message = f"Invalid value: {spec['replicas']}: must be greater than or equal to 0"
            yield Cause("spec.replicas", "FieldValueInvalid", message)
    if resource.kind == "Service":
        for index, port in enumerate(spec.get("ports") or ()):
            if not 1 <= port["port"] <= 65535:
                message = f"Invalid value: {port['port']}: must be between 1 and 65535, inclusive"
                yield Cause(f"spec.ports[{index}].port", "FieldValueInvalid", message)


def immutable_problems(before: Object, after: Object, resource: Resource) -> Iterator[Cause]:
    """Fields that may not change once set."""
    if resource.group == "apps" and (before.get("spec") or {}).get("selector") != (after.get("spec") or {}).get(
        "selector"
    ):
        yield Cause("spec.selector", "FieldValueInvalid", "Invalid value: field is immutable")
    if resource.kind == "Service":
        ip = (before.get("spec") or {}).get("clusterIP")
        if ip and (after.get("spec") or {}).get("clusterIP") not in (None, ip):
            yield Cause("spec.clusterIP", "FieldValueInvalid", "Invalid value: field is immutable")


def fill_in(object_: Object, resource: Resource, serial: int) -> None:
    """What a real cluster's admission and registries set on a new object, in place."""
    if resource.kind == "Namespace":
        object_.setdefault("spec", {"finalizers": ["kubernetes"]})
        object_.setdefault("status", {"phase": "Active"})
        labels = object_["metadata"].setdefault("labels", {})
        labels.setdefault("kubernetes.io/metadata.name", object_["metadata"].get("name", ""))
    elif resource.kind == "Service" and not resource.group:
        spec = object_.setdefault("spec", {})
        spec.setdefault("type", "ClusterIP")
        spec.setdefault("sessionAffinity", "None")
        for port in spec.get("ports") or ():
            if "port" in port:
                port.setdefault("targetPort", port["port"])
        if spec["type"] != "ExternalName" and "clusterIP" not in spec:
            spec["clusterIP"] = f"10.96.{serial // 250 % 250}.{serial % 250 + 1}"
            spec["clusterIPs"] = [spec["clusterIP"]]
        object_.setdefault("status", {"loadBalancer": {}})
    elif resource.kind == "Pod":
        object_.setdefault("status", {"phase": "Pending"})
    elif resource.kind == "Secret":
        object_.setdefault("type", "Opaque")
        for key, text in object_.pop("stringData", {}).items():
            object_.setdefault("data", {})[key] = _base64(text)
    elif resource.group == "apps" and resource.kind in ("Deployment", "StatefulSet", "ReplicaSet"):
        object_["spec"].setdefault("replicas", 1)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def check_webhook(object_: Object, resource: Resource) -> None:
    """Raises what istiod's validating webhook answers to an object that its schema lets through."""
    check = _ISTIO.get((resource.group, resource.kind))
    problems = list(dict.fromkeys(check(object_.get("spec") or {}))) if check else []
    if not problems:
        return
    if len(problems) == 1:
        listed = problems[0]
    else:
        listed = f"{len(problems)} errors occurred:\n" + "".join(f"\t* {problem}\n" for problem in problems) + "\n"
    raise denied_by_webhook(WEBHOOK, f"configuration is invalid: {listed}")


def _virtual_service(spec: Object) -> Iterator[str]:
    routes = [(kind, route) for kind in ("http", "tls", "tcp") for route in spec.get(kind) or ()]
    if not spec.get("hosts") and spec.get("gateways"):
        yield "delegate virtual service must have no gateways specified"
    if not routes:
        yield "http, tcp or tls must be provided in virtual service"
    for kind, route in routes:
        destinations = route.get("route") or []
        if kind == "http":
            yield from _http_action(route, destinations)
        elif not destinations:
            yield f"{kind} route is required" if kind == "tls" else "TCP route is required"
        for destination in destinations:
            if not (destination.get("destination") or {}).get("host"):
                yield "destination is required" if "destination" not in destination else "destination host is required"
            if destination.get("weight", 0) < 0:
                yield f"weight {destination['weight']} < 0"
        if len(destinations) > 1 and sum(item.get("weight", 0) for item in destinations) == 0:
            yield "total destination weight = 0"


def _http_action(route: Object, destinations: list[Object]) -> Iterator[str]:
    if "redirect" in route and destinations:
        yield "HTTP route cannot contain both route and redirect"
    if not destinations and not any(action in route for action in ("redirect", "directResponse", "delegate")):
        yield "HTTP route, redirect or direct_response is required"
    if (route.get("retries") or {}).get("attempts", 0) < 0:
        yield "attempts cannot be negative"
    for fault in ("abort", "delay"):
        percentage = (((route.get("fault") or {}).get(fault) or {}).get("percentage") or {}).get("value", 0)
        if not 0 <= percentage <= 100:
            yield f"percentage {percentage} is neither 0.0, nor in range [0.0001, 100.0]"


def _destination_rule(spec: Object) -> Iterator[str]:
    if not spec.get("host"):
        yield "name cannot be empty"
    names: list[Any] = [subset.get("name") for subset in spec.get("subsets") or ()]
    for name in names:
        if not name:
            yield "subset name cannot be empty"
    for name in {name for name in names if name and names.count(name) > 1}:
        yield f"duplicate subset names: {name}"


def _gateway(spec: Object) -> Iterator[str]:
    if not spec.get("servers"):
        yield "gateway must have at least one server"
    for server in spec.get("servers") or ():
        if not server.get("hosts"):
            yield "server config must contain at least one host"


def _service_entry(spec: Object) -> Iterator[str]:
    if not spec.get("hosts"):
        yield "service entry must have at least one host"
    if not spec.get("ports"):
        yield "service entry must have at least one port"
    if spec.get("workloadSelector") and spec.get("endpoints"):
        yield "only one of WorkloadSelector or Endpoints is allowed in Service Entry"


def _authorization_policy(spec: Object) -> Iterator[str]:
    if spec.get("action") == "CUSTOM" and not (spec.get("provider") or {}).get("name"):
        yield "`provider.name` must not be empty"
    for rule in spec.get("rules") or ():
        for part in ("from", "to"):
            for item in rule.get(part) or ():
                if not item:
                    yield f"`{part}` must have at least one field set"
        for condition in rule.get("when") or ():
            if not condition.get("values") and not condition.get("notValues"):
                yield f"at least one of `values` or `notValues` must be set for key {condition.get('key', '')}"


def _peer_authentication(spec: Object) -> Iterator[str]:
    if spec.get("portLevelMtls") and not (spec.get("selector") or {}).get("matchLabels"):
        yield "mesh/namespace peer authentication cannot have port level mTLS"


_ISTIO = {
    ("networking.istio.io", "VirtualService"): _virtual_service,
    ("networking.istio.io", "DestinationRule"): _destination_rule,
    ("networking.istio.io", "Gateway"): _gateway,
    ("networking.istio.io", "ServiceEntry"): _service_entry,
    ("security.istio.io", "AuthorizationPolicy"): _authorization_policy,
    ("security.istio.io", "PeerAuthentication"): _peer_authentication,
}


def reject(resource: Resource, name: str, causes: Iterator[Cause]) -> None:
    """Raises a 422 when there is any cause."""
    if found := tuple(causes):
        raise invalid(resource, name, found)
