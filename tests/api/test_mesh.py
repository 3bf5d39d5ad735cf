from django.test import Client

from tests.api.conftest import Mesh

BASE = "/api/v1/clusters"


def test_the_clusters_tell_their_windows(as_viewer: Client, mesh: Mesh) -> None:
    (cluster,) = as_viewer.get(BASE).json()
    assert cluster["name"] == "demo"
    assert cluster["default_window_seconds"] == 15
    assert [window["label"] for window in cluster["windows"]] == ["15s", "1m"]


def test_namespaces_count_what_is_in_them(as_viewer: Client, mesh: Mesh) -> None:
    (shop,) = as_viewer.get(f"{BASE}/demo/namespaces").json()
    assert (shop["name"], shop["services"], shop["workloads"], shop["config_objects"]) == ("shop", 2, 3, 2)


def test_a_service_tells_its_versions_and_who_routes_to_it(as_viewer: Client, mesh: Mesh) -> None:
    services = {one["name"]: one for one in as_viewer.get(f"{BASE}/demo/services").json()}
    assert services["catalog"]["versions"] == ["v1", "v2"]
    assert services["catalog"]["has_weights"] is True
    assert services["web"]["has_weights"] is False
    detail = as_viewer.get(f"{BASE}/demo/services/shop/catalog").json()
    assert [one["kind"] for one in detail["config"]] == ["DestinationRule", "VirtualService"]
    assert len(detail["workloads"]) == 2


def test_lists_can_be_searched(as_viewer: Client, mesh: Mesh) -> None:
    assert [one["name"] for one in as_viewer.get(f"{BASE}/demo/services?search=CAT").json()] == ["catalog"]
    assert as_viewer.get(f"{BASE}/demo/workloads?namespace=elsewhere&search=").json() == []
    assert [one["name"] for one in as_viewer.get(f"{BASE}/demo/config?kind=DestinationRule").json()] == ["catalog"]


def test_a_workload_tells_who_it_is_and_its_pods(as_viewer: Client, mesh: Mesh) -> None:
    detail = as_viewer.get(f"{BASE}/demo/workloads/shop/catalog-v1").json()
    assert detail["identity"] == "spiffe://cluster.local/ns/shop/sa/catalog"
    assert [pod["ready"] for pod in detail["pods"]] == [True]
    assert detail["workload"]["services"] == [{"namespace": "shop", "name": "catalog"}]


def test_an_object_is_read_as_the_user_who_asks(as_viewer: Client, mesh: Mesh) -> None:
    detail = as_viewer.get(f"{BASE}/demo/config/VirtualService/shop/catalog").json()
    assert detail["resource_version"] == "7"
    assert "hosts:\n" in detail["yaml"]
    assert mesh.config.actors == [("vera", ("people",))]


def test_no_proxies_are_known_before_they_were_read(as_viewer: Client, mesh: Mesh) -> None:
    assert as_viewer.get(f"{BASE}/demo/proxies").json() == []
