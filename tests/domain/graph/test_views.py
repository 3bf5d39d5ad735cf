"""Views by app, boxes, focus and expanded namespaces."""

from __future__ import annotations

import pytest

from meshui.domain.graph.model import ViewSpec, canonical

WEB, CATALOG = "workload:demo/shop/web", "service:demo/shop/catalog"
V1, V2 = "workload:demo/shop/catalog-v1", "workload:demo/shop/catalog-v2"
GATE, STOCK = "workload:demo/edge/gate", "workload:demo/stock/inventory"


@pytest.fixture
def three(shop):
    shop.workload("edge/gate").workload("stock/inventory").service("stock/inventory")
    shop.calls("edge/gate", "shop/web", "shop/web", 20)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v2", 1, mtls=False)
    shop.calls("shop/catalog-v1", "stock/inventory", "stock/inventory", 4)
    return shop


def test_the_app_view_joins_the_versions(three):
    view = three.view(kind="app", service_nodes=False)
    assert view.edge_rates == {
        "app:demo/edge/gate>app:demo/shop/web|http": 20,
        "app:demo/shop/web>app:demo/shop/catalog|http": 10,
        "app:demo/shop/catalog>app:demo/stock/inventory|http": 4,
    }
    catalog = view.node("app:demo/shop/catalog")
    assert (catalog.kind, catalog.label, catalog.version, catalog.pods_total) == ("app", "catalog", None, 3)
    assert view.edge("app:demo/shop/web", "app:demo/shop/catalog").mtls.observed_share == pytest.approx(0.9)


def test_the_versioned_app_view_has_a_node_per_version(three):
    view = three.view(kind="versioned_app", service_nodes=False)
    web, catalog = "versioned_app:demo/shop/web/v1", "versioned_app:demo/shop/catalog"
    assert view.edge_rates == {
        f"versioned_app:demo/edge/gate/v1>{web}|http": 20,
        f"{web}>{catalog}/v1|http": 9,
        f"{web}>{catalog}/v2|http": 1,
        f"{catalog}/v1>versioned_app:demo/stock/inventory/v1|http": 4,
    }
    assert (view.node(f"{catalog}/v2").label, view.node(f"{catalog}/v2").version) == ("catalog v2", "v2")


def test_services_stand_between_apps_too(three):
    view = three.view(kind="app")
    assert view.edge_rates["app:demo/shop/web>service:demo/shop/catalog|http"] == 10
    assert view.edge_rates["service:demo/shop/catalog>app:demo/shop/catalog|http"] == 10


def test_an_app_says_which_of_its_workloads_a_badge_is_about(shop):
    shop.workload("shop/catalog-v3", app="catalog", version="v3", proxy=False)
    view = shop.view(kind="app", idle=True)
    catalog = view.node("app:demo/shop/catalog")
    assert catalog.has_proxy is False
    assert [badge.reason.split(":")[0] for badge in catalog.badges] == ["catalog-v3"]


def test_boxes_nest_and_an_app_has_one_where_it_is_several_nodes(three):
    view = three.view(kind="workload", box_by=("app", "cluster", "namespace"))
    boxes = {box.id: (box.kind, box.label, box.parent) for box in view.view.boxes}
    assert boxes == {
        "box:demo": ("cluster", "demo", None),
        "box:demo/edge": ("namespace", "edge", "box:demo"),
        "box:demo/shop": ("namespace", "shop", "box:demo"),
        "box:demo/shop/catalog": ("app", "catalog", "box:demo/shop"),
        "box:demo/shop/web": ("app", "web", "box:demo/shop"),
        "box:demo/stock": ("namespace", "stock", "box:demo"),
        "box:demo/stock/inventory": ("app", "inventory", "box:demo/stock"),
    }
    assert view.node(V1).box == view.node(V2).box == view.node(CATALOG).box == "box:demo/shop/catalog"
    assert view.node(GATE).box == "box:demo/edge"
    alone = three.view(service_nodes=False, box_by=("app",))
    assert [box.id for box in alone.view.boxes] == ["box:demo/shop/catalog"]
    assert three.view(box_by=()).view.boxes == ()


def test_a_focus_shows_whom_a_workload_calls_and_who_calls_it(three):
    view = three.view(service_nodes=False, workloads=("shop/catalog-v1",))
    assert view.edge_rates == {f"{WEB}>{V1}|http": 9, f"{V1}>{STOCK}|http": 4}
    assert {node.id for node in view.view.nodes if node.outside} == {WEB, STOCK}


def test_a_focus_leads_past_the_services_between(three):
    view = three.view(workloads=("shop/catalog-v1",))
    assert set(view.nodes) == {WEB, CATALOG, V1, "service:demo/stock/inventory", STOCK}
    assert {node.id for node in view.view.nodes if not node.outside} == {V1}
    assert V2 not in view.nodes


def test_a_service_can_be_in_focus(three):
    view = three.view(workloads=("shop/catalog",))
    assert set(view.nodes) == {WEB, CATALOG, V1, V2}
    assert not view.node(CATALOG).outside


def test_a_focus_works_in_every_view(three):
    assert three.view(kind="service", workloads=("stock/inventory",)).edge_rates == {
        "service:demo/shop/catalog>service:demo/stock/inventory|http": 4
    }
    app = three.view(kind="app", service_nodes=False, workloads=("shop/catalog-v2",))
    assert [node.id for node in app.view.nodes if not node.outside] == ["app:demo/shop/catalog"]
    by_namespace = three.view(kind="namespace", workloads=("stock/inventory",))
    assert by_namespace.edge_rates == {"namespace:demo/shop>namespace:demo/stock|http": 4}


def test_an_expanded_namespace_shows_its_workloads_and_edges_follow(three):
    view = three.view(kind="namespace", expanded=("shop",), box_by=("namespace",))
    assert view.edge_rates == {
        f"namespace:demo/edge>{WEB}|http": 20,
        f"{WEB}>{V1}|http": 9,
        f"{WEB}>{V2}|http": 1,
        f"{V1}>namespace:demo/stock|http": 4,
    }
    assert [box.label for box in view.view.boxes] == ["shop"]
    assert view.node("namespace:demo/stock").box is None
    assert view.node(V1).box == "box:demo/shop"


def test_a_view_is_written_in_one_way():
    given = ViewSpec("namespace", namespaces=("b", "a", "b"), box_by=("app", "cluster"), expanded=("z", "y"))
    assert canonical(given) == ViewSpec(
        "namespace", service_nodes=False, namespaces=("a", "b"), box_by=("cluster", "app"), expanded=("y", "z")
    )
    assert canonical(ViewSpec(expanded=("x",))) == ViewSpec()
