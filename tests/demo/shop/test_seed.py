from pathlib import Path

import pytest
import yaml

from meshui.demo import layout as layouts
from meshui.demo.kube.__main__ import build, read_manifests
from meshui.demo.shop import seed


@pytest.fixture
def layout(tmp_path: Path) -> layouts.Layout:
    return layouts.load({"MESHUI_STATE": str(tmp_path), "MESHUI_DEMO_NETWORK": "77"})


def test_every_object_passes_the_schemas_of_its_kind(layout: layouts.Layout, tmp_path: Path) -> None:
    seed.write(layout, tmp_path / "seed")

    build([tmp_path / "seed"], tmp_path / "logs")  # raises what the API server would refuse


def test_files_hold_all_objects_in_their_order_without_anchors(layout: layouts.Layout, tmp_path: Path) -> None:
    seed.write(layout, tmp_path / "seed")

    def names(objects: list[seed.Manifest]) -> list[tuple[str, str]]:
        return sorted((item["kind"], item["metadata"]["name"]) for item in objects)

    assert names(list(read_manifests(tmp_path / "seed"))) == names(seed.manifests(layout))
    assert "&id" not in "".join(path.read_text() for path in (tmp_path / "seed").iterdir())


def test_files_of_an_earlier_seed_are_gone(layout: layouts.Layout, tmp_path: Path) -> None:
    (tmp_path / "seed").mkdir()
    (tmp_path / "seed" / "old.yaml").write_text(yaml.safe_dump({"kind": "Namespace"}))

    seed.write(layout, tmp_path / "seed")

    assert not (tmp_path / "seed" / "old.yaml").exists()


def test_owners_lead_from_a_pod_to_its_deployment(layout: layouts.Layout) -> None:
    by_uid = {item["metadata"].get("uid"): item for item in seed.manifests(layout)}
    pods = [item for item in by_uid.values() if item["kind"] == "Pod"]

    assert len(pods) == len(layout.pods) + 1
    for pod in pods:
        replica_set = by_uid[pod["metadata"]["ownerReferences"][0]["uid"]]
        deployment = by_uid[replica_set["metadata"]["ownerReferences"][0]["uid"]]
        assert deployment["kind"] == "Deployment"
        assert pod["metadata"]["name"].startswith(replica_set["metadata"]["name"])


def test_selectors_find_the_pods_behind_each_service(layout: layouts.Layout) -> None:
    objects = seed.manifests(layout)
    endpoints = {
        (item["metadata"]["namespace"], item["metadata"]["name"]): item
        for item in objects
        if item["kind"] == "Endpoints"
    }
    pods = [item for item in objects if item["kind"] == "Pod"]
    services = [item for item in objects if item["kind"] == "Service" and item["metadata"]["name"] != "istiod"]

    for service in services:
        namespace, wanted = service["metadata"]["namespace"], service["spec"]["selector"]
        selected = {
            pod["status"]["podIP"]
            for pod in pods
            if pod["metadata"]["namespace"] == namespace and wanted.items() <= pod["metadata"]["labels"].items()
        }
        addresses = endpoints[namespace, service["metadata"]["name"]]["subsets"][0]["addresses"]
        assert selected == {address["ip"] for address in addresses}


def test_only_the_batch_job_has_no_sidecar(layout: layouts.Layout) -> None:
    without = [
        item["metadata"]["labels"]["app"]
        for item in seed.manifests(layout)
        if item["kind"] == "Pod" and not any(one["name"] == "istio-proxy" for one in item["spec"]["containers"])
    ]

    assert without == ["istiod", "legacy-batch"]


def test_the_bank_is_where_this_layout_has_it(layout: layouts.Layout) -> None:
    entry = next(item for item in seed.manifests(layout) if item["kind"] == "ServiceEntry")

    assert entry["spec"]["endpoints"] == [{"address": "127.77.200.1"}]
