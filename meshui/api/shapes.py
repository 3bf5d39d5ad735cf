"""The inventory's structs as clients see them."""

from __future__ import annotations

from meshui.contract.mesh import (
    Injection,
    PodSummary,
    Port,
    ServiceName,
    ServiceSummary,
    WorkloadName,
    WorkloadSummary,
)
from meshui.domain.mesh.hosts import full_host, host_matches, service_host
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.workloads import Namespace, Pod, Service, Workload


def injection(namespace: Namespace) -> Injection:
    """How the namespace's labels let its workloads join the mesh (Istio: injection by label or revision, ambient)."""
    if namespace.ambient:
        return "ambient"
    enabled = namespace.labels.get("istio-injection") == "enabled" or "istio.io/rev" in namespace.labels
    return "sidecar" if enabled else "none"


def split_hosts(inventory: Inventory) -> frozenset[str]:
    """The hosts of services whose traffic some route divides between several destinations."""
    domain = inventory.mesh.domain
    found: set[str] = set()
    for rule in inventory.virtual_services:
        if any(len(block.route) > 1 for block in rule.spec.http):
            found |= {full_host(host, rule.ref.namespace, domain) for host in rule.spec.hosts}
    for route in inventory.routes:
        if any(len(block.backend_refs) > 1 for block in route.spec.rules):
            found |= {
                service_host(parent.namespace or route.ref.namespace, parent.name, domain)
                for parent in route.spec.parent_refs
                if parent.kind == "Service"
            }
    return frozenset(found)


def config_of_service(inventory: Inventory, service: Service) -> tuple[ObjectRef, ...]:
    """The objects that route to the service or shape the traffic to it."""
    domain = inventory.mesh.domain
    found: set[ObjectRef] = set()
    for rule in inventory.virtual_services:
        routes_of = [*(one.route for one in rule.spec.http), *(one.route for one in rule.spec.tcp + rule.spec.tls)]
        named = {*rule.spec.hosts, *(one.destination.host for its in routes_of for one in its)}
        if any(host_matches(full_host(host, rule.ref.namespace, domain), service.host) for host in named):
            found.add(rule.ref)
    for shape in inventory.destination_rules:
        if host_matches(full_host(shape.spec.host, shape.ref.namespace, domain), service.host):
            found.add(shape.ref)
    for route in inventory.routes:
        parents = [(one.kind, one.namespace, one.name) for one in route.spec.parent_refs]
        backends = [(one.kind, one.namespace, one.name) for block in route.spec.rules for one in block.backend_refs]
        for kind, namespace, name in (*parents, *backends):
            if (kind, namespace or route.ref.namespace, name) == ("Service", service.namespace, service.name):
                found.add(route.ref)
    return tuple(sorted(found))


def service_summary(inventory: Inventory, service: Service, split: frozenset[str]) -> ServiceSummary:
    """A service with its versions and pods. `split`: what `split_hosts` says."""
    key = (service.namespace, service.name)
    behind = [inventory.workloads[one] for one in inventory.service_workloads.get(key, ())]
    return ServiceSummary(
        namespace=service.namespace,
        name=service.name,
        host=service.host,
        ports=tuple(
            Port(
                name=port.name,
                port=port.port,
                target_port=str(port.target_port or port.port),
                app_protocol=port.app_protocol,
                protocol=port.protocol,
            )
            for port in service.ports
        ),
        workloads=tuple(WorkloadName(namespace=one.namespace, name=one.name) for one in behind),
        versions=tuple(sorted({one.version for one in behind if one.version})),
        has_weights=service.host in split,
        pods_ready=sum(one.pods_ready for one in behind),
        pods_total=sum(one.pods_total for one in behind),
    )


def workload_summary(inventory: Inventory, workload: Workload) -> WorkloadSummary:
    """A workload with the services in front of it."""
    services = inventory.workload_services.get((workload.namespace, workload.name), ())
    return WorkloadSummary(
        namespace=workload.namespace,
        name=workload.name,
        kind=workload.kind,
        app=workload.app,
        version=workload.version,
        service_account=workload.service_account,
        has_proxy=workload.has_proxy,
        is_gateway=workload.is_gateway,
        pods_ready=workload.pods_ready,
        pods_total=workload.pods_total,
        services=tuple(ServiceName(namespace=namespace, name=name) for namespace, name in services),
    )


def pod_summary(pod: Pod) -> PodSummary:
    """A pod."""
    return PodSummary(
        name=pod.name,
        phase=pod.phase,
        ready=pod.ready,
        ip=pod.ip,
        node=pod.node,
        has_proxy=pod.has_proxy,
        containers=pod.containers,
    )
