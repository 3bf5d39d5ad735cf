"""Which mode of mutual TLS holds where: PeerAuthentication on the server's side, DestinationRule or none (auto mutual
TLS) on the client's. Rules: Istio's PeerAuthentication reference and pilot/pkg/security/authn."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from meshui.demo.controlplane.manifests import Manifest, UnusableError, selects, spec_of
from meshui.demo.controlplane.world import Pod, Port, Service, World, target_port
from meshui.demo.layout import ROOT_NAMESPACE


class Mode(StrEnum):
    """What a server accepts."""

    STRICT = "STRICT"
    PERMISSIVE = "PERMISSIVE"
    DISABLE = "DISABLE"


_MODES = (*Mode, "UNSET")


def check(manifest: Manifest) -> None:
    """Raises UnusableError for a mode or port that doesn't exist."""
    spec = spec_of(manifest)
    _valid((spec.get("mtls") or {}).get("mode"), "spec.mtls.mode")
    for port, settings in (spec.get("portLevelMtls") or {}).items():
        _valid((settings or {}).get("mode"), f"spec.portLevelMtls.{port}.mode")
        if not str(port).isdigit():
            raise UnusableError(f"spec.portLevelMtls: {port!r} is not a port number")
    if spec.get("portLevelMtls") and not _match_labels(spec):
        raise UnusableError("spec.portLevelMtls: needs spec.selector, for ports belong to workloads")


def server_mode(world: World, pod: Pod, port: int) -> Mode:
    """The mode at a pod's port: port, workload, namespace, mesh, else PERMISSIVE; the oldest object of a level wins."""
    workload = _oldest(world, pod.namespace, pod)
    levels: list[Any] = []
    if workload:
        spec = spec_of(workload)
        by_port = {str(number): settings for number, settings in (spec.get("portLevelMtls") or {}).items()}
        levels += [by_port.get(str(port)), spec.get("mtls")]
    return _first_set([*levels, *_wide_settings(world, pod.namespace)])


def namespace_mode(world: World, namespace: str) -> Mode:
    """The mode of a namespace's policy, else the mesh's: what auto mutual TLS looks at for a service as a whole."""
    return _first_set(_wide_settings(world, namespace))


def endpoint_takes_mtls(world: World, service: Service, pod: Pod, port: Port) -> bool:
    """Whether auto mutual TLS is used towards this pod for the service's port."""
    target = target_port(port, pod)
    return (
        target is not None
        and pod.labels.get("security.istio.io/tlsMode") == "istio"
        and auto_mtls(world, service)
        and server_mode(world, pod, target) is not Mode.DISABLE
    )


def auto_mtls(world: World, service: Service) -> bool:
    """Whether auto mutual TLS is on for the service: inside the mesh, and its namespace isn't DISABLE."""
    return not service.external and namespace_mode(world, service.namespace) is not Mode.DISABLE


def _valid(mode: object, where: str) -> None:
    if mode is not None and mode not in _MODES:
        raise UnusableError(f"{where}: {mode!r} is none of {', '.join(_MODES)}")


def _match_labels(spec: dict[str, Any]) -> dict[str, str]:
    labels: dict[str, str] = (spec.get("selector") or {}).get("matchLabels") or {}
    return labels


def _oldest(world: World, namespace: str, pod: Pod | None) -> Manifest | None:
    """The oldest policy of the namespace that selects the pod, or without a pod, that has no selector."""
    if pod is not None and namespace == ROOT_NAMESPACE:
        return None
    for manifest in world.kind("PeerAuthentication"):
        labels = _match_labels(spec_of(manifest))
        if manifest["metadata"].get("namespace") != namespace or bool(labels) != (pod is not None):
            continue
        if pod is None or selects(labels, pod.labels):
            return manifest
    return None


def _wide_settings(world: World, namespace: str) -> list[Any]:
    found = [_oldest(world, place, None) for place in (namespace, ROOT_NAMESPACE)]
    return [spec_of(manifest).get("mtls") for manifest in found if manifest]


def _first_set(settings: list[Any]) -> Mode:
    for setting in settings:
        mode = (setting or {}).get("mode") or "UNSET"
        if mode != "UNSET":
            return Mode(mode)
    return Mode.PERMISSIVE
