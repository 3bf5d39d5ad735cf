"""Mutual TLS over REST."""

from __future__ import annotations

import pytest
import yaml
from django.test import Client

from tests.api.conftest import Mesh

BASE = "/api/v1/clusters/demo/mtls"


def test_the_posture_names_modes_by_namespace(as_viewer: Client, mesh: Mesh) -> None:
    found = as_viewer.get(f"{BASE}?window=15").json()
    assert found["mode"] == "PERMISSIVE"
    assert [(one["namespace"], one["permissive"]) for one in found["namespaces"]] == [("shop", 3)]


def test_a_namespaces_workloads_carry_every_step_of_the_decision(as_viewer: Client, mesh: Mesh) -> None:
    found = as_viewer.get(f"{BASE}/namespaces/shop?window=15").json()
    assert [one["name"] for one in found] == ["catalog-v1", "catalog-v2", "web-v1"]
    assert [step["level"] for step in found[0]["ports"][0]["steps"]] == [
        "port",
        "workload",
        "namespace",
        "mesh",
        "default",
    ]


def test_an_edge_is_explained(as_viewer: Client, mesh: Mesh) -> None:
    found = as_viewer.get(f"{BASE}/edge?caller=shop/web-v1&caller_reports=true&service=shop/catalog").json()
    assert found["caller_plane"] == "sidecar"
    assert {port["expected"] for one in found["called"] for port in one["ports"]} == {"mutual_tls"}


def test_the_gate_says_what_a_pipeline_can_exit_with(as_viewer: Client, mesh: Mesh) -> None:
    found = as_viewer.get(f"{BASE}/strict?namespace=shop&window=15").json()
    assert (found["status"], found["exit_code"]) == ("not_enough_traffic", 2)
    assert "catalog-v2" in [one["name"] for one in found["quiet"]]
    found = as_viewer.get(f"{BASE}/strict?namespace=shop&window=15&quiet_is_safe=true").json()
    assert (found["status"], found["exit_code"]) == ("safe", 0)
    assert yaml.safe_load(found["policy_yaml"])["spec"] == {"mtls": {"mode": "STRICT"}}
    assert [step["kind"] for step in found["steps"]] == ["strict", "verify"]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("strict?window=15", 400, "namespace"),
        ("strict?namespace=shop&window=7", 400, "window"),
        ("strict?namespace=nowhere&window=15", 404, None),
        ("strict?namespace=shop&workload=nobody&window=15", 404, None),
        ("strict?namespace=shop&quiet_is_safe=perhaps", 400, "quiet_is_safe"),
        ("edge?caller=shop/web", 400, "called"),
        ("edge?service=catalog", 400, "service"),
        ("edge?service=a/b/c", 400, "service"),
        ("namespaces/nowhere?window=15", 404, None),
        ("?windw=15", 400, "windw"),
    ],
)
def test_bad_input_names_its_field(as_viewer: Client, mesh: Mesh, query: str, status: int, field: str | None) -> None:
    answer = as_viewer.get(f"{BASE}/{query}" if not query.startswith("?") else f"{BASE}{query}")
    assert answer.status_code == status, answer.content
    assert field is None or field in answer.json()["fields"]


def test_nothing_is_told_to_strangers(client: Client, mesh: Mesh) -> None:
    for path in ("", "/namespaces/shop", "/edge?service=shop/catalog", "/strict?namespace=shop"):
        assert client.get(f"{BASE}{path}").status_code == 401
