import pytest

from meshui.demo.kube.errors import StatusError
from meshui.demo.kube.objects import Objects, Options, Target
from meshui.demo.kube.resources import find
from meshui.demo.kube.store import Store

SERVICES = find("", "v1", "services")
MAPS = find("", "v1", "configmaps")


@pytest.fixture
def objects():
    objects = Objects(Store())
    objects.seed([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}])
    return objects


def service(*ports, **labels):
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": list(ports)}}
    if labels:
        manifest["metadata"]["labels"] = labels
    return manifest


def apply(objects, manifest, manager, force=False, resource=SERVICES):
    target = Target(resource, "v1", "shop", "web")
    return objects.apply(target, manifest, Options(manager=manager, force=force))[0]


def owners(object_):
    return {entry["manager"]: entry["fieldsV1"] for entry in object_["metadata"]["managedFields"]}


def http(port=80, **more):
    return {"name": "http", "port": port, "protocol": "TCP"} | more


def test_applying_the_same_again_writes_nothing(objects):
    first = apply(objects, service(http()), "ops")
    again = apply(objects, service(http()), "ops")
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_two_managers_own_their_own_ports(objects):
    apply(objects, service(http()), "one")
    both = apply(objects, service({"name": "grpc", "port": 9000, "protocol": "TCP"}), "two")
    assert [port["port"] for port in both["spec"]["ports"]] == [80, 9000]
    assert 'k:{"port":80,"protocol":"TCP"}' in owners(both)["one"]["f:spec"]["f:ports"]
    assert 'k:{"port":9000,"protocol":"TCP"}' in owners(both)["two"]["f:spec"]["f:ports"]


def test_what_a_manager_no_longer_applies_goes(objects):
    apply(objects, service(http(), {"name": "grpc", "port": 9000, "protocol": "TCP"}, team="a", tier="b"), "ops")
    less = apply(objects, service(http(), team="a"), "ops")
    assert [port["port"] for port in less["spec"]["ports"]] == [80]
    assert less["metadata"]["labels"] == {"team": "a"}


def test_what_another_manager_applies_too_stays(objects):
    apply(objects, service(http(), team="a"), "one")
    apply(objects, service(http(), team="a"), "two")
    kept = apply(objects, service(http()), "one")
    assert kept["metadata"]["labels"] == {"team": "a"}


def test_another_managers_field_is_a_conflict_that_names_it(objects):
    apply(objects, service(http(targetPort=8080)), "one")
    with pytest.raises(StatusError) as refused:
        apply(objects, service(http(targetPort=9090)), "two")
    assert refused.value.code == 409
    [cause] = refused.value.causes
    assert cause.reason == "FieldManagerConflict"
    assert cause.field == '.spec.ports[port=80,protocol="TCP"].targetPort'
    assert 'conflict with "one" using v1' in cause.message


def test_an_item_that_another_manager_has_a_field_of_keeps_its_keys(objects):
    apply(objects, service(http()), "one")
    apply(objects, service({"port": 80, "protocol": "TCP", "appProtocol": "h2c"}), "two")
    left = apply(objects, service({"name": "grpc", "port": 9000, "protocol": "TCP"}), "one")
    assert {port["port"]: port.get("appProtocol") for port in left["spec"]["ports"]} == {80: "h2c", 9000: None}


def test_force_takes_the_field_over(objects):
    apply(objects, service(http(targetPort=8080)), "one")
    taken = apply(objects, service(http(targetPort=9090)), "two", force=True)
    assert taken["spec"]["ports"][0]["targetPort"] == 9090
    key = 'k:{"port":80,"protocol":"TCP"}'
    assert "f:targetPort" not in owners(taken)["one"]["f:spec"]["f:ports"][key]
    assert "f:targetPort" in owners(taken)["two"]["f:spec"]["f:ports"][key]


def test_an_update_owns_what_it_changed_and_conflicts_with_a_later_apply(objects):
    apply(objects, service(http(), team="a"), "ops")
    target = Target(SERVICES, "v1", "shop", "web")
    live = objects.get(target)
    edited = live | {"metadata": live["metadata"] | {"labels": {"team": "b"}}}
    updated = objects.replace(target, edited, Options(manager="hand"))
    assert owners(updated)["hand"] == {"f:metadata": {"f:labels": {"f:team": {}}}}
    with pytest.raises(StatusError, match='conflict with "hand"'):
        apply(objects, service(http(), team="a"), "ops")


def test_a_field_that_is_not_declared_cannot_be_applied(objects):
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "dat": {"a": "b"}}
    with pytest.raises(StatusError, match=r"\.dat: field not declared in schema"):
        apply(objects, manifest, "ops", resource=MAPS)


def test_a_key_twice_in_a_list_is_refused(objects):
    apply(objects, service(http()), "ops")
    with pytest.raises(StatusError, match="duplicate entries"):
        apply(objects, service(http(), http()), "ops")
