"""The Kubernetes objects that the demo starts with: workloads rendered from the layout, Istio's from YAML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import yaml

from meshui.demo.layout import BANK_PORT, CONTROL_PLANE_DEBUG_PORT, ISTIO_VERSION, NAMESPACES, Layout, Pod, Service

Manifest = dict[str, Any]

MANIFESTS = Path(__file__).parent / "manifests"
NODE = "demo"
CREATED = "2026-01-05T08:00:00Z"


def manifests(layout: Layout) -> list[Manifest]:
    """Every object, each after those it refers to."""
    pods = (layout.istiod, *layout.pods)
    return [
        *(_namespace(name) for name in NAMESPACES),
        *_service_accounts(pods),
        *_workloads(pods),
        *(object_ for service in layout.services for object_ in _service(service, layout)),
        _istiod_service(layout),
        *_istio(layout),
    ]


def write(layout: Layout, directory: Path) -> None:
    """Writes the objects as YAML files, one a kind and namespace, in the order in which they are to be loaded."""
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.glob("*.yaml"):
        stale.unlink()
    files: dict[str, list[Manifest]] = {}
    for manifest in manifests(layout):
        namespace = manifest["metadata"].get("namespace", "cluster")
        files.setdefault(f"{namespace}.{manifest['kind'].lower()}", []).append(manifest)
    for position, (name, objects) in enumerate(files.items()):
        (directory / f"{position:02}-{name}.yaml").write_text(
            yaml.dump_all(objects, Dumper=_PlainDumper, sort_keys=False)
        )


class _PlainDumper(yaml.SafeDumper):
    """Repeats what occurs twice instead of naming it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _istio(layout: Layout) -> Iterator[Manifest]:
    values = {"bank_address": layout.bank_address, "bank_port": str(BANK_PORT)}
    for path in sorted(MANIFESTS.glob("*.yaml")):
        yield from yaml.safe_load_all(Template(path.read_text()).substitute(values))


def _metadata(kind: str, name: str, namespace: str = "", **more: Any) -> Manifest:
    metadata: Manifest = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata["uid"] = _uid(kind, namespace, name)
    metadata["creationTimestamp"] = CREATED
    return metadata | {key: value for key, value in more.items() if value}


def _uid(kind: str, namespace: str, name: str) -> str:
    return str(uuid5(NAMESPACE_DNS, f"{kind}/{namespace}/{name}"))


def _owner(api_version: str, kind: str, namespace: str, name: str) -> list[Manifest]:
    return [
        {
            "apiVersion": api_version,
            "kind": kind,
            "name": name,
            "uid": _uid(kind, namespace, name),
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def _namespace(name: str) -> Manifest:
    labels = {"kubernetes.io/metadata.name": name}
    if name != NAMESPACES[-1]:
        labels["istio-injection"] = "enabled"
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": _metadata("Namespace", name, labels=labels),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _service_accounts(pods: tuple[Pod, ...]) -> Iterator[Manifest]:
    for namespace, name in dict.fromkeys((pod.namespace, pod.service_account) for pod in pods):
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": _metadata("ServiceAccount", name, namespace),
        }


def _workloads(pods: tuple[Pod, ...]) -> Iterator[Manifest]:
    groups: dict[tuple[str, str], list[Pod]] = {}
    for pod in pods:
        groups.setdefault((pod.namespace, pod.workload), []).append(pod)
    for (namespace, name), members in groups.items():
        first = members[0]
        replica_set = f"{name}-{first.template_hash}"
        hash_label = {"pod-template-hash": first.template_hash}
        own = {key: value for key, value in first.labels.items() if key in ("app", "version", "istio")}
        template = {
            key: value for key, value in first.labels.items() if key not in (*hash_label, "security.istio.io/tlsMode")
        }
        counts = {"replicas": len(members), "readyReplicas": len(members), "availableReplicas": len(members)}
        spec = {
            "replicas": len(members),
            "selector": {"matchLabels": own},
            "template": {"metadata": {"labels": template}, "spec": _template_spec(first)},
        }
        yield {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": _metadata("Deployment", name, namespace, labels=own, generation=1),
            "spec": spec,
            "status": counts
            | {
                "observedGeneration": 1,
                "updatedReplicas": len(members),
                "conditions": [
                    _condition("Available", reason="MinimumReplicasAvailable"),
                    _condition("Progressing", reason="NewReplicaSetAvailable"),
                ],
            },
        }
        yield {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": _metadata(
                "ReplicaSet",
                replica_set,
                namespace,
                labels=own | hash_label,
                ownerReferences=_owner("apps/v1", "Deployment", namespace, name),
            ),
            "spec": spec
            | {
                "selector": {"matchLabels": own | hash_label},
                "template": {"metadata": {"labels": template | hash_label}, "spec": _template_spec(first)},
            },
            "status": counts | {"observedGeneration": 1, "fullyLabeledReplicas": len(members)},
        }
        for pod in members:
            yield _pod(pod, replica_set)


def _condition(kind: str, **more: str) -> Manifest:
    return {"type": kind, "status": "True", "lastTransitionTime": CREATED} | more


def _template_spec(pod: Pod) -> Manifest:
    return {"serviceAccountName": pod.service_account, "containers": [_application(pod)]}


def _application(pod: Pod) -> Manifest:
    if pod.workload == "istiod":
        ports = [{"name": "http-monitoring", "containerPort": CONTROL_PLANE_DEBUG_PORT}]
        return {"name": "discovery", "image": f"istio/pilot:{ISTIO_VERSION}", "ports": ports}
    ports = [{"name": pod.protocol, "containerPort": pod.app_port, "protocol": "TCP"}]
    if pod.gateway:
        return {"name": "istio-proxy", "image": f"istio/proxyv2:{ISTIO_VERSION}", "ports": ports}
    return {"name": pod.app, "image": f"shop/{pod.app}:{pod.version}", "ports": ports}


def _pod(pod: Pod, replica_set: str) -> Manifest:
    containers = [_application(pod)]
    annotations = {"prometheus.io/scrape": "true"} if pod.has_proxy else {}
    if pod.has_proxy and not pod.gateway:
        sidecar_ports = [{"name": "http-envoy-prom", "containerPort": 15090, "protocol": "TCP"}]
        containers.append({"name": "istio-proxy", "image": f"istio/proxyv2:{ISTIO_VERSION}", "ports": sidecar_ports})
        annotations["sidecar.istio.io/status"] = '{"containers":["istio-proxy"],"revision":"default"}'
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(
            "Pod",
            pod.name,
            pod.namespace,
            labels=pod.labels,
            annotations=annotations,
            ownerReferences=_owner("apps/v1", "ReplicaSet", pod.namespace, replica_set),
        ),
        "spec": {"serviceAccountName": pod.service_account, "nodeName": NODE, "containers": containers},
        "status": {
            "phase": "Running",
            "podIP": pod.ip,
            "podIPs": [{"ip": pod.ip}],
            "startTime": CREATED,
            "conditions": [_condition(kind) for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")],
            "containerStatuses": [_container_status(container) for container in containers],
        },
    }


def _container_status(container: Manifest) -> Manifest:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": True,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": CREATED}},
    }


def _service(service: Service, layout: Layout) -> Iterator[Manifest]:
    pods = [pod for pod in layout.pods if (pod.namespace, pod.app) == (service.namespace, service.name)]
    labels = {"app": service.name}
    port = {"name": service.protocol, "port": service.target_port, "protocol": "TCP"}
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata("Service", service.name, service.namespace, labels=labels),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": _cluster_ip(layout.services.index(service)),
            "selector": labels,
            "ports": [port | {"port": service.port, "targetPort": service.target_port}],
        },
    }
    yield {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": _metadata("Endpoints", service.name, service.namespace, labels=labels),
        "subsets": [
            {
                "addresses": [{"ip": pod.ip, "nodeName": NODE, "targetRef": _target(pod)} for pod in pods],
                "ports": [port],
            }
        ],
    }
    yield {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": _metadata(
            "EndpointSlice",
            f"{service.name}-{pods[0].name[-5:]}",
            service.namespace,
            labels=labels | {"kubernetes.io/service-name": service.name},
            ownerReferences=_owner("v1", "Service", service.namespace, service.name),
        ),
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": [pod.ip],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "nodeName": NODE,
                "targetRef": _target(pod),
            }
            for pod in pods
        ],
        "ports": [port],
    }


def _cluster_ip(position: int) -> str:
    """An address for show: nothing in the demo is reached by a service's own address."""
    return f"10.96.0.{10 + position}"


def _target(pod: Pod) -> Manifest:
    uid = _uid("Pod", pod.namespace, pod.name)
    return {"kind": "Pod", "namespace": pod.namespace, "name": pod.name, "uid": uid}


def _istiod_service(layout: Layout) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata("Service", "istiod", "istio-system", labels={"app": "istiod", "istio": "pilot"}),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": _cluster_ip(len(layout.services)),
            "selector": {"app": "istiod"},
            "ports": [{"name": "http-monitoring", "port": CONTROL_PLANE_DEBUG_PORT, "protocol": "TCP"}],
        },
    }
