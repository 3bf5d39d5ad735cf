"""Malformed, contradictory and huge objects never break the check: each is a finding on its own object."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.findings.check import check
from meshui.domain.findings.shapes import regex_problem
from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.policies.links import LinkIndex

NOW = datetime(2026, 11, 24, tzinfo=UTC)
APIS = {
    "PeerAuthentication": "security.istio.io/v1",
    "AuthorizationPolicy": "security.istio.io/v1",
    "RequestAuthentication": "security.istio.io/v1",
    "VirtualService": "networking.istio.io/v1",
    "DestinationRule": "networking.istio.io/v1",
    "Gateway": "networking.istio.io/v1",
    "Sidecar": "networking.istio.io/v1",
    "ServiceEntry": "networking.istio.io/v1",
    "EnvoyFilter": "networking.istio.io/v1alpha3",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "ReferenceGrant": "gateway.networking.k8s.io/v1beta1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "Server": "policy.linkerd.io/v1beta3",
    "CiliumNetworkPolicy": "cilium.io/v2",
    "ServiceIntentions": "consul.hashicorp.com/v1alpha1",
    "Rollout": "argoproj.io/v1alpha1",
    "Canary": "flagger.app/v1beta1",
}
_FIELDS = (
    "selector matchLabels mtls mode portLevelMtls rules from source principals to operation when key values hosts http "
    "route destination host subset weight gateways match regex tls trafficPolicy portLevelSettings port number subsets "
    "labels name egress servers parentRefs backendRefs kind namespace targetRefs podSelector endpointSelector ingress "
    "ports strategy canary targetRef workloadSelector matchExpressions operator delegate exportTo spec"
)
_WORDS = tuple(_FIELDS.split())
_scalars = st.none() | st.booleans() | st.integers(-1, 99999) | st.sampled_from([*_WORDS, "", "*", "a.b", "shop", "v1"])
_anything = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=4),
    max_leaves=25,
)


@settings(max_examples=250, deadline=None)
@given(specs=st.lists(st.tuples(st.sampled_from(sorted(APIS)), _anything, _anything), min_size=1, max_size=6))
def test_whatever_an_object_holds_the_others_are_checked(new_mesh, specs):
    mesh = new_mesh().workload("shop/web").service("shop/web")
    for number, (kind, spec, status) in enumerate(specs):
        mesh.add(kind, f"shop/odd-{number}", spec, APIS[kind])
        mesh.manifests[-1]["status"] = status
    mesh.add("PeerAuthentication", "shop/good", {"selector": {"matchLabels": {"app": "gone"}}}, "security.istio.io/v1")
    inventory = mesh.inventory()
    found = check(inventory, NOW)
    assert "selects_nothing" in {one.code for one in found[ObjectRef("PeerAuthentication", "shop", "good")]}
    for problem in inventory.problems:
        assert "malformed" in {one.code for one in found[problem.object]}


def test_metadata_that_is_none_breaks_nothing(shop):
    shop.manifests += [
        {"kind": "VirtualService", "apiVersion": 7, "metadata": None},
        {"kind": "VirtualService", "metadata": {"name": ["x"], "managedFields": "no", "creationTimestamp": 3}},
        {"apiVersion": "v1"},
        {"kind": {}, "metadata": []},
    ]
    codes = [one.code for its in check(shop.inventory(), NOW).values() for one in its]
    assert codes.count("malformed") == 3, "the two without a kind are one object by name"


def test_five_thousand_policies_are_checked_in_seconds(shop):
    manifests = list(shop.manifests)
    for number in range(5000):
        labels = {"app": "web" if number % 2 else f"gone-{number}"}
        manifests.append(
            {
                "apiVersion": "security.istio.io/v1",
                "kind": "AuthorizationPolicy" if number % 3 else "PeerAuthentication",
                "metadata": {"namespace": "shop", "name": f"p{number}", "creationTimestamp": f"{number:05}"},
                "spec": {"selector": {"matchLabels": labels}},
            }
        )
    inventory = build_inventory(manifests, "demo")
    begun = time.process_time()
    found = check(inventory, NOW)
    assert time.process_time() - begun < 5
    assert sum(one.code == "selects_nothing" for its in found.values() for one in its) == 2500


def test_what_is_wrong_a_thousand_times_is_told_fifty_times(shop):
    routes = [{"destination": {"host": f"gone-{number}"}} for number in range(1000)]
    shop.add("VirtualService", "shop/catalog", {"hosts": ["catalog"], "http": [{"route": routes}]})
    assert len(check(shop.inventory(), NOW)[ObjectRef("VirtualService", "shop", "catalog")]) == 50


def test_an_object_of_a_megabyte_is_said_to_be_large(shop):
    shop.add("VirtualService", "shop/catalog", {"hosts": ["catalog"], "note": "x" * 1_000_000})
    found = check(shop.inventory(), NOW)[ObjectRef("VirtualService", "shop", "catalog")]
    assert {"too_large", "unknown_field"} <= {one.code for one in found}


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("(a+)+$", None),
        ("^/items/[0-9]+(/.*)?$", None),
        (r"[a-z\]({]+\(", None),
        ("a{2,10}", None),
        ("(?i)x|(?:y)", None),
        ("(?=x)", "ahead"),
        ("(?<!x)y", "behind"),
        (r"(a)\1", "back"),
        ("a{1001}", "repeats"),
        ("((a{100}){100}){100}", "repeats"),
        ("(a", "open"),
        ("a)", "closes"),
        ("[a", "["),
        ("a\\", "backslash"),
        ("(" * 1500, "characters"),
    ],
)
def test_regular_expressions_are_judged_without_being_run(pattern, word):
    begun = time.process_time()
    problem = regex_problem(pattern)
    assert time.process_time() - begun < 0.1
    assert (word is None) == (problem is None), problem
    assert word is None or word in problem


def test_links_of_odd_objects_are_empty(shop):
    shop.add("VirtualService", "shop/odd", {"hosts": [None, 3, "catalog"], "http": "all"})
    shop.manifests[-1]["spec"] = [1]
    assert LinkIndex(shop.inventory()).of(ObjectRef("VirtualService", "shop", "odd")).services == ()
