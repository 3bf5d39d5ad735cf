"""Writes to the mesh, recorded: the intent before the cluster is touched, the outcome after, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from meshui import wiring
from meshui.contract.messages import ChangeMessage
from meshui.contract.weights import AppliedChange
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.records import audit, changes
from meshui.records.changes import Change

_REFUSALS = {Code.INVALID, Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT, Code.BLOCKED}


class Applied(Protocol):
    """What a use case says of a write that the cluster took."""

    @property
    def object(self) -> ObjectRef: ...

    @property
    def resource_version(self) -> str: ...

    @property
    def before(self) -> dict[str, Any]: ...

    @property
    def after(self) -> dict[str, Any]: ...

    @property
    def sentences(self) -> tuple[str, ...]: ...

    @property
    def dry_run_message(self) -> str: ...


def recorded(intent: Change, address: str, write: Callable[[], Applied]) -> AppliedChange:
    """Does the write, and records it in the history and the audit. Failures are recorded and raised again."""

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
    _tell(intent, done.object)
    return AppliedChange(
        change_id=intent.pk,
        object=done.object,
        resource_version=done.resource_version,
        sentences=tuple(done.sentences),
    )


def _tell(change: Change, ref: ObjectRef) -> None:
    """Every page that is open learns of it."""
    message = ChangeMessage(cluster=change.cluster, object=ref, change_id=change.pk, author=change.author)
    wiring.events().changed(change.cluster, msgspec.to_builtins(message))
