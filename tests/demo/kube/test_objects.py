import pytest

from meshui.demo.kube.errors import StatusError
from meshui.demo.kube.objects import Objects, Options, Target
from meshui.demo.kube.resources import find, find_kind
from meshui.demo.kube.store import Store
from tests.demo.kube.conftest import config_map, virtual_service

MAPS = Target(find("", "v1", "configmaps"), "v1", "shop")
ROUTES = Target(find("networking.istio.io", "v1", "virtualservices"), "v1", "shop")


@pytest.fixture
def objects():
    objects = Objects(Store())
    objects.seed([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}])
    return objects


def refusal(objects, manifest, namespace="shop"):
    resource = find_kind(manifest["apiVersion"], manifest["kind"])
    target = Target(resource, resource.version, namespace if resource.namespaced else "")
    with pytest.raises(StatusError) as refused:
        objects.create(target, manifest, Options())
    return refused.value


def changed(manifest, **spec):
    return manifest | {"spec": manifest["spec"] | spec}


def test_a_weight_that_is_text_is_invalid(objects):
    error = refusal(objects, virtual_service("a", "90", 10))
    assert (error.code, error.reason) == (422, "Invalid")
    assert [cause.field for cause in error.causes] == ["spec.http[0].route[0].weight"]
    assert "must be of type integer" in error.message


def test_all_that_is_wrong_is_named(objects):
    manifest = changed(virtual_service("a", 1), hosts="a", exportTo=[1])
    error = refusal(objects, manifest)
    assert [cause.field for cause in error.causes] == ["spec.exportTo[0]", "spec.hosts"]


@pytest.mark.parametrize(
    ("manifest", "field"),
    [
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}}, "spec.containers"),
        (
            {
                "apiVersion": "security.istio.io/v1",
                "kind": "PeerAuthentication",
                "metadata": {"name": "a"},
                "spec": {"mtls": {"mode": "SOMETIMES"}},
            },
            "spec.mtls.mode",
        ),
        (
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": {"name": "a"},
                "spec": {"rules": [{"backendRefs": [{"name": "b", "weight": -1}]}]},
            },
            "spec.rules[0].backendRefs[0].weight",
        ),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Not_A_Name"}}, "metadata.name"),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"a": "b c"}}},
            "metadata.labels",
        ),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}, "metadata.name"),
        (
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "a"},
                "spec": {
                    "selector": {"matchLabels": {"app": "a"}},
                    "template": {"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [{"name": "c"}]}},
                },
            },
            "spec.template.metadata.labels",
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "a"},
                "spec": {"ports": [{"port": 70000}]},
            },
            "spec.ports[0].port",
        ),
    ],
)
def test_the_wrong_field_is_named(objects, manifest, field):
    error = refusal(objects, manifest)
    assert error.code == 422
    assert field in [cause.field for cause in error.causes]


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (virtual_service("a", 110, -10), "weight -10 < 0"),
        (virtual_service("a", 0, 0), "total destination weight = 0"),
        (changed(virtual_service("a", 1), http=[{"name": "x"}]), "HTTP route, redirect or direct_response is required"),
        (changed(virtual_service("a", 1), http=[]), "http, tcp or tls must be provided in virtual service"),
        (
            {
                "apiVersion": "networking.istio.io/v1",
                "kind": "DestinationRule",
                "metadata": {"name": "a"},
                "spec": {"host": "a", "subsets": [{"name": "v1"}, {"name": "v1"}]},
            },
            "duplicate subset names: v1",
        ),
        (
            {
                "apiVersion": "security.istio.io/v1",
                "kind": "PeerAuthentication",
                "metadata": {"name": "a"},
                "spec": {"portLevelMtls": {"80": {"mode": "STRICT"}}},
            },
            "mesh/namespace peer authentication cannot have port level mTLS",
        ),
    ],
)
def test_istios_webhook_denies_what_its_schema_lets_through(objects, manifest, why):
    error = refusal(objects, manifest)
    assert error.code == 400
    prefix = 'admission webhook "validation.istio.io" denied the request: configuration is invalid: '
    assert error.message == prefix + why


@pytest.mark.parametrize("weights", [(3, 1), (100,), (100, 1), (0, 100)])
def test_weights_are_relative_as_in_istio(objects, weights):
    assert objects.create(ROUTES, virtual_service("a", *weights), Options())


def test_unknown_fields_are_pruned_with_a_warning_or_refused_when_strict(objects):
    manifest = changed(virtual_service("a", 1), host="typo")
    options = Options()
    created = objects.create(ROUTES, manifest, options)
    assert "host" not in created["spec"]
    assert options.warnings == ['unknown field "spec.host"']
    manifest["metadata"]["name"] = "b"
    with pytest.raises(StatusError, match="strict decoding error: unknown field"):
        objects.create(ROUTES, manifest, Options(field_validation="Strict"))


def test_defaults_of_the_schema_are_set(objects):
    resource = find("gateway.networking.k8s.io", "v1", "httproutes")
    manifest = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "a"},
        "spec": {"rules": [{"backendRefs": [{"name": "b", "port": 80}]}]},
    }
    created = objects.create(Target(resource, "v1", "shop"), manifest, Options())
    [backend] = created["spec"]["rules"][0]["backendRefs"]
    assert (backend["weight"], backend["kind"]) == (1, "Service")


def test_the_generation_counts_changes_of_the_spec_only(objects):
    created = objects.create(ROUTES, virtual_service("a", 90, 10), Options())
    target = Target(ROUTES.resource, "v1", "shop", "a")
    labelled = objects.patch(target, lambda it: it | {"metadata": it["metadata"] | {"labels": {"a": "b"}}}, Options())
    assert labelled["metadata"]["generation"] == created["metadata"]["generation"] == 1
    moved = objects.patch(target, lambda it: it | virtual_service("a", 50, 50), Options())
    assert moved["metadata"]["generation"] == 2


def test_the_status_is_written_by_its_subresource_alone(objects):
    objects.create(ROUTES, virtual_service("a", 1) | {"status": {"observedGeneration": 9}}, Options())
    target = Target(ROUTES.resource, "v1", "shop", "a")
    assert "status" not in objects.get(target)
    below = Target(ROUTES.resource, "v1", "shop", "a", "status")
    changed = objects.patch(
        below, lambda it: it | {"status": {"observedGeneration": "2"}, "spec": {"hosts": ["x"]}}, Options()
    )
    assert changed["status"] == {"observedGeneration": "2"}
    assert changed["spec"]["hosts"] == ["a"]


def test_a_dry_run_answers_as_if_and_keeps_nothing(objects):
    before = objects.store.version
    created = objects.create(MAPS, config_map("a", k="v"), Options(dry_run=True))
    assert created["metadata"]["uid"]
    assert objects.store.version == before
    with pytest.raises(StatusError):
        objects.get(Target(MAPS.resource, "v1", "shop", "a"))


def test_deleting_an_owner_deletes_what_it_owns(objects):
    owner = objects.create(MAPS, config_map("owner"), Options())
    owned = config_map("owned")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    owned["metadata"]["ownerReferences"] = [reference]
    objects.create(MAPS, owned, Options())
    objects.delete(Target(MAPS.resource, "v1", "shop", "owner"), {}, Options())
    assert objects.store.items(MAPS.resource) == []


def test_orphans_stay_when_asked_for(objects):
    owner = objects.create(MAPS, config_map("owner"), Options())
    owned = config_map("owned")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    owned["metadata"]["ownerReferences"] = [reference]
    objects.create(MAPS, owned, Options())
    objects.delete(Target(MAPS.resource, "v1", "shop", "owner"), {"propagationPolicy": "Orphan"}, Options())
    assert [key[1] for key, _ in objects.store.items(MAPS.resource)] == ["owned"]


def test_finalizers_hold_a_deletion_until_they_are_gone(objects):
    manifest = config_map("a")
    manifest["metadata"]["finalizers"] = ["example.com/wait"]
    objects.create(MAPS, manifest, Options())
    target = Target(MAPS.resource, "v1", "shop", "a")
    waiting, gone = objects.delete(target, {}, Options())
    assert not gone
    assert waiting["metadata"]["deletionTimestamp"]
    objects.patch(target, lambda it: it | {"metadata": it["metadata"] | {"finalizers": []}}, Options())
    with pytest.raises(StatusError, match="not found"):
        objects.get(target)


def test_a_seed_that_cannot_be_kept_is_named(objects):
    manifest = virtual_service("a", "x")
    manifest["metadata"]["namespace"] = "shop"
    with pytest.raises(ValueError, match=r"VirtualService shop/a: .*weight"):
        objects.seed([manifest])
    with pytest.raises(ValueError, match=r"example\.com/v1 Thing isn't a served kind"):
        objects.seed([{"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}}])


def test_a_seed_keeps_its_status_uid_and_creation_time(objects):
    objects.seed(
        [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": "p",
                    "namespace": "shop",
                    "uid": "u-1",
                    "creationTimestamp": "2026-01-05T08:00:00Z",
                },
                "spec": {"containers": [{"name": "c"}]},
                "status": {"phase": "Running", "podIP": "127.0.0.1"},
            }
        ]
    )
    pod = objects.get(Target(find("", "v1", "pods"), "v1", "shop", "p"))
    assert (pod["metadata"]["uid"], pod["metadata"]["creationTimestamp"]) == ("u-1", "2026-01-05T08:00:00Z")
    assert pod["status"]["podIP"] == "127.0.0.1"
