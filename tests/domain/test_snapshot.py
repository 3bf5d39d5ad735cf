"""Snapshots survive the store."""

from __future__ import annotations

import numpy as np
import pytest

from meshui.domain.graph.model import ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.snapshot import decode, encode
from meshui.domain.telemetry.rows import no_rows


def test_a_decoded_snapshot_gives_the_same_views(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9).calls(
        "shop/web", "shop/catalog", "unknown", 1, code="503"
    )
    shop.took("shop/web", "shop/catalog", "shop/catalog-v1", {"50": 3, "100": 9, "+Inf": 9})
    snapshot = shop.snapshot()
    again = decode(encode(snapshot))
    for spec in (ViewSpec(), ViewSpec(service_nodes=False), ViewSpec("service"), ViewSpec("namespace", idle=True)):
        assert project(again, spec) == project(snapshot, spec)
    assert np.array_equal(again.graph.bounds, snapshot.graph.bounds)
    assert again.levels == snapshot.levels


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x80", b"\x93\x01\x02\x03"])
def test_foreign_bytes_are_refused(data: bytes):
    with pytest.raises(ValueError, match="not a snapshot"):
        decode(data)


def test_another_format_is_refused(shop):
    import msgspec

    other = encode(msgspec.structs.replace(shop.snapshot(), format=99))
    with pytest.raises(ValueError, match="format 99"):
        decode(other)


def test_before_the_first_telemetry_there_are_only_idle_nodes(shop):
    snapshot = shop.snapshot()
    assert len(snapshot.graph) == 0
    assert len(no_rows("demo").keys) == 0
    assert project(snapshot, ViewSpec()).nodes == ()
    assert len(project(snapshot, ViewSpec(idle=True)).nodes) == 5


def test_a_previous_snapshot_of_another_window_is_not_remembered(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 10, code="500")
    failing = shop.snapshot(window=60)
    assert failing.levels["workload"]
    shop.samples.clear()
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 95.5).calls(
        "shop/web", "shop/catalog", "shop/catalog-v1", 4.5, code="500"
    )
    assert project(shop.snapshot(previous=failing), ViewSpec()).edges[0].health.state == "failing"
    assert project(shop.snapshot(previous=failing, window=15), ViewSpec()).edges[0].health.state == "degraded"
