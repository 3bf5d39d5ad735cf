"""Splits: read, check, set, find what is wrong."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.changes.diff import json_patch
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.routing.weights import Split, check_weights, set_weights, split_of, validate

HOST = "catalog.shop.svc.cluster.local"
SUBSETS = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]


def route(*weights: tuple[str, int | None], host: str = HOST) -> list[dict[str, Any]]:
    return [
        {"destination": {"host": host, "subset": subset}, **({} if weight is None else {"weight": weight})}
        for subset, weight in weights
    ]


def split_shop(shop, http: list[dict[str, Any]] | None = None, **metadata: Any) -> Inventory:
    http = http or [{"name": "split", "timeout": "3s", "route": route(("v1", 90), ("v2", 10))}]
    shop.add("VirtualService", "shop/catalog", {"hosts": ["catalog"], "http": http}, **metadata)
    shop.add("DestinationRule", "shop/catalog", {"host": "catalog", "subsets": SUBSETS})
    return shop.inventory()


def read(inventory: Inventory) -> Split:
    split = split_of(inventory, "shop", "catalog")
    assert split is not None
    return split


def manifest_of(inventory: Inventory, split: Split) -> dict[str, Any]:
    return inventory.config[split.object]


def test_a_split_names_its_object_and_its_versions(shop):
    split = read(split_shop(shop))
    assert (str(split.object), split.resource_version, split.editable) == ("VirtualService shop/catalog", "7", True)
    v1, v2 = split.routes[0].destinations
    assert (v1.id, v1.weight, v1.workloads, v1.pods_ready) == ("v1", 90, (("shop", "catalog-v1"),), 2)
    assert (v2.id, v2.weight, v2.workloads, v2.pods_ready) == ("v2", 10, (("shop", "catalog-v2"),), 1)
    assert split.routes[0].matches == "all requests"


def test_a_service_without_a_route_has_no_split(shop):
    assert split_of(shop.inventory(), "shop", "catalog") is None


def test_a_service_that_is_not_there_is_said(shop):
    with pytest.raises(Failure) as failure:
        split_of(shop.inventory(), "shop", "nothing")
    assert failure.value.code is Code.NOT_FOUND


def test_a_single_destination_takes_all(shop):
    split = read(split_shop(shop, [{"route": route(("v1", None))}]))
    assert split.routes[0].destinations[0].weight == 100
    assert split.routes[0].name == "http[0]"


def test_several_routes_have_ids_of_their_own(shop):
    http = [
        {"match": [{"headers": {"x-beta": {"exact": "1"}}}], "route": route(("v2", None))},
        {"redirect": {"uri": "/"}},
        {"route": route(("v1", 90), ("v2", 10))},
    ]
    split = read(split_shop(shop, http))
    assert [one.id for one in split.destinations] == ["0.0/v2", "v1", "2.1/v2"]
    assert split.routes[0].matches == "header x-beta is 1"


def test_a_delegate_carries_the_split(shop):
    shop.add("VirtualService", "shop/root", {"hosts": ["catalog"], "http": [{"delegate": {"name": "part"}}]})
    shop.add("VirtualService", "shop/part", {"http": [{"route": route(("v1", 80), ("v2", 20))}]})
    split = read(shop.inventory())
    assert str(split.object) == "VirtualService shop/part"
    assert "delegates" in split.reason


def test_a_gateways_split_counts_where_the_mesh_has_none(shop):
    shop.add(
        "VirtualService",
        "edge/front",
        {"hosts": ["shop.example"], "gateways": ["front"], "http": [{"route": route(("v1", 50), ("v2", 50))}]},
    )
    split = read(shop.inventory())
    assert str(split.object) == "VirtualService edge/front"
    assert "gateway" in split.reason


def test_a_route_of_the_gateway_api_carries_a_split(shop):
    shop.service("shop/catalog-v1", app="catalog").service("shop/catalog-v2", app="catalog")
    shop.add(
        "HTTPRoute",
        "shop/catalog",
        {
            "parentRefs": [{"kind": "Service", "group": "", "name": "catalog"}],
            "rules": [
                {"backendRefs": [{"name": "catalog-v1", "port": 80, "weight": 3}, {"name": "catalog-v2", "port": 80}]}
            ],
        },
        "gateway.networking.k8s.io/v1",
    )
    inventory = shop.inventory()
    split = read(inventory)
    assert (split.kind, [one.weight for one in split.destinations]) == ("HTTPRoute", [3, 1])
    changed = set_weights(manifest_of(inventory, split), split, {"catalog-v1": 1, "catalog-v2": 1})
    assert json_patch(manifest_of(inventory, split), changed) == [
        {"op": "replace", "path": "/spec/rules/0/backendRefs/0/weight", "value": 1}
    ]
    with pytest.raises(Failure, match="all 0"):
        check_weights(split, {"catalog-v1": 0, "catalog-v2": 0})


@pytest.mark.parametrize(
    ("metadata", "managed_by", "editable"),
    [
        ({}, None, True),
        ({"labels": {"argocd.argoproj.io/instance": "shop"}}, "Argo CD application shop", True),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:x/y:z"}}, "Argo CD application shop", True),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux Kustomization apps", True),
        ({"annotations": {"meta.helm.sh/release-name": "shop"}}, "Helm release shop", True),
        ({"ownerReferences": [{"kind": "Canary", "name": "catalog"}]}, "Flagger Canary catalog", False),
        ({"managedFields": [{"manager": "rollouts-controller", "operation": "Update"}]}, "Argo Rollouts", False),
        ({"managedFields": [{"manager": "kubectl", "operation": "Update"}]}, None, True),
    ],
)
def test_who_manages_the_object_is_recognised(shop, metadata, managed_by, editable):
    inventory = split_shop(shop, **metadata)
    split = read(inventory)
    assert (split.managed_by, split.editable) == (managed_by, editable)
    assert any(one.code == "managed_elsewhere" for one in validate(split, {}, inventory)) == bool(managed_by)


@pytest.mark.parametrize(
    ("weights", "field", "said"),
    [
        ({"v1": 101, "v2": 0}, "weights.v1", "between 0 and 100"),
        ({"v1": 110, "v2": -10}, "weights.v2", "between 0 and 100"),
        ({"v1": "50", "v2": 50}, "weights.v1", "whole number"),
        ({"v1": 50.0, "v2": 50}, "weights.v1", "whole number"),
        ({"v1": True, "v2": 99}, "weights.v1", "whole number"),
        ({"v1": None, "v2": 100}, "weights.v1", "whole number"),
        ({"v1": 50, "v2": 51}, "weights", "total 101, not 100"),
        ({"v1": 50}, "weights.v2", "missing"),
        ({"v3": 100}, "weights.v3", "no such destination"),
        ({}, "weights", "each destination"),
    ],
)
def test_bad_weights_name_the_field(shop, weights, field, said):
    split = read(split_shop(shop))
    with pytest.raises(Failure) as failure:
        check_weights(split, weights)
    assert failure.value.code is Code.INVALID
    assert said in failure.value.fields[field]


@given(st.integers(0, 100))
def test_only_weights_are_touched_and_unknown_fields_kept(new_mesh, weight: int):
    mesh = new_mesh()
    for version in ("v1", "v2"):
        mesh.workload(f"shop/catalog-{version}", app="catalog", version=version)
    mesh.service("shop/catalog")
    http = [{"x-unknown": {"a": [1, None]}, "route": route(("v1", 90), ("v2", 10)), "retries": {"attempts": 2}}]
    inventory = split_shop(mesh, http, labels={"some": "label"})
    split = read(inventory)
    before = manifest_of(inventory, split)
    kept = copy.deepcopy(before)
    after = set_weights(before, split, {"v1": weight, "v2": 100 - weight})
    assert before == kept
    paths = {operation["path"] for operation in json_patch(before, after)}
    assert paths <= {"/spec/http/0/route/0/weight", "/spec/http/0/route/1/weight"}
    assert [one["weight"] for one in after["spec"]["http"][0]["route"]] == [weight, 100 - weight]


def test_a_weight_that_stays_is_not_written(shop):
    inventory = split_shop(shop, [{"route": route(("v1", 100), ("v2", None))}])
    split = read(inventory)
    before = manifest_of(inventory, split)
    assert set_weights(before, split, {"v1": 100, "v2": 0}) == before


def test_an_object_that_changed_meanwhile_is_a_conflict(shop):
    inventory = split_shop(shop)
    split = read(inventory)
    changed = copy.deepcopy(manifest_of(inventory, split))
    changed["spec"]["http"][0]["route"].reverse()
    with pytest.raises(Failure) as failure:
        set_weights(changed, split, {"v1": 50, "v2": 50})
    assert failure.value.code is Code.CONFLICT
    with pytest.raises(Failure):
        set_weights({"spec": {}}, split, {"v1": 50, "v2": 50})


def findings(inventory: Inventory, **weights: int) -> list[tuple[str, str]]:
    return [(one.severity, one.code) for one in validate(read(inventory), weights, inventory)]


def test_a_sound_split_has_no_findings(shop):
    assert findings(split_shop(shop), v1=50, v2=50) == []


def test_a_subset_that_no_rule_defines_is_an_error_where_it_gets_requests(shop):
    inventory = split_shop(shop, [{"route": route(("v1", 100), ("v3", 0))}])
    assert findings(inventory) == [("warning", "unknown_subset")]
    assert findings(inventory, v1=50, v3=50) == [("error", "unknown_subset")]
    message = validate(read(inventory), {"v1": 50, "v3": 50}, inventory)[0]
    assert "DestinationRule shop/catalog" in message.message
    assert message.path == "$.spec.http[0].route[1].destination.subset"


def test_versions_without_ready_pods_are_a_warning(new_mesh):
    mesh = new_mesh().workload("shop/catalog-v1", app="catalog")
    mesh.workload("shop/catalog-v2", app="catalog", version="v2", ready=0).service("shop/catalog")
    inventory = split_shop(mesh)
    assert findings(inventory, v1=50, v2=50) == [("warning", "no_ready_pods")]
    assert findings(inventory, v1=100, v2=0) == []


def test_a_subset_that_selects_nothing_is_an_error(new_mesh):
    mesh = new_mesh().workload("shop/catalog-v1", app="catalog").service("shop/catalog")
    assert findings(split_shop(mesh)) == [("error", "no_workload")]


def test_an_unknown_host_is_an_error(shop):
    inventory = split_shop(shop, [{"route": [*route(("v1", 90)), {"destination": {"host": "nowhere"}, "weight": 10}]}])
    assert findings(inventory) == [("error", "unknown_host")]


def test_weights_that_do_not_total_100_now_are_said_until_they_are_set(shop):
    inventory = split_shop(shop, [{"route": route(("v1", 9), ("v2", 1))}])
    assert findings(inventory) == [("warning", "weights_total")]
    assert findings(inventory, v1=90, v2=10) == []


def test_a_second_virtual_service_for_the_host_is_said(shop):
    shop.add("VirtualService", "shop/zzz", {"hosts": [HOST], "http": []})
    assert findings(split_shop(shop)) == [("warning", "duplicate_host")]
