import asyncio
import io
import re

import pytest

from meshui.demo.supervisor.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_without_a_terminal() -> None:
    output = io.StringIO()
    progress = Progress(output)

    with progress.step("Valkey"):
        pass
    progress.warn("careful")

    assert re.fullmatch(r"ok   Valkey \(\d\.\d s\)\nwarn careful\n", output.getvalue())


def test_a_step_that_fails_is_marked() -> None:
    output = io.StringIO()

    with pytest.raises(RuntimeError), Progress(output).step("Valkey"):
        raise RuntimeError

    assert output.getvalue().startswith("FAIL Valkey")


async def test_a_terminal_shows_what_is_under_way() -> None:
    output = Terminal()
    progress = Progress(output)
    animation = asyncio.create_task(progress.animate())

    with progress.step("Valkey"), progress.step("proxies"):
        await asyncio.sleep(0.05)
    animation.cancel()

    assert "Valkey, proxies …" in output.getvalue()
