"""Plain Envoys, each with the graph that was worked out on paper."""

from __future__ import annotations

import re
from typing import Any

import pytest

from meshui.domain.telemetry import envoy
from tests.domain.conftest import Mesh

EDGE = "workload:demo//edge"


def answer(mesh: Mesh, name: str, rate: float = 5.0, code: str = "200", **labels: Any) -> Mesh:
    its = {"job": "edge", "instance": "10.0.0.1:9901", "envoy_cluster_name": name, "envoy_response_code": code}
    return mesh.sample("by_code", {**its, **labels}, rate)


@pytest.fixture
def mesh() -> Mesh:
    return Mesh(envoy)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("backend", "service:demo//backend"),
        ("outbound|80||catalog.shop.svc.cluster.local", "service:demo/shop/catalog"),
        ("outbound|80|v1|catalog.shop.svc.cluster.local", "service:demo/shop/catalog"),
        ("shop/catalog/80/da39a3ee5e", "service:demo/shop/catalog"),
        ("shop_catalog_80", "service:demo/shop/catalog"),
        ("api.example.com", "service:demo//api.example.com"),
    ],
)
def test_a_cluster_is_the_service_that_its_name_holds(mesh, name, called):
    answer(mesh, name)
    assert mesh.view().edge_rates == {f"{EDGE}>{called}|http": 5}


def test_the_targets_of_a_job_are_one_caller_and_a_pod_is_its_workload(mesh):
    mesh.workload("edge/gateway", pods=2)
    answer(answer(mesh, "backend"), "backend", instance="10.0.0.2:9901")
    for number in (0, 1):
        answer(mesh, "backend", 1, namespace="edge", pod=f"gateway-abc-{number}", job="kubernetes-pods")
    assert mesh.view().edge_rates == {
        f"{EDGE}>service:demo//backend|http": 10,
        "workload:demo/edge/gateway>service:demo//backend|http": 2,
    }


def test_no_handshake_is_plain_text_and_one_is_not_yet_mutual(mesh):
    answer(answer(mesh, "plain"), "secret")
    secret = {"job": "edge", "instance": "10.0.0.1:9901", "envoy_cluster_name": "secret"}
    mesh.sample("encrypted", secret, 12.0)
    # What nobody names as a workload has no security of its own in the graph: the rows have it.
    rows = mesh.rows()
    hosts = [rows.strings[rows.keys.service_host[key]] for key in rows.requests.key]
    assert dict(zip(hosts, rows.requests.security.tolist(), strict=True)) == {"plain": 1, "secret": 0}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("backend", True),
        ("xds-grpc", False),
        ("xds_cluster", False),
        ("prometheus_stats", False),
        ("local_app", False),
        ("inbound|8080||", False),
        ("outbound|80||a.b.svc.cluster.local", True),
    ],
)
def test_a_proxys_own_clusters_are_no_calls(name, kept):
    own = re.search(r'envoy_cluster_name!~"([^"]*)"', envoy.PROBE)
    assert own is not None
    assert (re.fullmatch(own[1], name) is None) == kept
