"""Differences: patch, text, sentences."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.changes.diff import apply_patch, json_patch, readable, unified_yaml_diff, without_server_fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=3),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text("ab/~", max_size=3), children, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_a_patch_leads_from_before_to_after(before, after):
    kept = copy.deepcopy(before)
    assert apply_patch(before, json_patch(before, after)) == after
    assert before == kept


@given(JSON)
def test_nothing_changed_is_an_empty_patch(document):
    assert json_patch(document, copy.deepcopy(document)) == []


def test_true_is_not_one():
    assert json_patch({"a": 1}, {"a": True}) == [{"op": "replace", "path": "/a", "value": True}]


def _rule(**changes):
    route = [
        {"destination": {"host": "catalog", "subset": "v1"}, "weight": 90},
        {"destination": {"host": "catalog", "subset": "v2"}, "weight": 10},
    ]
    manifest = {
        "metadata": {"name": "catalog", "resourceVersion": "1"},
        "spec": {"http": [{"timeout": "3s", "route": route}]},
        "status": {"x": 1},
    }
    for index, weight in changes.items():
        route[int(index[1:])]["weight"] = weight
    return manifest


def test_weights_read_by_their_version():
    assert readable(_rule(), _rule(w0=50, w1=50)) == ["v1: 90% -> 50%", "v2: 10% -> 50%"]


def test_a_weight_that_was_not_written_reads_as_none():
    before = _rule()
    del before["spec"]["http"][0]["route"][1]["weight"]
    assert readable(before, _rule()) == ["v2: 0% -> 10%"]


def test_other_fields_read_by_their_path():
    after = _rule()
    after["spec"]["http"][0]["timeout"] = "5s"
    after["spec"]["http"][0]["retries"] = {"attempts": 2}
    del after["spec"]["http"][0]["route"][1]
    assert readable(_rule(), after) == [
        "spec.http[0].timeout: 3s -> 5s",
        "spec.http[0].route[1]: removed (was {'destination': {'host': 'catalog', 'subset': 'v2'}, 'weight': 10})",
        "spec.http[0].retries: set to {'attempts': 2}",
    ]


def test_what_the_server_writes_is_no_change():
    after = _rule()
    after["metadata"] |= {"resourceVersion": "2", "generation": 5, "managedFields": []}
    after["status"] = {}
    assert readable(_rule(), after) == []
    assert "status" not in without_server_fields(after)


def test_the_text_diff_has_only_what_changed():
    text = unified_yaml_diff("a: 1\nb: 2\n", "a: 1\nb: 3\n", "VirtualService shop/catalog")
    assert text.splitlines()[:2] == [
        "--- VirtualService shop/catalog (before)",
        "+++ VirtualService shop/catalog (after)",
    ]
    assert "-b: 2" in text
    assert "+b: 3" in text
    assert unified_yaml_diff("a: 1", "a: 1") == ""
