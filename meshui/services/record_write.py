"""Writes to the mesh, recorded: the intent before the cluster is touched, the outcome after, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.records import audit, changes
from meshui.records.changes import Change
from meshui.services.ports import Events

_REFUSALS = {Code.INVALID, Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT, Code.BLOCKED}


class Written(Protocol):
    """What a use case says of a write that the cluster took."""

    @property
    def object(self) -> ObjectRef: ...

    @property
    def before(self) -> dict[str, Any]: ...

    @property
    def after(self) -> dict[str, Any]: ...

    @property
    def dry_run_message(self) -> str: ...


W = TypeVar("W", bound=Written)


def recorded(intent: Change, write: Callable[[], W], events: Events, address: str = "") -> W:
    """Does the write, and records it in the history and the audit; every page that is open learns of it. `address`:
    where the request came from. Failures are recorded and raised again."""

    def note(outcome: audit.Outcome, **details: Any) -> None:
        audit.record(
            intent.author,
            intent.kind,
            outcome,
            cluster=intent.cluster,
            object=intent.object,
            change=intent,
            address=address,
            **details,
        )

    note(audit.Outcome.INTENDED)
    try:
        done = write()
    except Failure as failure:
        refused = failure.code in _REFUSALS
        changes.not_applied(intent, failure, refused=refused)
        outcome = audit.Outcome.REFUSED if refused else audit.Outcome.FAILED
        note(outcome, code=failure.code.value, message=failure.message)
        raise
    except Exception as problem:
        unexpected = Failure(Code.INTERNAL, f"{type(problem).__name__}; the trace is in the log")
        changes.not_applied(intent, unexpected, refused=False)
        note(audit.Outcome.FAILED, code=unexpected.code.value, message=unexpected.message)
        raise
    changes.applied(intent, done.object, done.before, done.after, done.dry_run_message)
    note(audit.Outcome.DONE)
    told = {"cluster": intent.cluster, "object": msgspec.to_builtins(done.object)}
    events.changed(intent.cluster, told | {"change_id": intent.pk, "author": intent.author})
    return done
