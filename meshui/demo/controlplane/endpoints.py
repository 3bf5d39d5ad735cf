"""Endpoints of a cluster: who serves it, with the metadata by which a client's metrics name the server.

They are part of their cluster's resource (`load_assignment`): an EDS file per cluster would cost each proxy an inotify
instance per cluster. When pods come or go, Envoy replaces the cluster and lets requests in flight finish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from meshui.demo.controlplane import mtls
from meshui.demo.controlplane.manifests import selects
from meshui.demo.controlplane.world import Pod, Port, Service, World
from meshui.demo.envoy.files import Resource
from meshui.demo.envoy.party import PEER_METADATA


def serving_pods(world: World, service: Service, port: Port, labels: Mapping[str, str]) -> list[Pod]:
    """The service's ready pods of a subset that have an address for the port."""
    return [
        pod
        for pod in world.pods_of(service)
        if pod.ready and selects(labels, pod.labels) and world.address(pod, port) is not None
    ]


def load_assignment(world: World, service: Service, port: Port, labels: Mapping[str, str], cluster: str) -> Resource:
    """The ClusterLoadAssignment of a service's port, restricted to a subset's labels."""
    hosts = [_pod_endpoint(world, service, port, pod) for pod in serving_pods(world, service, port, labels)]
    for endpoint in service.endpoints:
        if selects(labels, endpoint.labels):
            target = endpoint.ports.get(port.number) or (port.target if isinstance(port.target, int) else port.number)
            hosts.append({"endpoint": {"address": address(endpoint.address, target)}})
    return {"cluster_name": cluster, "endpoints": [{"lb_endpoints": hosts}] if hosts else []}


def address(host: str, port: int) -> Resource:
    return {"socket_address": {"address": host, "port_value": port}}


def _pod_endpoint(world: World, service: Service, port: Port, pod: Pod) -> Resource:
    place = world.address(pod, port)
    assert place is not None  # serving_pods asked
    metadata: Resource = {PEER_METADATA: asdict(pod.party)}
    if mtls.endpoint_takes_mtls(world, service, pod, port):
        metadata["envoy.transport_socket_match"] = {"tlsMode": "istio"}
    return {"endpoint": {"address": address(*place)}, "metadata": {"filter_metadata": metadata}}
