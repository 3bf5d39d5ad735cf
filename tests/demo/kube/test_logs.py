import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from meshui.demo.kube.errors import StatusError
from meshui.demo.kube.logs import LogOptions, container_of, read, since

POD = {"metadata": {"name": "web-1"}, "spec": {"containers": [{"name": "web"}, {"name": "istio-proxy"}]}}


async def text(path, **options):
    return b"".join([piece async for piece in read(path, LogOptions(**options))]).decode()


async def test_a_log_that_is_not_there_yet_is_empty(tmp_path):
    assert await text(tmp_path / "none.log") == ""


@pytest.mark.parametrize(("lines", "expected"), [(0, ""), (1, "c\n"), (2, "b\nc\n"), (9, "a\nb\nc\n")])
async def test_the_tail_is_that_many_lines(tmp_path, lines, expected):
    path = tmp_path / "a.log"
    path.write_text("a\nb\nc\n")
    assert await text(path, tail_lines=lines) == expected


async def test_the_tail_of_a_long_log_is_read_from_its_end(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("".join(f"line {number} {'x' * 90}\n" for number in range(5000)))
    tail = await text(path, tail_lines=1500)
    assert [line.split()[1] for line in tail.splitlines()] == [str(number) for number in range(3500, 5000)]


async def test_limit_bytes_cuts(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("abcdef\n")
    assert await text(path, limit_bytes=3) == "abc"


async def test_since_reads_times_of_plain_and_json_lines(tmp_path):
    now = datetime.now(UTC)
    old, new = (now - timedelta(hours=1)).isoformat(), now.isoformat()
    path = tmp_path / "a.log"
    path.write_text(f'{old} old\n  goes with it\n{new} new\n{{"start_time": "{new}"}}\n{{"start_time": "{old}"}}\n')
    seen = await text(path, since=now - timedelta(minutes=1))
    assert seen.splitlines() == [f"{new} new", f'{{"start_time": "{new}"}}']


async def test_following_sees_what_is_added_and_a_new_file(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("one\n")
    seen = []

    async def follow():
        async for piece in read(path, LogOptions(follow=True)):
            seen.append(piece.decode())

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.1)
    with path.open("a") as file:
        file.write("two\npart")
    await asyncio.sleep(0.4)
    assert "".join(seen) == "one\ntwo\n"
    path.rename(tmp_path / "a.log.1")
    path.write_text("three\n")
    await asyncio.sleep(0.4)
    task.cancel()
    assert "".join(seen) == "one\ntwo\nthree\n"


def test_the_container_must_be_named_where_there_are_two():
    assert container_of(POD, "istio-proxy") == "istio-proxy"
    with pytest.raises(StatusError, match=r"choose one of: \[web istio-proxy\]"):
        container_of(POD, "")
    with pytest.raises(StatusError, match="container sidecar is not valid for pod web-1"):
        container_of(POD, "sidecar")


def test_since_time_must_be_a_time():
    with pytest.raises(StatusError):
        since(None, "yesterday")
