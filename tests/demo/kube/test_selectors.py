import pytest

from meshui.demo.kube.errors import StatusError
from meshui.demo.kube.resources import find
from meshui.demo.kube.selectors import field_selector, label_selector

PODS = find("", "v1", "pods")
LABELS = {"app": "web", "version": "v2", "istio.io/rev": "default", "size": "12"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app!=web", False),
        ("absent!=x", True),
        ("app in (web, cart)", True),
        ("app in (cart)", False),
        ("app notin (cart)", True),
        ("absent notin (a)", True),
        ("absent in (a)", False),
        ("app", True),
        ("!app", False),
        ("! absent", True),
        ("istio.io/rev=default", True),
        ("size>11", True),
        ("size<12", False),
        ("absent>1", False),
        ("app in (web,cart),version=v2", True),
        ("app=web,version=v1", False),
        ("version=", False),
    ],
)
def test_label_selectors(text, holds):
    assert label_selector(text)(LABELS) is holds


@pytest.mark.parametrize("text", ["a b", "=x", "app in web", "app in (a", "size>big", "app=we b", "-app"])
def test_a_malformed_label_selector_is_a_bad_request(text):
    with pytest.raises(StatusError) as refused:
        label_selector(text)
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("metadata.name=web-1", True),
        ("metadata.name!=web-1", False),
        ("metadata.namespace==shop", True),
        ("status.phase=Running,spec.nodeName=demo", True),
        ("status.phase=Pending", False),
        ("status.podIP=", True),
    ],
)
def test_field_selectors(text, holds):
    pod = {
        "metadata": {"name": "web-1", "namespace": "shop"},
        "spec": {"nodeName": "demo"},
        "status": {"phase": "Running"},
    }
    assert field_selector(PODS, text)(pod) is holds


@pytest.mark.parametrize("text", ["spec.hostNetwork=true", "metadata.labels=x", "metadata.name", "x"])
def test_a_field_that_cannot_be_selected_by_is_a_bad_request(text):
    with pytest.raises(StatusError) as refused:
        field_selector(PODS, text)
    assert refused.value.code == 400
