import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.demo.kube.patch import PatchError, PatchTestError, json_patch, merge_patch, strategic_merge
from meshui.demo.kube.resources import find_kind
from meshui.demo.kube.schema import schema_of

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=3), DOCUMENTS, max_size=4)


def deployment_schema():
    return schema_of(find_kind("apps/v1", "Deployment"))


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_does_what_the_rfcs_appendix_says(target, patch, result):
    assert merge_patch(target, patch) == result


@given(OBJECTS, OBJECTS)
def test_merging_twice_changes_nothing_more(target, patch):
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


@pytest.mark.parametrize(
    ("target", "operations", "result"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "q"}], {"foo": ["bar", "q", "baz"]}),
        ({"baz": "q", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
        ({"foo": ["a", "b", "c"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["a", "c"]}),
        ({"baz": "q"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        ({"foo": [1, 2, 3, 4]}, [{"op": "move", "from": "/foo/1", "path": "/foo/3"}], {"foo": [1, 3, 4, 2]}),
        ({"a": {"b": 1}}, [{"op": "copy", "from": "/a", "path": "/c"}], {"a": {"b": 1}, "c": {"b": 1}}),
        ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["a"]}], {"foo": ["bar", ["a"]]}),
        ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
        ({"foo": None}, [{"op": "replace", "path": "/foo", "value": "x"}], {"foo": "x"}),
        ({"foo": "bar"}, [{"op": "add", "path": "", "value": {"baz": 1}}], {"baz": 1}),
        ({"a": ["x", "y"]}, [{"op": "replace", "path": "/a/1", "value": "z"}], {"a": ["x", "z"]}),
    ],
)
def test_json_patch_does_what_the_rfcs_appendix_says(target, operations, result):
    assert json_patch(target, operations) == result


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "remove", "path": "/absent"}],
        [{"op": "replace", "path": "/absent", "value": 1}],
        [{"op": "add", "path": "/list/8", "value": 1}],
        [{"op": "add", "path": "/list/01", "value": 1}],
        [{"op": "add", "path": "/absent/below", "value": 1}],
        [{"op": "add", "path": "/a"}],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "spin", "path": "/a"}],
        [{"op": "move", "from": "/map", "path": "/map/inside"}],
        [{"op": "remove", "path": ""}],
        {"op": "remove", "path": "/a"},
        ["remove"],
    ],
)
def test_json_patch_refuses_what_does_not_fit(operations):
    with pytest.raises(PatchError):
        json_patch({"a": 1, "list": [1], "map": {"inside": 1}}, operations)


def test_a_test_operation_tells_true_from_one():
    with pytest.raises(PatchTestError):
        json_patch({"a": 1}, [{"op": "test", "path": "/a", "value": True}])


@given(OBJECTS, st.text(max_size=3), DOCUMENTS)
def test_json_patch_removes_what_it_added(target, key, value):
    path = "/" + key.replace("~", "~0").replace("/", "~1")
    target.pop(key, None)
    added = json_patch(target, [{"op": "add", "path": path, "value": value}])
    assert added == target | {key: value}
    assert json_patch(added, [{"op": "test", "path": path, "value": value}, {"op": "remove", "path": path}]) == target


@given(OBJECTS, OBJECTS)
def test_a_patch_leaves_the_object_given_alone(target, patch):
    before = repr(target)
    merge_patch(target, patch)
    strategic_merge(target, patch, None)
    json_patch(target, [{"op": "add", "path": "/a", "value": patch}])
    assert repr(target) == before


def test_strategic_merge_keeps_the_other_containers():
    live = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}}}}
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "b", "image": "2"}, {"name": "c", "image": "3"}]}}}}
    merged = strategic_merge(live, patch, deployment_schema())
    assert merged["spec"]["template"]["spec"]["containers"] == [
        {"name": "a", "image": "1"},
        {"name": "b", "image": "2"},
        {"name": "c", "image": "3"},
    ]


def test_strategic_merge_deletes_and_orders_by_directive():
    live = {"spec": {"template": {"spec": {"containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}}}}
    patch = {
        "spec": {
            "template": {
                "spec": {
                    "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
                    "containers": [{"name": "b", "$patch": "delete"}],
                }
            }
        }
    }
    merged = strategic_merge(live, patch, deployment_schema())
    assert merged["spec"]["template"]["spec"]["containers"] == [{"name": "c"}, {"name": "a"}]


def test_strategic_merge_adds_to_and_deletes_from_lists_of_values():
    live = {"metadata": {"finalizers": ["a", "b"]}}
    added = strategic_merge(live, {"metadata": {"finalizers": ["c", "a"]}}, deployment_schema())
    assert added["metadata"]["finalizers"] == ["a", "b", "c"]
    removed = strategic_merge(added, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}, deployment_schema())
    assert removed["metadata"]["finalizers"] == ["b", "c"]


def test_strategic_merge_replaces_and_retains_by_directive():
    live = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    retained = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic_merge(live, retained, deployment_schema()) == {"spec": {"strategy": {"type": "Recreate"}}}
    replaced = {"spec": {"strategy": {"$patch": "replace", "type": "Recreate"}}}
    assert strategic_merge(live, replaced, deployment_schema()) == {"spec": {"strategy": {"type": "Recreate"}}}


def test_strategic_merge_wants_the_merge_key():
    with pytest.raises(PatchError, match="merge key: name"):
        strategic_merge({}, {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}}, deployment_schema())
