import base64
import copy
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from meshui.adapters.kubernetes.client import KubernetesClient, KubernetesOptions
from meshui.adapters.kubernetes.config import KubernetesConfig
from meshui.adapters.kubernetes.discover import Discovery
from meshui.adapters.kubernetes.inventory import KindObjects, KubernetesInventory
from meshui.adapters.kubernetes.kinds import KNOWN_KINDS, served_kinds
from meshui.adapters.kubernetes.trim import trim
from meshui.demo.controlplane import ca
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from tests.conftest import KubernetesApi

CATALOG = ObjectRef("VirtualService", "shop", "catalog")
SERVICES = "v1/services"


class Person(NamedTuple):
    kubernetes_user: str
    kubernetes_groups: tuple[str, ...] = ()


OPERATOR = Person("operator", ("meshui:operators",))
VIEWER = Person("viewer", ("meshui:viewers",))
ADMIN = Person("root", ("meshui:admins",))


class Cluster(NamedTuple):
    client: KubernetesClient
    inventory: KubernetesInventory
    config: KubernetesConfig


@pytest.fixture
def cluster(kubernetes_api: KubernetesApi) -> Cluster:
    client = KubernetesClient(KubernetesOptions(str(kubernetes_api.kubeconfig), "meshui"))
    discovery = Discovery(client)
    return Cluster(client, KubernetesInventory(client, discovery), KubernetesConfig(client, discovery))


def names(state: KindObjects) -> set[str]:
    return {item["metadata"]["name"] for item in state.objects}


def test_the_first_refresh_lists_every_kind_and_the_next_keeps_what_is_unchanged(cluster: Cluster) -> None:
    first = cluster.inventory.refresh({}, 1)
    assert {"web", "catalog", "payments"} <= names(first[SERVICES])
    assert first[SERVICES].objects[0]["kind"] == "Service"
    assert any(key.endswith("/virtualservices") for key in first)
    assert not any("secret" in key for key in first)
    second = cluster.inventory.refresh(first, 1)
    assert all(second[key].objects is first[key].objects for key in first)


def test_a_change_is_told_long_before_the_budget_is_over(cluster: Cluster) -> None:
    known = cluster.inventory.refresh({}, 1)
    admin = as_admin(cluster)

    def create() -> None:
        time.sleep(0.3)
        metadata = {"name": "fresh", "namespace": "shop"}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}
        admin.request("POST", "/api/v1/namespaces/shop/services", body=service)

    threading.Thread(target=create).start()
    started = time.monotonic()
    current = cluster.inventory.refresh(known, 8)
    assert time.monotonic() - started < 3
    assert "fresh" in names(current[SERVICES])


def as_admin(cluster: Cluster) -> KubernetesClient:
    return KubernetesClient(KubernetesOptions(cluster.client._options.kubeconfig, "admin"))


def test_what_happened_between_two_refreshes_is_not_missed(cluster: Cluster) -> None:
    known = cluster.inventory.refresh({}, 1)
    admin = as_admin(cluster)
    admin.request("DELETE", "/api/v1/namespaces/shop/services/newsletter")
    current = cluster.inventory.refresh(known, 1)
    assert "newsletter" not in names(current[SERVICES])


def test_a_version_that_the_server_forgot_makes_it_list_again(cluster: Cluster) -> None:
    first = cluster.inventory.refresh({}, 1)
    stale = first | {SERVICES: KindObjects("999999999", ())}
    assert names(cluster.inventory.refresh(stale, 1)[SERVICES]) == names(first[SERVICES])


def test_a_server_that_is_away_is_one_failure_and_then_it_works_again(
    cluster: Cluster, kubernetes_api: KubernetesApi
) -> None:
    known = cluster.inventory.refresh({}, 1)
    kubernetes_api.stop()
    started = time.monotonic()
    with pytest.raises(Failure, match="refused the connection") as caught:
        cluster.inventory.refresh(known, 8)
    assert caught.value.code is Code.SOURCE_UNAVAILABLE
    assert time.monotonic() - started < 5
    kubernetes_api.start()
    assert names(cluster.inventory.refresh(known, 1)[SERVICES]) == names(known[SERVICES])


def test_a_write_is_made_as_the_person_and_a_dry_run_changes_nothing(cluster: Cluster) -> None:
    before = cluster.config.get(CATALOG, acting_as=OPERATOR)
    after = with_timeout(before, "7s")
    dry = cluster.config.replace(after, acting_as=OPERATOR, dry_run=True)
    assert dry["spec"]["http"][0]["timeout"] == "7s"
    assert cluster.config.get(CATALOG, acting_as=OPERATOR)["spec"] == before["spec"]
    done = cluster.config.replace(after, acting_as=OPERATOR, dry_run=False)
    assert done["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"]
    assert "meshui" in {entry["manager"] for entry in done["metadata"].get("managedFields", ())}


def test_a_second_write_from_the_same_version_is_a_conflict(cluster: Cluster) -> None:
    before = cluster.config.get(CATALOG, acting_as=OPERATOR)
    cluster.config.replace(with_timeout(before, "7s"), acting_as=OPERATOR, dry_run=False)
    with pytest.raises(Failure) as caught:
        cluster.config.replace(with_timeout(before, "8s"), acting_as=OPERATOR, dry_run=False)
    assert caught.value.code is Code.CONFLICT


def test_a_viewer_is_told_what_is_forbidden(cluster: Cluster) -> None:
    before = cluster.config.get(CATALOG, acting_as=VIEWER)
    with pytest.raises(Failure) as caught:
        cluster.config.replace(with_timeout(before, "7s"), acting_as=VIEWER, dry_run=True)
    assert caught.value.code is Code.FORBIDDEN
    assert caught.value.context["verb"] == "update"
    assert caught.value.context["resource"] == "virtualservices.networking.istio.io"
    assert caught.value.context["user"] == "viewer"


def test_a_bad_object_is_told_by_field(cluster: Cluster) -> None:
    before = cluster.config.get(CATALOG, acting_as=OPERATOR)
    with pytest.raises(Failure) as caught:
        cluster.config.replace(with_timeout(before, {"a": 1}), acting_as=OPERATOR, dry_run=True)
    assert caught.value.code is Code.INVALID
    assert any("timeout" in field for field in caught.value.fields)


def test_an_object_can_be_created_and_deleted_at_its_version(cluster: Cluster) -> None:
    manifest = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Sidecar",
        "metadata": {"name": "default", "namespace": "shop"},
        "spec": {"egress": [{"hosts": ["./*"]}]},
    }
    made = cluster.config.create(manifest, acting_as=OPERATOR, dry_run=False)
    with pytest.raises(Failure) as caught:
        cluster.config.create(manifest, acting_as=OPERATOR, dry_run=False)
    assert caught.value.code is Code.CONFLICT
    ref = ObjectRef("Sidecar", "shop", "default")
    with pytest.raises(Failure) as caught:
        cluster.config.delete(ref, "1", acting_as=OPERATOR, dry_run=False)
    assert caught.value.code is Code.CONFLICT
    cluster.config.delete(ref, made["metadata"]["resourceVersion"], acting_as=OPERATOR, dry_run=False)
    with pytest.raises(Failure) as caught:
        cluster.config.get(ref, acting_as=OPERATOR)
    assert caught.value.code is Code.NOT_FOUND


def test_nobody_writes_without_a_kubernetes_user(cluster: Cluster) -> None:
    with pytest.raises(Failure) as caught:
        cluster.config.get(CATALOG, acting_as=Person(""))
    assert caught.value.code is Code.FORBIDDEN


def test_a_replace_must_say_its_version(cluster: Cluster) -> None:
    before = copy.deepcopy(cluster.config.get(CATALOG, acting_as=OPERATOR))
    del before["metadata"]["resourceVersion"]
    with pytest.raises(Failure, match="resourceVersion"):
        cluster.config.replace(before, acting_as=OPERATOR, dry_run=False)


def test_a_kind_that_is_not_served_is_not_found(cluster: Cluster) -> None:
    with pytest.raises(Failure) as caught:
        cluster.config.get(ObjectRef("Secret", "shop", "token"), acting_as=OPERATOR)
    assert caught.value.code is Code.NOT_FOUND


def test_a_kubeconfig_that_is_missing_is_named() -> None:
    with pytest.raises(Failure, match=r"/nowhere/config can't be used: no such file"):
        KubernetesClient(KubernetesOptions("/nowhere/config")).request("GET", "/version")


def test_of_several_versions_the_preferred_one_is_read_and_unknown_kinds_are_left_out() -> None:
    rules = {"name": "virtualservices", "namespaced": True, "verbs": ["get", "list", "watch"]}
    unwatchable = {"name": "gateways", "namespaced": True, "verbs": ["get"]}
    offered = {
        "networking.istio.io/v1beta1": [rules],
        "networking.istio.io/v1": [rules, unwatchable],
        "example.com/v1": [{"name": "things", "verbs": ["list", "watch"]}],
    }
    assert [kind.key for kind in served_kinds(offered)] == ["networking.istio.io/v1/virtualservices"]


def test_a_secrets_certificate_is_read_as_the_person_and_only_that(cluster: Cluster, tmp_path: Path) -> None:
    issued = ca.load_or_create(tmp_path / "ca").issue("spiffe://cluster.local/ns/edge/sa/gate", timedelta(days=90))
    encoded = {
        "tls.crt": base64.b64encode(issued.chain.encode()).decode(),
        "tls.key": base64.b64encode(issued.private_key.encode()).decode(),
    }
    metadata = {"name": "shop-tls", "namespace": "shop"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": encoded}
    as_admin(cluster).request("POST", "/api/v1/namespaces/shop/secrets", body=secret)
    found = cluster.config.certificate("shop", "shop-tls", acting_as=ADMIN)
    assert found is not None
    assert found.uris == ("spiffe://cluster.local/ns/edge/sa/gate",)
    with pytest.raises(Failure) as missing:
        cluster.config.certificate("shop", "gone", acting_as=ADMIN)
    assert missing.value.code is Code.NOT_FOUND
    with pytest.raises(Failure) as forbidden:
        cluster.config.certificate("shop", "shop-tls", acting_as=VIEWER)
    assert forbidden.value.code is Code.FORBIDDEN


def test_secrets_are_no_known_kind() -> None:
    assert not [known for known in KNOWN_KINDS if known.kind == "Secret"]


def test_what_may_hold_secrets_is_not_kept() -> None:
    pod = {
        "metadata": {
            "name": "web",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "kept": "1"},
            "managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {}}}],
        },
        "spec": {
            "serviceAccountName": "web",
            "volumes": [{"name": "v"}],
            "containers": [{"name": "app", "image": "i", "env": [{"name": "PASSWORD", "value": "hunter2"}]}],
        },
    }
    kept = trim(pod, "v1", "Pod")
    assert "hunter2" not in str(kept)
    assert kept["kind"] == "Pod"
    assert kept["metadata"]["annotations"] == {"kept": "1"}
    assert kept["metadata"]["managedFields"] == [{"manager": "kubectl", "operation": "Apply"}]
    assert kept["spec"] == {"serviceAccountName": "web", "containers": [{"name": "app", "image": "i"}]}
    deployment = trim({"spec": {"replicas": 1, "template": {"spec": pod["spec"]}}}, "apps/v1", "Deployment")
    assert "hunter2" not in str(deployment)


def with_timeout(manifest: dict[str, Any], timeout: object) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    changed["spec"]["http"][0]["timeout"] = timeout
    return changed
