import json

import msgspec
import pytest

from meshui.domain.changes.shift.sight import tallies

SERVICE = ("shop", "catalog")
V1, V2 = ("shop", "catalog-v1"), ("shop", "catalog-v2")


def test_each_version_is_counted_over_the_window(shop) -> None:
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v2", 1)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v2", 0.5, code="503")
    candidate, baseline = tallies(shop.graph(), SERVICE, (V2,), (V1,), 60)
    assert (candidate.requests, candidate.failed) == (pytest.approx(90), pytest.approx(30))
    assert (baseline.requests, baseline.failed) == (pytest.approx(540), 0)


def test_failures_that_reached_nobody_count_against_the_candidate(shop) -> None:
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/web", "shop/catalog", "", 2, code="503", flags="UH")
    candidate, baseline = tallies(shop.graph(), SERVICE, (V2,), (V1,), 60)
    assert (candidate.requests, candidate.failed) == (pytest.approx(120), pytest.approx(120))
    assert baseline.failed == 0


def test_what_is_seen_can_be_kept_as_json(shop) -> None:
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.took("shop/web", "shop/catalog", "shop/catalog-v1", {"10": 4.0, "+Inf": 9.0})
    _, baseline = tallies(shop.graph(), SERVICE, (V2,), (V1,), 60)
    assert json.dumps(msgspec.to_builtins(baseline), allow_nan=False)
    assert baseline.bounds == (10.0,)
    assert baseline.cumulative == (pytest.approx(240), pytest.approx(540))
