"""Which node a name in the telemetry stands for: workloads, services, ServiceEntries and Istio's special clusters."""

from __future__ import annotations

from meshui.domain.graph.mesh import NONE, GraphNode
from meshui.domain.graph.model import NodeKind
from meshui.domain.mesh.hosts import is_ip, kubernetes_service, without_port
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.workloads import Workload
from meshui.domain.telemetry.rows import UNKNOWN

_PASSTHROUGH = ("PassthroughCluster", "AllowAnyDynamicDNSCluster")
_BLACKHOLE = "BlackHoleCluster"
_INBOUND_PASSTHROUGH = "InboundPassthroughCluster"


class NodeIndex:
    """Gives every node of a cluster's graph its number: first all that the inventory knows, then what only traffic
    knows."""

    def __init__(self, inventory: Inventory, cluster: str) -> None:
        self._inventory = inventory
        self._cluster = cluster
        self._nodes: list[GraphNode] = []
        self._numbers: dict[str, int] = {}
        self._workload_of_pod = {(pod.namespace, pod.name): (pod.namespace, pod.workload) for pod in inventory.pods}
        for namespace, name in inventory.services:
            self.service(cluster, namespace, name)
        for entry in inventory.service_entries:
            for host in entry.spec.hosts:
                self.service_entry(cluster, entry.ref.namespace, host)
        for namespace, name in inventory.workloads:
            self.workload(cluster, namespace, name)

    def nodes(self) -> tuple[GraphNode, ...]:
        return tuple(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def workload(self, cluster: str, namespace: str, name: str) -> int:
        """The workload's node; a name that is `unknown` has none."""
        if name == UNKNOWN:
            return NONE
        key = (namespace, name)
        if cluster == self._cluster and key not in self._inventory.workloads:
            # A proxy that is scraped without its workload's name is known by its pod's.
            key = self._workload_of_pod.get(key, key)
        known = self._inventory.workloads.get(key) if cluster == self._cluster else None
        if known is None:
            place = "" if namespace == UNKNOWN else namespace
            return self._add(GraphNode(f"workload:{cluster}/{place}/{name}", "workload", cluster, place, name, name))
        return self._add(self._known_workload(known, key))

    def service(self, cluster: str, namespace: str, name: str) -> int:
        node_id = f"service:{cluster}/{namespace}/{name}"
        declared = cluster == self._cluster and (namespace, name) in self._inventory.services
        app = self._app_behind((namespace, name)) if declared and node_id not in self._numbers else None
        return self._add(GraphNode(node_id, "service", cluster, namespace, name, name, app, declared=declared))

    def service_entry(self, cluster: str, namespace: str, host: str) -> int:
        node_id = f"service_entry:{cluster}/{namespace}/{host}"
        return self._add(GraphNode(node_id, "service_entry", cluster, namespace, host, host, declared=True))

    def unknown_source(self, cluster: str) -> int:
        """Callers that no proxy speaks for."""
        return self._special("unknown", f"unknown:{cluster}", cluster, "unknown source")

    def unknown_destination(self, cluster: str) -> int:
        """Called sides of which telemetry says nothing at all."""
        return self._special("unknown", f"unknown:{cluster}/destination", cluster, "unknown destination")

    def unknown_sources(self) -> frozenset[int]:
        """The nodes of callers without a name, one a cluster."""
        return frozenset(number for node_id, number in self._numbers.items() if _is_unknown_source(node_id))

    def called(self, cluster: str, host: str, name: str, namespace: str, destination_known: bool) -> int:
        """The service, ServiceEntry or special cluster that was asked for, or NONE when there is none to name: nothing
        said, an inbound port that no service declares, or a canonical name that is no service of a known workload."""
        if name.startswith(_INBOUND_PASSTHROUGH):
            return NONE
        if name.startswith(_PASSTHROUGH):
            return NONE if destination_known else self._special("passthrough", f"passthrough:{cluster}", cluster, name)
        if name.startswith(_BLACKHOLE):
            return self._special("blackhole", f"blackhole:{cluster}", cluster, name)
        host = without_port(host)
        if host == UNKNOWN and name == UNKNOWN:
            return NONE
        if key := kubernetes_service(host):
            return self.service(cluster, *key)
        if found := self._inventory.service_entry_of_host(host):
            return self.service_entry(cluster, found[0].ref.namespace, found[1])
        if key := self._short_service(host, name, namespace):
            return self.service(cluster, *key)
        if destination_known and (is_ip(host) or "." not in host):
            return NONE
        place = "" if namespace == UNKNOWN else namespace
        return self.service(cluster, place, host if host != UNKNOWN else name)

    def consul_service(self, cluster: str, namespace: str, name: str) -> int:
        """The service that Consul knows by that name: in Kubernetes its own namespaces are none of Consul's."""
        key = self._consul_key(namespace, name)
        return self.service(cluster, *(key or (namespace, name)))

    def consul_workload(self, cluster: str, namespace: str, name: str) -> int:
        """The workload that Consul's service is: the only one behind it, or NONE when there are several."""
        key = self._consul_key(namespace, name)
        if key is None:
            return self.workload(cluster, namespace, name)
        behind = self._inventory.service_workloads.get(key, ())
        return self.workload(cluster, *behind[0]) if len(behind) == 1 else NONE

    def consul_caller(self, cluster: str, namespace: str, name: str) -> int:
        """The workload of a pod, or else what Consul calls the service that calls."""
        if (namespace, name) in self._workload_of_pod:
            return self.workload(cluster, namespace, name)
        number = self.consul_workload(cluster, namespace, name)
        return self.workload(cluster, namespace, name) if number == NONE else number

    def _consul_key(self, namespace: str, name: str) -> Key | None:
        if (namespace, name) in self._inventory.services:
            return namespace, name
        named = [key for key in self._inventory.services if key[1] == name]
        return named[0] if len(named) == 1 else None

    def _app_behind(self, service: Key) -> str | None:
        """The app of all workloads behind a service, if they have one in common."""
        workloads = self._inventory.workloads
        apps = {workloads[key].app for key in self._inventory.service_workloads.get(service, ()) if key in workloads}
        return apps.pop() if len(apps) == 1 else None

    def _short_service(self, host: str, name: str, namespace: str) -> Key | None:
        """A service spelled `name`, `name.ns` or by the labels for its name and namespace, if there is such a one."""
        candidates = [(namespace, name), (namespace, host)]
        first, dot, rest = host.partition(".")
        if dot and "." not in rest:
            candidates.append((rest, first))
        return next((key for key in candidates if key in self._inventory.services), None)

    def _special(self, kind: NodeKind, node_id: str, cluster: str, label: str) -> int:
        return self._add(GraphNode(node_id, kind, cluster, "", label, label))

    def _known_workload(self, known: Workload, key: Key) -> GraphNode:
        services = self._inventory.workload_services.get(key, ())
        primary = primary_service(known, services)
        return GraphNode(
            id=f"workload:{known.cluster}/{known.namespace}/{known.name}",
            kind="gateway" if known.is_gateway else "workload",
            cluster=known.cluster,
            namespace=known.namespace,
            name=known.name,
            label=known.name,
            app=known.app,
            version=known.version,
            workload_kind=known.kind,
            has_proxy=known.has_proxy,
            pods_ready=known.pods_ready,
            pods_total=known.pods_total,
            primary_service=NONE if primary is None else self.service(self._cluster, *primary),
            declared=True,
        )

    def _add(self, node: GraphNode) -> int:
        number = self._numbers.setdefault(node.id, len(self._nodes))
        if number == len(self._nodes):
            self._nodes.append(node)
        return number


def _is_unknown_source(node_id: str) -> bool:
    return node_id.startswith("unknown:") and not node_id.endswith("/destination")


def primary_service(workload: Workload, services: tuple[Key, ...]) -> Key | None:
    """The one service that stands for a workload where a view shows services only: the one named as its app, else the
    first by name. One, so that its traffic is not counted for each service that fronts it."""
    if not services:
        return None
    named = [key for key in services if key[1] == workload.app]
    return named[0] if named else min(services)
