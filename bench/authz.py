"""How long authorization takes: one decision, the overlay of a large mesh, a what-if over its traffic.

`python -m bench.authz` prints each number beside its limit and ends with 1 when one is above it. The mesh: 1,000
workloads in 50 namespaces behind 1,000 services, 10,000 edges, 1,000 policies. Times are of one core's own work.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np

from meshui.domain.authz.decide import Policies
from meshui.domain.authz.edits import edit_of
from meshui.domain.authz.overlay import authz_predictions
from meshui.domain.authz.request import Request
from meshui.domain.authz.what_if import what_if
from meshui.domain.graph.build import build_graph
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.mesh.inventory import Inventory, build_inventory
from meshui.domain.mesh.names import Identity
from meshui.domain.mesh.security import authorization_policy
from meshui.domain.mtls.overlay import mtls_predictions
from tests.domain.conftest import CLUSTER, Mesh

NAMESPACES, WORKLOADS, EDGES, POLICIES = 50, 20, 10_000, 1_000
LIMITS = {"one decision, 100 policies in force": 50e-6, "overlay": 2.0, "what if": 5.0}


def policy(random: Random, number: int) -> dict[str, Any]:
    """One of the kinds that meshes have: callers by principal, by namespace, with methods and paths, denials."""
    namespace = f"n{number % NAMESPACES}"
    app = f"w{random.randrange(WORKLOADS)}"
    callers = [f"cluster.local/ns/n{random.randrange(NAMESPACES)}/sa/w{random.randrange(WORKLOADS)}" for _ in range(4)]
    kind = random.random()
    rule: dict[str, Any] = {"from": [{"source": {"principals": callers}}]}
    action = "ALLOW"
    if kind < 0.25:
        rule = {"from": [{"source": {"namespaces": [f"n{random.randrange(NAMESPACES)}"]}}]}
    elif kind < 0.5:
        rule["to"] = [{"operation": {"methods": ["GET", "POST"], "paths": [f"/{app}/*", "/health"]}}]
    elif kind < 0.65:
        action, rule = "DENY", {"to": [{"operation": {"paths": [f"/admin{number}*"], "notPorts": ["15021"]}}]}
    elif kind < 0.75:
        rule["when"] = [{"key": "request.headers[x-tenant]", "values": ["gold*"]}]
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"namespace": namespace, "name": f"p{number}"},
        "spec": {"selector": {"matchLabels": {"app": app}}, "action": action, "rules": [rule]},
    }


def large_mesh() -> tuple[MeshGraph, Inventory]:
    random = Random(7)
    mesh = Mesh()
    names = [f"n{space}/w{number}" for space in range(NAMESPACES) for number in range(WORKLOADS)]
    for name in names:
        mesh.workload(name)
        mesh.service(name)
    mesh.manifests += [policy(random, number) for number in range(POLICIES)]
    for _ in range(EDGES):
        source, called = random.sample(names, 2)
        mesh.calls(source, called, called, random.random() * 10, by="destination")
    inventory = build_inventory(mesh.manifests, CLUSTER)
    return build_graph(mesh.rows(), inventory, cluster=CLUSTER), inventory


def decision() -> float:
    """The median of many decisions on requests of many callers."""
    random = Random(7)
    held = Policies([authorization_policy(policy(random, number)) for number in range(100)])
    asked = [
        Request(
            identity=Identity("cluster.local", f"n{random.randrange(NAMESPACES)}", f"w{random.randrange(WORKLOADS)}"),
            source_ip="10.0.0.1",
            port="8080",
            host="api",
            method=random.choice(("GET", "POST", "PUT")),
            path=f"/w{random.randrange(WORKLOADS)}/item",
            headers={"x-tenant": "gold"},
            token=None,
        )
        for _ in range(2000)
    ]
    for request in asked:
        held.decide(request)
    rounds = []
    for _ in range(5):
        started = time.process_time()
        for request in asked:
            held.decide(request)
        rounds.append((time.process_time() - started) / len(asked))
    return float(np.median(rounds))


def measured(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def results() -> Iterator[tuple[str, float]]:
    """(what, seconds of processor time)."""
    yield "one decision, 100 policies in force", decision()
    graph, inventory = large_mesh()
    assert len(graph) > EDGES * 0.99, len(graph)
    mtls, mtls_of = mtls_predictions(graph, inventory)
    yield "overlay", measured(lambda: authz_predictions(graph, inventory, mtls, mtls_of))
    edits = [edit_of(policy(Random(number), number)) for number in range(20)]
    yield "what if", measured(lambda: what_if(graph, inventory, edits))


def main() -> int:
    late = 0
    for what, seconds in results():
        late += seconds > LIMITS[what]
        print(f"authz: {what}: {seconds * 1000:.3f} ms (limit {LIMITS[what] * 1000:g} ms)")
    return int(late > 0)


if __name__ == "__main__":
    sys.exit(main())
