"""Which dialects are spoken, and their rows in one table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from meshui.domain.failures import Failure
from meshui.domain.graph.latency import quantiles
from meshui.domain.telemetry.buckets import on_bounds
from meshui.domain.telemetry.dialects import DIALECTS, Dialect, combined, detected, detection
from meshui.domain.telemetry.rows import Durations, no_rows
from tests.domain.conftest import Mesh, vector


def test_one_query_asks_for_every_dialect():
    promql = detection()
    assert all(f'"{dialect.name}"' in promql for dialect in DIALECTS)
    assert len({dialect.name for dialect in DIALECTS}) == len(DIALECTS)


def test_what_is_found_keeps_the_order_of_trust_and_strangers_are_passed_over():
    body = vector([({"dialect": name}, 2) for name in ("klingon", *(dialect.name for dialect in reversed(DIALECTS)))])
    assert detected(body) == DIALECTS
    assert detected(vector([])) == ()
    with pytest.raises(Failure):
        detected(b"no")


class Asked(dict[str, bytes]):
    """Answers without samples, and in which order they were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []

    def get(self, name: str, default: Any = None) -> Any:
        self.order.append(name)
        return vector([])


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
def test_every_answer_is_read_once_in_the_order_in_which_they_are_asked(dialect: Dialect):
    answers = Asked()
    assert len(dialect.rows(answers, "demo").keys) == 0
    assert answers.order == list(dialect.queries)


def test_joined_rows_keep_their_ends_and_numbers():
    first = Mesh().calls("a/web", "a/catalog", "a/catalog-v1", 4, code="503", flags="UH").rows()
    second = Mesh().calls("b/x", "a/catalog", "a/catalog-v1", 5).calls("b/x", "b/db", "b/db", 1, protocol="tcp").rows()
    both = combined([first, second], "demo")
    names = both.strings
    keys = both.keys

    def told(key: int) -> tuple[str, str]:
        return names[keys.source_workload[key]], names[keys.destination_workload[key]]

    said = {
        (*told(key), names[code], names[flags]): rate
        for key, code, flags, rate in zip(
            both.requests.key, both.requests.code, both.requests.flags, both.requests.rate, strict=True
        )
    }
    assert said == {("web", "catalog-v1", "503", "UH"): 4, ("x", "catalog-v1", "200", "-"): 5}
    assert {told(key) for key in both.connections.key} == {("x", "db")}
    assert both.connections.opened.sum() == second.connections.opened.sum()
    assert keys.dialect.tolist() == [0] * len(keys)
    assert len(combined([], "demo").keys) == len(combined([no_rows("demo"), no_rows("demo")], "demo").keys) == 0
    assert combined([first], "demo") is first


def test_buckets_on_other_bounds_have_the_same_quantiles():
    own = np.array([10.0, 100.0, np.inf])
    rows = np.array([[2.0, 8.0, 10.0], [0.0, 4.0, 4.0]])
    n = np.zeros(2, np.int32)
    bounds = np.array([1.0, 10.0, 55.0, 100.0, 500.0, np.inf])
    moved = on_bounds(Durations(n, n, own, rows), bounds)
    assert moved.tolist() == [[0.2, 2, 5, 8, 8, 10], [0, 0, 2, 4, 4, 4]]
    for q in (0.1, 0.5, 0.79):
        assert quantiles(bounds, moved, q) == pytest.approx(quantiles(own, rows, q))
    assert on_bounds(Durations(n[:0], n[:0], np.zeros(0), np.zeros((0, 0))), bounds).shape == (0, 6)
