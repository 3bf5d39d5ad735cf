"""Changes made for a while, such as an injected fault, are taken back by themselves when their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from meshui.domain.failures import Code, Failure
from meshui.records import changes
from meshui.records.changes import Change, State
from meshui.records.users import User
from meshui.services import write_object
from meshui.services.acting import actor_of
from meshui.services.ports import Events, SnapshotStore
from meshui.services.record_write import recorded
from meshui.services.write_object import Runtime

LOCK_SECONDS = 30.0
RETRY = timedelta(seconds=30)


def due(now: datetime) -> list[Change]:
    """The changes whose time is over and that are still in force."""
    found = Change.objects.filter(state=State.APPLIED, expires_at__lte=now)
    return [one for one in found if not one.undone]


def take_back(runtime: Runtime, store: SnapshotStore, events: Events, change: Change, now: datetime) -> None:
    """Undoes a change in its author's name. What others changed since stays; where they changed the very same, it is
    left to people: the expiry ends and the history says why. A source that fails leaves it for the next time."""
    name = f"take-back:{change.pk}"
    fence = store.lock(name, LOCK_SECONDS)
    if fence is None:
        return
    try:
        change.refresh_from_db()
        if change.expires_at is None or change.undone or change.before is None or change.after is None:
            return
        author = User.objects.filter(username=change.author, is_active=True).first()
        if author is None or not author.can_edit:
            _give_up(change)
            return
        intent = changes.intend(
            author,
            change.cluster,
            "undo",
            reason="its time is over",
            undoes=change,
            service_namespace=change.service_namespace,
            service_name=change.service_name,
            object_kind=change.object_kind,
            object_namespace=change.object_namespace,
            object_name=change.object_name,
        )
        before, after = change.before, change.after
        try:
            recorded(intent, lambda: write_object.undo(runtime, actor_of(author), before, after), events)
        except Failure as failure:
            if failure.code is Code.SOURCE_UNAVAILABLE:
                change.expires_at = now + RETRY
                change.save(update_fields=["expires_at"])
                raise
            _give_up(change)
    finally:
        store.unlock(name, fence)


def _give_up(change: Change) -> None:
    """It stays as it is: the undo that was refused is in the history and the audit."""
    change.expires_at = None
    change.save(update_fields=["expires_at"])
