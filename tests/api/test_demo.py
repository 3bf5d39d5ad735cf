import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest
from django.test import Client

from meshui.records.audit import AuditEntry

FAULT = {"name": "kill-v2", "description": "Kills v2.", "active_since": None}


class _Control(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        known = self.path in ("/faults", "/faults/kill-v2")
        told = {"faults": [FAULT]} if self.path == "/faults" else FAULT
        body = msgspec.json.encode(told if known else {"code": "not_found", "message": "There is no such fault."})
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def control(settings) -> Iterator[HTTPServer]:
    """The demo's control API, and settings that name it."""
    server = HTTPServer(("127.0.0.1", 0), _Control)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    settings.MESHUI = msgspec.structs.replace(settings.MESHUI, demo=True, demo_control_url=url)
    yield server
    server.shutdown()
    server.server_close()


def test_without_a_demo_there_are_no_faults(as_operator: Client) -> None:
    assert as_operator.get("/api/v1/demo/faults").status_code == 404
    assert as_operator.post("/api/v1/demo/faults/kill-v2").status_code == 404


def test_an_operator_breaks_and_mends_things_on_the_record(as_operator: Client, control: HTTPServer) -> None:
    assert as_operator.get("/api/v1/demo/faults").json() == [FAULT]
    assert as_operator.post("/api/v1/demo/faults/kill-v2").status_code == 200
    assert as_operator.delete("/api/v1/demo/faults/kill-v2").status_code == 200
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["start fault", "end fault"]


def test_an_unknown_fault_is_a_404(as_operator: Client, control: HTTPServer) -> None:
    for name in ("nothing", "..%2f..", "%00", "ü"):
        assert as_operator.post(f"/api/v1/demo/faults/{name}").status_code == 404, name


def test_a_viewer_breaks_nothing(as_viewer: Client, control: HTTPServer) -> None:
    assert as_viewer.post("/api/v1/demo/faults/kill-v2").status_code == 403


def test_a_control_api_that_is_gone_is_told(as_operator: Client, settings) -> None:
    settings.MESHUI = msgspec.structs.replace(settings.MESHUI, demo=True, demo_control_url="http://127.0.0.1:1")
    answer = as_operator.get("/api/v1/demo/faults")
    assert answer.status_code == 503
    assert answer.json()["context"] == {"source": "demo"}
