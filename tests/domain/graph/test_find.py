"""Expressions that find and hide."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.graph import badges
from meshui.domain.graph.find import FindError, Matched, find, hidden, parse
from meshui.domain.graph.find_expression import FLAGS, KINDS, OPERATORS
from meshui.domain.graph.model import Authz, Badge, Box, Edge, GraphView, Health, Mtls, Node, Traffic

QUIET = Traffic(rate=0, error_share=None, p95_ms=None)


def node(name: str, namespace: str, state="healthy", inbound=QUIET, **more) -> Node:
    return Node(
        id=name,
        kind="workload",
        cluster="demo",
        namespace=namespace,
        name=name,
        label=name.title(),
        box=f"box:{namespace}",
        health=Health(state, ""),
        inbound=inbound,
        outbound=QUIET,
        **more,
    )


def edge(source: str, destination: str, **more) -> Edge:
    given = {
        "id": f"{source}>{destination}",
        "source": source,
        "destination": destination,
        "protocol": "http",
        "reporter": "source",
        "rate": 10.0,
        "error_share": 0.0,
        "codes": {"200": 10.0},
        "grpc_codes": {},
        "flags": {},
        **dict.fromkeys(("p50_ms", "p90_ms", "p95_ms", "p99_ms")),
        "sent_bytes_rate": 0.0,
        "received_bytes_rate": 0.0,
        "health": Health("healthy", ""),
        "mtls": Mtls(1.0, "mutual_tls", "STRICT", None, ""),
        "authz": Authz("allowed", 0.0, None, ""),
    }
    return Edge(**{**given, **more})


VIEW = GraphView(
    cluster="demo",
    version=1,
    published_at=datetime(2026, 1, 1, tzinfo=UTC),
    evaluated_at=None,
    window_seconds=60,
    sources=(),
    boxes=(
        Box("box:demo", "cluster", "demo"),
        Box("box:shop", "namespace", "shop", parent="box:demo"),
        Box("box:pay", "namespace", "pay", parent="box:demo"),
    ),
    nodes=(
        node("web", "shop", inbound=Traffic(2.0, 0.05, 80.0), app="Web", version="v1"),
        node("cart", "shop", "failing", Traffic(10.0, 0.2, 1500.0), badges=(Badge("missing_proxy", ""),)),
        node("till", "pay", "idle", outside=True),
    ),
    edges=(
        edge(
            "web",
            "cart",
            error_share=0.2,
            codes={"200": 8.0, "503": 2.0, "404": 0.0},
            flags={"URX,UF": 2.0},
            p99_ms=200.0,
            hosts=("cart.shop.svc", "cart.example"),
            source_principals=("spiffe://demo/ns/shop/sa/web",),
        ),
        edge(
            "cart",
            "till",
            protocol="tcp",
            codes={},
            error_share=None,
            mtls=Mtls(0.5, "mixed", "PERMISSIVE", None, ""),
            authz=Authz("partly", 3.0, None, ""),
        ),
    ),
)


def ids(text: str) -> list[str]:
    found = find(VIEW, parse(text))
    return sorted(found.nodes | found.edges)


def wrong(text: str) -> FindError:
    with pytest.raises(FindError) as error:
        parse(text)
    return error.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = cart", ["cart"]),
        ("NAME = CART", ["cart"]),
        ("app = web or version startswith V", ["web"]),
        ("kind = workload and cluster = demo", ["cart", "till", "web"]),
        ('label contains "AR"', ["cart"]),
        ("health = failing", ["cart"]),
        ("health != healthy", ["cart", "till"]),
        ("rate >= 10", ["cart", "cart>till", "web>cart"]),
        ("errors > 5%", ["cart", "web>cart"]),
        ("errors = 5", ["web"]),
        ("p95 > 1.4s", ["cart"]),
        ("p95 <= 80ms", ["web"]),
        ("p99 = 0.2s", ["web>cart"]),
        ("source = web", ["web>cart"]),
        ("destination endswith ll", ["cart>till"]),
        ("namespace = pay", ["cart>till", "till"]),
        ("namespace != pay", ["cart", "web", "web>cart"]),
        ("protocol = tcp", ["cart>till"]),
        ("mtls < 100", ["cart>till"]),
        ("flag = uf", ["web>cart"]),
        ("flag = URX,UF", ["web>cart"]),
        ("flag != UF", ["cart>till"]),
        ("code = 503", ["web>cart"]),
        ("code >= 500", ["web>cart"]),
        ("code = 404", []),
        ("code startswith 5", ["web>cart"]),
        ("verdict = partly", ["cart>till"]),
        ("reporter = source and denied > 1", ["cart>till"]),
        ("principal endswith /sa/web", ["web>cart"]),
        ("host = cart.example", ["web>cart"]),
        ("missing_proxy", ["cart"]),
        ("Idle", ["till"]),
        ("outside", ["till"]),
    ],
)
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


@pytest.mark.parametrize(
    ("text", "position", "length", "said"),
    [
        ("", 0, 0, "Write an expression"),
        ("  ", 2, 0, "Write an expression"),
        ("eror > 5", 0, 4, "did you mean errors?"),
        ("name = a and misssing_proxy", 13, 14, "did you mean missing_proxy?"),
        ("@@@@ = 1", 0, 4, "there are name, namespace"),
        ("rate > abc", 7, 3, "a number, such as 10"),
        ("rate > 5%", 7, 2, "a number, such as 10"),
        ('rate > "5"', 7, 3, "a number, such as 10"),
        ("mtls < 200ms", 7, 5, "a share, such as 5%"),
        ("p95 > 5%", 6, 2, "a duration, such as 200ms"),
        ("code = UH", 7, 2, "a number, such as 503"),
        ("name > b", 5, 1, "name is a text"),
        ("rate contains 5", 5, 8, "rate is a number"),
        ("idle = 1", 5, 1, "stands alone"),
        ("name cart", 5, 4, "Write an operator after name"),
        ("name =", 6, 0, "Write a value"),
        ("name = or", 7, 2, "Write a value"),
        ("idle and", 8, 0, "an attribute should follow"),
        ("idle and or idle", 9, 2, "should be an attribute"),
        ("idle idle", 5, 4, "Write and or or"),
        ("(idle", 0, 1, "never closed"),
        ("(idle idle)", 6, 4, "closing parenthesis"),
        ("idle)", 4, 1, "closes none"),
        ('name = "abc', 7, 4, "never closed"),
        ("! idle", 0, 1, "write != or not"),
        ("not " * 51 + "idle", 200, 3, "at most 50 levels"),
        ("(" * 51 + "idle" + ")" * 51, 50, 1, "at most 50 levels"),
        ("x" * 2001, 2000, 1, "at most 2,000 characters"),
    ],
)
def test_a_mistake_is_named_at_its_place(text, position, length, said):
    error = wrong(text)
    assert (error.position, error.length) == (position, length)
    assert said in error.message
    assert str(error) == error.message


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
