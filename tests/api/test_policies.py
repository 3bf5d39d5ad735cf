"""The policy inventory over REST."""

from __future__ import annotations

import pytest
from django.test import Client

from meshui.adapters.kubernetes.inventory import KindObjects
from tests.api.conftest import VIRTUAL_SERVICE, Mesh, destination_rule

BASE = "/api/v1/clusters/demo"


def test_the_list_counts_what_was_found_on_each_object(as_viewer: Client, mesh: Mesh) -> None:
    rows = {(one["kind"], one["name"]): one for one in as_viewer.get(f"{BASE}/config").json()}
    rule = rows["VirtualService", "catalog"]
    assert (rule["purpose"], rule["errors"], rule["off_road"], rule["managed_by"]) == ("routing", 0, False, None)
    assert as_viewer.get(f"{BASE}/config?purpose=security").json() == []
    assert as_viewer.get(f"{BASE}/config?found=error").json() == []


def test_an_object_says_what_it_names_and_what_names_it(as_viewer: Client, mesh: Mesh) -> None:
    found = as_viewer.get(f"{BASE}/config/DestinationRule/shop/catalog").json()
    assert [one["name"] for one in found["workloads"]] == ["catalog-v1", "catalog-v2"]
    assert (found["workloads_total"], found["scope"]) == (2, "reference")
    assert found["services"] == [{"namespace": "shop", "name": "catalog"}]
    assert found["findings"] == []


def test_an_object_that_a_tool_manages_says_so(as_viewer: Client, mesh: Mesh) -> None:
    mesh.config.objects[VIRTUAL_SERVICE]["metadata"]["labels"] = {"argocd.argoproj.io/instance": "shop"}
    found = as_viewer.get(f"{BASE}/config/VirtualService/shop/catalog").json()
    assert found["managed_by"] == "Argo CD application shop"
    assert "argocd.argoproj.io/instance" in found["managed_reason"]


def test_status_conditions_are_listed_with_whose_they_are(as_viewer: Client, mesh: Mesh) -> None:
    condition = {"type": "Accepted", "status": "False", "reason": "NoMatchingParent", "message": "no"}
    mesh.config.objects[VIRTUAL_SERVICE]["status"] = {
        "parents": [{"parentRef": {"name": "gate"}, "conditions": [condition]}]
    }
    (found,) = as_viewer.get(f"{BASE}/config/VirtualService/shop/catalog").json()["conditions"]
    assert (found["of"], found["type"], found["status"]) == ("gate", "Accepted", "False")


def test_findings_are_told_gravest_first_with_their_line_on_the_object(as_viewer: Client, broken: Mesh) -> None:
    found = as_viewer.get(f"{BASE}/findings").json()
    assert found["errors"] == 1
    (first, *_) = found["findings"]
    assert (first["code"], first["object"]["name"]) == ("unknown_subset", "catalog")
    assert as_viewer.get(f"{BASE}/findings?severity=error").json()["total"] == 1
    assert as_viewer.get(f"{BASE}/findings?code=unknown_subset&namespace=shop").json()["total"] == 1
    assert as_viewer.get(f"{BASE}/findings?kind=Gateway").json()["total"] == 0
    detail = as_viewer.get(f"{BASE}/config/VirtualService/shop/catalog").json()
    (its,) = [one for one in detail["findings"] if one["code"] == "unknown_subset"]
    assert detail["yaml"].splitlines()[its["line"] - 1].strip() == "subset: v2"


@pytest.fixture
def broken(mesh: Mesh) -> Mesh:
    """The DestinationRule has lost the subset v2."""
    changed = destination_rule()
    changed["spec"]["subsets"].pop()
    mesh.inventory.states["v1/destinationrules"] = KindObjects("2", (changed,))
    mesh.publish()
    return mesh


def test_a_workload_names_the_policies_that_hold_for_it(as_viewer: Client, mesh: Mesh) -> None:
    found = as_viewer.get(f"{BASE}/workloads/shop/catalog-v1").json()
    assert found["policies"] == [{"kind": "DestinationRule", "namespace": "shop", "name": "catalog"}]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("config?purpose=fun", "purpose"),
        ("config?found=nothing", "found"),
        ("findings?severity=bad", "severity"),
        ("findings?sevrity=error", "sevrity"),
    ],
)
def test_bad_input_names_its_field(as_viewer: Client, mesh: Mesh, path: str, field: str) -> None:
    answer = as_viewer.get(f"{BASE}/{path}")
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
