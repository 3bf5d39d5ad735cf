import pytest
from django.core.cache import cache
from django.test import Client

from meshui.records.audit import AuditEntry
from meshui.records.users import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_failed_yet() -> None:
    cache.clear()


def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def csrf(client: Client) -> dict[str, str]:
    return {"X-CSRFToken": client.get("/api/v1/session").json()["csrf_token"]}


def sign_in(client: Client, name: str = "olga", password: str = "olga-password"):  # noqa: S107
    body = {"username": name, "password": password}
    return client.post("/api/v1/session", body, content_type="application/json", headers=csrf(client))


def test_nobody_is_signed_in_at_first(operator: User) -> None:
    session = browser().get("/api/v1/session")
    assert session.status_code == 200
    assert session.json()["signed_in"] is False
    assert session.json()["csrf_token"]


def test_signing_in_and_out(operator: User) -> None:
    client = browser()
    answer = sign_in(client)
    assert answer.status_code == 200
    assert answer.json() | {"csrf_token": ""} == {
        "signed_in": True,
        "username": "olga",
        "role": "operator",
        "can_edit": True,
        "csrf_token": "",
        "demo": False,
    }
    assert client.cookies["meshui_session"]["httponly"]
    assert client.cookies["meshui_session"]["samesite"] == "Lax"
    assert client.get("/api/v1/clusters").status_code == 200
    assert client.delete("/api/v1/session", headers=csrf(client)).json()["signed_in"] is False
    assert client.get("/api/v1/clusters").status_code == 401
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["sign in", "sign out"]


def test_a_write_without_the_csrf_token_is_refused(operator: User) -> None:
    client = browser()
    assert client.post("/api/v1/session", {}, content_type="application/json").status_code == 403
    sign_in(client)
    answer = client.delete("/api/v1/session")
    assert answer.status_code == 403
    assert "X-CSRFToken" in answer.json()["next_step"]


def test_a_wrong_password_is_told_and_audited(operator: User) -> None:
    answer = sign_in(browser(), password="guess")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.outcome) == ("olga", "sign in", "refused")


def test_guessing_is_slowed_down_for_that_name_only(operator: User, viewer: User, settings) -> None:
    settings.SIGN_IN_FAILURES = 3
    for _ in range(3):
        assert sign_in(browser(), password="guess").status_code == 401
    answer = sign_in(browser())
    assert answer.status_code == 429
    assert answer.json()["code"] == "throttled"
    assert int(answer.headers["Retry-After"]) > 0
    assert sign_in(browser(), "vera", "vera-password").status_code == 200


def test_people_can_sign_in_while_the_cache_is_gone(operator: User, settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    assert sign_in(browser(), password="guess").status_code == 401
    assert sign_in(browser()).status_code == 200


def test_missing_and_misspelt_fields_are_all_named(db: None) -> None:
    client = browser()
    answer = client.post("/api/v1/session", {"user": "x"}, content_type="application/json", headers=csrf(client))
    assert answer.status_code == 400
    assert answer.json()["fields"].keys() == {"username", "password", "user"}


def test_a_deactivated_user_is_out_at_once(operator: User) -> None:
    client = browser()
    sign_in(client)
    User.objects.update(is_active=False)
    assert client.get("/api/v1/clusters").status_code == 401


def test_a_cookie_over_https_is_secure(operator: User) -> None:
    client = browser()
    client.get("/api/v1/session", secure=True)
    assert client.cookies["meshui_csrf"]["secure"]
