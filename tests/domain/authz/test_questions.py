"""May A call B, what if, who may call what, and what is the least that traffic needs."""

from __future__ import annotations

from typing import Any

import pytest

from meshui.domain.authz.edits import PolicyEdit, edit_of
from meshui.domain.authz.matrix import OUTSIDE, Matrix, MatrixSpec, as_csv, matrix
from meshui.domain.authz.observed import AuthzDisagreement, disagreements
from meshui.domain.authz.overlay import authz_predictions
from meshui.domain.authz.reach import Call, Reach, Reaching
from meshui.domain.authz.request import Request
from meshui.domain.authz.suggest import suggest
from meshui.domain.authz.what_if import WhatIf, what_if
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mtls.overlay import mtls_predictions

API = "security.istio.io/v1"


def allow(*callers: str, where: str = "shop/catalog", app: str = "catalog", **operation: Any) -> dict[str, Any]:
    namespace, name = where.split("/")
    principals = [f"cluster.local/ns/{one.replace('/', '/sa/')}" for one in callers]
    rule: dict[str, Any] = {"from": [{"source": {"principals": principals}}]}
    if operation:
        rule["to"] = [{"operation": operation}]
    return {
        "apiVersion": API,
        "kind": "AuthorizationPolicy",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"selector": {"matchLabels": {"app": app}}, "rules": [rule] if callers else []},
    }


@pytest.fixture
def calling(shop):
    """web calls catalog, a batch without a proxy too; cart of another namespace does not."""
    shop.workload("pay/cart").workload("shop/batch", proxy=False)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 5).calls("shop/web", "shop/catalog", "shop/catalog-v2", 1)
    shop.calls("unknown", "shop/catalog", "shop/catalog-v1", 2, by="destination", mtls=False)
    for name in ("shop", "pay"):
        shop.manifests.append({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})
    return shop


def tried(mesh: Any, *edits: PolicyEdit) -> WhatIf:
    return what_if(mesh.graph(), mesh.inventory(), edits)


def test_a_policy_that_names_nobody_would_deny_all_that_was_seen(calling):
    found = tried(calling, edit_of(allow()))
    assert {(one.source, one.destination, one.turn, one.rate) for one in found.changed} == {
        ("shop/web", "shop/catalog-v1", "denied", 5.0),
        ("shop/web", "shop/catalog-v2", "denied", 1.0),
        ("unknown source", "shop/catalog-v1", "denied", 2.0),
    }
    assert (found.denied_rate, found.opened_rate, found.problems) == (8.0, 0.0, ())


def test_a_policy_on_methods_would_deny_some(calling):
    found = tried(calling, edit_of(allow("shop/web", methods=["GET"])))
    assert {one.turn for one in found.changed if one.source == "shop/web"} == {"partly_denied"}
    assert found.partly_rate == 6.0


def test_deleting_and_replacing_would_open(calling):
    calling.manifests.append(allow())
    ref = ObjectRef("AuthorizationPolicy", "shop", "catalog")
    assert tried(calling, PolicyEdit(ref)).opened_rate == 8.0
    replaced = tried(calling, edit_of(allow("shop/web")))
    assert (replaced.opened_rate, replaced.unchanged) == (6.0, 1)
    assert "Allowed by rule 1" in replaced.changed[0].after.reason


def test_what_cannot_be_put_in_force_is_told_and_changes_nothing(calling):
    bad = allow("shop/web")
    bad["spec"]["action"] = "PERHAPS"
    found = tried(calling, edit_of(bad), PolicyEdit(ObjectRef("AuthorizationPolicy", "shop", "none")))
    assert found.changed == ()
    assert [problem.path for problem in found.problems] == ["$.spec.action", "$.metadata.name"]
    other = tried(calling, edit_of({"kind": "Secret", "metadata": {"namespace": "shop", "name": "x"}}))
    assert "AuthorizationPolicy" in other.problems[0].message


def test_network_policies_can_be_tried_too(calling):
    spec = {"podSelector": {"matchLabels": {"app": "catalog"}}}
    isolated = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec}
    found = tried(calling, edit_of({**isolated, "metadata": {"namespace": "shop", "name": "isolated"}}))
    assert found.denied_rate == 8.0
    assert str(found.changed[0].after.decided_by) == "NetworkPolicy shop/isolated"


def test_a_suggestion_names_the_callers_and_what_it_can_not_name(calling):
    found = suggest(calling.graph(), calling.inventory(), "shop", "catalog")
    [policy] = found.policies
    assert policy.manifest["spec"] == {
        "selector": {"matchLabels": {"app": "catalog"}},
        "action": "ALLOW",
        "rules": [
            {
                "from": [{"source": {"principals": ["cluster.local/ns/shop/sa/web"]}}],
                "to": [{"operation": {"ports": ["8080"]}}],
            }
        ],
    }
    assert [(one.name, one.kept) for one in policy.callers] == [("shop/web", True), ("unknown source", False)]
    assert [(one.source, one.turn) for one in found.effect.changed] == [("unknown source", "denied")]
    assert any("2.00 requests/s" in limit for limit in found.limits)


def test_a_caller_that_was_always_refused_stays_out(calling):
    calling.calls("pay/cart", "shop/catalog", "shop/catalog-v1", 1, code="403")
    calling.manifests.append(allow("shop/web"))
    [policy] = suggest(calling.graph(), calling.inventory(), "shop", "catalog").policies
    assert {one.name: one.kept for one in policy.callers}["pay/cart"] is False


def test_for_a_namespace_the_rest_is_denied(calling):
    found = suggest(calling.graph(), calling.inventory(), "shop", None)
    assert [one.manifest["metadata"]["name"] for one in found.policies] == ["catalog-callers", "allow-nothing"]
    assert found.policies[-1].manifest["spec"] == {}


def test_traffic_that_policy_denies_and_nobody_refuses_is_a_finding(calling):
    calling.manifests.append(allow("shop/web"))
    found = contradictions(calling)
    assert [(one.source, one.verdict, one.denied_rate) for one in found] == [("unknown source", "denied", 0.0)]
    assert "goes past it" in found[0].message


def test_refusals_that_no_policy_explains_are_a_finding(calling):
    calling.calls("pay/cart", "shop/catalog", "shop/catalog-v1", 1, code="403", flags="UAEX")
    found = contradictions(calling)
    assert [(one.source, one.verdict, one.denied_rate) for one in found] == [("pay/cart", "open", 1.0)]


def test_an_applications_own_403_is_none(calling):
    calling.calls("pay/cart", "shop/catalog", "shop/catalog-v1", 1, code="403")
    assert contradictions(calling) == ()
    found = matrix(calling.graph(), calling.inventory(), MatrixSpec())
    assert (cell(found, "pay", "shop/catalog").denied_rate, cell(found, "pay", "shop/catalog").disagrees) == (
        0.0,
        False,
    )


def test_a_policy_that_is_coming_into_force_is_none(calling):
    calling.calls("pay/cart", "shop/catalog", "shop/catalog-v1", 1, code="403")
    calling.calls("pay/cart", "shop/catalog", "shop/catalog-v1", 1)
    calling.manifests.append(allow("shop/web"))
    assert "pay/cart" not in {one.source for one in contradictions(calling)}


def contradictions(mesh: Any) -> tuple[AuthzDisagreement, ...]:
    graph, inventory = mesh.graph(), mesh.inventory()
    return disagreements(graph, *authz_predictions(graph, inventory, *mtls_predictions(graph, inventory)))


def cell(found: Matrix, row: str, column: str) -> Any:
    rows, columns = [one.id for one in found.rows], [one.id for one in found.columns]
    place = (rows.index(row), columns.index(column))
    return next(one for one in found.cells if (one.row, one.column) == place)


def test_the_matrix_is_of_namespaces_by_services(calling):
    calling.manifests.append(allow("shop/web"))
    found = matrix(calling.graph(), calling.inventory(), MatrixSpec())
    assert [one.id for one in found.rows] == ["pay", "shop", OUTSIDE]
    assert cell(found, "pay", "shop/catalog").verdict == "denied"
    assert cell(found, "shop", "shop/catalog").verdict == "partly", "web may, catalog and batch may not"
    assert cell(found, "shop", "shop/catalog").rate == 6.0
    assert cell(found, OUTSIDE, "shop/catalog").verdict == "denied"
    assert cell(found, OUTSIDE, "shop/catalog").disagrees, "its traffic gets through all the same"
    assert cell(found, "pay", "shop/web").verdict == "open"


def test_closer_it_is_of_workloads_and_of_methods(calling):
    calling.manifests.append(allow("shop/web", methods=["GET"]))
    found = matrix(calling.graph(), calling.inventory(), MatrixSpec(callers=("shop",), called=("shop",)))
    assert cell(found, "shop/web", "shop/catalog").verdict == "partly"
    assert cell(found, "shop/batch", "shop/catalog").verdict == "denied"
    methods = matrix(calling.graph(), calling.inventory(), MatrixSpec(service=("shop", "catalog")))
    assert cell(methods, "shop/web", "GET").verdict == "allowed"
    assert cell(methods, "shop/web", "POST").verdict == "denied"


def test_a_spreadsheet_takes_no_text_for_a_formula(calling):
    text = as_csv(matrix(calling.graph(), calling.inventory(), MatrixSpec()))
    assert text.splitlines()[0] == "caller,called,verdict,decided by,rate,denied rate,reason"
    assert "pay,shop/catalog,open,,0,0," in text


def reach(mesh: Any, caller: str | None, called: str = "catalog-v1", **request: Any) -> Reach:
    inventory = mesh.inventory()
    service = inventory.services["shop", "catalog"]
    who = inventory.workloads[tuple(caller.split("/"))] if caller else None
    call = Call(
        caller=who,
        service=service,
        called=inventory.workloads["shop", called],
        port=service.ports[0],
        request=Request(**request),
    )
    return Reaching(inventory).reach(call)


def test_layers_are_told_in_order_with_the_deciding_object(calling):
    calling.manifests.append(allow("shop/web", paths=["/stock/*"]))
    found = reach(calling, "shop/web", method="GET", path="/admin")
    assert [(one.layer, one.verdict) for one in found.layers] == [("mtls", "allowed"), ("sidecar", "denied")]
    assert (found.refused_by, str(found.object)) == ("sidecar", "AuthorizationPolicy shop/catalog")
    assert found.layers[1].near[0].words == "the path /admin is not /stock/*"
    assert reach(calling, "shop/web", method="GET", path="/stock/7").verdict == "allowed"
    assert reach(calling, "shop/web").verdict == "partly"


def test_plain_text_at_strict_is_refused_before_any_policy_is_asked(calling):
    calling.add("PeerAuthentication", "shop/default", {"mtls": {"mode": "STRICT"}}, API)
    calling.manifests.append(allow("shop/web"))
    found = reach(calling, "shop/batch")
    assert (found.refused_by, str(found.object)) == ("mtls", "PeerAuthentication shop/default")
    assert [one.layer for one in found.layers] == ["mtls"]


def test_without_any_policy_it_is_open(calling):
    found = reach(calling, None)
    assert (found.verdict, found.refused_by, found.object) == ("open", None, None)
