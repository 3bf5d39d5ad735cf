import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from meshui.adapters.prometheus.client import PrometheusClient, PrometheusOptions
from meshui.domain.failures import Code, Failure
from tests.conftest import Server, free_port

AT = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def do_POST(self) -> None:
                answer(self)

            def log_message(self, format: str, *args: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def reply(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def failing(url: str, **options: object) -> Failure:
    with pytest.raises(Failure) as caught:
        PrometheusClient(PrometheusOptions(url, **options)).query("up", AT)  # type: ignore[arg-type]
    assert caught.value.code is Code.SOURCE_UNAVAILABLE
    return caught.value


def test_a_real_server_answers_at_the_given_instant(prometheus: Server) -> None:
    client = PrometheusClient(PrometheusOptions(prometheus.url))
    assert client.version().startswith("2.")
    at = datetime.now(UTC)
    answer = json.loads(client.query("vector(7)", at))
    assert answer["data"]["result"][0]["value"] == [round(at.timestamp(), 3), "7"]
    long = "vector(1)" + " + vector(1)" * 500
    assert json.loads(client.query(long, at))["data"]["result"][0]["value"][1] == "501"


def test_an_answer_can_be_had_while_it_arrives(prometheus: Server, serve: Callable[[Answer], str]) -> None:
    client = PrometheusClient(PrometheusOptions(prometheus.url))
    assert b"".join(client.stream("vector(7)", AT)) == client.query("vector(7)", AT)
    with pytest.raises(Failure, match=r"answered HTTP 400: .*parse error"):
        next(client.stream("sum(", AT))
    large = PrometheusClient(
        PrometheusOptions(serve(reply(200, b"x" * 3_000_000)), largest_answer=1, largest_stream=2_500_000)
    )
    pieces = large.stream("up", AT)
    assert len(next(pieces)) < 2_000_000
    with pytest.raises(Failure, match="which is not read"):
        list(pieces)


def test_a_wrong_query_is_told_in_the_servers_words(prometheus: Server) -> None:
    with pytest.raises(Failure, match=r"answered HTTP 400: .*parse error"):
        PrometheusClient(PrometheusOptions(prometheus.url)).query("sum(", AT)


def test_a_client_works_again_after_the_server_was_away(prometheus: Server) -> None:
    client = PrometheusClient(PrometheusOptions(prometheus.url))
    client.query("vector(1)", AT)
    prometheus.stop()
    with pytest.raises(Failure, match=f"Prometheus at {prometheus.url} refused the connection"):
        client.query("vector(1)", AT)
    prometheus.start()
    client.query("vector(1)", AT)


def test_nobody_listening_is_a_refused_connection() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert failing(url).message == f"Prometheus at {url} refused the connection"


def test_token_tenant_and_basic_credentials_are_sent_and_never_shown(serve: Callable[[Answer], str]) -> None:
    seen: list[dict[str, str]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(dict(handler.headers))
        reply(401, b"no")(handler)

    url = serve(answer)
    failing(url, token="t0ken", headers={"X-Scope-OrgID": "team"})
    assert seen[0]["Authorization"] == "Bearer t0ken"
    assert seen[0]["X-Scope-OrgID"] == "team"
    failure = failing(url.replace("http://", "http://me:p%40ss@"))
    assert seen[1]["Authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert failure.message == f"Prometheus at {url} does not accept MeshUI's credentials (HTTP 401)"


def test_a_redirect_to_a_login_page_is_not_followed(serve: Callable[[Answer], str]) -> None:
    url = serve(reply(302, b"", Location="https://login.example/"))
    assert "redirects to https://login.example/" in failing(url).message


def test_html_of_a_broken_gateway_is_told_as_text(serve: Callable[[Answer], str]) -> None:
    url = serve(reply(502, b"<html><h1>Bad   gateway</h1></html>"))
    assert failing(url).message.endswith("answered HTTP 502: Bad gateway")


def test_too_large_an_answer_is_not_read(serve: Callable[[Answer], str]) -> None:
    url = serve(reply(200, b"x" * 3_000_000))
    assert "which is not read" in failing(url, largest_answer=1_000_000).message


def test_a_server_that_hangs_is_given_up(serve: Callable[[Answer], str]) -> None:
    url = serve(lambda handler: time.sleep(2))
    assert "did not answer in 0.1 s" in failing(url, query_timeout=0.1).message


def test_a_connection_that_breaks_is_told_so(serve: Callable[[Answer], str]) -> None:
    url = serve(lambda handler: handler.connection.close())
    assert "closed the connection" in failing(url).message


def test_something_else_on_that_port_is_not_taken_for_prometheus(serve: Callable[[Answer], str]) -> None:
    client = PrometheusClient(PrometheusOptions(serve(reply(200, b"{}"))))
    with pytest.raises(Failure, match="not as a Prometheus server does"):
        client.version()
