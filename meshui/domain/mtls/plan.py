"""The way to STRICT: ordered steps with the objects to apply, from an assessment."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Manifest
from meshui.domain.mtls.overlay import workload_port
from meshui.domain.mtls.posture import ports_of
from meshui.domain.mtls.server import ServerModes
from meshui.domain.mtls.strict import Assessment, PlainCaller, Scope, telling_labels

StepKind = Literal["proxy", "destination_rule", "bypass", "outside", "probe", "exception", "strict", "verify", "tidy"]


class StrictStep(msgspec.Struct, frozen=True):
    """One step: what to do and why, and the objects to apply (whole, or only the fields to merge: `patch`). `optional`:
    the other way out, where the step before can't be done."""

    kind: StepKind
    title: str
    text: str
    objects: tuple[Manifest, ...] = ()
    patch: bool = False
    optional: bool = False


def plan(inventory: Inventory, scope: Scope, assessment: Assessment) -> tuple[StrictStep, ...]:
    """The steps in the order to take them; none when the scope is STRICT already and nothing is in the way."""
    if assessment.already and not assessment.callers and assessment.status == "safe":
        return ()
    return tuple(_steps(inventory, scope, assessment))


def _steps(inventory: Inventory, scope: Scope, assessment: Assessment) -> Iterator[StrictStep]:
    by_cause: dict[str, list[PlainCaller]] = {}
    for caller in assessment.callers:
        by_cause.setdefault(caller.cause, []).append(caller)
    if without := by_cause.get("no_proxy"):
        names = dict.fromkeys((one.namespace, one.name) for one in without)
        yield StrictStep(
            "proxy",
            f"Give {_count(len(names), 'caller')} a proxy",
            f"{_list(names)}: with a proxy {'it uses' if len(names) == 1 else 'they use'} mutual TLS without a change "
            "of code. The pods start anew.",
            tuple(patch for key in names if (patch := _inject(inventory, key)) is not None),
            patch=True,
        )
    maybe = dict.fromkeys(name for one in by_cause.get("outside", ()) for name in one.candidates)
    if maybe:
        keys = [(place, name) for place, _, name in (one.partition("/") for one in maybe)]
        yield StrictStep(
            "proxy",
            "Find out who the unknown caller is, and give it a proxy",
            f"Without a proxy a caller has no name. {_list(keys)} {'has' if len(keys) == 1 else 'have'} none.",
            tuple(patch for key in keys[:3] if (patch := _inject(inventory, key)) is not None),
            patch=True,
        )
    for ref in dict.fromkeys(one.decided_by for one in by_cause.get("destination_rule", ()) if one.decided_by):
        changed = _without_tls(inventory, ref)
        yield StrictStep(
            "destination_rule",
            f"Let callers of {ref.namespace}/{ref.name} choose mutual TLS",
            f"{ref} makes callers use something else. Without its `tls` they choose mutual TLS by themselves.",
            (changed,) if changed else (),
        )
    if past := by_cause.get("bypass"):
        yield StrictStep(
            "bypass",
            "Lead calls through the proxies",
            f"{_list((one.namespace, one.name) for one in past)}: look for excludeOutboundPorts, pods older than the "
            "injection, and calls to a pod's own address.",
        )
    if outside := [*by_cause.get("outside", ()), *by_cause.get("ambient", ())]:
        yield StrictStep(
            "outside",
            "Bring calls from outside in through a gateway",
            f"{_list((one.namespace, one.name) for one in outside)}: what is not part of the mesh can't show its "
            "certificate.",
            optional=bool(maybe),
        )
    if probes := [one for one in assessment.hazards if one.breaks]:
        yield StrictStep(
            "probe",
            "Let the sidecars answer the kubelet's probes",
            f"{_list((one.namespace, one.name) for one in probes)}: {probes[0].next_step}",
        )
    exceptions = tuple(_exceptions(inventory, assessment))
    if exceptions:
        yield StrictStep(
            "exception",
            "Or leave what they call open for now",
            "Where a caller can't be changed yet, only the workload and port that it calls stays PERMISSIVE.",
            exceptions,
            optional=True,
        )
    if not assessment.already:
        what = f"Change {assessment.replaces}" if assessment.replaces else f"Make a PeerAuthentication for {scope}"
        yield StrictStep(
            "strict", f"Make {scope} STRICT", f"{what}. It takes hold within seconds.", (assessment.policy,)
        )
    yield StrictStep(
        "verify",
        "Look again",
        "The gate must say `safe`, and the graph's mTLS overlay must show no refused edge and no new errors. To go "
        "back, set the mode to PERMISSIVE again.",
    )
    if exceptions:
        yield StrictStep(
            "tidy",
            "Remove the exceptions",
            f"Once their callers use mutual TLS, delete {', '.join(_name(one) for one in exceptions)}.",
            optional=True,
        )


def _inject(inventory: Inventory, key: tuple[str, str]) -> Manifest | None:
    workload = inventory.workloads.get(key)
    api = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "Rollout": "argoproj.io/v1alpha1"}
    if workload is None or workload.kind not in api:
        return None
    return {
        "apiVersion": api[workload.kind],
        "kind": workload.kind,
        "metadata": {"name": workload.name, "namespace": workload.namespace},
        "spec": {"template": {"metadata": {"labels": {"sidecar.istio.io/inject": "true"}}}},
    }


def _without_tls(inventory: Inventory, ref: ObjectRef) -> Manifest | None:
    manifest = inventory.config.get(ref)
    if manifest is None:
        return None
    spec = copy.deepcopy(manifest.get("spec") or {})
    for holder in (spec, *(spec.get("subsets") or ())):
        policy = holder.get("trafficPolicy")
        if not isinstance(policy, dict):
            continue
        for settings in (policy, *(policy.get("portLevelSettings") or ())):
            settings.pop("tls", None)
        if not policy:
            holder.pop("trafficPolicy")
    return {
        "apiVersion": manifest.get("apiVersion"),
        "kind": ref.kind,
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": spec,
    }


def _exceptions(inventory: Inventory, assessment: Assessment) -> Iterator[Manifest]:
    """A PERMISSIVE port for each workload that callers without mutual TLS reach; its other ports become STRICT."""
    servers = ServerModes(inventory)
    called: dict[tuple[str, str], set[int]] = {}
    for caller in assessment.callers:
        key = (caller.destination_namespace, caller.destination_name)
        workload = inventory.workloads[key]
        namespace, _, name = caller.service.partition("/")
        service = inventory.services.get((namespace, name))
        ports = {workload_port(one, workload) for one in service.ports} if service else {*ports_of(inventory, workload)}
        called.setdefault(key, set()).update(port for port in ports if port is not None)
    for key, numbers in called.items():
        workload = inventory.workloads[key]
        own = servers.selecting(workload)
        spec: dict[str, Any] = {
            "selector": {"matchLabels": own.spec.selector.match_labels}
            if own and own.spec.selector
            else {"matchLabels": telling_labels(inventory, workload)},
            "mtls": {"mode": "STRICT"},
            "portLevelMtls": {str(number): {"mode": "PERMISSIVE"} for number in sorted(numbers)},
        }
        yield {
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": own.ref.name if own else f"{key[1]}-open", "namespace": key[0]},
            "spec": spec,
        }


def _name(manifest: Manifest) -> str:
    return f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _list(keys: Any) -> str:
    names = list(dict.fromkeys("/".join(filter(None, key)) for key in keys))
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
