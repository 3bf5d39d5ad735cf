import pytest

from meshui.demo import layout as layouts


def test_pods_have_addresses_of_their_own_on_loopback() -> None:
    layout = layouts.load({"MESHUI_DEMO_NETWORK": "77"})

    addresses = [pod.ip for pod in (layout.istiod, *layout.pods)]

    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith("127.77.0.") for address in addresses)


def test_names_are_the_same_in_every_process() -> None:
    assert [pod.name for pod in layouts.load({}).pods] == [pod.name for pod in layouts.load({}).pods]
    assert layouts.load({}).pods_of("shop", "catalog-v2")[0].name == "catalog-v2-dbkk7wnjx-lx75k"


def test_a_child_loads_the_layout_it_was_handed() -> None:
    layout = layouts.load({"MESHUI_STATE": "/tmp/x", "MESHUI_PORT": "8123", "MESHUI_DEMO_NETWORK": "99"})

    assert layouts.load(layout.environment()) == layout


@pytest.mark.parametrize("value", ["0", "70000", "http", "-1", "80.0", "８０８０"])
def test_a_port_that_is_none_is_refused_by_name(value: str) -> None:
    with pytest.raises(layouts.LayoutError, match="MESHUI_PORT must be a whole number from 1 to 65535"):
        layouts.load({"MESHUI_PORT": value})


def test_two_parts_on_one_port_are_refused_by_name() -> None:
    with pytest.raises(layouts.LayoutError, match="MESHUI_DEMO_VALKEY_PORT and MESHUI_PORT are both 9000"):
        layouts.load({"MESHUI_PORT": "9000", "MESHUI_DEMO_VALKEY_PORT": "9000"})


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert layouts.load({"MESHUI_PORT": ""}).web_port == 8000


def test_every_service_has_pods_behind_it() -> None:
    layout = layouts.load({})

    for service in layout.services:
        pods = [pod for pod in layout.pods if (pod.namespace, pod.app) == (service.namespace, service.name)]
        assert pods
        assert {pod.app_port for pod in pods} == {service.target_port}


def test_an_unknown_workload_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="shop/nothing"):
        layouts.load({}).pods_of("shop", "nothing")
