from typing import Any

from meshui.domain.changes.route.effect import Flow, chain, effect, flow_of
from meshui.domain.changes.route.settings import Abort, Delay, Mirror, Retries, RouteSettings

FLOW = Flow(12.0, (100.0, 200.0, float("inf")), (9.0, 11.4, 12.0))
NOW = RouteSettings(timeout_ms=3000)


def test_an_abort_says_who_is_hit() -> None:
    said = effect(NOW, RouteSettings(3000, abort=Abort(50, 503)), FLOW, 1)
    assert said == ["About 12 req/s go through this service now.", "About 6 req/s would get 503 without reaching it."]


def test_a_timeout_says_what_it_would_cut_off() -> None:
    said = effect(NOW, RouteSettings(200), FLOW, 1)
    assert said[1] == "5% take longer than 200 ms now: about 0.6 req/s would be cut off."
    assert effect(NOW, RouteSettings(100), FLOW, 1)[1].startswith("25% take longer")


def test_delay_mirror_and_retries_in_words() -> None:
    wanted = RouteSettings(3000, Retries(2), Delay(25, 700), None, Mirror("catalog", 10, "v2"))
    assert effect(NOW, wanted, FLOW, 2)[1:] == [
        "About 3 req/s would take 700 ms longer.",
        "About 1.2 req/s would also be sent to v2.",
        "A request would be tried up to 3 times.",
        "Several routes share this traffic, so the rates are upper bounds.",
    ]


def test_taking_a_fault_away_is_said() -> None:
    now = RouteSettings(delay=Delay(5, 100), abort=Abort(5, 500))
    assert effect(now, RouteSettings(), FLOW, 1)[1:] == ["The injected 500 ends.", "The injected delay of 100 ms ends."]


def test_without_traffic_or_change_there_is_little_to_say() -> None:
    assert effect(NOW, NOW, FLOW, 1) == ["Nothing changes: these are the settings of now."]
    assert effect(NOW, RouteSettings(), Flow(0.0), 1) == [
        "No requests flow now, so nothing is affected until some come."
    ]


def called(shop: Any) -> Any:
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/catalog-v1", "shop/stock", "shop/stock", 4)
    return shop.graph()


def test_the_flow_is_all_that_goes_through_the_service(shop: Any) -> None:
    assert flow_of(called(shop), "shop", "catalog").rate == 9
    assert flow_of(called(shop), "shop", "nobody").rate == 0


def test_attempts_multiply_along_the_chain(shop: Any) -> None:
    graph = called(shop)
    attempts = {("shop", "catalog"): 3, ("shop", "stock"): 2}
    hops = chain(graph, "shop", "stock", lambda key: attempts[key])
    assert [(hop.caller, hop.service, hop.attempts) for hop in hops] == [
        ("web", "catalog", 3),
        ("catalog-v1", "stock", 2),
    ]
    assert [hop.caller for hop in chain(graph, "shop", "catalog", lambda key: attempts[key])] == ["web"]


def test_calls_in_a_circle_are_followed_once(shop: Any) -> None:
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/catalog-v1", "shop/web", "shop/web", 4)
    hops = chain(shop.graph(), "shop", "catalog", lambda key: 2)
    assert [hop.service for hop in hops] == ["web", "catalog"]


def test_a_service_that_nobody_calls_has_no_chain(shop: Any) -> None:
    assert chain(called(shop), "shop", "web", lambda key: 2) == ()
