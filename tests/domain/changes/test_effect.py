"""What new weights move."""

from __future__ import annotations

import pytest

from meshui.domain.changes.effect import effect, service_rates
from meshui.domain.routing.weights import Split, split_of


@pytest.fixture
def split_shop(shop):
    route = [
        {"destination": {"host": "catalog", "subset": name}, "weight": weight}
        for name, weight in (("v1", 90), ("v2", 10))
    ]
    shop.add("VirtualService", "shop/catalog", {"hosts": ["catalog"], "http": [{"route": route}]})
    subsets = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]
    shop.add("DestinationRule", "shop/catalog", {"host": "catalog", "subsets": subsets})
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 13.7)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v2", 1.5)
    return shop


def _split(mesh) -> Split:
    split = split_of(mesh.inventory(), "shop", "catalog")
    assert split is not None
    return split


def test_the_rates_of_a_service_are_those_of_its_workloads(split_shop):
    rates = service_rates(split_shop.graph(), "shop", "catalog")
    assert rates == {("shop", "catalog-v1"): pytest.approx(13.7), ("shop", "catalog-v2"): pytest.approx(1.5)}
    assert service_rates(split_shop.graph(), "shop", "web") == {}


def test_what_moves_and_who_takes_it(split_shop):
    rates = service_rates(split_shop.graph(), "shop", "catalog")
    assert effect(_split(split_shop), {"v1": 50, "v2": 50}, rates) == [
        "Moves about 6.08 req/s of 15.2 req/s from v1 to v2.",
        "v2 has 1 ready pod, v1 has 2 ready pods.",
        "Its pod (v2) would then get about 7.6 req/s.",
    ]


def test_the_same_weights_move_nothing(split_shop):
    assert effect(_split(split_shop), {"v1": 90, "v2": 10}, {}) == ["Nothing changes: these are the weights of now."]


def test_without_traffic_nothing_moves_yet(split_shop):
    said = effect(_split(split_shop), {"v1": 50, "v2": 50}, {})
    assert said[0] == "No requests flow now, so nothing moves until some come."
    assert said[1] == "v1 has 2 ready pods, v2 has 1 ready pod."
