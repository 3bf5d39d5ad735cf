"""What policy of all kinds says of a call, in one verdict: for edges and tables, where many are asked for."""

from __future__ import annotations

import msgspec

from meshui.domain.authz.judge import judge, verdict
from meshui.domain.authz.network.layers import network_layers
from meshui.domain.authz.policies import PolicyIndex
from meshui.domain.authz.prediction import AuthzPrediction
from meshui.domain.authz.reach import Call, Layer, verdict_of
from meshui.domain.authz.request import Request
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.workloads import Service, ServicePort, Workload


class Judge:
    """Verdicts under one inventory's policies."""

    def __init__(self, inventory: Inventory) -> None:
        self._policies = PolicyIndex(inventory)
        self._networks = network_layers(inventory)

    def told(
        self,
        caller: Workload | None,
        called: Workload,
        service: Service | None,
        port: ServicePort | None,
        request: Request,
    ) -> AuthzPrediction:
        """Of a call whose caller the called side knows by the request's identity. The network's layers come first;
        what only one of them leaves open makes it partly."""
        layers: list[Layer] = []
        if self._networks:
            call = Call(caller=caller, service=service, called=called, port=port, request=request)
            layers = [layer for network in self._networks for layer in network(call)]
        if (refusing := next((one for one in layers if one.verdict == "denied"), None)) is not None:
            return AuthzPrediction("denied", refusing.object, f"{_place(refusing)}: {refusing.reason}")
        if (linkerd := next((one for one in layers if one.layer == "linkerd"), None)) is not None:
            found = AuthzPrediction(linkerd.verdict, linkerd.object, f"{called.name}: {linkerd.reason}")
        else:
            found = self._by_istio(called, service, request)
        unsure = next((one for one in layers if one.verdict == "partly"), None)
        if unsure is not None and found.verdict in ("allowed", "open"):
            return AuthzPrediction("partly", unsure.object, f"{_place(unsure)}: {unsure.reason}")
        if layers and found.verdict == "open" and linkerd is None:
            return AuthzPrediction("allowed", layers[-1].object, f"{_place(layers[-1])}: {layers[-1].reason}")
        return found

    def _by_istio(self, called: Workload, service: Service | None, request: Request) -> AuthzPrediction:
        points = self._policies.points(called, service, stream=request.stream)
        if not points:
            return AuthzPrediction("open", None, f"{called.name} has no proxy, so no policy is enforced there.")
        decision = verdict(judge(points, request))
        identity = request.identity
        who = (
            "A caller without identity"
            if identity is None
            else "A caller of unknown identity"
            if isinstance(identity, msgspec.UnsetType)
            else f"{identity.namespace}/{identity.service_account}"
        )
        return AuthzPrediction(verdict_of(decision), decision.policy, f"{who} to {called.name}: {decision.reason}")


def _place(layer: Layer) -> str:
    return layer.where[:1].upper() + layer.where[1:]
