"""What a cluster holds, typed and joined: services with the workloads behind them, workloads with their pods, policies.

Nothing raises on an object that is not what its kind says: it becomes a Problem and is not in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from meshui.domain.mesh import networking, security, workloads
from meshui.domain.mesh.config import MeshConfig, mesh_config
from meshui.domain.mesh.hosts import best_match, kubernetes_service, without_port
from meshui.domain.mesh.names import Identity, ObjectRef
from meshui.domain.mesh.objects import Malformed, Manifest, OwnerReference, Problem, meta_of, ref_of
from meshui.domain.mesh.workloads import CONTROLLER_KINDS, Controller, Namespace, Pod, Service, Workload

Key = tuple[str, str]
"""(namespace, name)."""

_CORE_KINDS = frozenset(
    {
        "Namespace",
        "Service",
        "Pod",
        "ReplicaSet",
        "Endpoints",
        "EndpointSlice",
        "ServiceAccount",
        "Node",
        "Event",
        "Secret",
    }
    | {"ConfigMap", "Lease", *CONTROLLER_KINDS}
)


_TYPED: dict[str, Callable[[Manifest], Any]] = {
    "PeerAuthentication": security.peer_authentication,
    "AuthorizationPolicy": security.authorization_policy,
    "RequestAuthentication": security.request_authentication,
    "VirtualService": networking.virtual_service,
    "DestinationRule": networking.destination_rule,
    "ServiceEntry": networking.service_entry,
    "Gateway": networking.gateway,
    "Sidecar": networking.sidecar,
    "HTTPRoute": networking.gateway_route,
    "GRPCRoute": networking.gateway_route,
}


class Inventory(msgspec.Struct, frozen=True):
    """A cluster's objects at one moment. Policy tuples are ordered oldest first, which is the order that istiod gives
    them; `config` keeps the manifest of every object that is not a plain workload or its like."""

    cluster: str
    mesh: MeshConfig
    namespaces: dict[str, Namespace]
    services: dict[Key, Service]
    workloads: dict[Key, Workload]
    pods: tuple[Pod, ...]
    service_workloads: dict[Key, tuple[Key, ...]]
    workload_services: dict[Key, tuple[Key, ...]]
    identity_workloads: dict[Key, tuple[Key, ...]]
    """Workloads by (namespace, service account)."""
    peer_authentications: tuple[security.PeerAuthentication, ...]
    authorization_policies: tuple[security.AuthorizationPolicy, ...]
    request_authentications: tuple[security.RequestAuthentication, ...]
    virtual_services: tuple[networking.VirtualService, ...]
    destination_rules: tuple[networking.DestinationRule, ...]
    service_entries: tuple[networking.ServiceEntry, ...]
    gateways: tuple[networking.Gateway, ...]
    sidecars: tuple[networking.Sidecar, ...]
    routes: tuple[networking.GatewayRoute, ...]
    config: dict[ObjectRef, Manifest]
    problems: tuple[Problem, ...]

    def pods_of(self, key: Key) -> tuple[Pod, ...]:
        """The live pods of a workload."""
        return tuple(pod for pod in self.pods if pod.live and (pod.namespace, pod.workload) == key)

    def identity_of(self, key: Key) -> Identity | None:
        """Who the workload's proxies are; None for a workload that is not known."""
        found = self.workloads.get(key)
        return Identity(self.mesh.trust_domain, key[0], found.service_account) if found else None

    def service_of_host(self, host: str) -> Service | None:
        """The service that a full host names; a port behind it is passed over."""
        key = kubernetes_service(without_port(host))
        return self.services.get(key) if key else None

    def service_entry_of_host(self, host: str) -> tuple[networking.ServiceEntry, str] | None:
        """The ServiceEntry that covers the host, and by which of its hosts: exact before longest wildcard, then
        oldest."""
        host = without_port(host)
        found: tuple[networking.ServiceEntry, str] | None = None
        for entry in self.service_entries:
            match = best_match(entry.spec.hosts, host)
            if match and (found is None or ("*" not in match, len(match)) > ("*" not in found[1], len(found[1]))):
                found = (entry, match)
        return found


def build_inventory(manifests: Iterable[Manifest], cluster: str, mesh: MeshConfig | None = None) -> Inventory:
    """The inventory of a cluster from its manifests, in any order (each with `kind`). `mesh` overrides what istiod's
    ConfigMap says."""
    by_kind: dict[str, list[Manifest]] = {}
    problems: list[Problem] = []
    for manifest in manifests:
        ref = ref_of(manifest)
        if ref.kind:
            by_kind.setdefault(ref.kind, []).append(manifest)
        else:
            problems.append(Problem(ref, "the object has no kind", "$.kind"))

    def read(kind: str, convert: Callable[[Manifest], Any]) -> list[Any]:
        done = []
        for manifest in by_kind.get(kind, ()):
            try:
                done.append(convert(manifest))
            except Malformed as error:
                problems.append(Problem(ref_of(manifest), error.message, error.path))
        return done

    mesh = mesh or _mesh_of(by_kind.get("ConfigMap", ()))
    namespaces = {one.name: one for one in read("Namespace", workloads.namespace)}
    services = {(one.namespace, one.name): one for one in read("Service", lambda m: workloads.service(m, mesh.domain))}
    owners = {
        (one.namespace, one.name): next((o for o in one.owner_references or () if o.controller is not False), None)
        for kind in ("ReplicaSet", "Job")
        for one in read(kind, meta_of)
    }
    pods = tuple(read("Pod", lambda m: workloads.pod(m, owners)))
    controllers = [one for kind in CONTROLLER_KINDS for one in read(kind, workloads.controller)]
    typed = {kind: sorted(read(kind, convert), key=lambda one: one.meta.age_key) for kind, convert in _TYPED.items()}
    built = _workloads(cluster, controllers, pods, owners, namespaces, typed["Gateway"])
    service_workloads = _behind(services, built, pods)
    workload_services: dict[Key, list[Key]] = {}
    for service_key, keys in service_workloads.items():
        for key in keys:
            workload_services.setdefault(key, []).append(service_key)
    identity_workloads: dict[Key, list[Key]] = {}
    for key, one in built.items():
        identity_workloads.setdefault((one.namespace, one.service_account), []).append(key)
    return Inventory(
        cluster=cluster,
        mesh=mesh,
        namespaces=namespaces,
        services=services,
        workloads=built,
        pods=pods,
        service_workloads=service_workloads,
        workload_services={key: tuple(sorted(keys)) for key, keys in workload_services.items()},
        identity_workloads={key: tuple(sorted(keys)) for key, keys in identity_workloads.items()},
        peer_authentications=tuple(typed["PeerAuthentication"]),
        authorization_policies=tuple(typed["AuthorizationPolicy"]),
        request_authentications=tuple(typed["RequestAuthentication"]),
        virtual_services=tuple(typed["VirtualService"]),
        destination_rules=tuple(typed["DestinationRule"]),
        service_entries=tuple(typed["ServiceEntry"]),
        gateways=tuple(typed["Gateway"]),
        sidecars=tuple(typed["Sidecar"]),
        routes=tuple(sorted((*typed["HTTPRoute"], *typed["GRPCRoute"]), key=lambda one: one.meta.age_key)),
        config={
            ref_of(manifest): manifest
            for kind, found in by_kind.items()
            if kind not in _CORE_KINDS or kind == "Rollout"
            for manifest in found
        },
        problems=tuple(problems),
    )


def _mesh_of(config_maps: Iterable[Manifest]) -> MeshConfig:
    for manifest in config_maps:
        if ref_of(manifest).name == "istio":
            return mesh_config(manifest)
    return MeshConfig()


def _workloads(
    cluster: str,
    controllers: list[Controller],
    pods: tuple[Pod, ...],
    owners: dict[Key, OwnerReference | None],
    namespaces: dict[str, Namespace],
    gateways: list[networking.Gateway],
) -> dict[Key, Workload]:
    live: dict[Key, list[Pod]] = {}
    for pod in pods:
        if pod.live:
            live.setdefault((pod.namespace, pod.workload), []).append(pod)
    owned_jobs = {key for key, owner in owners.items() if owner is not None}
    found: dict[Key, Controller | None] = dict.fromkeys(live)
    for one in controllers:
        key = (one.namespace, one.name)
        if not (one.kind == "Job" and key in owned_jobs):
            found[key] = one
    selectors = [gateway.spec.selector for gateway in gateways if gateway.spec.selector]
    built = {}
    for key, controller in sorted(found.items()):
        its = live.get(key, [])
        first = its[0] if its else None
        labels = first.labels if first else controller.template.labels if controller else {}
        annotations = first.annotations if first else controller.template.annotations if controller else {}
        wanted = controller.replicas if controller and controller.replicas is not None else 0
        namespace = namespaces.get(key[0])
        waypoint = workloads.is_waypoint(labels)
        gateway = not waypoint and (
            workloads.is_gateway(labels, annotations)
            or any(selector.items() <= labels.items() for selector in selectors)
        )
        built[key] = Workload(
            cluster=cluster,
            namespace=key[0],
            name=key[1],
            kind=controller.kind if controller else first.workload_kind if first else "Pod",
            app=workloads.app_of(labels, key[1]),
            version=workloads.version_of(labels),
            labels=labels,
            annotations=annotations,
            service_account=(
                first.service_account if first else controller.template.service_account if controller else "default"
            ),
            has_proxy=_has_proxy(its, controller),
            pods_ready=sum(pod.ready for pod in its),
            pods_total=max(wanted, len(its)),
            ports=first.ports if first else controller.template.ports if controller else {},
            is_gateway=gateway,
            is_waypoint=waypoint,
            ambient=_is_ambient(labels, namespace),
        )
    return built


def _has_proxy(pods: list[Pod], controller: Controller | None) -> bool | None:
    """Whether every live pod has a proxy. Without pods only a template that carries one itself can tell."""
    if pods:
        return all(pod.has_proxy for pod in pods)
    if controller and workloads.PROXY_CONTAINER in controller.template.containers:
        return True
    return None


def _is_ambient(labels: dict[str, str], namespace: Namespace | None) -> bool:
    mode = labels.get("istio.io/dataplane-mode")
    if mode is not None:
        return mode == "ambient"
    return namespace is not None and namespace.ambient


def _behind(
    services: dict[Key, Service], built: dict[Key, Workload], pods: tuple[Pod, ...]
) -> dict[Key, tuple[Key, ...]]:
    """The workloads that each service selects, by an index on label pairs, so that the cost stays linear."""
    label_sets: dict[Key, list[dict[str, str]]] = {key: [one.labels] for key, one in built.items()}
    for pod in pods:
        if pod.live and pod.labels not in label_sets[(pod.namespace, pod.workload)]:
            label_sets[(pod.namespace, pod.workload)].append(pod.labels)
    index: dict[tuple[str, str, str], set[Key]] = {}
    for key, sets in label_sets.items():
        for labels in sets:
            for pair in labels.items():
                index.setdefault((key[0], *pair), set()).add(key)
    behind = {}
    for service_key, service in services.items():
        pairs = list(service.selector.items())
        candidates = [index.get((service.namespace, *pair), set()) for pair in pairs]
        smallest = min(candidates, key=len) if candidates else set()
        behind[service_key] = tuple(
            sorted(
                key for key in smallest if any(service.selector.items() <= labels.items() for labels in label_sets[key])
            )
        )
    return behind
