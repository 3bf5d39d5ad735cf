"""What happens to this request? Asked of the proxies themselves, now or as a change would have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import Edge, GraphView, Node, ViewSpec
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.workloads import Pod, Service, Workload
from meshui.domain.mtls.overlay import workload_port
from meshui.domain.proxy.explain.explain import explain, explain_without_proxy
from meshui.domain.proxy.explain.model import Question, Rates, RequestExplanation
from meshui.domain.proxy.propose import Proxied, proposed
from meshui.domain.proxy.suggest import request_to
from meshui.domain.proxy.view import ProxyView
from meshui.services import read_graph, read_proxy
from meshui.services.ports import Manifest, ProxySource, SnapshotStore
from meshui.services.read_inventory import inventory as read_inventory


class Asked(msgspec.Struct, frozen=True):
    """Who asks, as a workload, and what."""

    namespace: str
    workload: str
    question: Question


class Suggestion(msgspec.Struct, frozen=True):
    """A request that takes an edge: `destination` is the workload that the edge goes to, where it goes to one."""

    asked: Asked
    destination: str
    why: str


class Answered(msgspec.Struct, frozen=True):
    """The explanation now, and with the change, where there is one that concerns this proxy."""

    now: RequestExplanation
    after: RequestExplanation | None = None
    after_note: str = ""


def explain_request(
    source: ProxySource | None,
    store: SnapshotStore,
    cluster: str,
    asked: Asked,
    change: tuple[Manifest, Manifest] | None = None,
    *,
    window_seconds: int,
) -> Answered:
    """`change` is an object before and after. Raises Failure(NOT_FOUND | NOT_READY | SOURCE_UNAVAILABLE)."""
    inventory = read_inventory(store, cluster)
    workload = inventory.workloads.get((asked.namespace, asked.workload))
    if workload is None:
        raise Failure(
            Code.NOT_FOUND,
            f"There is no workload {asked.namespace}/{asked.workload}.",
            next_step="Choose one of the list.",
            context={"cluster": cluster},
            fields={"workload": "There is no such workload."},
        )
    if source is None:
        raise read_proxy.none_to_ask(cluster)
    sources = source
    rates = _rates(store, cluster, window_seconds, workload, asked.question, inventory)

    def destination(pod: Pod) -> ProxyView | str:
        try:
            return read_proxy.read(sources, _ref(pod)).view
        except Failure as failure:
            return failure.message

    if workload.has_proxy is False and not workload.is_gateway:
        return Answered(_without_proxy(inventory, workload, asked.question, destination, rates))
    pod = _pod_of(inventory, workload)
    view = read_proxy.read(source, _ref(pod)).view
    ports = target_ports(inventory, workload, asked.question.port) if workload.is_gateway else ()

    def answer(of: ProxyView) -> RequestExplanation:
        return explain(
            of,
            asked.question,
            pod=pod,
            inventory=inventory,
            destination=destination,
            rates=rates,
            gateway=workload.is_gateway,
            ports=ports,
        )

    now = answer(view)
    if change is None:
        return Answered(now)
    before, after = change
    would = proposed(view, before, after, proxied(inventory, workload), inventory)
    if would is None:
        name = after.get("metadata", {}).get("name", "")
        return Answered(
            now, None, f"The proxy of {asked.workload} has no route of {name}: the change does not reach it."
        )
    return Answered(now, answer(would))


def suggest(
    source: ProxySource | None, store: SnapshotStore, cluster: str, edge: str, *, window_seconds: int
) -> Suggestion:
    """A request that takes the edge of the graph of workloads and services. Raises Failure(NOT_FOUND | NOT_READY)."""
    view = read_graph.current_view(store, cluster, ViewSpec(), window_seconds)
    found = next((one for one in view.edges if one.id == edge), None)
    if found is None:
        raise Failure(
            Code.NOT_FOUND,
            f"There is no edge {edge[:200]} now.",
            next_step="It may have had no traffic lately; choose source and host yourself.",
            context={"cluster": cluster},
        )
    nodes = {one.id: one for one in view.nodes}
    inventory = read_inventory(store, cluster)
    caller, called = nodes[found.source], nodes[found.destination]
    destination = f"{called.namespace}/{called.name}" if called.kind in ("workload", "gateway") else ""
    host, port = _host_and_port(inventory, found, caller, called)
    who, why = _caller(view, nodes, inventory, caller)
    plain = Question(host, port, protocol="tcp" if found.protocol == "tcp" else "http")
    if found.protocol != "tcp":
        authority = host if port == 80 else f"{host}:{port}"
        grpc = {"content-type": "application/grpc"} if found.protocol == "grpc" else {}
        plain = msgspec.structs.replace(plain, host=authority, headers=grpc, method="POST" if grpc else "GET")
    workload = inventory.workloads.get(who)
    if source is not None and workload is not None and workload.is_gateway:
        try:
            own = read_proxy.read(source, _ref(_pod_of(inventory, workload))).view
        except Failure:
            own = None
        if own is not None and (better := request_to(own, host, _gateway_port(inventory, workload))) is not None:
            plain = better
            why = f"{why} A route of the gateway leads from {better.host} to {host}."
    return Suggestion(Asked(who[0], who[1], plain), destination, why.strip())


def proxied(inventory: Inventory, workload: Workload) -> Proxied:
    """Whose routes a workload's proxy has."""
    gateways = tuple(
        f"{one.ref.namespace}/{one.ref.name}"
        for one in inventory.gateways
        if workload.is_gateway and one.spec.selector and one.spec.selector.items() <= workload.labels.items()
    )
    return Proxied(workload.namespace, workload.labels, gateways)


def target_ports(inventory: Inventory, workload: Workload, port: int) -> tuple[int, ...]:
    """The workload's own ports behind its services' port."""
    services = [inventory.services[key] for key in inventory.workload_services.get(_key(workload), ())]
    found = [workload_port(one, workload) for service in services for one in service.ports if one.port == port]
    return tuple(one for one in found if one is not None)


def _without_proxy(
    inventory: Inventory, workload: Workload, question: Question, destination: Any, rates: Rates | None
) -> RequestExplanation:
    service = inventory.service_of_host(question.host) or _short(inventory, question.host, workload.namespace)
    ends: list[tuple[Key, int]] = []
    if service is not None:
        port = next((one for one in service.ports if one.port == question.port), next(iter(service.ports), None))
        for key in inventory.service_workloads.get((service.namespace, service.name), ()):
            own = workload_port(port, inventory.workloads[key]) if port is not None else None
            ends.append((key, own or question.port))
    return explain_without_proxy(
        question,
        ends,
        source=f"{workload.namespace}/{workload.name}",
        inventory=inventory,
        destination=destination,
        rates=rates,
    )


def _short(inventory: Inventory, host: str, namespace: str) -> Service | None:
    name, _, rest = host.partition(":")[0].partition(".")
    return inventory.services.get((rest.partition(".")[0] or namespace, name))


def _pod_of(inventory: Inventory, workload: Workload) -> Pod:
    pods = sorted(
        (pod for pod in inventory.pods_of(_key(workload)) if pod.has_proxy), key=lambda pod: (not pod.ready, pod.name)
    )
    if not pods:
        raise Failure(
            Code.NOT_FOUND,
            f"{workload.namespace}/{workload.name} has no running pod with a proxy.",
            next_step="Start one, or ask from another workload.",
            fields={"workload": "It has no running pod with a proxy."},
        )
    return pods[0]


def _host_and_port(inventory: Inventory, edge: Edge, caller: Node, called: Node) -> tuple[str, int]:
    service = inventory.services.get((called.namespace, called.name)) if called.kind == "service" else None
    if service is None and caller.kind == "service":
        service = inventory.services.get((caller.namespace, caller.name))
    host = edge.hosts[0] if edge.hosts else called.name
    service = service or inventory.service_of_host(host)
    if service is not None:
        ports = [one.port for one in service.ports]
        return service.host, 80 if 80 in ports or not ports else ports[0]
    entry = inventory.service_entry_of_host(host)
    return entry[1] if entry and "*" not in entry[1] else host, 80


def _caller(view: GraphView, nodes: Mapping[str, Node], inventory: Inventory, caller: Node) -> tuple[Key, str]:
    if caller.kind in ("workload", "gateway"):
        return (caller.namespace, caller.name), ""
    into = sorted((one for one in view.edges if one.destination == caller.id), key=lambda one: -one.rate)
    for one in into:
        node = nodes[one.source]
        if node.kind in ("workload", "gateway"):
            return (node.namespace, node.name), f"Asked from {node.name}, which calls {caller.name} most."
    root = inventory.mesh.root_namespace
    without = sorted(key for key, one in inventory.workloads.items() if one.has_proxy is False and key[0] != root)
    if caller.kind == "unknown" and without:
        return without[0], f"The caller has no proxy, as {without[0][1]} has none."
    raise Failure(
        Code.NOT_FOUND,
        f"No workload is known that calls {caller.label or caller.name}.",
        next_step="Choose a source yourself.",
    )


def _gateway_port(inventory: Inventory, workload: Workload) -> int:
    for key in inventory.workload_services.get(_key(workload), ()):
        for port in inventory.services[key].ports:
            return port.port
    return 80


def _rates(
    store: SnapshotStore,
    cluster: str,
    window_seconds: int,
    workload: Workload,
    question: Question,
    inventory: Inventory,
) -> Rates | None:
    """The live traffic of the workload to the host; None without telemetry."""
    try:
        view = read_graph.current_view(store, cluster, ViewSpec(), window_seconds)
    except Failure:
        return None
    service = inventory.service_of_host(question.host) or _short(inventory, question.host, workload.namespace)
    key = (service.namespace, service.name) if service else ("", question.host.partition(":")[0])
    nodes = {one.id: one for one in view.nodes}
    total, codes, flags = 0.0, dict[str, float](), dict[str, float]()
    for edge in view.edges:
        caller, called = nodes[edge.source], nodes[edge.destination]
        if (caller.namespace, caller.name) != _key(workload) or caller.kind not in ("workload", "gateway"):
            continue
        hosts = {one.partition(":")[0] for one in edge.hosts}
        if (called.namespace, called.name) == key or key[1] in hosts or (workload.is_gateway and not service):
            total += edge.rate
            for into, more in ((codes, edge.codes), (flags, edge.flags)):
                for name, rate in more.items():
                    into[name] = into.get(name, 0.0) + rate
    return Rates(total, codes, flags)


def _key(workload: Workload) -> Key:
    return workload.namespace, workload.name


def _ref(pod: Pod) -> ObjectRef:
    return ObjectRef("Pod", pod.namespace, pod.name)


def virtual_service_ref(metadata: Mapping[str, Any]) -> ObjectRef:
    """The object that a manifest's metadata names."""
    return ObjectRef("VirtualService", str(metadata.get("namespace") or ""), str(metadata.get("name") or ""))
