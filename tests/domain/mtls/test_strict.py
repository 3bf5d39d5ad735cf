"""May it become STRICT, and by which steps?"""

from __future__ import annotations

import pytest

from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.mtls.plan import plan
from meshui.domain.mtls.strict import Scope, assess

SECURITY = "security.istio.io/v1"
SHOP = Scope("shop")


def assessed(mesh, scope: Scope = SHOP, **more):
    return assess(mesh.inventory(), mesh.snapshot(), scope, **more)


def steps(mesh, scope: Scope = SHOP):
    return plan(mesh.inventory(), scope, assessed(mesh, scope))


@pytest.fixture
def busy(shop):
    """Every workload of the shop is called enough, over mutual TLS."""
    shop.workload("edge/gate").calls("edge/gate", "shop/web", "shop/web", 5)
    for version in ("catalog-v1", "catalog-v2"):
        shop.calls("shop/web", "shop/catalog", f"shop/{version}", 5)
    return shop


@pytest.fixture
def with_legacy(busy):
    busy.workload("old/legacy", proxy=False)
    return busy.calls("old/legacy", "shop/catalog", "shop/catalog-v1", 1, by="destination", mtls=False)


def test_it_is_safe_when_all_that_was_seen_uses_mutual_tls(busy):
    found = assessed(busy)
    assert (found.status, found.callers, found.quiet, found.already) == ("safe", (), (), False)
    assert [step.kind for step in steps(busy)] == ["strict", "verify"]


def test_a_caller_without_a_proxy_would_break(with_legacy):
    found = assessed(with_legacy)
    assert found.status == "would_break"
    assert "1 caller (old/legacy)" in found.reason
    (caller,) = found.callers
    assert (caller.name, caller.destination_name, caller.cause, caller.plain_rate) == (
        "legacy",
        "catalog-v1",
        "no_proxy",
        1,
    )


def test_a_caller_that_is_unknown_would_break(busy):
    busy.calls("unknown", "shop/catalog", "shop/catalog-v1", 1, by="destination", mtls=False)
    assert [one.cause for one in assessed(busy).callers] == ["outside"]


def test_who_an_unknown_caller_may_be_is_said_and_planned_for(busy):
    busy.workload("old/legacy", proxy=False)
    busy.calls("unknown", "shop/catalog", "shop/catalog-v1", 1, by="destination", mtls=False)
    assert [one.candidates for one in assessed(busy).callers] == [("old/legacy",)]
    assert [step.kind for step in steps(busy)][:2] == ["proxy", "outside"]


def test_a_namespace_of_gateways_follows_no_policy(mesh):
    mesh.workload("edge/gate", labels={"istio": "ingressgateway"})
    assert "follow their Gateway" in assessed(mesh, Scope("edge")).reason


def test_a_destination_rule_that_forbids_mutual_tls_would_break(busy):
    busy.add("DestinationRule", "shop/web", {"host": "web", "trafficPolicy": {"tls": {"mode": "DISABLE"}}})
    busy.samples.clear()
    busy.calls("edge/gate", "shop/web", "shop/web", 5, mtls=False)
    (caller,) = assessed(busy).callers
    assert (caller.cause, str(caller.decided_by)) == ("destination_rule", "DestinationRule shop/web")
    step = next(one for one in steps(busy) if one.kind == "destination_rule")
    assert step.objects[0]["spec"] == {"host": "web"}


def test_plain_text_from_a_proxied_caller_goes_past_its_proxy(busy):
    busy.calls("edge/gate", "shop/catalog", "shop/catalog-v1", 1, by="destination", mtls=False)
    assert [one.cause for one in assessed(busy).callers] == ["bypass"]


def test_callers_that_only_follow_a_disable_are_no_break(busy):
    busy.add("PeerAuthentication", "shop/default", {"mtls": {"mode": "DISABLE"}}, SECURITY)
    busy.samples.clear()
    busy.calls("edge/gate", "shop/web", "shop/web", 5, mtls=False)
    for version in ("catalog-v1", "catalog-v2"):
        busy.calls("shop/web", "shop/catalog", f"shop/{version}", 5, mtls=False)
    found = assessed(busy)
    assert (found.status, found.callers) == ("safe", ())
    assert str(found.replaces) == "PeerAuthentication shop/default"
    assert found.policy["spec"] == {"mtls": {"mode": "STRICT"}}


def test_too_little_traffic_tells_nothing(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 0.1)
    found = assessed(shop)
    assert found.status == "not_enough_traffic"
    assert [one.name for one in found.quiet] == ["catalog-v1", "catalog-v2", "web"]
    assert assessed(shop, quiet_is_safe=True).status == "safe"


def test_without_telemetry_it_is_never_safe(busy):
    found = assessed(busy, blind="Prometheus refused the connection")
    assert found.status == "not_enough_traffic"
    assert "Prometheus refused the connection" in found.reason


def test_a_workload_alone_gets_a_policy_that_selects_only_it(with_legacy):
    found = assessed(with_legacy, Scope("shop", "catalog-v2"))
    assert found.status == "safe"
    assert found.policy["metadata"] == {"name": "catalog-v2", "namespace": "shop"}
    assert found.policy["spec"]["selector"]["matchLabels"] == {"app": "catalog", "version": "v2"}


def test_what_is_strict_already_needs_no_step(busy):
    busy.add("PeerAuthentication", "istio-system/default", {"mtls": {"mode": "STRICT"}}, SECURITY)
    found = assessed(busy)
    assert (found.status, found.already) == ("safe", True)
    assert steps(busy) == ()


def test_a_port_with_a_policy_of_its_own_stays_open_and_is_said(busy):
    spec = {"selector": {"matchLabels": {"app": "web"}}, "portLevelMtls": {"8080": {"mode": "PERMISSIVE"}}}
    busy.add("PeerAuthentication", "shop/web", spec, SECURITY)
    assert [(one.code, one.name) for one in assessed(busy).hazards] == [("stays_open", "web")]


def probed(mesh, port: int, kind: str = "httpGet", **annotations: str):
    for manifest in mesh.manifests:
        if manifest["kind"] == "Pod" and manifest["metadata"]["name"].startswith("web"):
            containers = [{**one} for one in manifest["spec"]["containers"]]
            containers[0]["livenessProbe"] = {kind: {"port": port}}
            manifest["spec"] = {**manifest["spec"], "containers": containers}
            manifest["metadata"]["annotations"] = annotations
    return mesh


def test_a_probe_that_the_sidecar_does_not_answer_would_break(busy):
    found = assessed(probed(busy, 8080))
    assert found.status == "would_break"
    assert [(one.code, one.breaks) for one in found.hazards] == [("probe", True)]
    assert "probe" in [step.kind for step in steps(busy)]


@pytest.mark.parametrize(
    ("port", "kind", "annotations"),
    [
        (15020, "httpGet", {}),
        (8080, "tcpSocket", {}),
        (8080, "httpGet", {"traffic.sidecar.istio.io/excludeInboundPorts": "8080"}),
    ],
)
def test_a_probe_that_needs_no_certificate_breaks_nothing(busy, port, kind, annotations):
    assert assessed(probed(busy, port, kind, **annotations)).status == "safe"


def test_the_steps_bring_callers_in_before_the_policy_and_offer_a_way_out(with_legacy):
    found = steps(with_legacy)
    assert [(step.kind, step.optional) for step in found] == [
        ("proxy", False),
        ("exception", True),
        ("strict", False),
        ("verify", False),
        ("tidy", True),
    ]
    assert found[0].objects[0]["metadata"] == {"name": "legacy", "namespace": "old"}
    exception = found[1].objects[0]
    assert exception["spec"]["portLevelMtls"] == {"8080": {"mode": "PERMISSIVE"}}


def test_with_the_exception_and_the_policy_applied_nothing_breaks(with_legacy):
    found = steps(with_legacy)
    for step in found:
        if step.kind in ("exception", "strict"):
            with_legacy.manifests += step.objects
    after = assess(build_inventory(with_legacy.manifests, "demo"), with_legacy.snapshot(), SHOP)
    assert (after.status, after.callers) == ("safe", ())


def test_with_the_proxy_that_it_asks_for_nothing_breaks(busy):
    busy.workload("old/legacy").calls("old/legacy", "shop/catalog", "shop/catalog-v1", 1)
    assert assessed(busy).status == "safe"
