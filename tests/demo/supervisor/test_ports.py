import socket
from collections.abc import Iterator

import pytest

from meshui.demo import layout as layouts
from meshui.demo.supervisor import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def free() -> dict[str, str]:
    """Variables that move everything to ports and addresses that are free."""
    holders = [socket.socket() for _ in range(5)]
    for holder in holders:
        holder.bind(("127.0.0.1", 0))
    numbers = [str(holder.getsockname()[1]) for holder in holders]
    for holder in holders:
        holder.close()
    names = ("MESHUI_PORT", "MESHUI_DEMO_KUBERNETES_PORT", "MESHUI_DEMO_PROMETHEUS_PORT")
    more = ("MESHUI_DEMO_VALKEY_PORT", "MESHUI_DEMO_CONTROL_PORT")
    return dict(zip((*names, *more), numbers, strict=True)) | {"MESHUI_DEMO_NETWORK": "215"}


def test_a_port_in_use_is_named_with_its_part_and_variable(taken: int, free: dict[str, str]) -> None:
    layout = layouts.load(free | {"MESHUI_PORT": str(taken)})

    with pytest.raises(ports.AddressTakenError, match=rf"port {taken} \(web, MESHUI_PORT\) is in use"):
        ports.check(layout)


def test_a_port_that_this_run_does_without_may_be_in_use(taken: int, free: dict[str, str]) -> None:
    ports.check(layouts.load(free | {"MESHUI_PORT": str(taken)}), {"MESHUI_PORT"})


def test_a_mesh_that_runs_at_the_same_addresses_is_seen(free: dict[str, str]) -> None:
    layout = layouts.load(free)
    with socket.socket() as admin:
        admin.bind((layout.pods[0].ip, 15000))
        admin.listen()
        with pytest.raises(ports.AddressTakenError, match="MESHUI_DEMO_NETWORK=215"):
            ports.check(layout)


def test_free_addresses_pass(free: dict[str, str]) -> None:
    ports.check(layouts.load(free))
