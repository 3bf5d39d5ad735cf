"""A frontend, an api and a stranger, and what becomes of calls among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from meshui.domain.authz.network.layers import network_layers
from meshui.domain.authz.reach import Call, Reach, Reaching
from meshui.domain.authz.request import Request

Ask = Callable[..., Reach]


@pytest.fixture
def cluster(mesh):
    """shop/web and shop/api (port 8080, named http) and other/batch, none of them with Istio's proxy."""
    for where in ("shop/web", "shop/api", "other/batch"):
        mesh.workload(where, proxy=False).service(where)
    for name in ("shop", "other"):
        labels = {"team": name}
        mesh.manifests.append({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name, "labels": labels}})
    return mesh


@pytest.fixture
def ask(cluster) -> Ask:
    """The fate of a call of shop/api by `caller` (None: from outside)."""

    def of(caller: str | None = "shop/web", **request: Any) -> Reach:
        inventory = cluster.inventory()
        service = inventory.services["shop", "api"]
        who = inventory.workloads[tuple(caller.split("/"))] if caller else None  # type: ignore[index]
        called = inventory.workloads["shop", "api"]
        call = Call(caller=who, service=service, called=called, port=service.ports[0], request=Request(**request))
        return Reaching(inventory, network_layers(inventory)).reach(call)

    return of
