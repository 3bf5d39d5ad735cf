"""The table of client and server, and the overlay of edges."""

from __future__ import annotations

import pytest

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mtls.client import ClientMode
from meshui.domain.mtls.outcome import outcome
from meshui.domain.mtls.server import ServerMode

RULE, POLICY = ObjectRef("DestinationRule", "a", "r"), ObjectRef("PeerAuthentication", "a", "p")


@pytest.mark.parametrize(
    ("caller", "called", "client", "server", "expected"),
    [
        ("sidecar", "sidecar", "AUTO", "STRICT", "mutual_tls"),
        ("sidecar", "sidecar", "AUTO", "PERMISSIVE", "mutual_tls"),
        ("sidecar", "sidecar", "AUTO", "DISABLE", "plain_text"),
        ("sidecar", "none", "AUTO", "STRICT", "plain_text"),
        ("sidecar", "sidecar", "DISABLE", "STRICT", "refused"),
        ("sidecar", "sidecar", "DISABLE", "PERMISSIVE", "plain_text"),
        ("sidecar", "sidecar", "DISABLE", "DISABLE", "plain_text"),
        ("sidecar", "none", "DISABLE", "PERMISSIVE", "plain_text"),
        ("sidecar", "sidecar", "ISTIO_MUTUAL", "STRICT", "mutual_tls"),
        ("sidecar", "sidecar", "ISTIO_MUTUAL", "PERMISSIVE", "mutual_tls"),
        ("sidecar", "sidecar", "ISTIO_MUTUAL", "DISABLE", "refused"),
        ("sidecar", "none", "ISTIO_MUTUAL", "PERMISSIVE", "refused"),
        ("sidecar", "sidecar", "SIMPLE", "STRICT", "refused"),
        ("sidecar", "sidecar", "MUTUAL", "STRICT", "unknown"),
        ("sidecar", "sidecar", "SIMPLE", "DISABLE", "refused"),
        ("sidecar", "sidecar", "MUTUAL", "PERMISSIVE", "refused"),
        ("sidecar", "none", "SIMPLE", "DISABLE", "unknown"),
        ("none", "sidecar", "AUTO", "STRICT", "refused"),
        ("none", "sidecar", "AUTO", "PERMISSIVE", "plain_text"),
        ("none", "sidecar", "AUTO", "DISABLE", "plain_text"),
        ("none", "none", "AUTO", "STRICT", "plain_text"),
        ("none", "ambient", "AUTO", "STRICT", "refused"),
        ("none", "ambient", "AUTO", "PERMISSIVE", "plain_text"),
        ("ambient", "ambient", "AUTO", "STRICT", "mutual_tls"),
        ("sidecar", "ambient", "AUTO", "PERMISSIVE", "mutual_tls"),
        ("sidecar", "ambient", "DISABLE", "STRICT", "refused"),
        ("sidecar", "ambient", "DISABLE", "PERMISSIVE", "plain_text"),
        ("sidecar", "ambient", "ISTIO_MUTUAL", "PERMISSIVE", "refused"),
        ("ambient", "ambient", "DISABLE", "DISABLE", "mutual_tls"),
        ("ambient", "sidecar", "AUTO", "STRICT", "refused"),
        ("ambient", "sidecar", "AUTO", "PERMISSIVE", "plain_text"),
    ],
)
def test_table(caller, called, client, server, expected):
    found = outcome(
        caller,
        called,
        ClientMode(client, None if client == "AUTO" else RULE),
        ServerMode(server, POLICY, "namespace"),
        auto_mtls=True,
    )
    assert found.expected == expected
    assert found.reason


def test_without_auto_mtls_the_caller_sends_plain_text():
    server = ServerMode("STRICT", POLICY, "workload")
    assert outcome("sidecar", "sidecar", ClientMode("AUTO", None), server, auto_mtls=False).expected == "refused"


def test_other_tls_reaches_the_application_only_where_the_port_is_not_http():
    server = ServerMode("PERMISSIVE", POLICY, "workload")
    found = outcome("sidecar", "sidecar", ClientMode("SIMPLE", RULE), server, auto_mtls=True, http=False)
    assert found.expected == "unknown"


def test_a_sidecar_that_takes_tunnels_is_reached_from_ambient_by_mutual_tls():
    server = ServerMode("STRICT", POLICY, "workload")
    found = outcome("ambient", "sidecar", ClientMode("AUTO", None), server, auto_mtls=True, tunnel=True)
    assert found.expected == "mutual_tls"


def test_the_deciding_object_is_the_rule_where_the_rule_breaks_it():
    refused = outcome(
        "sidecar", "sidecar", ClientMode("DISABLE", RULE), ServerMode("STRICT", POLICY, "mesh"), auto_mtls=True
    )
    assert refused.decided_by == RULE
    fine = outcome("sidecar", "sidecar", ClientMode("AUTO", None), ServerMode("STRICT", POLICY, "mesh"), auto_mtls=True)
    assert (fine.decided_by, fine.mode) == (POLICY, "STRICT")


WEB, CATALOG = "workload:demo/shop/web", "service:demo/shop/catalog"
V1, V2 = "workload:demo/shop/catalog-v1", "workload:demo/shop/catalog-v2"


def strict(mesh, where: str = "shop/default", **spec):
    return mesh.add("PeerAuthentication", where, {"mtls": {"mode": "STRICT"}, **spec}, "security.istio.io/v1")


def test_an_edge_carries_prediction_and_observation(shop):
    strict(shop).calls("shop/web", "shop/catalog", "shop/catalog-v1", 5)
    mtls = shop.view().edge(WEB, CATALOG).mtls
    assert (mtls.expected, mtls.mode, mtls.observed_share) == ("mutual_tls", "STRICT", 1)
    assert str(mtls.decided_by) == "PeerAuthentication shop/default"
    assert mtls.reason == (
        "The caller's sidecar chooses by itself (auto mTLS); the called side is STRICT by PeerAuthentication "
        "shop/default (namespace). 100% of the traffic arrives over mutual TLS."
    )


def test_a_disagreement_is_said(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 5, mtls=False)
    assert (
        "0% of the traffic arrives over mutual TLS, where all of it should."
        in shop.view().edge(WEB, CATALOG).mtls.reason
    )


def test_a_caller_without_a_proxy_is_refused_by_strict(shop):
    shop.workload("shop/legacy", proxy=False)
    strict(shop).calls("shop/legacy", "shop/catalog", "shop/catalog-v1", 1, by="destination", mtls=False)
    assert shop.view().edge("workload:demo/shop/legacy", CATALOG).mtls.expected == "refused"


def test_a_call_that_reached_nobody_is_predicted_for_all_behind_the_service(shop):
    strict(shop, "shop/v2", selector={"matchLabels": {"version": "v2"}})
    shop.calls("shop/web", "shop/catalog", "unknown", 1, code="503", by="source")
    mtls = shop.view().edge(WEB, CATALOG).mtls
    assert (mtls.expected, mtls.mode, mtls.decided_by) == ("mutual_tls", "UNKNOWN", None)


def test_the_services_port_is_mapped_to_the_workloads(shop):
    strict(shop, "shop/v1", selector={"matchLabels": {"version": "v1"}}, portLevelMtls={"8080": {"mode": "DISABLE"}})
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 1, by="source")
    assert shop.view().edge(WEB, CATALOG).mtls.mode == "DISABLE"
    shop.manifests = [one for one in shop.manifests if (one["kind"], one["metadata"]["name"]) != ("Service", "catalog")]
    shop.service("shop/catalog", target="http")
    assert shop.view().edge(WEB, CATALOG).mtls.mode == "DISABLE"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"trafficPolicy": {"tls": {"mode": "DISABLE"}}}, "plain_text"),
        ({"trafficPolicy": {"connectionPool": {}}}, "mutual_tls"),
        (
            {"trafficPolicy": {"portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "DISABLE"}}]}},
            "plain_text",
        ),
        (
            {"trafficPolicy": {"portLevelSettings": [{"port": {"number": 81}, "tls": {"mode": "DISABLE"}}]}},
            "mutual_tls",
        ),
        (
            {
                "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}},
                "subsets": [{"name": "v1", "labels": {"version": "v1"}, "trafficPolicy": {"tls": {"mode": "DISABLE"}}}],
            },
            "mutual_tls",
        ),
        (
            {
                "trafficPolicy": {
                    "tls": {"mode": "DISABLE"},
                    "portLevelSettings": [{"port": {"number": 80}, "connectionPool": {}}],
                }
            },
            "mutual_tls",
        ),
        ({"exportTo": ["other"], "trafficPolicy": {"tls": {"mode": "DISABLE"}}}, "plain_text"),
    ],
)
def test_the_callers_destination_rule_counts(shop, spec, expected):
    shop.add("DestinationRule", "shop/catalog", {"host": "catalog", **spec})
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 1, by="source")
    assert shop.view().edge(WEB, CATALOG).mtls.expected == expected


def routed(shop, *subsets: str) -> None:
    routes = [{"destination": {"host": "catalog", "subset": one}, "weight": 50} for one in subsets]
    shop.add("VirtualService", "shop/catalog", {"hosts": ["catalog"], "http": [{"route": routes}]})


def subset_rule(shop, **tls: str) -> None:
    policies = {name: {"trafficPolicy": {"tls": {"mode": mode}}} for name, mode in tls.items()}
    subsets = [{"name": name, "labels": {"app": "catalog"}, **policies.get(name, {})} for name in ("v1", "v2")]
    spec = {"host": "catalog", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}, "subsets": subsets}
    shop.add("DestinationRule", "shop/catalog", spec)


def test_a_subsets_mode_counts_where_a_route_sends_to_it(shop):
    subset_rule(shop, v1="DISABLE")
    routed(shop, "v1")
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 1, by="source")
    assert shop.view().edge(WEB, CATALOG).mtls.expected == "plain_text"


def test_routes_to_subsets_that_differ_make_it_both(shop):
    subset_rule(shop, v1="DISABLE")
    routed(shop, "v1", "v2")
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 1, by="source")
    assert shop.view().edge(WEB, CATALOG).mtls.expected == "mixed"


def test_a_namespace_that_is_disabled_makes_callers_send_plain_text_even_to_a_strict_workload(shop):
    shop.add("PeerAuthentication", "shop/default", {"mtls": {"mode": "DISABLE"}}, "security.istio.io/v1")
    strict(shop, "shop/catalog", selector={"matchLabels": {"app": "catalog"}})
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 1, by="source")
    assert shop.view().edge(WEB, CATALOG).mtls.expected == "refused"


def test_what_is_outside_the_mesh_has_no_mutual_tls_to_speak_of(shop):
    shop.add("ServiceEntry", "shop/bank", {"hosts": ["api.bank.example"]})
    shop.calls("shop/web", "api.bank.example", "unknown", 1, by="source")
    mtls = shop.view().edge(WEB, "service_entry:demo/shop/api.bank.example").mtls
    assert (mtls.expected, mtls.observed_share) == ("unknown", None)
    assert "outside the mesh" in mtls.reason
