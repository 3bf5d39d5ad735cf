import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from django.core.management import CommandError, call_command

from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.records import audit, changes, tokens
from meshui.records.append_only import AppendOnlyError
from meshui.records.audit import AuditEntry
from meshui.records.clusters import Cluster, keep_cluster_of
from meshui.records.models import ApiToken, User
from meshui.records.users import Role

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", role=Role.OPERATOR)


def test_a_token_is_kept_as_a_digest_only_and_tells_its_user(ann: User) -> None:
    token = tokens.issue(ann, "script")
    assert token not in str(ApiToken.objects.values())
    assert tokens.user_of(token, NOW) == ann
    assert tokens.user_of(token + "x", NOW) is None
    assert tokens.user_of("\0\ud800", NOW) is None


def test_a_token_ends_with_its_time_its_replacement_and_its_user(ann: User) -> None:
    brief = tokens.issue(ann, "brief", expires_at=NOW)
    assert tokens.user_of(brief, NOW - timedelta(seconds=1)) == ann
    assert tokens.user_of(brief, NOW) is None
    first, second = tokens.issue(ann, "script"), tokens.issue(ann, "script")
    assert tokens.user_of(first, NOW) is None
    User.objects.update(is_active=False)
    assert tokens.user_of(second, NOW) is None


def test_the_audit_can_only_grow() -> None:
    entry = audit.record("ann", "sign in", audit.Outcome.DONE)
    entry.actor = "bob"
    for rewrite in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(actor="bob"),
        lambda: AuditEntry.objects.bulk_update([entry], ["actor"]),
    ):
        with pytest.raises(AppendOnlyError):
            rewrite()
    assert AuditEntry.objects.get().actor == "ann"


def test_an_entry_is_text_that_every_database_takes() -> None:
    entry = audit.record("a\0nn", "post weights", audit.Outcome.REFUSED, cluster="\0", message="GET /\0")
    assert (entry.actor, entry.cluster, entry.message) == ("a\ufffdnn", "\ufffd", "GET /\ufffd")


def test_a_change_has_one_outcome(ann: User) -> None:
    change = changes.intend(ann, "demo", "weights")
    assert change.object is None
    target = ObjectRef("VirtualService", "shop", "catalog")
    changes.applied(change, target, {"a": 1}, {"a": 2})
    assert change.object == target
    with pytest.raises(ValueError, match="outcome"):
        changes.not_applied(change, Failure(Code.CONFLICT, "late"), refused=True)


def test_an_applied_undo_marks_the_change_undone(ann: User) -> None:
    change = changes.intend(ann, "demo", "weights")
    target = ObjectRef("VirtualService", "shop", "catalog")
    changes.applied(change, target, {}, {})
    undo = changes.intend(ann, "demo", "undo", undoes=change)
    assert not change.undone
    changes.applied(undo, target, {}, {})
    assert change.undone


def test_the_cluster_of_the_environment_follows_it(settings) -> None:
    assert Cluster.objects.get().name == "demo"  # made by migrate
    changed = msgspec.structs.replace(settings.MESHUI, prometheus_url="http://elsewhere:9090")
    keep_cluster_of(changed)
    assert Cluster.objects.get().prometheus_url == "http://elsewhere:9090"
    Cluster.objects.create(name="other", label="Other", prometheus_url="http://other:9090")
    keep_cluster_of(msgspec.structs.replace(changed, cluster="renamed"))
    assert {one.name for one in Cluster.objects.all()} == {"renamed", "other"}


def test_the_demos_people_and_token_stay_the_same(settings, tmp_path: Path) -> None:
    settings.MESHUI = msgspec.structs.replace(settings.MESHUI, demo=True, state=tmp_path)
    first, second = _printed("demo_users"), _printed("demo_users")
    assert json.loads(first) == json.loads(second)
    facts = json.loads(first)
    assert [user["username"] for user in facts["users"]] == ["operator", "viewer"]
    operator = tokens.user_of(facts["token"], NOW)
    assert operator is not None
    assert operator.kubernetes_groups == ["meshui:operators"]
    assert operator.check_password("operator-demo")
    assert (tmp_path / "demo-token").stat().st_mode & 0o077 == 0


def test_known_passwords_are_for_the_demo_only() -> None:
    with pytest.raises(CommandError, match="MESHUI_DEMO"):
        call_command("demo_users")
    assert not User.objects.exists()


def test_a_user_is_made_from_the_command_line(monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    out = _printed("create_user", "bob", "--role", "operator", "--kubernetes-group", "devs", "--token")
    bob = User.objects.get()
    assert (bob.role, bob.kubernetes_groups, bob.can_edit) == ("operator", ["devs"], True)
    assert bob.check_password("correct horse battery")
    assert tokens.user_of(out.split()[-1], NOW) == bob
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError, match="short"):
        call_command("create_user", "eve")


def test_a_superuser_is_an_admin() -> None:
    assert User.objects.create_superuser("root", password="x").role == "admin"


def test_migrations_are_complete() -> None:
    call_command("makemigrations", "--check", "--dry-run", stdout=io.StringIO())


def _printed(*command: str) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()
