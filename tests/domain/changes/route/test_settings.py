import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.changes.route.durations import duration, milliseconds
from meshui.domain.changes.route.settings import Abort, Delay, Mirror, Retries, RouteSettings, read_routes, set_settings
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.networking import virtual_service


def rule(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "catalog", "namespace": "shop"},
        "spec": {"hosts": ["catalog"], "http": list(blocks), "exportTo": ["*"]},
    }


BLOCK = {
    "name": "split",
    "timeout": "3s",
    "retries": {"attempts": 1, "perTryTimeout": "2s", "retryOn": "reset, 503", "retryRemoteLocalities": True},
    "fault": {"delay": {"percent": 10, "fixedDelay": "0.5s"}, "abort": {"grpcStatus": "UNAVAILABLE"}},
    "route": [{"destination": {"host": "catalog", "subset": "v1"}, "headers": {"request": {"set": {"a": "b"}}}}],
    "corsPolicy": {"allowOrigins": [{"exact": "x"}]},
}


def read(manifest: dict[str, Any], index: int = 0) -> Any:
    return read_routes(virtual_service(manifest))[index]


def test_the_settings_are_read() -> None:
    route = read(rule(BLOCK))
    assert route.settings == RouteSettings(
        timeout_ms=3000, retries=Retries(1, 2000, ("reset", "503")), delay=Delay(10.0, 500)
    )
    assert (route.name, route.hosts, route.fixed) == ("split", ("catalog",), None)


def test_the_same_settings_change_nothing() -> None:
    manifest = rule(BLOCK)
    assert set_settings(manifest, read(manifest), read(manifest).settings) == manifest


def test_only_what_was_asked_for_is_changed() -> None:
    manifest = rule({"route": []}, BLOCK)
    route = read(manifest, 1)
    wanted = RouteSettings(timeout_ms=250, retries=Retries(2, 2000, ("reset", "503")), delay=Delay(10.0, 500))
    after = set_settings(manifest, route, wanted)
    expected = copy.deepcopy(manifest)
    expected["spec"]["http"][1]["timeout"] = "250ms"
    expected["spec"]["http"][1]["retries"]["attempts"] = 2
    assert after == expected


def test_a_fault_is_put_and_taken_away_beside_what_is_not_known() -> None:
    manifest = rule({"route": []})
    with_fault = set_settings(manifest, read(manifest), RouteSettings(delay=Delay(50, 1500), abort=Abort(12.5, 503)))
    assert with_fault["spec"]["http"][0]["fault"] == {
        "delay": {"percentage": {"value": 50}, "fixedDelay": "1.5s"},
        "abort": {"percentage": {"value": 12.5}, "httpStatus": 503},
    }
    assert set_settings(with_fault, read(with_fault), RouteSettings()) == manifest
    grpc = rule(BLOCK)
    after = set_settings(grpc, read(grpc), RouteSettings(3000, read(grpc).settings.retries))
    assert after["spec"]["http"][0]["fault"] == {"abort": {"grpcStatus": "UNAVAILABLE"}}


def test_a_mirror_is_put_and_taken_away() -> None:
    manifest = rule({"route": []})
    mirrored = set_settings(manifest, read(manifest), RouteSettings(mirror=Mirror("catalog", 5, "v2")))
    assert mirrored["spec"]["http"][0]["mirror"] == {"host": "catalog", "subset": "v2"}
    assert mirrored["spec"]["http"][0]["mirrorPercentage"] == {"value": 5}
    assert read(mirrored).settings.mirror == Mirror("catalog", 5.0, "v2")
    assert set_settings(mirrored, read(mirrored), RouteSettings()) == manifest


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"redirect": {"uri": "/"}}, "redirects"),
        ({"directResponse": {"status": 200}}, "answers by itself"),
        ({"delegate": {"name": "other"}}, "delegated to"),
        ({"mirrors": [{"destination": {"host": "a"}}]}, "several places"),
    ],
)
def test_a_route_that_can_have_no_settings_says_why(block: dict[str, Any], said: str) -> None:
    assert said in read(rule(block)).fixed


def test_a_route_that_is_gone_is_a_conflict() -> None:
    manifest = rule(BLOCK)
    route = read(manifest)
    manifest["spec"]["http"] = []
    with pytest.raises(Failure) as failure:
        set_settings(manifest, route, RouteSettings())
    assert failure.value.code is Code.CONFLICT


@pytest.mark.parametrize(
    ("text", "ms"),
    [("3s", 3000), ("1.5s", 1500), ("1m30s", 90_000), ("250ms", 250), ("", None), ("5", None), ("3x", None)],
)
def test_durations_are_read(text: str, ms: float | None) -> None:
    assert milliseconds(text) == ms


@given(st.integers(0, 10_000_000))
def test_a_duration_is_read_as_it_was_written(ms: int) -> None:
    assert milliseconds(duration(ms)) == pytest.approx(ms)


SETTINGS = st.builds(
    RouteSettings,
    timeout_ms=st.none() | st.integers(0, 60_000),
    retries=st.none()
    | st.builds(Retries, st.integers(0, 5), st.none() | st.integers(1, 9000), st.just(("reset",)) | st.just(())),
    delay=st.none() | st.builds(Delay, st.sampled_from([1.0, 12.5, 100.0]), st.integers(1, 9000)),
    abort=st.none() | st.builds(Abort, st.sampled_from([1.0, 12.5, 100.0]), st.integers(200, 599)),
    mirror=st.none() | st.builds(Mirror, st.just("catalog"), st.sampled_from([5.0, 100.0]), st.none() | st.just("v1")),
)


@given(SETTINGS, SETTINGS)
def test_what_is_set_is_what_is_read_and_unknown_fields_stay(first: RouteSettings, second: RouteSettings) -> None:
    manifest = rule({"route": [], "corsPolicy": {"x": 1}})
    for wanted in (first, second):
        manifest = set_settings(manifest, read(manifest), wanted)
        assert read(manifest).settings == wanted
    assert manifest["spec"]["http"][0]["corsPolicy"] == {"x": 1}
    assert manifest["spec"]["exportTo"] == ["*"]
    assert set_settings(manifest, read(manifest), RouteSettings()) == rule({"route": [], "corsPolicy": {"x": 1}})
