"""Writes to the mesh on behalf of a request, recorded, as clients are answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from meshui import wiring
from meshui.contract.edits import AppliedChange
from meshui.records.changes import Change
from meshui.services import record_write


class Applied(record_write.Written, Protocol):
    """What a use case says of a write that the cluster took."""

    @property
    def resource_version(self) -> str: ...

    @property
    def sentences(self) -> tuple[str, ...]: ...


def recorded(intent: Change, address: str, write: Callable[[], Applied]) -> AppliedChange:
    """Does the write, and records it in the history and the audit. Failures are recorded and raised again."""
    done = record_write.recorded(intent, write, wiring.events(), address)
    return AppliedChange(
        change_id=intent.pk,
        object=done.object,
        resource_version=done.resource_version,
        sentences=tuple(done.sentences),
    )
