"""Bootstrap, scrape configuration and log rotation, without an Envoy."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from meshui.demo import layout
from meshui.demo.envoy import bootstrap, prepare
from meshui.demo.envoy.access_log import rotate
from meshui.demo.envoy.binary import NoEnvoyError, envoy_binary
from meshui.demo.envoy.files import write_atomically
from meshui.demo.envoy.prometheus import prometheus_config, scrape_config

WEB = layout.load({}).pods_of("shop", "web")[0]
INGRESS = layout.load({}).pods_of("edge", "ingressgateway")[0]


def test_a_proxys_node_is_named_as_istio_does(tmp_path: Path) -> None:
    node = bootstrap(WEB, tmp_path)["node"]
    assert node["id"] == f"sidecar~{WEB.ip}~{WEB.name}.shop~shop.svc.cluster.local"
    assert node["metadata"]["WORKLOAD_NAME"] == "web"
    assert bootstrap(INGRESS, tmp_path)["node"]["id"].startswith("router~")


def test_prepare_leaves_configuration_that_is_there(tmp_path: Path) -> None:
    command = prepare(WEB, tmp_path)
    folder = tmp_path / "envoy" / WEB.key
    assert command[command.index("-c") + 1] == str(folder / "bootstrap.json")
    assert json.loads((folder / "lds.json").read_text())["resources"] == []
    (folder / "lds.json").write_text("mine")
    prepare(WEB, tmp_path)
    assert (folder / "lds.json").read_text() == "mine"


def test_the_binary_may_be_chosen_and_must_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert os.access(envoy_binary(), os.X_OK)
    monkeypatch.setenv("MESHUI_ENVOY", str(tmp_path / "none"))
    with pytest.raises(NoEnvoyError, match="MESHUI_ENVOY"):
        envoy_binary()


def test_prometheus_scrapes_every_pod_under_istios_names(tmp_path: Path) -> None:
    pods = [("shop", "web-1", "127.0.0.2")]
    [job] = prometheus_config(pods)["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["127.0.0.2:15000"], "labels": {"namespace": "shop", "pod": "web-1"}}]
    assert job["metric_relabel_configs"][0]["replacement"] == "$1"
    from_file = scrape_config((), file_sd=tmp_path / "targets.json")
    assert from_file["file_sd_configs"][0]["files"] == [str(tmp_path / "targets.json")]
    assert "static_configs" not in from_file


def test_a_log_over_its_limit_is_moved_and_cut(tmp_path: Path) -> None:
    path = tmp_path / "istio-proxy.log"
    path.write_text("".join(f"line {number}\n" for number in range(100)))
    assert not rotate(path, limit=10_000)
    assert not rotate(tmp_path / "none")
    assert rotate(path, limit=100)
    assert path.read_text() == ""
    previous = (tmp_path / "istio-proxy.log.1").read_text().splitlines()
    assert previous[-1] == "line 99"
    assert all(line.startswith("line ") for line in previous)


def test_a_secret_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_atomically(tmp_path / "key", "x", secret=True)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "key"]
