"""What each object selects and refers to, and from that, what selects and refers to it.

References follow each kind's own API: Istio networking and security, Gateway API, Kubernetes NetworkPolicy, Linkerd
policy, Cilium, Consul, Argo Rollouts, Flagger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec

from meshui.domain.mesh.hosts import full_host, kubernetes_service
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Manifest
from meshui.domain.policies.selecting import WorkloadLabels, at, mapping, sequence, text

Scope = Literal["mesh", "namespace", "selector", "reference", "none"]
"""How far an object reaches: all, its namespace, what its selector selects, only what it names."""


class Links(msgspec.Struct, frozen=True):
    """What an object reaches. `objects` are those it names, whether they exist or not."""

    scope: Scope
    workloads: tuple[Key, ...] = ()
    services: tuple[Key, ...] = ()
    objects: tuple[ObjectRef, ...] = ()


_NOTHING = Links("none")


class LinkIndex:
    """The links of all configuration objects of an inventory, both ways."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.labels = WorkloadLabels(inventory)
        self._links: dict[ObjectRef, Links] = {}
        self._named_by: dict[ObjectRef, list[ObjectRef]] = {}
        self._selected_by: dict[Key, list[ObjectRef]] = {}
        self._wide: dict[str, list[ObjectRef]] = {}
        for ref, manifest in inventory.config.items():
            links = self._links[ref] = self._of(ref, manifest)
            for named in links.objects:
                self._named_by.setdefault(named, []).append(ref)
            for service in links.services:
                self._named_by.setdefault(ObjectRef("Service", *service), []).append(ref)
            if links.scope in ("selector", "reference"):
                for workload in links.workloads:
                    self._selected_by.setdefault(workload, []).append(ref)
            elif links.scope in ("namespace", "mesh"):
                self._wide.setdefault(ref.namespace if links.scope == "namespace" else "", []).append(ref)

    def of(self, ref: ObjectRef) -> Links:
        """What the object reaches."""
        return self._links.get(ref, _NOTHING)

    def naming(self, ref: ObjectRef) -> tuple[ObjectRef, ...]:
        """The objects that name this one."""
        return tuple(sorted(set(self._named_by.get(ref, ()))))

    def selecting(self, workload: Key) -> tuple[ObjectRef, ...]:
        """The objects that hold for a workload: that select it, its namespace's, and the mesh's."""
        wide = (*self._wide.get(workload[0], ()), *self._wide.get("", ()))
        return tuple(sorted({*self._selected_by.get(workload, ()), *wide}))

    def _of(self, ref: ObjectRef, manifest: Manifest) -> Links:
        read = _READERS.get(ref.kind)
        return read(_Reading(self._inventory, self.labels, ref), mapping(manifest.get("spec"))) if read else _NOTHING


class _Reading:
    """One object being read, and what its names may mean."""

    def __init__(self, inventory: Inventory, labels: WorkloadLabels, ref: ObjectRef) -> None:
        self.inventory, self.labels, self.ref = inventory, labels, ref
        self.home = ref.namespace

    def services(self, hosts: Iterator[Any] | list[Any]) -> tuple[Key, ...]:
        """The services among Istio's host names; `*.ns.svc.domain` is all of a namespace."""
        found: dict[Key, None] = {}
        for host in hosts:
            full = full_host(text(host), self.home, self.inventory.mesh.domain)
            key = kubernetes_service(full)
            if key in self.inventory.services:
                found[key] = None
            elif full.startswith("*.") and (place := full[2:].partition(".")[0]):
                found |= dict.fromkeys(one for one in self.inventory.services if one[0] == place)
        return tuple(found)

    def refs(self, entries: Any, kind: str, group: str = "") -> tuple[ObjectRef, ...]:
        """The objects that Gateway API style references name."""
        found = []
        for entry in map(mapping, sequence(entries)):
            its_kind = text(entry.get("kind")) or kind
            its_group = entry.get("group", group)
            if (its_kind, its_group) == ("Gateway", "gateway.networking.k8s.io"):
                its_kind = "Gateway.gateway.networking.k8s.io"
            if its_kind == "GatewayClass":
                found.append(ObjectRef(its_kind, "", text(entry.get("name"))))
            else:
                found.append(ObjectRef(its_kind, text(entry.get("namespace")) or self.home, text(entry.get("name"))))
        return tuple(dict.fromkeys(found))


def _split(refs: tuple[ObjectRef, ...]) -> tuple[tuple[Key, ...], tuple[ObjectRef, ...]]:
    services = tuple((one.namespace, one.name) for one in refs if one.kind == "Service")
    return services, tuple(one for one in refs if one.kind != "Service")


def _istio_policy(reading: _Reading, spec: Manifest) -> Links:
    targets = reading.refs(
        [*sequence(spec.get("targetRefs")), *([spec["targetRef"]] if mapping(spec.get("targetRef")) else [])], "Service"
    )
    if targets:
        services, objects = _split(targets)
        return Links("reference", services=services, objects=objects)
    labels = mapping(at(spec, "selector", "matchLabels")) or mapping(at(spec, "workloadSelector", "labels"))
    return _by_labels(reading, labels)


def _by_labels(reading: _Reading, labels: dict[str, Any]) -> Links:
    everywhere = reading.home == reading.inventory.mesh.root_namespace
    if labels:
        return Links("selector", reading.labels.selected(None if everywhere else reading.home, labels))
    if everywhere:
        return Links("mesh", reading.labels.everywhere(None))
    return Links("namespace", reading.labels.everywhere(reading.home))


def _virtual_service(reading: _Reading, spec: Manifest) -> Links:
    routes = [
        mapping(mapping(one).get("destination"))
        for protocol in ("http", "tcp", "tls")
        for block in sequence(spec.get(protocol))
        for one in sequence(mapping(block).get("route"))
    ]
    gateways = []
    for name in map(text, sequence(spec.get("gateways"))):
        if name and name != "mesh":
            namespace, _, own = name.rpartition("/")
            gateways.append(ObjectRef("Gateway", namespace or reading.home, own))
    delegates = [mapping(mapping(block).get("delegate")) for block in sequence(spec.get("http"))]
    objects = [
        *gateways,
        *(
            ObjectRef("VirtualService", text(one.get("namespace")) or reading.home, text(one.get("name")))
            for one in delegates
            if one
        ),
    ]
    hosts = [*sequence(spec.get("hosts")), *(one.get("host") for one in routes)]
    return Links("reference", services=reading.services(hosts), objects=tuple(dict.fromkeys(objects)))


def _destination_rule(reading: _Reading, spec: Manifest) -> Links:
    services = reading.services([spec.get("host")])
    behind = [key for one in services for key in reading.inventory.service_workloads.get(one, ())]
    return Links("reference", tuple(dict.fromkeys(behind)), services)


def _gateway(reading: _Reading, spec: Manifest) -> Links:
    labels = mapping(spec.get("selector"))
    return Links("selector", reading.labels.selected(None, labels) if labels else ())


def _gateway_api(reading: _Reading, spec: Manifest) -> Links:
    named = {"gateway.networking.k8s.io/gateway-name": reading.ref.name}
    class_name = text(spec.get("gatewayClassName"))
    objects = (ObjectRef("GatewayClass", "", class_name),) if class_name else ()
    return Links("selector", reading.labels.selected(reading.home, named), objects=objects)


def _route(reading: _Reading, spec: Manifest) -> Links:
    parents = reading.refs(spec.get("parentRefs"), "Gateway", "gateway.networking.k8s.io")
    backends = tuple(
        ref for rule in sequence(spec.get("rules")) for ref in reading.refs(mapping(rule).get("backendRefs"), "Service")
    )
    services, objects = _split((*parents, *backends))
    return Links("reference", services=tuple(dict.fromkeys(services)), objects=tuple(dict.fromkeys(objects)))


def _service_entry(reading: _Reading, spec: Manifest) -> Links:
    labels = mapping(at(spec, "workloadSelector", "labels"))
    return Links("selector", reading.labels.selected(reading.home, labels)) if labels else _NOTHING


def _selecting_pods(*path: str) -> Callable[[_Reading, Manifest], Links]:
    def read(reading: _Reading, spec: Manifest) -> Links:
        selector = mapping(at(spec, *path))
        if not selector:
            return Links("namespace", reading.labels.everywhere(reading.home))
        return Links("selector", reading.labels.of_selector(reading.home, selector))

    return read


def _cilium(reading: _Reading, spec: Manifest) -> Links:
    selector = mapping(spec.get("endpointSelector"))
    labels = {name.partition(":")[2] or name: value for name, value in mapping(selector.get("matchLabels")).items()}
    place = reading.home or labels.pop("io.kubernetes.pod.namespace", None)
    if not labels and not sequence(selector.get("matchExpressions")):
        return Links("namespace" if place else "mesh", reading.labels.everywhere(place))
    return Links("selector", reading.labels.selected(place, labels, sequence(selector.get("matchExpressions"))))


def _linkerd_authorization(reading: _Reading, spec: Manifest) -> Links:
    targets = reading.refs([spec.get("targetRef")], "Server")
    needed = reading.refs(spec.get("requiredAuthenticationRefs"), "MeshTLSAuthentication")
    return Links("reference", objects=(*targets, *needed))


def _server_authorization(reading: _Reading, spec: Manifest) -> Links:
    name = text(at(spec, "server", "name"))
    return Links("reference", objects=(ObjectRef("Server", reading.home, name),) if name else ())


def _intentions(reading: _Reading, spec: Manifest) -> Links:
    names = [text(at(spec, "destination", "name")), *(text(mapping(one).get("name")) for one in _sources(spec))]
    services = tuple(key for name in names for key in reading.inventory.services if key[1] == name)
    return Links("reference", services=tuple(dict.fromkeys(services)))


def _sources(spec: Manifest) -> list[Any]:
    return sequence(spec.get("sources"))


def _named_after_service(reading: _Reading, spec: Manifest) -> Links:
    """Consul's and Linkerd's objects that have their service's name (Linkerd: its host)."""
    key = kubernetes_service(reading.ref.name) or (reading.home, reading.ref.name)
    return Links("reference", services=(key,) if key in reading.inventory.services else ())


def _rollout(reading: _Reading, spec: Manifest) -> Links:
    strategy = mapping(spec.get("strategy"))
    canary, blue_green = mapping(strategy.get("canary")), mapping(strategy.get("blueGreen"))
    names = [
        text(holder.get(name))
        for holder, name in (
            (canary, "canaryService"),
            (canary, "stableService"),
            (blue_green, "activeService"),
            (blue_green, "previewService"),
        )
    ]
    objects = []
    istio = mapping(at(canary, "trafficRouting", "istio"))
    for one in (istio.get("virtualService"), *sequence(istio.get("virtualServices"))):
        if name := text(mapping(one).get("name")):
            objects.append(ObjectRef("VirtualService", reading.home, name))
    if name := text(at(istio, "destinationRule", "name")):
        objects.append(ObjectRef("DestinationRule", reading.home, name))
    services = tuple((reading.home, name) for name in names if name)
    own = ((reading.home, reading.ref.name),) if (reading.home, reading.ref.name) in reading.inventory.workloads else ()
    return Links("reference", own, services, tuple(objects))


def _canary(reading: _Reading, spec: Manifest) -> Links:
    name = text(at(spec, "targetRef", "name"))
    service = text(at(spec, "service", "name")) or name
    keys = [(reading.home, one) for one in (service, f"{service}-canary", f"{service}-primary")]
    workloads = [(reading.home, one) for one in (name, f"{name}-primary")]
    return Links(
        "reference",
        tuple(key for key in workloads if key in reading.inventory.workloads),
        tuple(key for key in keys if key in reading.inventory.services),
        (ObjectRef("VirtualService", reading.home, service),) if service else (),
    )


_READERS: dict[str, Callable[[_Reading, Manifest], Links]] = {
    **dict.fromkeys(
        (
            "PeerAuthentication",
            "AuthorizationPolicy",
            "RequestAuthentication",
            "Telemetry",
            "WasmPlugin",
            "EnvoyFilter",
            "Sidecar",
            "ProxyConfig",
        ),
        _istio_policy,
    ),
    "VirtualService": _virtual_service,
    "DestinationRule": _destination_rule,
    "Gateway": _gateway,
    "Gateway.gateway.networking.k8s.io": _gateway_api,
    "ServiceEntry": _service_entry,
    **dict.fromkeys(
        ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute", "HTTPRoute.policy.linkerd.io"), _route
    ),
    "NetworkPolicy": _selecting_pods("podSelector"),
    "PodDisruptionBudget": _selecting_pods("selector"),
    "Server": _selecting_pods("podSelector"),
    "AuthorizationPolicy.policy.linkerd.io": _linkerd_authorization,
    "ServerAuthorization": _server_authorization,
    "CiliumNetworkPolicy": _cilium,
    "CiliumClusterwideNetworkPolicy": _cilium,
    "ServiceIntentions": _intentions,
    **dict.fromkeys(
        ("ServiceProfile", "ServiceSplitter", "ServiceResolver", "ServiceRouter", "ServiceDefaults"),
        _named_after_service,
    ),
    "Rollout": _rollout,
    "Canary": _canary,
}
