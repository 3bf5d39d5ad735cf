import gzip
import re
from pathlib import Path

import pytest
from django.test import Client


@pytest.fixture
def frontend(tmp_path: Path, settings):
    """A built application, and the middleware that serves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>MeshUI</title>")
    script = tmp_path / "assets" / "index-BxY1z_-9.js"
    script.write_text("console.log(1)" * 200)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(script.read_bytes()))
    settings.FRONTEND = tmp_path
    settings.WHITENOISE_ROOT = tmp_path
    return tmp_path


def test_every_client_side_route_gets_the_application(client: Client, frontend: Path) -> None:
    for path in ("/", "/graph", "/services/shop/catalog", "/graph?window=15"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert b"<title>MeshUI</title>" in answer.content
        assert answer.headers["Cache-Control"] == "no-cache"


def test_hashed_assets_are_kept_for_long_and_come_compressed(client: Client, frontend: Path) -> None:
    answer = client.get("/assets/index-BxY1z_-9.js", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"console" in gzip.decompress(answer.content)


def test_an_asset_that_is_gone_is_no_page(client: Client, frontend: Path) -> None:
    assert client.get("/assets/old-12345678.js").status_code == 404


def test_without_a_build_the_page_says_so(client: Client, settings, tmp_path: Path) -> None:
    settings.FRONTEND = tmp_path
    answer = client.get("/")
    assert answer.status_code == 503
    assert b"not built" in answer.content


def test_every_answer_has_the_security_headers(client: Client, frontend: Path, db: None) -> None:
    for path in ("/", "/api/v1/session", "/api/v1/clusters", "/api/docs", "/assets/index-BxY1z_-9.js", "/api/none"):
        headers = client.get(path).headers
        assert "script-src 'self';" in headers["Content-Security-Policy"], path
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_the_docs_need_nothing_from_elsewhere_and_no_inline_script(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    assert not re.findall(r"<script(?![^>]*src=)", page)
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) >= 4
    for source in sources:
        assert source.startswith("/"), source
        assert client.get(source.replace("&amp;", "&")).status_code == 200, source


def test_the_schema_is_served(client: Client) -> None:
    answer = client.get("/api/schema")
    assert answer.status_code == 200
    assert b"openapi: 3.1.0" in answer.content


def test_healthz_answers_without_anything_else(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "up"}


def test_readyz_names_what_does_not_answer(client: Client, db: None, empty_store, monkeypatch) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "database": "ready", "store": "ready"}
    from meshui import wiring
    from meshui.adapters.store.redis import RedisStore, StoreOptions

    gone = RedisStore(StoreOptions(url="redis://127.0.0.1:1/0"))
    monkeypatch.setattr(wiring, "store", lambda: gone)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["store"] != "ready"
    assert answer.json()["database"] == "ready"
