"""What is kept of an object that was read for the inventory: enough to explain the mesh, little enough to hold all."""

from __future__ import annotations

from typing import Any

_POD_SPEC_KEPT = {"containers", "initContainers", "serviceAccountName", "nodeName", "hostNetwork"}
_CONTAINER_KEPT = {"name", "image", "ports", "restartPolicy"}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE_KEPT = ("httpGet", "tcpSocket", "grpc")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def trim(manifest: dict[str, Any], api_version: str, kind: str) -> dict[str, Any]:
    """The object with apiVersion and kind (lists leave them out), of managedFields only who and how, and of pod specs
    no environment, arguments or volumes, and of probes only the port (they may hold secrets, and nobody reads them
    here)."""
    kept = {"apiVersion": api_version, "kind": kind} | manifest
    metadata = kept.get("metadata")
    if isinstance(metadata, dict):
        kept["metadata"] = _metadata(metadata)
    spec = kept.get("spec")
    if isinstance(spec, dict):
        if kind == "Pod":
            kept["spec"] = _pod_spec(spec)
        elif isinstance(spec.get("template"), dict):
            kept["spec"] = spec | {"template": _template(spec["template"])}
    return kept


def _metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    kept = dict(metadata)
    if managed := kept.get("managedFields"):
        kept["managedFields"] = [
            {key: entry[key] for key in ("manager", "operation", "time", "subresource") if key in entry}
            for entry in managed
            if isinstance(entry, dict)
        ]
    annotations = kept.get("annotations")
    if isinstance(annotations, dict) and _LAST_APPLIED in annotations:
        kept["annotations"] = {name: value for name, value in annotations.items() if name != _LAST_APPLIED}
    return kept


def _template(template: dict[str, Any]) -> dict[str, Any]:
    spec = template.get("spec")
    return template | {"spec": _pod_spec(spec)} if isinstance(spec, dict) else template


def _pod_spec(spec: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in spec.items() if key in _POD_SPEC_KEPT}
    for containers in ("containers", "initContainers"):
        if isinstance(kept.get(containers), list):
            kept[containers] = [
                {key: value for key, value in container.items() if key in _CONTAINER_KEPT} | _probes(container)
                for container in kept[containers]
                if isinstance(container, dict)
            ]
    return kept


def _probes(container: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for purpose in _PROBES:
        probe = container.get(purpose)
        ways = {way: probe[way] for way in _PROBE_KEPT if isinstance(probe.get(way), dict)} if probe else {}
        if ways:
            found[purpose] = {way: {"port": asked.get("port", 0)} for way, asked in ways.items()}
    return found
