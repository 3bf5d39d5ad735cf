import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.demo.kube.conftest import ADMIN, SEED

HEADERS = {"Authorization": f"Bearer {ADMIN}"}
MOST_MEMORY_KIB = 90 * 1024


def start(folder, port, *options):
    command = [sys.executable, "-m", "meshui.demo.kube", "--port", str(port), *options]
    environment = os.environ | {"MESHUI_STATE": str(folder)}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_until_ready(url, process):
    for _ in range(200):
        try:
            if requests.get(url + "/readyz", timeout=1).ok:
                return
        except requests.ConnectionError:
            assert process.poll() is None
            time.sleep(0.05)
    pytest.fail("the server does not get ready")


def test_a_stop_ends_open_watches_and_the_process_soon(tmp_path):
    port = free_port()
    process = start(tmp_path, port)
    url = f"http://127.0.0.1:{port}"
    wait_until_ready(url, process)
    memory = Path(f"/proc/{process.pid}/status").read_text().split("VmRSS:")[1].split()[0]
    assert int(memory) < MOST_MEMORY_KIB
    answer = requests.get(f"{url}/api/v1/pods?watch=true", headers=HEADERS, stream=True, timeout=20)
    ended = threading.Event()
    threading.Thread(target=lambda: (list(answer.iter_lines()), ended.set()), daemon=True).start()
    process.send_signal(signal.SIGTERM)
    process.wait(5)
    assert ended.wait(2)


def test_a_port_in_use_is_named_with_the_variable_that_moves_it(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(tmp_path, taken.getsockname()[1])
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "MESHUI_DEMO_KUBERNETES_PORT" in errors


def test_a_seed_that_cannot_be_kept_stops_the_start_by_name(tmp_path):
    (tmp_path / "seed").mkdir()
    (tmp_path / "seed" / "bad.yaml").write_text(SEED.replace("weight: 90", "weight: ninety"))
    process = start(tmp_path, free_port(), "--seed", str(tmp_path / "seed"))
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "VirtualService seeded/catalog" in errors


def test_the_certificate_is_kept_over_a_restart(tmp_path):
    from meshui.demo.kube import certificate

    first = certificate.ensure(tmp_path)
    before = first.certificate.read_bytes()
    assert certificate.ensure(tmp_path).certificate.read_bytes() == before
    assert first.key.stat().st_mode & 0o077 == 0
