from typing import Any

import pytest

from meshui.domain.changes.route.checks import check_settings, settings_findings
from meshui.domain.changes.route.settings import Abort, Delay, Mirror, Retries, RouteSettings, read_routes
from meshui.domain.failures import Failure


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (RouteSettings(timeout_ms=-1), "settings.timeout_ms"),
        (RouteSettings(retries=Retries(21)), "settings.retries.attempts"),
        (RouteSettings(retries=Retries(1, 0)), "settings.retries.per_try_timeout_ms"),
        (RouteSettings(retries=Retries(1, None, ("nonsense",))), "settings.retries.retry_on"),
        (RouteSettings(delay=Delay(101, 5)), "settings.delay.percent"),
        (RouteSettings(delay=Delay(1, 0)), "settings.delay.delay_ms"),
        (RouteSettings(abort=Abort(1, 99)), "settings.abort.status"),
        (RouteSettings(mirror=Mirror("", 1)), "settings.mirror.host"),
    ],
)
def test_settings_that_make_no_sense_name_their_field(wanted: RouteSettings, field: str) -> None:
    with pytest.raises(Failure) as failure:
        check_settings(wanted)
    assert list(failure.value.fields) == [field]


def test_status_codes_are_conditions_of_istio() -> None:
    wanted = RouteSettings(retries=Retries(1, None, ("503", "reset")))
    assert check_settings(wanted) is wanted


def codes(shop: Any, wanted: RouteSettings) -> list[tuple[str, str]]:
    shop.add("VirtualService", "shop/catalog", {"hosts": ["catalog"], "http": [{"route": []}]})
    subsets = [{"name": "v1", "labels": {"version": "v1"}}]
    shop.add("DestinationRule", "shop/catalog", {"host": "catalog", "subsets": subsets})
    inventory = shop.inventory()
    (rule,) = inventory.virtual_services
    findings = settings_findings(rule, read_routes(rule)[0], wanted, inventory)
    return [(one.severity, one.code) for one in findings]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (RouteSettings(3000, Retries(1, 1000, ("reset",))), []),
        (RouteSettings(3000, Retries(2, 2000, ("reset",))), [("warning", "timeout_before_retries")]),
        (RouteSettings(retries=Retries(1, None, ("5xx",))), [("warning", "retries_repeat_effects")]),
        (RouteSettings(retries=Retries(5)), [("warning", "many_retries")]),
        (RouteSettings(abort=Abort(100, 503)), [("warning", "abort_all")]),
        (RouteSettings(1000, delay=Delay(5, 2000)), [("info", "delay_beyond_timeout")]),
        (RouteSettings(mirror=Mirror("catalog", 5, "v1")), []),
        (RouteSettings(mirror=Mirror("catalog", 5, "v9")), [("error", "unknown_subset")]),
        (RouteSettings(mirror=Mirror("nobody", 5)), [("error", "unknown_host")]),
    ],
)
def test_what_will_go_wrong_is_found(shop: Any, wanted: RouteSettings, expected: list[tuple[str, str]]) -> None:
    assert codes(shop, wanted) == expected
