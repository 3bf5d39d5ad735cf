"""Values of authorization policies that can't match anything."""

from __future__ import annotations

from meshui.domain.findings.check import check
from tests.domain.conftest import NOW


def test_a_bad_value_is_a_finding_on_its_policy(shop):
    rule = {"from": [{"source": {"ipBlocks": ["10.0.0.0/99"]}}]}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "rules": [rule]}
    shop.add("AuthorizationPolicy", "shop/odd", spec, "security.istio.io/v1")
    found = [one for its in check(shop.inventory(), NOW).values() for one in its if one.code == "bad_value"]
    assert [(one.object.name, one.path) for one in found] == [("odd", "$.spec.rules[0].from[0].source.ipBlocks")]
