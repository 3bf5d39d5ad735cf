"""Manifests, typed and joined."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.mesh.inventory import build_inventory


def test_services_find_their_workloads_by_selector(shop):
    inventory = shop.inventory()
    assert inventory.service_workloads["shop", "catalog"] == (("shop", "catalog-v1"), ("shop", "catalog-v2"))
    assert inventory.workload_services["shop", "catalog-v1"] == (("shop", "catalog"),)


def test_a_service_selects_in_its_own_namespace_only(shop):
    shop.service("other/catalog")
    assert shop.inventory().service_workloads["other", "catalog"] == ()


def test_a_service_without_selector_has_no_workloads(shop):
    shop.add("Service", "shop/external", {"ports": [{"port": 80}]}, "v1")
    assert shop.inventory().service_workloads["shop", "external"] == ()


def test_a_workload_has_its_pods_and_identity(shop):
    workload = shop.inventory().workloads["shop", "catalog-v1"]
    assert (workload.kind, workload.pods_ready, workload.pods_total) == ("Deployment", 2, 2)
    assert (workload.app, workload.version, workload.service_account) == ("catalog", "v1", "catalog-v1")
    assert workload.has_proxy is True
    assert str(shop.inventory().identity_of(("shop", "web"))) == "spiffe://cluster.local/ns/shop/sa/web"


def test_missing_pods_count_as_wanted(mesh):
    mesh.workload("shop/web", pods=3, ready=1)
    mesh.manifests = [one for one in mesh.manifests if one["metadata"]["name"] != "web-abc-2"]
    workload = mesh.inventory().workloads["shop", "web"]
    assert (workload.pods_ready, workload.pods_total) == (1, 3)


def test_finished_and_deleted_pods_do_not_count(mesh):
    mesh.workload("shop/web", pods=3)
    pods = [one for one in mesh.manifests if one["kind"] == "Pod"]
    pods[0]["status"]["phase"] = "Succeeded"
    pods[1]["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z"
    assert mesh.inventory().workloads["shop", "web"].pods_ready == 1


@pytest.mark.parametrize(
    ("owner", "labels", "expected"),
    [
        ({"kind": "ReplicaSet", "name": "web-5d4"}, {"pod-template-hash": "5d4"}, ("Deployment", "web")),
        ({"kind": "ReplicaSet", "name": "web-5d4"}, {}, ("ReplicaSet", "web-5d4")),
        ({"kind": "StatefulSet", "name": "db"}, {}, ("StatefulSet", "db")),
        ({"kind": "Job", "name": "nightly-1"}, {}, ("CronJob", "nightly")),
        (None, {}, ("Pod", "bare")),
    ],
)
def test_pods_count_for_the_workload_that_metrics_name(mesh, owner, labels, expected):
    cron = [{"kind": "CronJob", "name": "nightly", "controller": True}]
    mesh.add("Job", "shop/nightly-1", {}, "batch/v1", ownerReferences=cron)
    references = {"ownerReferences": [owner]} if owner else {}
    mesh.add("Pod", "shop/bare", {"containers": []}, "v1", status={"phase": "Running"}, labels=labels, **references)
    pod = mesh.inventory().pods[0]
    assert (pod.workload_kind, pod.workload) == expected


@pytest.mark.parametrize(
    ("spec", "annotations", "expected"),
    [
        ({"containers": [{"name": "app"}]}, {}, False),
        ({"containers": [{"name": "app"}, {"name": "istio-proxy"}]}, {}, True),
        ({"containers": [{"name": "app"}], "initContainers": [{"name": "istio-proxy"}]}, {}, True),
        ({"containers": [{"name": "app"}]}, {"sidecar.istio.io/status": "{}"}, True),
    ],
)
def test_a_proxy_is_seen_however_it_was_injected(mesh, spec, annotations, expected):
    mesh.add("Pod", "shop/web", spec, "v1", status={"phase": "Running"}, annotations=annotations)
    assert mesh.inventory().workloads["shop", "web"].has_proxy is expected


def test_without_pods_nobody_knows_whether_there_is_a_proxy(mesh):
    assert mesh.workload("shop/web", pods=0, proxy=False).inventory().workloads["shop", "web"].has_proxy is None


def test_a_gateway_is_known_by_label_and_by_the_object_that_selects_it(mesh):
    mesh.workload("edge/a", labels={"istio": "ingressgateway"}).workload("edge/b").workload("edge/c")
    mesh.add("Gateway", "edge/front", {"selector": {"app": "b"}, "servers": []})
    mesh.add("Gateway", "edge/other", {"gatewayClassName": "istio"}, "gateway.networking.k8s.io/v1")
    inventory = mesh.inventory()
    assert [inventory.workloads["edge", name].is_gateway for name in "abc"] == [True, True, False]
    assert [one.ref.name for one in inventory.gateways] == ["front"]
    assert inventory.problems == ()


def test_ambient_comes_from_the_namespace_unless_the_pod_says_else(mesh):
    mesh.manifests.append(
        {"kind": "Namespace", "metadata": {"name": "a", "labels": {"istio.io/dataplane-mode": "ambient"}}}
    )
    mesh.workload("a/in", proxy=False).workload("a/out", proxy=False, labels={"istio.io/dataplane-mode": "none"})
    inventory = mesh.inventory()
    assert inventory.workloads["a", "in"].ambient
    assert not inventory.workloads["a", "out"].ambient


def test_the_meshs_own_settings_are_read(mesh):
    text = (
        "defaultConfig:\n  rootNamespace: not-this\n"
        "rootNamespace: mesh-root # here\ntrustDomain: 'td.example'\nenableAutoMtls: false\n"
    )
    mesh.manifests.append(
        {"kind": "ConfigMap", "metadata": {"namespace": "istio-system", "name": "istio"}, "data": {"mesh": text}}
    )
    settings_ = mesh.inventory().mesh
    assert (settings_.root_namespace, settings_.trust_domain, settings_.auto_mtls) == ("mesh-root", "td.example", False)


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("PeerAuthentication", {"mtls": {"mode": "STRIKT"}}, "$.spec.mtls.mode"),
        ("PeerAuthentication", {"selector": "all"}, "$.spec.selector"),
        ("PeerAuthentication", {"portLevelMtls": {"http": {"mode": "STRICT"}}}, "$.spec.portLevelMtls"),
        ("AuthorizationPolicy", {"action": "PERMIT"}, "$.spec.action"),
        (
            "AuthorizationPolicy",
            {"rules": [{"from": [{"source": {"namespaces": "a"}}]}]},
            "$.spec.rules[0].from[0].source.namespaces",
        ),
        ("AuthorizationPolicy", {"selector": {}, "targetRefs": [{"kind": "Gateway", "name": "x"}]}, "$.spec"),
        ("VirtualService", {"http": [{"route": [{"weight": "ten"}]}]}, "$.spec.http[0].route[0].weight"),
        ("DestinationRule", {"subsets": [{"labels": {}}]}, "$.spec.subsets[0]"),
        ("VirtualService", [], "$.spec"),
    ],
)
def test_a_malformed_object_is_a_problem_of_its_own(shop, kind, spec, path):
    shop.add(kind, "shop/bad", spec)
    if spec == []:
        shop.manifests[-1]["spec"] = ["x"]
    problems = shop.inventory().problems
    assert [(str(one.object), one.path) for one in problems] == [(f"{kind} shop/bad", path)]
    assert problems[0].message


def test_null_reads_as_absent(shop):
    shop.add("VirtualService", "shop/v", {"hosts": ["catalog"], "gateways": None, "http": None})
    assert shop.inventory().problems == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=8,
)
KINDS = (
    "Pod",
    "Service",
    "Deployment",
    "VirtualService",
    "AuthorizationPolicy",
    "PeerAuthentication",
    "Gateway",
    "ReplicaSet",
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {}, optional={"kind": st.sampled_from(KINDS) | JSON, "metadata": JSON, "spec": JSON, "status": JSON}
        )
        | JSON,
        max_size=4,
    )
)
def test_no_garbage_raises(manifests):
    build_inventory(manifests, "c")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(KINDS), JSON, JSON)
def test_no_garbage_in_a_spec_raises(kind, spec, status):
    build_inventory([{"kind": kind, "metadata": {"name": "x", "namespace": "y"}, "spec": spec, "status": status}], "c")


def test_kinds_of_one_name_are_kept_apart(shop):
    shop.add("AuthorizationPolicy", "shop/one", {"action": "DENY"}, "security.istio.io/v1")
    shop.add("AuthorizationPolicy", "shop/one", {"targetRef": {"kind": "Server"}}, "policy.linkerd.io/v1alpha1")
    inventory = shop.inventory()
    assert [policy.spec.action for policy in inventory.authorization_policies] == ["DENY"]
    assert {ref.kind for ref in inventory.config} == {"AuthorizationPolicy", "AuthorizationPolicy.policy.linkerd.io"}
    assert inventory.problems == ()
