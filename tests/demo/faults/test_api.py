from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from meshui.demo import layout as layouts
from meshui.demo.faults.api import build
from meshui.demo.faults.board import Board
from meshui.demo.faults.objects import KubernetesObjects

NOBODY = "http://127.0.0.1:9"


class NoProcesses:
    async def hold(self, name: str) -> None:
        raise KeyError(name)

    async def release(self, name: str) -> None:
        raise KeyError(name)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[TestClient]:
    board = Board(layouts.load({"MESHUI_STATE": str(tmp_path)}), NoProcesses(), KubernetesObjects(NOBODY))
    async with TestClient(TestServer(build(board, lambda: {"processes": []}))) as client:
        yield client


async def test_faults_are_listed_with_what_they_do(client: TestClient) -> None:
    faults = (await (await client.get("/faults")).json())["faults"]

    assert {"kill-catalog-v2", "slow-inventory", "errors-payments", "overflow-inventory"} < {
        one["name"] for one in faults
    }
    assert all(one["description"] and one["active_since"] is None for one in faults)


async def test_a_fault_is_applied_and_cleared_by_name(client: TestClient) -> None:
    applied = await (await client.post("/faults/slow-inventory")).json()
    assert applied["active_since"]

    cleared = await (await client.delete("/faults/slow-inventory")).json()
    assert cleared["active_since"] is None


async def test_all_faults_are_cleared_at_once(client: TestClient) -> None:
    await client.post("/faults/slow-inventory")
    await client.post("/faults/errors-payments")

    faults = (await (await client.delete("/faults")).json())["faults"]

    assert all(one["active_since"] is None for one in faults)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_an_unknown_fault_is_not_found(client: TestClient, method: str) -> None:
    answer = await client.request(method, "/faults/earthquake")

    assert answer.status == 404
    assert "earthquake" in (await answer.json())["message"]


async def test_a_source_that_does_not_answer_is_named(client: TestClient) -> None:
    answer = await client.post("/faults/overflow-inventory")

    assert answer.status == 502
    assert "Kubernetes API does not answer" in (await answer.json())["message"]


async def test_other_paths_and_methods_are_errors_in_json(client: TestClient) -> None:
    assert (await client.get("/nothing")).status == 404
    answer = await client.put("/faults")
    assert answer.status == 405
    assert (await answer.json())["code"] == "invalid"


async def test_a_page_in_a_browser_may_not_break_things(client: TestClient) -> None:
    answer = await client.post("/faults/slow-inventory", headers={"Origin": "https://elsewhere.example"})

    assert answer.status == 403
