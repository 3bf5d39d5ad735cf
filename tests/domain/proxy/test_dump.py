"""Dumps of every kind are read: whole, old, strange, cut off, fuzzed; one with a private key is not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.proxy.dump import parse_config_dump, read_config_dump
from meshui.domain.proxy.explain.explain import explain
from meshui.domain.proxy.explain.model import Question
from meshui.domain.proxy.secrets import secret_rows
from meshui.domain.proxy.view import ProxyView, view_of
from tests.domain.proxy.dumps import V1, cluster, config_dump, encoded, route, split, statuses, virtual_host

WHOLE = config_dump(virtual_host(route("split", {"prefix": "/"}, split(90, 10))))


def tables(view: ProxyView) -> list[Any]:
    """Everything that is shown of a proxy, and an explanation."""
    asked = explain(view, Question("catalog", 80))
    return [
        view.listener_table,
        view.route_table,
        view.cluster_table,
        view.endpoints,
        asked,
        secret_rows(view.dump, _none),
    ]


def _none(pem: bytes) -> tuple[()]:
    return ()


def test_a_whole_dump_has_no_findings() -> None:
    view = view_of("shop/web", encoded(WHOLE), statuses(v1=[{}, {}], v2=[{}]))
    assert view.findings == ()
    (row,) = view.route_table
    assert (row.targets[0].cluster, row.targets[0].share) == (V1, 0.9)
    assert row.object is not None
    assert str(row.object) == "VirtualService shop/catalog"
    assert [(one.subset, one.endpoints, one.healthy) for one in view.cluster_table] == [("v1", 2, 2), ("v2", 1, 1)]


@pytest.mark.parametrize("missing", ["ListenersConfigDump", "ClustersConfigDump", "RoutesConfigDump"])
def test_a_missing_section_is_said(missing: str) -> None:
    dump = {"configs": [one for one in WHOLE["configs"] if not one["@type"].endswith(missing)]}
    view = view_of("shop/web", encoded(dump), None)
    assert [one.section for one in view.findings] == [missing]
    tables(view)


def test_a_dump_that_is_cut_off_is_said() -> None:
    body = encoded(WHOLE)
    for end in range(0, len(body), 37):
        view = view_of("shop/web", body[:end], statuses(v1=[{}])[: end // 10])
        assert view.findings, end
        tables(view)


def test_unknown_sections_fields_and_filters_are_shown() -> None:
    dump = json.loads(json.dumps(WHOLE))
    dump["configs"].append({"@type": "type.googleapis.com/envoy.admin.v9.MoonConfigDump", "moons": []})
    listener = dump["configs"][0]["dynamic_listeners"][0]["active_state"]["listener"]
    listener["filter_chains"][0]["filters"].insert(
        0, {"name": "acme.moon", "typed_config": {"@type": "type.googleapis.com/acme.Moon"}}
    )
    listener["filter_chains"][0]["filter_chain_match"] = {"moon_phase": "full"}
    view = view_of("shop/web", encoded(dump), None)
    assert view.findings == ()
    assert view.dump.other == ("MoonConfigDump",)
    (row,) = view.listener_table
    assert row.filter_chains[0].filters[0].name == "acme.moon"
    assert row.filter_chains[0].match == "moon_phase"


def test_a_ztunnels_own_dump_is_told_from_an_envoys() -> None:
    body = encoded({"workloads": [{}, {}], "services": [{}], "policies": [], "certificates": [{"identity": "x"}]})
    view = view_of("istio-system/ztunnel-1", body, None)
    assert [one.section for one in view.findings] == ["ztunnel"]
    assert "2 workloads, 1 services, 0 policies, 1 certificates" in view.findings[0].message
    tables(view)


def test_envoy_before_v1_21_is_read() -> None:
    old = cluster("old", "10.0.1.1:80", tls_context={"sni": "old", "common_tls_context": {"tls_certificates": [{}]}})
    matcher = {"name": "x-user", "exact_match": "jason"}
    host = virtual_host(route("one", {"prefix": "/", "headers": [matcher]}, {"cluster": "old"}), domains=("*",))
    view = view_of("shop/web", encoded(config_dump(host, clusters=(old,))), None)
    assert view.cluster_table[0].tls[0].mode == "mutual"
    assert "x-user" in view.route_table[0].match
    asked = explain(view, Question("x", 80, headers={"x-user": "jason"}))
    assert asked.branches[0].cluster == "old"
    assert explain(view, Question("x", 80)).verdict == "no_route"


PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIB\n-----END EC PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "key",
    [
        {"inline_string": PEM},
        {"inline_bytes": base64.b64encode(PEM.encode()).decode()},
        {"inline_bytes": base64.b64encode(b"x" + PEM.encode()).decode()},
        {"inline_bytes": base64.b64encode(b"xx" + PEM.encode()).decode()},
        {"inline_string": "not PEM, but not redacted"},
    ],
)
def test_a_private_key_is_refused_and_said_so(key: dict[str, str]) -> None:
    dump = json.loads(json.dumps(WHOLE))
    secret = {"name": "default", "secret": {"name": "default", "tls_certificate": {"private_key": key}}}
    section = {"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": [secret]}
    dump["configs"].append(section)
    read = parse_config_dump(encoded(dump))
    assert read.refused
    assert read.resources == {}
    assert "private key" in read.findings[0].message
    asked = explain(ProxyView("shop/web", read), Question("catalog", 80))
    assert asked.verdict == "unknown"
    assert "private key" in asked.summary


@pytest.mark.parametrize(
    "redacted", [{"inline_string": "[redacted]"}, {"inline_bytes": "W3JlZGFjdGVkXQ=="}, {"filename": "/k"}]
)
def test_a_redacted_key_is_no_reason_to_refuse(redacted: dict[str, str]) -> None:
    secret = {"name": "default", "secret": {"name": "default", "tls_certificate": {"private_key": redacted}}}
    section = {"@type": "x/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": [secret]}
    read = parse_config_dump(encoded({"configs": [*WHOLE["configs"], section]}))
    assert not read.refused
    assert [one.kind for one in secret_rows(read, _none)] == ["certificate"]


def test_a_rejected_update_keeps_the_reason_beside_the_version_in_force() -> None:
    dump = json.loads(json.dumps(WHOLE))
    entry = dump["configs"][0]["dynamic_listeners"][0]
    entry["error_state"] = {"details": "no such filter", "last_update_attempt": "2026-11-24T12:00:00Z"}
    (row,) = view_of("shop/web", encoded(dump), None).listener_table
    assert (row.state, row.version, row.error) == ("active", "1", "no such filter")
    assert row.error_at is not None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """The whole dump with a few of its values replaced by anything."""
    dump = json.loads(json.dumps(WHOLE))
    for _ in range(draw(st.integers(1, 4))):
        at = dump
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inside = at[key]
            if not isinstance(inside, dict | list) or draw(st.integers(0, 5)) == 0:
                at[key] = draw(_JSON)
                break
            at = inside
    return dump


@settings(max_examples=120, deadline=None)
@given(spoilt())
def test_wrong_types_are_never_an_exception(dump: Any) -> None:
    tables(ProxyView("shop/web", read_config_dump(dump)))


@settings(max_examples=40, deadline=None)
@given(_JSON, st.binary(max_size=60))
def test_nor_is_anything_that_is_no_dump(document: Any, body: bytes) -> None:
    assert tables(ProxyView("shop/web", read_config_dump(document)))
    assert tables(view_of("shop/web", body, body))
    assert tables(view_of("shop/web", encoded(WHOLE), body))
