"""Prometheus bodies to rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.latency import quantiles
from meshui.domain.telemetry import istio
from meshui.domain.telemetry.rows import Durations


def _body(result: list[dict], kind: str = "vector") -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}).encode()


def _sample(value: str, **labels: str) -> dict:
    return {"metric": labels, "value": [1.5, value]}


def test_every_query_takes_a_window_but_the_bounds():
    for name, query in istio.QUERIES.items():
        assert ("{window}" in query) == (name != "duration_bounds")
        assert query.count("{window}") == query.count("rate(")


def test_missing_and_empty_labels_read_unknown():
    rows = istio.rows(
        {"requests": _body([_sample("2", reporter="source", source_workload="", response_code="200")])}, "c"
    )
    assert len(rows.keys) == 1
    assert rows.strings[rows.keys.source_workload[0]] == "unknown"
    assert rows.strings[rows.keys.destination_workload[0]] == "unknown"
    assert rows.strings[rows.keys.source_cluster[0]] == "c"
    assert rows.strings[rows.requests.flags[0]] == "-"
    assert rows.strings[rows.requests.source_principal[0]] == "unknown"


def test_rates_that_are_no_traffic_are_left_out():
    values = ("0", "-1", "NaN", "+Inf", "-Inf", "1e-3")
    rows = istio.rows({"requests": _body([_sample(value, source_workload="a") for value in values])}, "c")
    assert rows.requests.rate.tolist() == [0.001]


def test_no_samples_are_no_rows():
    rows = istio.rows({name: _body([]) for name in istio.QUERIES}, "c")
    assert len(rows.keys) == len(rows.requests) == len(rows.durations) == len(rows.sizes) == len(rows.connections) == 0
    assert len(istio.rows({}, "c").keys) == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>502 Bad Gateway</html>", "not what Prometheus sends"),
        (b"", "not what Prometheus sends"),
        (b'{"status":"error","errorType":"bad_data","error":"parse error"}', "bad_data: parse error"),
        (_body([], "matrix"), "a matrix"),
        (b'{"status":"success"}', "success"),
        (_body([{"metric": {"le": "x"}, "value": [1, "2"]}]), "can't be read"),
        (_body([{"metric": {"reporter": "source"}, "value": [1, "two"]}]), "can't be read"),
        (_body([{"metric": {"reporter": 3}, "value": [1, "2"]}]), "can't be read"),
        (
            b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1]}]}}',
            "Prometheus sends",
        ),
        (b"\xff\xfe", "not what Prometheus sends"),
    ],
)
def test_anything_else_names_the_query_and_the_reason(body: bytes, said: str):
    with pytest.raises(Failure) as failure:
        istio.rows({"requests": body}, "c")
    assert failure.value.code is Code.SOURCE_UNAVAILABLE
    assert said in failure.value.message
    assert failure.value.context["query"] == "requests"


def _native(*buckets: tuple[int, str, str, str], count: str, **labels: str) -> dict:
    return {"metric": labels, "histogram": [1, {"count": count, "sum": "1", "buckets": list(buckets)}]}


def _quantiles(durations: Durations, q: float) -> list[float]:
    return quantiles(durations.bounds, durations.cumulative, q).tolist()


def test_native_histograms_are_buckets_too():
    """6 in (4, 8] and 4 in (16, 32] ms: the median is 5/6 into the first, the 90th percentile 3/4 into the second."""
    some = _native((0, "4", "8", "6"), (0, "16", "32", "4"), count="10", source_workload="a")
    idle = _native(count="0", source_workload="b")
    durations = istio.rows({"durations_native": _body([some, idle])}, "c").durations
    assert durations.bounds.tolist() == [4, 8, 16, 32, np.inf]
    assert durations.cumulative.tolist() == [[pytest.approx(0), 6, 6, 10, 10]]
    assert _quantiles(durations, 0.5) == [pytest.approx(4 + 4 * 5 / 6)]
    assert _quantiles(durations, 0.9) == [28]


def test_beside_classic_buckets_each_keeps_its_quantiles_and_none_counts_twice():
    classic = [_sample(rate, source_workload="c", le=le) for le, rate in (("5", "5"), ("20", "10"), ("+Inf", "10"))]
    both = [_sample(rate, source_workload="a", le=le) for le, rate in (("5", "1"), ("20", "10"), ("+Inf", "10"))]
    native = [
        _native((0, "4", "8", "6"), (0, "16", "32", "4"), count="10", source_workload="a"),
        _native((0, "1", "2", "3"), (0, "2", "4", "1"), count="4", source_workload="d"),
    ]
    bodies = {"durations": _body([*classic, *both]), "durations_native": _body(native)}
    rows = istio.rows(bodies, "c")
    names = [rows.strings[rows.keys.source_workload[key]] for key in rows.durations.key]
    assert sorted(names) == ["a", "c", "d"]
    medians = dict(zip(names, _quantiles(rows.durations, 0.5), strict=True))
    assert medians == pytest.approx({"a": 4 + 4 * 5 / 6, "c": 5, "d": 1 + 2 / 3})
    assert dict(zip(names, rows.durations.cumulative[:, -1].tolist(), strict=True)) == {"a": 10, "c": 10, "d": 4}


def test_buckets_that_were_not_sent_are_filled_and_all_bounds_kept():
    bodies = {
        "durations": _body([_sample(rate, source_workload="a", le=le) for le, rate in (("50", "3"), ("+Inf", "4"))]),
        "duration_bounds": _body([_sample("1", le=le) for le in ("25", "50", "100", "+Inf")]),
    }
    durations = istio.rows(bodies, "c").durations
    assert durations.bounds.tolist() == [25, 50, 100, np.inf]
    assert durations.cumulative.tolist() == [[0, 3, 3, 4]]


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" , ", " : ")])
def test_spaces_in_the_json_do_not_matter(separators: tuple[str, str]):
    samples = [
        _sample(rate, source_workload="le", le=le, reporter="source") for le, rate in (("5", "1"), ("+Inf", "2"))
    ]
    answer = {"status": "success", "data": {"resultType": "vector", "result": samples}}
    rows = istio.rows({"durations": json.dumps(answer, separators=separators).encode()}, "c")
    assert len(rows.keys) == 1
    assert rows.strings[rows.keys.source_workload[0]] == "le"
    assert rows.durations.cumulative.tolist() == [[1, 2]]


def test_a_label_value_that_looks_like_a_bound_is_not_one():
    tricky = 'x","le":"5'
    sample = _sample("1", destination_service=tricky, source_workload="a", le="10")
    durations = istio.rows({"durations": _body([sample])}, "c")
    assert durations.strings[durations.keys.service_host[0]] == tricky
    assert durations.durations.bounds.tolist() == [10]


def test_tcp_sent_and_received_are_named_from_the_callers_side():
    ends = {"reporter": "source", "source_workload": "a", "destination_workload": "b"}
    rows = istio.rows(
        {
            "tcp_request_bytes": _body([_sample("100", **ends)]),
            "tcp_response_bytes": _body([_sample("7", **ends)]),
            "tcp_opened": _body([_sample("1", **ends)]),
        },
        "c",
    )
    connections = rows.connections
    assert (connections.sent.sum(), connections.received.sum(), connections.opened.sum()) == (100, 7, 1)
    assert "received_bytes" in istio.QUERIES["tcp_request_bytes"]
