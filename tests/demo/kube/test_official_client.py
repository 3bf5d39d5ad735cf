import asyncio
import threading
import time

import pytest
from kubernetes import aio as aio_package
from kubernetes import client, dynamic, informer, watch
from kubernetes.client.exceptions import ApiException

from tests.demo.kube.conftest import config_map, virtual_service

ISTIO = ("networking.istio.io", "v1")


@pytest.fixture
def core(api):
    return client.CoreV1Api(api.client())


@pytest.fixture
def custom(api):
    return client.CustomObjectsApi(api.client())


def deployment(name, image="shop/web:v1"):
    labels = {"app": name}
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels),
        spec=client.V1PodSpec(containers=[client.V1Container(name="web", image=image)]),
    )
    return client.V1Deployment(
        metadata=client.V1ObjectMeta(name=name),
        spec=client.V1DeploymentSpec(selector=client.V1LabelSelector(match_labels=labels), template=template),
    )


def test_a_config_map_lives_and_dies(core, namespace):
    created = core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata={"name": "a"}, data={"k": "1"}))
    assert created.metadata.uid
    read = core.read_namespaced_config_map("a", namespace)
    read.data["k"] = "2"
    replaced = core.replace_namespaced_config_map("a", namespace, read)
    assert int(replaced.metadata.resource_version) > int(created.metadata.resource_version)
    read.data["k"] = "3"
    with pytest.raises(ApiException) as stale:
        core.replace_namespaced_config_map("a", namespace, read)
    assert stale.value.status == 409
    patched = core.patch_namespaced_config_map("a", namespace, {"data": {"other": "x"}})
    assert patched.data == {"k": "2", "other": "x"}
    assert core.delete_namespaced_config_map("a", namespace)["status"] == "Success"
    with pytest.raises(ApiException) as gone:
        core.read_namespaced_config_map("a", namespace)
    assert gone.value.status == 404


def test_typed_lists_decode_strictly(core):
    pods = core.list_pod_for_all_namespaces(label_selector="app=web", field_selector="status.phase=Running")
    assert [(pod.metadata.name, pod.status.pod_ip) for pod in pods.items] == [("web-1", "127.0.0.1")]
    assert {item.metadata.name for item in core.list_namespace().items} >= {"default", "seeded"}


def test_a_deployment_is_made_scaled_patched_and_deleted(api, namespace):
    apps = client.AppsV1Api(api.client())
    created = apps.create_namespaced_deployment(namespace, deployment("web"))
    assert (created.spec.replicas, created.metadata.generation) == (1, 1)
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}})
    assert apps.read_namespaced_deployment_scale("web", namespace).spec.replicas == 3
    status = {"status": {"replicas": 3, "readyReplicas": 2}}
    assert apps.patch_namespaced_deployment_status("web", namespace, status).status.ready_replicas == 2
    added = {"spec": {"template": {"spec": {"containers": [{"name": "sidecar", "image": "proxy"}]}}}}
    patched = apps.patch_namespaced_deployment("web", namespace, added)
    assert {item.name for item in patched.spec.template.spec.containers} == {"web", "sidecar"}
    assert patched.metadata.generation == 3
    assert apps.delete_namespaced_deployment("web", namespace)["status"] == "Success"


def test_a_pod_is_deleted_with_the_pod_as_answer(core, namespace):
    pod = client.V1Pod(metadata={"name": "p"}, spec=client.V1PodSpec(containers=[client.V1Container(name="c")]))
    core.create_namespaced_pod(namespace, pod)
    assert core.delete_namespaced_pod("p", namespace).metadata.name == "p"


def test_a_custom_object_is_edited_with_the_version_that_was_read(custom, namespace):
    place = (*ISTIO, namespace, "virtualservices")
    custom.create_namespaced_custom_object(*place, virtual_service("catalog", 90, 10))
    read = custom.get_namespaced_custom_object(*place, "catalog")
    read["spec"]["http"][0]["route"][0]["weight"] = 50
    read["spec"]["http"][0]["route"][1]["weight"] = 50
    dry = custom.replace_namespaced_custom_object(*place, "catalog", read, dry_run="All")
    assert dry["spec"] == read["spec"]
    assert custom.get_namespaced_custom_object(*place, "catalog")["spec"] != read["spec"]
    replaced = custom.replace_namespaced_custom_object(*place, "catalog", read)
    assert replaced["metadata"]["generation"] == 2
    with pytest.raises(ApiException) as stale:
        custom.replace_namespaced_custom_object(*place, "catalog", read)
    assert stale.value.status == 409


def test_custom_objects_are_patched_in_every_way(custom, namespace):
    place = (*ISTIO, namespace, "virtualservices")
    custom.create_namespaced_custom_object(*place, virtual_service("a", 90, 10))
    merged = custom.patch_namespaced_custom_object(
        *place, "a", {"spec": {"hosts": ["b"]}}, _content_type="application/merge-patch+json"
    )
    assert merged["spec"]["hosts"] == ["b"]
    operations = [{"op": "replace", "path": "/spec/http/0/route/0/weight", "value": 70}]
    patched = custom.patch_namespaced_custom_object(
        *place, "a", operations, _content_type="application/json-patch+json"
    )
    assert patched["spec"]["http"][0]["route"][0]["weight"] == 70
    wanted = virtual_service("a", 60, 40)
    options = {"field_manager": "shift", "_content_type": "application/apply-patch+yaml"}
    with pytest.raises(ApiException) as conflict:
        custom.patch_namespaced_custom_object(*place, "a", wanted, **options)
    assert conflict.value.status == 409
    applied = custom.patch_namespaced_custom_object(*place, "a", wanted, force=True, **options)
    assert applied["spec"]["http"][0]["route"][0]["weight"] == 60
    assert [entry["manager"] for entry in applied["metadata"]["managedFields"] if entry["operation"] == "Apply"] == [
        "shift"
    ]


def test_a_bad_custom_object_is_refused_with_its_reason(custom, namespace):
    place = (*ISTIO, namespace, "virtualservices")
    with pytest.raises(ApiException) as invalid:
        custom.create_namespaced_custom_object(*place, virtual_service("a", "ninety"))
    assert invalid.value.status == 422
    assert "spec.http[0].route[0].weight" in invalid.value.body
    with pytest.raises(ApiException) as denied:
        custom.create_namespaced_custom_object(*place, virtual_service("a", 110, -10))
    assert "validation.istio.io" in denied.value.body


def test_a_viewer_is_forbidden_to_write(api, namespace):
    custom = client.CustomObjectsApi(api.client("demo-viewer"))
    with pytest.raises(ApiException) as refused:
        custom.create_namespaced_custom_object(*ISTIO, namespace, "virtualservices", virtual_service("a", 1))
    assert refused.value.status == 403


def test_a_page_follows_a_page(core, namespace):
    for number in range(5):
        core.create_namespaced_config_map(namespace, config_map(f"n{number}"))
    first = core.list_namespaced_config_map(namespace, limit=2)
    rest = core.list_namespaced_config_map(namespace, limit=9, _continue=first.metadata._continue)
    assert [item.metadata.name for item in first.items + rest.items] == [f"n{number}" for number in range(5)]


def test_a_watch_tells_what_happens(core, namespace):
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, config_map("a"))
    core.patch_namespaced_config_map("a", namespace, {"data": {"k": "v"}})
    core.delete_namespaced_config_map("a", namespace)
    stream = watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=1
    )
    seen = [(event["type"], event["object"].metadata.name, event["object"].data) for event in stream]
    assert seen == [("ADDED", "a", {}), ("MODIFIED", "a", {"k": "v"}), ("DELETED", "a", {"k": "v"})]


def test_a_log_is_followed(api, core):
    folder = api.state / "logs" / "seeded" / "web-1"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "web.log"
    log.write_text("one\n")
    assert core.read_namespaced_pod_log("web-1", "seeded", container="web") == "one\n"

    def write():
        time.sleep(0.4)
        with log.open("a") as file:
            file.write("two\n")

    threading.Thread(target=write).start()
    stream = watch.Watch()
    lines = []
    for line in stream.stream(core.read_namespaced_pod_log, "web-1", "seeded", container="web", follow=True):
        lines.append(line)
        if line == "two":
            stream.stop()
            break
    assert lines == ["one", "two"]


def test_the_dynamic_client_finds_and_uses_kinds(api, namespace):
    found = dynamic.DynamicClient(api.client())
    routes = found.resources.get(api_version="networking.istio.io/v1", kind="VirtualService")
    created = routes.create(body=virtual_service("a", 1), namespace=namespace)
    assert created.spec.hosts == ["a"]
    assert [item.metadata.name for item in routes.get(namespace=namespace).items] == ["a"]
    pods = found.resources.get(api_version="v1", kind="Pod")
    assert pods.get(namespace="seeded", label_selector="app=web").items[0].status.podIP == "127.0.0.1"
    applied = routes.server_side_apply(
        body=virtual_service("b", 2), name="b", namespace=namespace, field_manager="tests"
    )
    assert applied.metadata.managedFields[0].manager == "tests"
    routes.delete(name="a", namespace=namespace)
    assert [item.metadata.name for item in routes.get(namespace=namespace).items] == ["b"]


def test_an_informer_keeps_its_cache(core, namespace):
    seen = threading.Event()
    shared = informer.SharedInformer(core.list_namespaced_config_map, namespace=namespace)
    shared.add_event_handler(informer.ADDED, lambda object_: object_.metadata.name == "late" and seen.set())
    core.create_namespaced_config_map(namespace, config_map("early"))
    shared.start()
    try:
        time.sleep(0.3)
        core.create_namespaced_config_map(namespace, config_map("late"))
        assert seen.wait(10)
        names = sorted(item.metadata.name for item in shared.cache.list())
        assert names == ["early", "late"]
    finally:
        threading.Thread(target=shared.stop, daemon=True).start()


async def test_the_asyncio_client_writes_and_watches(api, namespace):
    configuration = aio_package.client.Configuration(
        host=api.url, api_key={"BearerToken": "demo-admin"}, api_key_prefix={"BearerToken": "Bearer"}
    )
    async with aio_package.client.ApiClient(configuration) as connection:
        core = aio_package.client.CoreV1Api(connection)
        listed = await core.list_namespaced_config_map(namespace)
        created = await asyncio.gather(
            *(core.create_namespaced_config_map(namespace, config_map(f"n{number}")) for number in range(20))
        )
        versions = sorted(int(item.metadata.resource_version) for item in created)
        seen = []
        async with aio_package.watch.Watch() as stream:
            async for event in stream.stream(
                core.list_namespaced_config_map,
                namespace,
                resource_version=listed.metadata.resource_version,
                timeout_seconds=1,
            ):
                seen.append(int(event["object"].metadata.resource_version))
    assert seen == versions


def test_access_is_reviewed(api):
    answer = client.AuthorizationV1Api(api.client("demo-viewer")).create_self_subject_access_review(
        client.V1SelfSubjectAccessReview(
            spec=client.V1SelfSubjectAccessReviewSpec(
                resource_attributes=client.V1ResourceAttributes(
                    verb="update", group="networking.istio.io", resource="virtualservices", namespace="seeded"
                )
            )
        )
    )
    assert answer.status.allowed is False
    whoami = client.AuthenticationV1Api(api.client("demo-operator")).create_self_subject_review(
        client.V1SelfSubjectReview()
    )
    assert whoami.status.user_info.username == "operator"


def test_versions_groups_and_definitions_decode(api):
    connection = api.client()
    assert client.VersionApi(connection).get_code().git_version.startswith("v1.34")
    assert "networking.istio.io" in {group.name for group in client.ApisApi(connection).get_api_versions().groups}
    definitions = client.ApiextensionsV1Api(connection).list_custom_resource_definition().items
    assert "httproutes.gateway.networking.k8s.io" in {item.metadata.name for item in definitions}
