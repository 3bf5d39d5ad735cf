"""Which mode is in force at each port, by which object, beside what was seen."""

from __future__ import annotations

from meshui.domain.mtls.explain import explain_edge
from meshui.domain.mtls.posture import mesh_posture, workload_posture, workload_postures

SECURITY = "security.istio.io/v1"


def policy(mesh, where: str, mode: str, **spec):
    return mesh.add("PeerAuthentication", where, {"mtls": {"mode": mode}, **spec}, SECURITY)


def of_web(mesh):
    return workload_posture(mesh.inventory(), mesh.snapshot(), ("shop", "web"))


def test_each_level_that_was_asked_is_told_with_its_object(shop):
    policy(shop, "istio-system/default", "STRICT")
    policy(shop, "shop/default", "UNSET")
    policy(shop, "shop/web", "PERMISSIVE", selector={"matchLabels": {"app": "web"}})
    policy(shop, "shop/web-too", "DISABLE", selector={"matchLabels": {"app": "web"}})
    (port,) = of_web(shop).ports
    assert (port.port, port.name, port.http, port.services) == (8080, "http", True, ("web",))
    told = [(step.level, step.mode, step.object and step.object.name, step.decided) for step in port.steps]
    assert told == [
        ("port", None, None, False),
        ("workload", "PERMISSIVE", "web", True),
        ("namespace", "UNSET", "default", False),
        ("mesh", "STRICT", "default", False),
        ("default", "PERMISSIVE", None, False),
    ]
    assert [ref.name for ref in port.steps[1].ignored] == ["web-too"]


def test_a_port_that_only_a_policy_names_is_listed_too(shop):
    selector = {"matchLabels": {"app": "web"}}
    policy(shop, "shop/web", "STRICT", selector=selector, portLevelMtls={"9999": {"mode": "DISABLE"}})
    found = of_web(shop)
    assert [(port.port, port.mode, port.level) for port in found.ports] == [
        (8080, "STRICT", "workload"),
        (9999, "DISABLE", "port"),
    ]
    assert found.mode == "MIXED"


def test_a_namespace_counts_its_workloads_and_what_they_were_sent(shop):
    policy(shop, "shop/strict", "STRICT", selector={"matchLabels": {"version": "v2"}})
    shop.workload("shop/legacy", proxy=False)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 3)
    shop.calls("shop/legacy", "shop/catalog", "shop/catalog-v1", 1, by="destination", mtls=False)
    (found,) = mesh_posture(shop.inventory(), shop.snapshot()).namespaces
    assert (found.strict, found.permissive, found.without_proxy) == (1, 2, 1)
    assert (found.rate, found.observed_share, found.plain_callers) == (4, 0.75, 1)
    assert (found.mode, found.level, found.decided_by) == ("PERMISSIVE", "default", None)


def test_how_long_plain_text_is_let_in_is_since_the_policy_or_the_namespace(shop):
    shop.manifests.append(
        {"kind": "Namespace", "metadata": {"name": "shop", "creationTimestamp": "2026-01-01T00:00:00Z"}}
    )
    seen = shop.snapshot()
    assert mesh_posture(shop.inventory(), seen).namespaces[0].permissive_since == "2026-01-01T00:00:00Z"
    shop.add(
        "PeerAuthentication",
        "shop/default",
        {"mtls": {"mode": "PERMISSIVE"}},
        SECURITY,
        creationTimestamp="2026-02-01T00:00:00Z",
        managedFields=[{"manager": "kubectl", "time": "2026-03-01T00:00:00Z"}],
    )
    assert mesh_posture(shop.inventory(), seen).namespaces[0].permissive_since == "2026-03-01T00:00:00Z"


def test_where_policy_and_traffic_differ_is_listed_busiest_first(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 2, mtls=False)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v2", 5, mtls=False)
    found = mesh_posture(shop.inventory(), shop.snapshot()).disagreements
    assert [(one.destination.rpartition("/")[2], one.expected, one.observed_share) for one in found] == [
        ("catalog-v2", "mutual_tls", 0),
        ("catalog-v1", "mutual_tls", 0),
    ]


def test_a_gateway_has_no_mode_of_its_own(mesh):
    mesh.workload("edge/gate", labels={"istio": "ingressgateway"})
    (found,) = workload_postures(mesh.inventory(), mesh.snapshot(), "edge")
    assert (found.plane, found.mode) == ("gateway", "NONE")


def test_an_edge_is_explained_for_each_workload_and_port(shop):
    policy(shop, "shop/v1", "STRICT", selector={"matchLabels": {"version": "v1", "app": "catalog"}})
    found = explain_edge(shop.inventory(), "shop", "none", ("shop", "catalog"), None)
    assert [(one.name, one.ports[0].expected) for one in found.called] == [
        ("catalog-v1", "refused"),
        ("catalog-v2", "plain_text"),
    ]
    assert [step.decided for step in found.called[0].ports[0].steps] == [False, True, False, False, False]
