import gzip
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import msgspec
import pytest
from django.test import Client

from meshui.adapters.store.redis import RedisStore
from meshui.api import live_graph
from meshui.domain.graph.model import GraphView
from meshui.records.clusters import Cluster
from meshui.records.users import User
from meshui.services.poll_telemetry import poll_telemetry
from meshui.services.publish_snapshot import publish_snapshot
from tests.api.conftest import Mesh
from tests.services.conftest import Metrics

GRAPH = "/api/v1/clusters/demo/graph"


def test_the_graph_is_the_view_of_the_snapshot(as_viewer: Client, mesh: Mesh) -> None:
    answer = as_viewer.get(GRAPH, {"service_nodes": "false"})
    assert answer.status_code == 200
    view = msgspec.json.decode(answer.content, type=GraphView)
    assert view.cluster == "demo"
    assert view.window_seconds == 15
    assert [round(edge.rate) for edge in view.edges] == [9]


def test_an_unchanged_graph_is_a_304(as_viewer: Client, mesh: Mesh) -> None:
    etag = as_viewer.get(GRAPH).headers["ETag"]
    again = as_viewer.get(GRAPH, headers={"if-none-match": etag})
    assert again.status_code == 304
    assert again.content == b""
    assert as_viewer.get(GRAPH + "?view=service", headers={"if-none-match": etag}).status_code == 200
    mesh.publish(20.0)
    assert as_viewer.get(GRAPH, headers={"if-none-match": etag}).status_code == 200


def test_who_can_read_it_compressed_gets_it_so(as_viewer: Client, mesh: Mesh) -> None:
    plain = as_viewer.get(GRAPH)
    packed = as_viewer.get(GRAPH, headers={"accept-encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert packed.headers["ETag"] != plain.headers["ETag"]
    etag = packed.headers["ETag"]
    again = as_viewer.get(GRAPH, headers={"accept-encoding": "gzip", "if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Encoding" not in again.headers


def test_looking_asks_prometheus_nothing(as_viewer: Client, mesh: Mesh) -> None:
    before = len(mesh.metrics.asked)
    for view in ("workload", "service", "namespace"):
        for _ in range(5):
            assert as_viewer.get(GRAPH, {"view": view}).status_code == 200
    assert len(mesh.metrics.asked) == before


def test_asking_again_needs_no_database_but_what_is_new_is_seen(
    as_viewer: Client, mesh: Mesh, django_assert_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    first = as_viewer.get(GRAPH).json()["version"]
    mesh.publish(20.0)
    with django_assert_num_queries(0):
        assert as_viewer.get(GRAPH).json()["version"] > first
    assert Client().get(GRAPH).status_code in (401, 403)
    assert as_viewer.post(GRAPH).status_code in (403, 405)
    assert as_viewer.get(GRAPH, {"view": "nothing"}).status_code == 400


def test_who_was_let_in_must_show_it_again_soon(as_viewer: Client, mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    assert as_viewer.get(GRAPH).status_code == 200
    User.objects.update(is_active=False)
    later = time.monotonic() + live_graph.REMEMBERED_SECONDS
    monkeypatch.setattr(live_graph.time, "monotonic", lambda: later)
    assert as_viewer.get(GRAPH).status_code in (401, 403)


def test_before_the_first_poll_it_is_not_ready(as_viewer: Client, empty_store: RedisStore) -> None:
    answer = as_viewer.get(GRAPH)
    assert answer.status_code == 503
    assert answer.json()["code"] == "not_ready"
    assert answer.headers["Retry-After"]


def test_the_series_of_an_edge_has_a_point_per_evaluation(as_viewer: Client, mesh: Mesh) -> None:
    edge = as_viewer.get(GRAPH).json()["edges"][0]["id"]
    mesh.publish(20.0)
    series = as_viewer.get("/api/v1/clusters/demo/series", {"id": edge}).json()
    assert [round(rate) for rate in series["rate"]] == [9, 20]
    assert as_viewer.get("/api/v1/clusters/demo/series", {"id": "nobody"}).status_code == 404
    assert as_viewer.get("/api/v1/clusters/demo/series").json()["fields"].keys() == {"id"}


@pytest.mark.parametrize("view", ["workload", "versioned_app", "app", "service", "namespace"])
def test_every_view_can_be_asked_for(as_viewer: Client, mesh: Mesh, view: str) -> None:
    answer = as_viewer.get(GRAPH, {"view": view, "namespaces": "shop", "idle": "true"})
    assert answer.status_code == 200
    assert answer.json()["nodes"]


@pytest.mark.parametrize(("to", "begins"), [("graphml", b"<?xml"), ("dot", b'digraph "demo"'), ("json", b'{"cluster"')])
def test_the_view_can_be_taken_away_as_a_file(as_viewer: Client, mesh: Mesh, to: str, begins: bytes) -> None:
    answer = as_viewer.get(f"{GRAPH}/export", {"to": to, "service_nodes": "false", "window": "15"})
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="demo-')
    assert answer.headers["Content-Disposition"].endswith(f'.{to}"')


def test_an_export_for_nothing_known_names_its_field(as_viewer: Client, mesh: Mesh) -> None:
    for parameters in ({}, {"to": "visio"}):
        answer = as_viewer.get(f"{GRAPH}/export", parameters)
        assert answer.status_code == 400
        assert answer.json()["fields"].keys() == {"to"}


def test_an_expression_finds_and_hides(as_viewer: Client, mesh: Mesh) -> None:
    whole = as_viewer.get(GRAPH, {"service_nodes": "false"}).json()
    edge = whole["edges"][0]["id"]
    asked = {"service_nodes": "false", "expression": "rate > 5 and protocol = http"}
    assert as_viewer.get(f"{GRAPH}/find", asked).json() == {"nodes": [], "edges": [edge]}
    left = as_viewer.get(GRAPH, {"service_nodes": "false", "hide": "protocol = http"}).json()
    assert (left["edges"], left["nodes"]) == ([], whole["nodes"])
    file = as_viewer.get(f"{GRAPH}/export", {"to": "dot", "service_nodes": "false", "hide": "protocol = http"})
    assert b" -> " not in file.content


@pytest.mark.parametrize(("path", "name"), [("", "hide"), ("/find", "expression"), ("/export", "hide")])
def test_a_wrong_expression_is_pointed_at(as_viewer: Client, mesh: Mesh, path: str, name: str) -> None:
    answer = as_viewer.get(
        f"{GRAPH}{path}", {name: "rate > 5 and eror > 1%", **({"to": "dot"} if name == "hide" and path else {})}
    )
    assert answer.status_code == 400
    assert "at character 14" in answer.json()["fields"][name]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("view", "pods", "not a valid choice"),
        ("box_by", "namespace,node", "There is no 'node' among cluster, namespace, app."),
        ("namespaces", "shop,elsewhere", "Unknown: elsewhere."),
        ("expanded", "elsewhere", "Unknown: elsewhere."),
        ("workloads", "shop/nobody", "Unknown: shop/nobody."),
        ("workloads", "catalog", "Each must be NAMESPACE/NAME, not catalog."),
        ("workloads", "a/b/c", "Each must be NAMESPACE/NAME"),
        ("workloads", ",".join(f"a/b{number}" for number in range(501)), "At most 500 names."),
        ("idle_edges", "perhaps", "true or false"),
    ],
)
def test_a_view_that_makes_no_sense_is_refused_by_its_field(
    as_viewer: Client, mesh: Mesh, field: str, value: str, told: str
) -> None:
    answer = as_viewer.get(GRAPH, {field: value})
    assert answer.status_code == 400
    assert told in str(answer.json()["fields"][field])


def test_a_focus_boxes_and_expanded_namespaces_can_be_asked_for(as_viewer: Client, mesh: Mesh) -> None:
    focus = as_viewer.get(GRAPH, {"workloads": "shop/web", "box_by": "cluster,namespace", "idle_edges": "true"}).json()
    assert {node["name"]: node["outside"] for node in focus["nodes"]}["web"] is False
    assert [(box["kind"], box["parent"]) for box in focus["boxes"]] == [("cluster", None), ("namespace", "box:demo")]
    assert as_viewer.get(GRAPH, {"box_by": ""}).json()["boxes"] == []
    expanded = as_viewer.get(GRAPH, {"view": "namespace", "expanded": "shop"}).json()
    assert {node["kind"] for node in expanded["nodes"]} == {"workload"}


def _second_cluster(mesh: Mesh) -> None:
    Cluster.objects.create(name="west", label="West", prometheus_url="http://127.0.0.1:1")
    poll_telemetry(Metrics(4.0), mesh.store, "west", 15, datetime.now(UTC))
    publish_snapshot(mesh.store, mesh.events, "west", 15)


ALL = "/api/v1/clusters/*/graph"


def test_all_clusters_are_one_graph(as_viewer: Client, mesh: Mesh) -> None:
    _second_cluster(mesh)
    answer = as_viewer.get(ALL, {"box_by": "cluster"})
    assert answer.status_code == 200
    view = answer.json()
    assert view["cluster"] == "*"
    assert {state["cluster"] for state in view["sources"]} == {"demo", "west"}
    assert as_viewer.get(ALL, headers={"if-none-match": as_viewer.get(ALL).headers["ETag"]}).status_code == 304
    etag = answer.headers["ETag"]
    mesh.publish(20.0)
    assert as_viewer.get(ALL, {"box_by": "cluster"}, headers={"if-none-match": etag}).status_code == 200
    assert as_viewer.get(f"{ALL}/find", {"expression": "rate > 0"}).json()["edges"]
    export = as_viewer.get(f"{ALL}/export", {"to": "dot"})
    assert 'filename="all-' in export.headers["Content-Disposition"]


def test_a_cluster_without_a_picture_does_not_keep_the_others_from_being_shown(as_viewer: Client, mesh: Mesh) -> None:
    Cluster.objects.create(name="west", label="West", prometheus_url="http://127.0.0.1:1")
    view = as_viewer.get(ALL).json()
    assert view["nodes"]
    assert ("west", "telemetry", "loading") in {(one["cluster"], one["name"], one["state"]) for one in view["sources"]}


def test_all_clusters_are_shown_as_they_were(as_viewer: Client, mesh: Mesh) -> None:
    _second_cluster(mesh)
    answer = as_viewer.get(ALL, {"at": datetime.now(UTC).isoformat(), "idle": "true"})
    assert answer.status_code == 200
    assert answer.json()["past"]["origin"] == "ring"
    assert {node["cluster"] for node in answer.json()["nodes"]} == {"demo", "west"}


def test_without_any_picture_all_clusters_are_not_ready(as_viewer: Client, empty_store: RedisStore) -> None:
    answer = as_viewer.get(ALL)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")


def test_names_are_looked_up_in_every_cluster(as_viewer: Client, mesh: Mesh) -> None:
    _second_cluster(mesh)
    assert as_viewer.get(ALL, {"workloads": "shop/web"}).status_code == 200
    assert as_viewer.get(ALL, {"namespaces": "nowhere"}).json()["fields"] == {"namespaces": "Unknown: nowhere."}


def test_the_past_of_an_element_is_that_of_its_cluster(as_viewer: Client, mesh: Mesh) -> None:
    edge = as_viewer.get(GRAPH).json()["edges"][0]["id"]
    assert len(as_viewer.get("/api/v1/clusters/*/series", {"id": edge}).json()["rate"]) == 1
    assert as_viewer.get("/api/v1/clusters/*/series", {"id": "workload:nowhere/a/b"}).json()["code"] == "not_found"
    assert as_viewer.get("/api/v1/clusters/*/namespaces").status_code == 404
