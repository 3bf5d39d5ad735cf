import os
from pathlib import Path

import pytest

from meshui.demo import layout as layouts
from meshui.demo.__main__ import main
from meshui.demo.supervisor import commands


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> layouts.Layout:
    monkeypatch.setenv("MESHUI_STATE", str(tmp_path))
    monkeypatch.setenv("MESHUI_DEMO_CONTROL_PORT", "9")
    return layouts.load()


@pytest.mark.parametrize("arguments", [["status"], ["fault"], ["fault", "slow-inventory", "--clear"]])
def test_without_a_demo_it_is_said_how_to_start_one(
    layout: layouts.Layout, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert "`make demo` starts one" in capsys.readouterr().err


def test_down_without_a_demo_is_no_failure(layout: layouts.Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down"]) == 0
    assert capsys.readouterr().out == "no demo runs\n"


def test_a_process_id_that_is_now_somebody_elses_is_left_alone(layout: layouts.Layout) -> None:
    (layout.state / "supervisor.pid").write_text(f"{os.getppid()}\n")

    assert commands.down(layout) == 0


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MESHUI_PORT", "many")

    assert main(["status"]) == 1
    assert "MESHUI_PORT must be a whole number" in capsys.readouterr().err
