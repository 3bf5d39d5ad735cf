"""Expressions that find and hide."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.graph import badges
from meshui.domain.graph.find import FindError, Matched, find, hidden, parse
from meshui.domain.graph.find_expression import FLAGS, KINDS, OPERATORS
from meshui.domain.graph.model import GraphView

CASES = json.loads((Path(__file__).parent / "find_cases.json").read_text())
"""A view, and what expressions mean in it. The browser's own reading of the language is held against the same table."""
VIEW = msgspec.convert(CASES["view"], GraphView)


def ids(text: str) -> list[str]:
    found = find(VIEW, parse(text))
    return sorted(found.nodes | found.edges)


def wrong(text: str) -> FindError:
    with pytest.raises(FindError) as error:
        parse(text)
    return error.value


@pytest.mark.parametrize(("text", "expected"), CASES["finds"])
def test_an_expression_finds(text, expected):
    assert ids(text) == expected


def test_not_binds_closer_than_and_and_and_closer_than_or():
    assert ids("name = till or name = web and rate > 5") == ["till"]
    assert ids("(name = till or name = web) and rate < 1") == ["till"]
    assert ids("not name = web and kind = workload") == ["cart", "till"]
    assert ids("NOT (name = web OR idle) AND kind = workload") == ["cart"]


def test_a_comparison_with_an_attribute_that_an_element_lacks_is_false():
    assert ids("protocol != grpc") == ["cart>till", "web>cart"]
    assert ids("name != nothing") == ["cart", "till", "web"]


@pytest.mark.parametrize("operator", ["=", "!=", ">", ">=", "<", "<="])
def test_what_is_not_known_fits_no_comparison(operator):
    assert not {"till", "cart>till"} & set(ids(f"errors {operator} 0"))
    assert "cart>till" not in ids(f"code {operator} 200")
    assert ids("app != other") == ["web"]


def test_an_edge_whose_ends_are_not_in_the_view_has_no_known_names():
    lone = msgspec.structs.replace(VIEW, nodes=())
    assert find(lone, parse("source != x or destination != x or namespace != x")) == Matched(frozenset(), frozenset())


def test_a_quoted_keyword_is_a_value():
    assert ids('name != "and"') == ["cart", "till", "web"]
    assert parse(r'name = "a \"b\" \\"') == parse(r'name = "A \"b\" \\"')


def test_shares_are_read_without_rounding_errors():
    assert parse("errors = 5.2%").value == 0.052


@pytest.mark.parametrize(("text", "position", "length", "said"), CASES["mistakes"])
def test_a_mistake_is_named_at_its_place(text, position, length, said):
    error = wrong(text)
    assert (error.position, error.length) == (position, length)
    assert str(error) == error.message == said


def test_an_expression_has_an_end():
    error = wrong("x" * 2001)
    assert (error.position, error.length, error.message) == (2000, 1, "An expression has at most 2,000 characters.")


def test_the_table_of_cases_knows_every_word():
    assert (CASES["kinds"], CASES["flags"], CASES["operators"]) == (KINDS, list(FLAGS), list(OPERATORS))


def test_long_expressions_may_stay_flat():
    assert ids(" or ".join(["idle"] * 200)) == ["till"]
    assert ids("(" * 50 + "idle" + ")" * 50) == ["till"]


def test_every_badge_is_a_flag():
    assert set(re.findall(r'Badge\("(\w+)"', Path(badges.__file__).read_text())) <= set(FLAGS)


def test_hiding_takes_edges_and_emptied_boxes_along():
    view = hidden(VIEW, parse("name = till"))
    assert [node.id for node in view.nodes] == ["web", "cart"]
    assert [edge.id for edge in view.edges] == ["web>cart"]
    assert [box.id for box in view.boxes] == ["box:demo", "box:shop"]
    assert hidden(VIEW, parse("kind = workload")).boxes == ()


def test_hiding_edges_leaves_their_ends():
    view = hidden(VIEW, parse("protocol = tcp"))
    assert (view.nodes, view.boxes) == (VIEW.nodes, VIEW.boxes)
    assert [edge.id for edge in view.edges] == ["web>cart"]


WORDS = (*KINDS, *FLAGS, *OPERATORS, "and", "or", "not", "(", ")", "web", "5%", "200ms", '"a b"', '"', "!")
VALUES = {
    "text": ("web", "shop", '"a b"'),
    "rate": ("5",),
    "share": ("5%", "100"),
    "duration": ("80ms",),
    "code": ("503",),
}
COMPARISONS = st.sampled_from(
    [f"{name} {how} {value}" for name, kind in KINDS.items() for how in ("=", "!=") for value in VALUES[kind]]
)
EXPRESSIONS = st.recursive(
    st.sampled_from(FLAGS) | COMPARISONS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(("and", "or")), inner) | inner.map("not {}".format)
    ),
    max_leaves=8,
)


@given(st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_is_parsed_or_refused_at_a_place_in_it(text):
    error = None
    try:
        find(VIEW, parse(text))
    except FindError as refused:
        error = refused
    if error is not None:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert error.message


@given(EXPRESSIONS)
def test_not_not_changes_nothing(text):
    assert find(VIEW, parse(f"not not ({text})")) == find(VIEW, parse(text))
    assert parse(f"not not ({text})") == parse(text)


@given(EXPRESSIONS)
def test_an_expression_or_its_opposite_is_true(text):
    found, others = find(VIEW, parse(text)), find(VIEW, parse(f"not ({text})"))
    assert found.nodes ^ others.nodes == {node.id for node in VIEW.nodes}
    assert found.edges ^ others.edges == {edge.id for edge in VIEW.edges}


@given(EXPRESSIONS)
def test_a_view_with_something_hidden_hangs_together(text):
    view, found = hidden(VIEW, parse(text)), find(VIEW, parse(text))
    kept = {node.id for node in view.nodes}
    assert kept == {node.id for node in VIEW.nodes} - found.nodes
    assert all({edge.source, edge.destination} <= kept for edge in view.edges)
    assert not {edge.id for edge in view.edges} & found.edges
    boxes = {box.id for box in view.boxes}
    assert all(node.box in boxes for node in view.nodes)
    assert all(box.parent is None or box.parent in boxes for box in view.boxes)
