import json
from pathlib import Path
from typing import Any

import pytest

from meshui.demo import layout as layouts
from meshui.demo.faults.board import Board, FaultError
from meshui.demo.faults.catalogue import FAULTS
from meshui.demo.shop.behaviour import APP_FAULTS


class Processes:
    """Remembers what is held; knows Prometheus and the control plane only."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.comes_back = True

    async def hold(self, name: str) -> None:
        if name not in ("Prometheus", "control plane"):
            raise KeyError(name)
        self.held.add(name)

    async def release(self, name: str) -> None:
        if not self.comes_back:
            raise RuntimeError("port taken")
        self.held.discard(name)


class Objects:
    """One object at any path."""

    def __init__(self) -> None:
        self.object: dict[str, Any] = {"spec": {"trafficPolicy": {"connectionPool": {"tcp": {"maxConnections": 100}}}}}
        self.down = False

    async def read(self, path: str) -> dict[str, Any]:
        if self.down:
            raise FaultError("no answer")
        return self.object

    async def put_field(self, path: str, pointer: str, value: Any) -> None:
        *parents, last = pointer.split("/")[1:]
        place = self.object
        for key in parents:
            place = place[key]
        place[last] = value


@pytest.fixture
def layout(tmp_path: Path) -> layouts.Layout:
    return layouts.load({"MESHUI_STATE": str(tmp_path)})


@pytest.fixture
def processes() -> Processes:
    return Processes()


@pytest.fixture
def objects() -> Objects:
    return Objects()


@pytest.fixture
def board(layout: layouts.Layout, processes: Processes, objects: Objects) -> Board:
    return Board(layout, processes, objects)


def applications(layout: layouts.Layout) -> Any:
    return json.loads((layout.state / APP_FAULTS).read_text())


async def test_a_killed_version_is_told_to_the_shop_and_taken_back(board: Board, layout: layouts.Layout) -> None:
    await board.apply("kill-catalog-v2")
    assert applications(layout) == {"shop/catalog-v2": {"down": True}}
    assert board.describe("kill-catalog-v2")["active_since"] is not None

    await board.clear("kill-catalog-v2")
    assert applications(layout) == {}
    assert board.describe("kill-catalog-v2")["active_since"] is None


async def test_clearing_one_fault_leaves_another_of_the_same_application(
    board: Board, layout: layouts.Layout, objects: Objects
) -> None:
    before = json.dumps(objects.object)

    await board.apply("slow-inventory")
    await board.apply("overflow-inventory")
    assert objects.object["spec"]["trafficPolicy"]["connectionPool"]["http"]["http2MaxRequests"] == 1
    await board.clear("overflow-inventory")

    assert applications(layout) == {"warehouse/inventory": {"delay_ms": 800}}
    assert json.dumps(objects.object) == before


async def test_applying_twice_keeps_what_was_there_before(board: Board, objects: Objects) -> None:
    before = json.dumps(objects.object)

    await board.apply("overflow-inventory")
    await board.apply("overflow-inventory")
    await board.clear("overflow-inventory")

    assert json.dumps(objects.object) == before


async def test_a_strange_certificate_is_asked_for_by_pod(board: Board, layout: layouts.Layout) -> None:
    await board.apply("break-cart-certificate")
    assert layout.certificate_faults.read_text() == f"{layout.pods_of('shop', 'cart')[0].key}\n"

    await board.clear_all()
    assert layout.certificate_faults.read_text() == ""


async def test_a_process_is_held_while_its_fault_is_active(board: Board, processes: Processes) -> None:
    await board.apply("stop-prometheus")
    assert processes.held == {"Prometheus"}

    await board.clear("stop-prometheus")
    assert processes.held == set()


async def test_a_fault_of_a_part_that_does_not_run_is_not_active(board: Board) -> None:
    with pytest.raises(FaultError, match="this demo runs without Valkey"):
        await board.apply("stop-valkey")

    assert board.describe("stop-valkey")["active_since"] is None


async def test_a_fault_that_can_not_be_applied_leaves_nothing_behind(
    board: Board, objects: Objects, layout: layouts.Layout
) -> None:
    objects.down = True

    with pytest.raises(FaultError):
        await board.apply("overflow-inventory")

    assert board.describe("overflow-inventory")["active_since"] is None
    assert applications(layout) == {}


async def test_a_process_that_does_not_come_back_is_said_so(board: Board, processes: Processes) -> None:
    await board.apply("stop-prometheus")
    processes.comes_back = False

    with pytest.raises(FaultError, match="Prometheus did not come back: port taken"):
        await board.clear("stop-prometheus")


async def test_faults_of_an_earlier_run_are_forgotten(
    layout: layouts.Layout, processes: Processes, objects: Objects
) -> None:
    await Board(layout, processes, objects).apply("kill-catalog-v2")

    Board(layout, processes, objects)

    assert applications(layout) == {}


def test_every_fault_names_parts_that_are_there() -> None:
    layout = layouts.load({})
    for fault in FAULTS:
        for name in fault.applications:
            assert layout.pods_of(*name.split("/"))
        for namespace, workload in fault.strange_certificates:
            assert layout.pods_of(namespace, workload)
        assert fault.applications or fault.strange_certificates or fault.stopped or fault.patches
