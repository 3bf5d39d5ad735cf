"""Who else writes an object, so that an edit by hand would be undone or would fight."""

from __future__ import annotations

import msgspec

from meshui.domain.mesh.objects import Meta


class Owner(msgspec.Struct, frozen=True):
    """`name` is the tool and its object; `exclusive`: it sets the fields itself all the time (a rollout controller), so
    that no form should touch them."""

    name: str
    reason: str
    exclusive: bool = False


_LABELS = (
    ("argocd.argoproj.io/instance", "Argo CD application"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux Kustomization"),
    ("helm.toolkit.fluxcd.io/name", "Flux HelmRelease"),
)
_ANNOTATIONS = (
    ("argocd.argoproj.io/tracking-id", "Argo CD application"),
    ("meta.helm.sh/release-name", "Helm release"),
)
_CONTROLLERS = {"Canary": "Flagger Canary", "Rollout": "Argo Rollouts Rollout"}
_MANAGERS = (
    ("flagger", "Flagger", True),
    ("rollouts-controller", "Argo Rollouts", True),
    ("argo-rollouts", "Argo Rollouts", True),
    ("argocd-controller", "Argo CD", False),
    ("argocd-application-controller", "Argo CD", False),
    ("kustomize-controller", "Flux", False),
    ("helm-controller", "Flux", False),
)


def owner_of(meta: Meta) -> Owner | None:
    """The tool that owns the object by owner references, labels, annotations or field managers; a rollout controller
    before GitOps, since it writes more often. None when nothing says so."""
    for reference in meta.owner_references or ():
        if tool := _CONTROLLERS.get(reference.kind):
            return Owner(f"{tool} {reference.name}", f"it is owned by {reference.kind} {reference.name}", True)
    managers = [entry.manager for entry in meta.managed_fields or ()]
    for manager, tool, exclusive in _MANAGERS:
        if exclusive and manager in managers:
            return Owner(tool, f"its fields were last written by {manager}", True)
    for label, tool in _LABELS:
        if value := (meta.labels or {}).get(label):
            return Owner(f"{tool} {value}", f"label {label}")
    for annotation, tool in _ANNOTATIONS:
        if value := (meta.annotations or {}).get(annotation):
            return Owner(f"{tool} {value.partition(':')[0]}", f"annotation {annotation}")
    for manager, tool, _ in _MANAGERS:
        if manager in managers:
            return Owner(tool, f"its fields were last written by {manager}")
    return None
