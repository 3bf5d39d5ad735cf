import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kubernetes import client
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from meshui.adapters.envoy.client import PodAddressAdmin
from meshui.adapters.envoy.forward import PortForwardAdmin
from meshui.adapters.envoy.parse import parse_certs, parse_clusters, parse_server_info, parse_versions
from meshui.adapters.envoy.paths import check_path
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from tests.conftest import free_port, wait_for_port

POD = ObjectRef("Pod", "shop", "web-1")


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The admin port of a real Envoy with a dynamic listener and a cluster whose endpoint is in trouble."""
    from meshui.demo.envoy.binary import envoy_binary

    folder, port = tmp_path_factory.mktemp("envoy"), free_port()
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 1}}}
    cluster = {
        "name": "outbound|80||catalog",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "catalog",
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint, "health_status": "UNHEALTHY"}]}],
        },
    }
    listener = {
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": "inbound",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": free_port()}},
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "tcp",
                        "typed_config": {
                            "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                            "stat_prefix": "tcp",
                            "cluster": cluster["name"],
                        },
                    }
                ]
            }
        ],
    }
    (folder / "lds.json").write_text(json.dumps({"version_info": "7", "resources": [listener]}))
    lds = {"resource_api_version": "V3", "path_config_source": {"path": str(folder / "lds.json")}}
    bootstrap = {
        "node": {"id": "sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local", "cluster": "web.shop"},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}},
        "dynamic_resources": {"lds_config": lds},
        "static_resources": {"clusters": [cluster]},
    }
    (folder / "bootstrap.json").write_text(json.dumps(bootstrap))
    command = [str(envoy_binary()), "-c", str(folder / "bootstrap.json"), "--concurrency", "1", "--disable-hot-restart"]
    process = subprocess.Popen([*command, "--log-level", "error"], stderr=(folder / "log").open("wb"))
    wait_for_port(port, process)
    yield port
    process.terminate()
    process.wait(10)


def admin_at(port: int, **more: float) -> PodAddressAdmin:
    return PodAddressAdmin(lambda pod: "127.0.0.1", port=port, **more)  # type: ignore[arg-type]


def test_a_real_proxy_is_read(envoy: int) -> None:
    reading = admin_at(envoy).read(POD)
    assert reading.pod == POD
    assert reading.info is not None
    assert reading.info.state == "LIVE"
    assert reading.info.version.startswith("1.")
    assert reading.info.node_cluster == "web.shop"
    assert reading.clusters == 1
    (cluster,) = reading.unhealthy
    assert cluster.name == "outbound|80||catalog"
    assert [(one.address, one.unhealthy) for one in cluster.endpoints] == [("127.0.0.1:1", ("eds",))]
    assert [(one.type, one.name, one.version) for one in reading.versions] == [("listener", "inbound", "7")]


def test_a_whole_config_dump_gives_the_same_versions(envoy: int) -> None:
    versions = parse_versions(admin_at(envoy).get(POD, "/config_dump"))
    assert ("listener", "inbound", "7") in {(one.type, one.name, one.version) for one in versions}


@pytest.mark.parametrize(
    "path",
    ["/quitquitquit", "/logging?level=debug", "/clusters?format=json&x=1", "//evil/certs", "http://evil/certs", "/x"],
)
def test_no_other_page_is_ever_asked_for(path: str) -> None:
    with pytest.raises(Failure) as caught:
        admin_at(1).get(POD, path)
    assert caught.value.code is Code.UNSUPPORTED


def test_a_page_with_a_line_break_is_refused() -> None:
    with pytest.raises(Failure):
        check_path("/stats?filter=a\r\nHost: b")


def test_a_proxy_that_is_away_is_named() -> None:
    port = free_port()
    with pytest.raises(Failure, match=r"The proxy of shop/web-1 refused the connection"):
        admin_at(port).read(POD)
    with pytest.raises(Failure, match="has no address now"):
        PodAddressAdmin(lambda pod: None).read(POD)


def test_a_proxy_that_hangs_or_floods_is_given_up() -> None:
    release = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/ready":
                release.wait(5)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 3_000_000)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    with pytest.raises(Failure, match=r"did not answer in 0\.1 s"):
        admin_at(server.server_port, timeout=0.1).get(POD, "/ready")
    with pytest.raises(Failure, match="which is not read"):
        admin_at(server.server_port, largest_answer=1024 * 1024).get(POD, "/certs")
    release.set()
    server.shutdown()
    server.server_close()


class Forwarder:
    """As much of a Kubernetes API server as forwards a pod's port: channel 0 is data, 1 errors, each begun by the port
    number (https://kubernetes.io/docs/reference/using-api/websockets/)."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.requests: list[tuple[str, str | None]] = []
        self.server = serve(self.forward, "127.0.0.1", 0, subprotocols=[Subprotocol("v4.channel.k8s.io")])
        self.url = f"http://127.0.0.1:{self.server.socket.getsockname()[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forward(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.requests.append((connection.request.path, connection.request.headers.get("Authorization")))
        for channel in (b"\0", b"\1"):
            connection.send(channel + (15000).to_bytes(2, "little"))
        with socket.create_connection(("127.0.0.1", self.target)) as pod:
            message = connection.recv(5)
            assert isinstance(message, bytes)
            pod.sendall(message[1:])
            while data := pod.recv(1000):
                connection.send(b"\0" + data)


def test_a_proxy_behind_the_loopback_is_read_through_the_kubernetes_api(envoy: int) -> None:
    forwarder = Forwarder(envoy)
    configuration = client.Configuration(host=forwarder.url)
    admin = PortForwardAdmin(lambda: configuration, lambda: "Bearer t0ken")
    before = threading.active_count()
    reading = admin.read(POD)
    assert reading.info is not None
    assert reading.info.state == "LIVE"
    path = "/api/v1/namespaces/shop/pods/web-1/portforward?ports=15000"
    assert set(forwarder.requests) == {(path, "Bearer t0ken")}
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= before
    forwarder.server.shutdown()
    with pytest.raises(Failure, match="The proxy of shop/web-1 can't be reached"):
        admin.read(POD)


def test_certificates_tell_who_and_until_when() -> None:
    leaf = {
        "path": "<inline>",
        "serial_number": "7a",
        "subject_alt_names": [{"uri": "spiffe://cluster.local/ns/shop/sa/web"}],
        "valid_from": "2026-11-23T12:00:00Z",
        "expiration_time": "2026-11-24T12:00:00Z",
        "days_until_expiration": "1",
    }
    page = {"certificates": [{"ca_cert": [{"serial_number": "1", "expiration_time": "never"}], "cert_chain": [leaf]}]}
    chain, root = parse_certs(json.dumps(page).encode())
    assert chain.uris == ("spiffe://cluster.local/ns/shop/sa/web",)
    assert chain.expires_at == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert not chain.ca
    assert root.ca
    assert root.expires_at is None


def test_an_ejected_endpoint_says_so() -> None:
    host = {
        "address": {"socket_address": {"address": "127.18.0.11", "port_value": 15006}},
        "health_status": {"eds_health_status": "HEALTHY", "failed_outlier_check": True},
        "weight": 3,
    }
    pipe = {"address": {"pipe": {"path": "/run/app"}}}
    (cluster,) = parse_clusters(
        json.dumps({"cluster_statuses": [{"name": "c", "host_statuses": [host, pipe]}]}).encode()
    )
    assert cluster.endpoints[0].unhealthy == ("ejected",)
    assert cluster.endpoints[0].weight == 3
    assert cluster.endpoints[1].address == "/run/app"


def test_a_rejected_listener_keeps_its_error() -> None:
    entry = {"name": "inbound", "error_state": {"details": "no such filter", "version_info": "8"}}
    (version,) = parse_versions(json.dumps({"configs": [{"dynamic_listeners": [entry]}]}).encode())
    assert (version.name, version.version, version.error) == ("inbound", "", "no such filter")


@pytest.mark.parametrize("parse", [parse_certs, parse_clusters, parse_server_info, parse_versions])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"certificates":1,"cluster_statuses":1,"configs":1'])
def test_what_is_no_admin_page_is_one_failure(parse: object, body: bytes) -> None:
    with pytest.raises(Failure) as caught:
        parse(body)  # type: ignore[operator]
    assert caught.value.code is Code.SOURCE_UNAVAILABLE


def test_paths_are_paths() -> None:
    assert check_path("/clusters?format=json") == "/clusters?format=json"
    assert Path(check_path("/certs")).name == "certs"
