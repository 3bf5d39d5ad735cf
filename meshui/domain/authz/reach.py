"""May A call B? Layer by layer, in the order in which a request meets them; the first that refuses is named.

Order: network policy of both sides (layers 3 and 4), then the mode of mutual TLS, then the mesh's authorization, as
each point on the way judges it. Who the caller is to the called side follows from the mutual TLS that is predicted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from meshui.domain.authz.decide import Decision
from meshui.domain.authz.match import Truth
from meshui.domain.authz.policies import PolicyIndex
from meshui.domain.authz.request import Request
from meshui.domain.authz.why import RuleStory, why
from meshui.domain.graph.model import Verdict
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import Identity, ObjectRef
from meshui.domain.mesh.workloads import Service, ServicePort, Workload
from meshui.domain.mtls.overlay import Predictor, agreed, called_plane, is_http, workload_port

LayerName = Literal["network", "mtls", "waypoint", "ztunnel", "sidecar", "gateway", "linkerd"]


class Call(msgspec.Struct, frozen=True):
    """Who calls what. `caller` is None for somebody outside the mesh. `request` says what is asked for, as far as it
    is known; its identity and port are worked out here unless they are given."""

    caller: Workload | None
    service: Service | None
    called: Workload
    port: ServicePort | None
    request: Request = Request()


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """What one layer says. `near` are its rules that nearly matched, `steps` the order in which it was asked."""

    layer: LayerName
    where: str
    """The proxy, node or workload that enforces it."""
    verdict: Verdict
    object: ObjectRef | None
    rule: int | None = None
    reason: str
    deciding: RuleStory | None = None
    steps: tuple[str, ...] = ()
    near: tuple[RuleStory, ...] = ()
    shadows: tuple[str, ...] = ()


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the call gets through. `refused_by` is the first layer that refuses it."""

    workload: str
    """NAMESPACE/NAME of the called one."""
    verdict: Verdict
    refused_by: LayerName | None
    object: ObjectRef | None
    reason: str
    layers: tuple[Layer, ...]


NetworkLayers = Callable[[Call], Iterator[Layer]]
"""What refuses or allows packets before any proxy sees them."""


class Reaching:
    """Answers for one inventory."""

    def __init__(self, inventory: Inventory, networks: tuple[NetworkLayers, ...] = ()) -> None:
        self._inventory = inventory
        self._policies = PolicyIndex(inventory)
        self._mtls = Predictor(inventory)
        self._networks = networks

    def reach(self, call: Call) -> Reach:
        """All layers up to the first that refuses."""
        layers: list[Layer] = []
        for layer in self._layers(call):
            layers.append(layer)
            if layer.verdict == "denied":
                break
        refusing = next((one for one in layers if one.verdict == "denied"), None)
        unsure = next((one for one in layers if one.verdict == "partly"), None)
        settled = next((one for one in reversed(layers) if one.verdict == "allowed" and one.layer != "mtls"), None)
        told = refusing or unsure or settled or layers[-1]
        return Reach(
            workload=f"{call.called.namespace}/{call.called.name}",
            verdict=told.verdict if told.layer != "mtls" or told is refusing else "open",
            refused_by=refusing.layer if refusing else None,
            object=told.object,
            reason=told.reason,
            layers=tuple(layers),
        )

    def _layers(self, call: Call) -> Iterator[Layer]:
        for network in self._networks:
            for layer in network(call):
                yield layer
                if layer.layer == "linkerd":
                    return  # Linkerd's proxy encrypts and judges: nothing of Istio's stands behind it
        tls, identity = self._encrypted(call)
        yield tls
        if tls.verdict == "denied":
            return
        stream = call.request.stream or (call.port is not None and is_stream(call.port))
        port = workload_port(call.port, call.called) if call.port is not None else None
        request = msgspec.structs.replace(
            call.request,
            identity=identity,
            port=call.request.port if isinstance(call.request.port, str) or port is None else str(port),
            stream=stream,
        )
        points = self._policies.points(call.called, call.service, stream=stream)
        if not points:
            yield Layer(
                layer="sidecar",
                where=call.called.name,
                verdict="open",
                object=None,
                reason=f"{call.called.name} has no proxy, so no policy is enforced there.",
            )
        for point in points:
            told = why(point.policies, request)
            yield Layer(
                layer=point.enforcer,
                where=point.name,
                verdict=verdict_of(told.decision),
                object=told.decision.policy,
                rule=told.decision.rule,
                reason=told.decision.reason,
                deciding=told.deciding,
                steps=told.steps,
                near=told.near,
                shadows=told.shadows,
            )
            if point.passes_as is not None:
                request = msgspec.structs.replace(request, identity=point.passes_as)

    def _encrypted(self, call: Call) -> tuple[Layer, Identity | msgspec.UnsetType | None]:
        """The layer of mutual TLS, and who the caller is to the called side by it."""
        plane = called_plane(call.caller) if call.caller is not None else "none"
        namespace = call.caller.namespace if call.caller is not None else ""
        found = agreed(list(self._mtls.at(namespace, plane, call.service, call.port, call.called)))
        identity: Identity | msgspec.UnsetType | None = call.request.identity
        if isinstance(identity, msgspec.UnsetType):
            key = (call.caller.namespace, call.caller.name) if call.caller is not None else None
            own = self._inventory.identity_of(key) if key else None
            if found.expected == "mutual_tls":
                identity = own or msgspec.UNSET
            elif found.expected == "plain_text":
                identity = None
        who = (
            "nobody in particular"
            if identity is None
            else ""
            if isinstance(identity, msgspec.UnsetType)
            else str(identity)
        )
        known = f" To the called side the caller is {who}." if who and found.expected != "refused" else ""
        return (
            Layer(
                layer="mtls",
                where=call.called.name,
                verdict="denied" if found.expected == "refused" else "allowed",
                object=found.decided_by,
                reason=f"{found.reason}{known}",
            ),
            identity,
        )


def is_stream(port: ServicePort) -> bool:
    """Whether a port is declared to speak something else than HTTP; undeclared ones are looked into by the proxy."""
    return bool(port.app_protocol or port.name) and not is_http(port)


def verdict_of(decision: Decision) -> Verdict:
    """A decision as graphs and tables show it."""
    if decision.open:
        return "open"
    verdicts: dict[Truth, Verdict] = {Truth.YES: "allowed", Truth.NO: "denied", Truth.MAYBE: "partly"}
    return verdicts[decision.allowed]
