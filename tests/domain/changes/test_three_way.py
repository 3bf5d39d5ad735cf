"""Two edits of one object."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.changes.three_way import three_way


def rule(v1: int = 90, v2: int = 10, timeout: str = "3s", version: str = "1") -> dict:
    route = [{"destination": {"subset": "v1"}, "weight": v1}, {"destination": {"subset": "v2"}, "weight": v2}]
    return {
        "metadata": {"name": "catalog", "resourceVersion": version},
        "spec": {"http": [{"timeout": timeout, "route": route}]},
    }


def test_edits_of_different_fields_fit_together():
    both = three_way(rule(), rule(50, 50), rule(timeout="5s", version="2"))
    assert both.conflicts == ()
    assert both.merged == rule(50, 50, "5s", "2")
    assert both.ours == ("v1: 90% -> 50%", "v2: 10% -> 50%")
    assert both.theirs == ("spec.http[0].timeout: 3s -> 5s",)


def test_the_same_edit_is_no_conflict():
    assert three_way(rule(), rule(50, 50), rule(50, 50, version="2")).conflicts == ()


def test_different_edits_of_one_field_conflict_and_ours_stays():
    both = three_way(rule(), rule(50, 50), rule(80, 20, version="2"))
    assert both.conflicts == ("$.spec.http[0].route[0].weight", "$.spec.http[0].route[1].weight")
    assert both.merged == rule(50, 50, version="2")


def test_a_list_that_grew_on_one_side_conflicts_as_a_whole():
    theirs = rule(version="2")
    theirs["spec"]["http"][0]["route"].append({"destination": {"subset": "v3"}, "weight": 0})
    both = three_way(rule(), rule(50, 50), theirs)
    assert both.conflicts == ("$.spec.http[0].route",)


def test_removed_here_and_kept_there_is_removed():
    ours = rule()
    del ours["spec"]["http"][0]["timeout"]
    assert "timeout" not in three_way(rule(), ours, rule(version="2")).merged["spec"]["http"][0]
    assert "timeout" not in three_way(rule(), rule(), ours).merged["spec"]["http"][0]


SPECS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2), max_size=3)


@given(SPECS, SPECS)
def test_when_only_one_side_changed_its_edit_is_the_result(base: dict, changed: dict):
    before, after = ({"metadata": {}, "spec": spec} for spec in (base, changed))
    assert three_way(before, after, before).merged["spec"] == changed
    assert three_way(before, before, after).merged["spec"] == changed
    assert three_way(before, after, before).conflicts == ()
