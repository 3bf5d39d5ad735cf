"""What policy says of every edge of a graph: of its caller, whatever it asks for."""

from __future__ import annotations

from math import isnan
from typing import Literal

import msgspec
import numpy as np

from meshui.domain.authz.calls import Judge
from meshui.domain.authz.match import Text
from meshui.domain.authz.prediction import UNPREDICTED, AuthzPrediction
from meshui.domain.authz.request import Request
from meshui.domain.graph.mesh import NONE, GraphNode, MeshGraph
from meshui.domain.graph.model import MtlsOutcome, Verdict
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import Identity
from meshui.domain.mesh.workloads import Service, Workload
from meshui.domain.mtls.overlay import called_workloads, workload_port
from meshui.domain.mtls.prediction import MtlsPrediction
from meshui.domain.telemetry.rows import TCP, IntColumn

Trust = Literal["identity", "plain", "both", "unknown"]
"""How the called side knows the caller: by its certificate, not at all, now so now so, or that isn't known."""

_Caller = Identity | msgspec.UnsetType | None

OUTSIDE = AuthzPrediction("unknown", None, "The called side is outside the mesh: no policy of the mesh is asked there.")

_ALL = 0.999
"""A share of mutual TLS that counts as all."""


def authz_predictions(
    graph: MeshGraph, inventory: Inventory, mtls: tuple[MtlsPrediction, ...], mtls_of: IntColumn
) -> tuple[tuple[AuthzPrediction, ...], IntColumn]:
    """(the different predictions, which one each edge has). A caller has an identity only over mutual TLS: as
    observed, or as predicted where nothing was observed."""
    predictor = _Predictor(inventory)
    numbers: dict[AuthzPrediction, int] = {UNPREDICTED: 0}
    memory: dict[tuple[int, int, int, Trust, bool], int] = {}
    which = np.zeros(len(graph), dtype=np.int32)
    columns = (graph.source, graph.service, graph.destination, graph.protocol, graph.mtls_share, mtls_of)
    for edge, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        source, service, destination, protocol, share, predicted = row
        trust = _trust(share, mtls[predicted].expected)
        key = (source, service, destination, trust, protocol == TCP)
        if key not in memory:
            prediction = predictor.predict(
                graph.nodes[source],
                None if service == NONE else graph.nodes[service],
                None if destination == NONE else graph.nodes[destination],
                trust,
                stream=protocol == TCP,
            )
            memory[key] = numbers.setdefault(prediction, len(numbers))
        which[edge] = memory[key]
    return tuple(numbers), which


def _trust(share: float, expected: MtlsOutcome) -> Trust:
    if not isnan(share):
        return "identity" if share >= _ALL else "plain" if share == 0 else "both"
    known: dict[MtlsOutcome, Trust] = {"mutual_tls": "identity", "plain_text": "plain", "mixed": "both"}
    return known.get(expected, "unknown")


class _Predictor:
    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._judge = Judge(inventory)

    def predict(
        self,
        caller: GraphNode,
        service: GraphNode | None,
        destination: GraphNode | None,
        trust: Trust,
        *,
        stream: bool,
    ) -> AuthzPrediction:
        called = called_workloads(self._inventory, service, destination)
        if not called:
            outside = service is not None and service.kind in ("service_entry", "passthrough", "blackhole")
            return OUTSIDE if outside and destination is None else UNPREDICTED
        return _together(
            [
                self._at(caller, one, service, identity, stream)
                for _, one in called
                for identity in self._identities(caller, trust)
            ]
        )

    def _at(
        self, caller: GraphNode, called: Workload, service: GraphNode | None, identity: _Caller, stream: bool
    ) -> AuthzPrediction:
        inventory = self._inventory
        known = caller.cluster == inventory.cluster and caller.kind != "unknown"
        asked = inventory.services.get((service.namespace, service.name)) if service is not None else None
        port = asked.ports[0] if asked is not None and len(asked.ports) == 1 else None
        own = self._port(asked, called)
        return self._judge.told(
            inventory.workloads.get((caller.namespace, caller.name)) if known else None,
            called,
            asked,
            port,
            Request(identity=identity, port=own, stream=stream),
        )

    def _identities(self, caller: GraphNode, trust: Trust) -> list[_Caller]:
        identity: _Caller = msgspec.UNSET
        if caller.cluster == self._inventory.cluster:
            identity = self._inventory.identity_of((caller.namespace, caller.name)) or msgspec.UNSET
        by_trust: dict[Trust, list[_Caller]] = {
            "identity": [identity],
            "plain": [None],
            "both": [identity, None],
            "unknown": [msgspec.UNSET],
        }
        return by_trust[trust]

    def _port(self, service: Service | None, called: Workload) -> Text:
        ports = {workload_port(port, called) for port in service.ports} if service is not None else set()
        only = next(iter(ports)) if len(ports) == 1 else None
        return str(only) if only is not None else msgspec.UNSET


def _together(found: list[AuthzPrediction]) -> AuthzPrediction:
    different = list(dict.fromkeys(found))
    if len(different) == 1:
        return different[0]
    verdicts = {one.verdict for one in different}
    deciding = {one.decided_by for one in different}
    verdict: Verdict = "allowed"
    if len(verdicts) == 1:
        verdict = different[0].verdict
    elif verdicts & {"denied", "partly"}:
        verdict = "partly"
    return AuthzPrediction(
        verdict=verdict,
        decided_by=different[0].decided_by if len(deciding) == 1 else None,
        reason=" ".join(one.reason for one in different[:3]),
    )
