import os
from pathlib import Path

import pytest

from meshui.demo import layout as layouts
from meshui.demo.prometheus import server
from meshui.demo.prometheus.binary import Binary, PrometheusUnavailableError, find


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def said() -> list[str]:
    return []


def test_the_one_that_is_named_is_taken(tmp_path: Path, said: list[str]) -> None:
    given = program(tmp_path / "mine", "echo usage")

    assert find(tmp_path, said.append, {"MESHUI_PROMETHEUS_BINARY": str(given), "PATH": ""}) == Binary(given, None)
    assert said == []


def test_a_name_that_is_no_program_is_refused(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(PrometheusUnavailableError, match="MESHUI_PROMETHEUS_BINARY is '/no/such'"):
        find(tmp_path, said.append, {"MESHUI_PROMETHEUS_BINARY": "/no/such", "PATH": ""})


def test_one_on_path_comes_before_a_download(tmp_path: Path, said: list[str]) -> None:
    installed = program(tmp_path / "bin" / "prometheus", "echo usage")

    assert find(tmp_path / "cache", said.append, {"PATH": str(tmp_path / "bin")}).path == installed
    assert said == []


def test_one_in_the_cache_is_not_fetched_again(tmp_path: Path, said: list[str]) -> None:
    cached = program(tmp_path / "prometheus" / "usr/bin/prometheus", "exit 1")

    found = find(tmp_path, said.append, {"PATH": ""})

    assert found == Binary(cached, tmp_path / "prometheus" / "usr/share/prometheus/web")
    assert said == []


def fake_tools(folder: Path, apt_get: str) -> None:
    program(folder / "apt-get", apt_get)
    program(folder / "dpkg", 'mkdir -p "$3/usr/bin" && cp "$2" "$3/usr/bin/prometheus"')


def test_debians_package_is_unpacked_into_the_cache(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_tools(tmp_path / "bin", "echo binary > prometheus_2.42_amd64.deb")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    found = find(tmp_path / "cache", said.append, {"PATH": ""})

    assert found.path.read_text() == "binary\n"
    assert len(said) == 1
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["prometheus", "prometheus.lock"]


def test_lists_of_our_own_are_fetched_when_the_machines_do_not_do(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own_lists = 'case "$*" in *Dir::State::lists*update) ;; *Dir::State::lists*) echo new > prometheus_3_amd64.deb ;;'
    fake_tools(tmp_path / "bin", f"{own_lists} *) echo 'E: Unable to locate package' >&2; exit 100 ;; esac")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    assert find(tmp_path / "cache", said.append, {"PATH": ""}).path.read_text() == "new\n"


def test_without_any_the_ways_to_give_one_are_named(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_tools(tmp_path / "bin", "echo 'E: no network' >&2; exit 100")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(PrometheusUnavailableError, match=r"(?s)no network.*on PATH.*MESHUI_PROMETHEUS_BINARY"):
        find(tmp_path / "cache", said.append, {"PATH": ""})

    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["prometheus.lock"]


def test_assets_are_given_to_debians_build_only(tmp_path: Path) -> None:
    layout = layouts.load({"MESHUI_STATE": str(tmp_path)})
    config = server.write_config(layout)

    debian = server.command(Binary(Path("/p"), Path("/web")), config, layout)
    other = server.command(Binary(Path("/p"), None), config, layout)

    assert "--web.local-assets=/web/" in debian
    assert not any("local-assets" in argument for argument in other)


def test_every_proxy_is_scraped(tmp_path: Path) -> None:
    layout = layouts.load({"MESHUI_STATE": str(tmp_path)})
    text = server.write_config(layout).read_text()

    for pod in layout.pods:
        assert (f"{pod.ip}:15000" in text) == pod.has_proxy
