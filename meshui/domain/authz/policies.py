"""Which policies hold where, and what enforces them there.

Sources: Istio AuthorizationPolicy and workload selector references; istio/istio pilot/pkg/model/policyattachment.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

import msgspec

from meshui.domain.authz.checks import Place
from meshui.domain.authz.decide import Policies
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import Identity, ObjectRef
from meshui.domain.mesh.security import Action, AuthorizationPolicy, RequestAuthentication
from meshui.domain.mesh.workloads import Service, Workload

ORDER: tuple[Action, ...] = ("CUSTOM", "DENY", "ALLOW", "AUDIT")
"""The order in which actions are asked (Istio AuthorizationPolicy reference). AUDIT never decides."""

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
USE_WAYPOINT = "istio.io/use-waypoint"
WAYPOINT_NAMESPACE = "istio.io/use-waypoint-namespace"
WAYPOINT_CLASS = "istio-waypoint"

Enforcer = Literal["sidecar", "gateway", "waypoint", "ztunnel"]
_Policy = TypeVar("_Policy", bound=AuthorizationPolicy | RequestAuthentication)


class Point(msgspec.Struct, frozen=True):
    """A place that a request passes where policies are enforced. `passes_as`: who it comes from at the next point
    (behind a waypoint, the waypoint); None: still its caller."""

    enforcer: Enforcer
    name: str
    policies: Policies
    passes_as: Identity | None = None


class PolicyIndex:
    """The points at which a request to a workload is judged, with the policies of each; found once per workload."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._root = inventory.mesh.root_namespace
        self._authorization = _Scoped[AuthorizationPolicy](inventory.authorization_policies)
        self._authentication = _Scoped[RequestAuthentication](inventory.request_authentications)
        self._points: dict[tuple[Key, Key | None, bool], tuple[Point, ...]] = {}
        self._ready: dict[tuple[tuple[ObjectRef, ...], tuple[ObjectRef, ...], Place], Policies] = {}
        self._waypoints = {
            (one.namespace, one.labels[GATEWAY_NAME]): one
            for one in inventory.workloads.values()
            if one.is_waypoint and GATEWAY_NAME in one.labels
        }

    def of(self, workload: Workload) -> tuple[AuthorizationPolicy, ...]:
        """All AuthorizationPolicies that hold for the workload by namespace, selector or as its Gateway, dry-run ones
        too; the root namespace's before its own, oldest first."""
        return self._authorization.selecting(workload, self._root)

    def points(self, workload: Workload, service: Service | None, *, stream: bool) -> tuple[Point, ...]:
        """Where a request to the workload, asked for by the service, is judged, in order; none where nothing
        enforces policy. `stream`: a TCP connection."""
        key = (workload.namespace, workload.name)
        through = (service.namespace, service.name) if service is not None and workload.ambient else None
        if (key, through, stream) not in self._points:
            self._points[key, through, stream] = tuple(self._found(workload, service, stream))
        return self._points[key, through, stream]

    def _found(self, workload: Workload, service: Service | None, stream: bool) -> Iterator[Point]:
        place: Place = "tcp" if stream else "http"
        if workload.is_gateway:
            yield Point("gateway", workload.name, self._own(workload, place))
        elif workload.is_waypoint:
            yield Point("waypoint", workload.name, self._at_waypoint(workload, service, place))
        elif workload.ambient and not workload.has_proxy:
            waypoint = self._waypoint_of(workload, service)
            if waypoint is not None:
                passes_as = self._inventory.identity_of((waypoint.namespace, waypoint.name))
                yield Point("waypoint", waypoint.name, self._at_waypoint(waypoint, service, place), passes_as)
            yield Point("ztunnel", workload.name, self._own(workload, "ztunnel"))
        elif workload.has_proxy is not False:
            yield Point("sidecar", workload.name, self._own(workload, place))

    def _own(self, workload: Workload, place: Place) -> Policies:
        authentications: tuple[RequestAuthentication, ...] = ()
        if place == "http":
            authentications = self._authentication.selecting(workload, self._root)
        return self._made(self._authorization.selecting(workload, self._root), authentications, place)

    def _at_waypoint(self, waypoint: Workload, service: Service | None, place: Place) -> Policies:
        return self._made(
            self._authorization.attached(waypoint, service, self._root),
            self._authentication.attached(waypoint, service, self._root) if place == "http" else (),
            place,
        )

    def _made(
        self,
        policies: tuple[AuthorizationPolicy, ...],
        authentications: tuple[RequestAuthentication, ...],
        place: Place,
    ) -> Policies:
        key = (tuple(one.ref for one in policies), tuple(one.ref for one in authentications), place)
        if key not in self._ready:
            self._ready[key] = Policies(policies, authentications, place)
        return self._ready[key]

    def _waypoint_of(self, workload: Workload, service: Service | None) -> Workload | None:
        """The waypoint that the service (or the workload, called without one) names, else its namespace's."""
        asked = service or workload
        namespace = self._inventory.namespaces.get(asked.namespace)
        for labels in (asked.labels, namespace.labels if namespace else {}):
            if name := labels.get(USE_WAYPOINT):
                where = labels.get(WAYPOINT_NAMESPACE, asked.namespace)
                return None if name == "none" else self._waypoints.get((where, name))
        return None


class _Scoped(Generic[_Policy]):
    """Policies of a kind by where they hold. Those with a selector are found by one of its labels."""

    def __init__(self, policies: tuple[_Policy, ...]) -> None:
        self._wide: dict[str, list[tuple[int, _Policy]]] = {}
        self._by_label: dict[tuple[str, str, str], list[tuple[int, _Policy]]] = {}
        self._targeting: dict[str, list[tuple[int, _Policy]]] = {}
        for number, policy in enumerate(policies):
            labels = policy.spec.selector.match_labels if policy.spec.selector else {}
            if policy.targets:
                self._targeting.setdefault(policy.ref.namespace, []).append((number, policy))
            elif labels:
                pair = next(iter(labels.items()))
                self._by_label.setdefault((policy.ref.namespace, *pair), []).append((number, policy))
            else:
                self._wide.setdefault(policy.ref.namespace, []).append((number, policy))

    def selecting(self, workload: Workload, root: str) -> tuple[_Policy, ...]:
        """What holds for the workload by namespace or selector, or for it as the Gateway API's Gateway. A waypoint
        passes over what has no targetRefs."""
        found: list[_Policy] = []
        for namespace in dict.fromkeys((root, workload.namespace)):
            its = [] if workload.is_waypoint else list(self._wide.get(namespace, ()))
            if not workload.is_waypoint and self._by_label:
                for pair in workload.labels.items():
                    for number, policy in self._by_label.get((namespace, *pair), ()):
                        if policy.spec.selector is not None and policy.spec.selector.selects(workload.labels):
                            its.append((number, policy))
            if namespace == workload.namespace and GATEWAY_NAME in workload.labels:
                its += self._where(namespace, ("Gateway",), workload.labels[GATEWAY_NAME])
            found += [policy for _, policy in sorted(its, key=lambda one: one[0])]
        return tuple(found)

    def attached(self, waypoint: Workload, service: Service | None, root: str) -> tuple[_Policy, ...]:
        """What targetRefs attach to the waypoint: to its class (from the root namespace), to its Gateway, to the
        service."""
        gateway = waypoint.labels.get(GATEWAY_NAME, waypoint.name)
        its = self._where(root, ("GatewayClass",), WAYPOINT_CLASS)
        its += self._where(waypoint.namespace, ("Gateway",), gateway)
        if service is not None:
            its += self._where(service.namespace, ("Service", "ServiceEntry"), service.name)
        unique = dict(its)
        return tuple(unique[number] for number in sorted(unique))

    def _where(self, namespace: str, kinds: tuple[str, ...], name: str) -> list[tuple[int, _Policy]]:
        return [
            (number, policy)
            for number, policy in self._targeting.get(namespace, ())
            if any(target.kind in kinds and target.name == name for target in policy.targets)
        ]
