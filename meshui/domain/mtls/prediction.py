"""What policy makes of an edge's encryption, before telemetry is looked at."""

from __future__ import annotations

import msgspec

from meshui.domain.graph.model import Mtls, MtlsOutcome
from meshui.domain.health.reasons import percent
from meshui.domain.mesh.names import ObjectRef


class MtlsPrediction(msgspec.Struct, frozen=True):
    """The predicted outcome, the server mode behind it and the object that decided (None: Istio's default)."""

    expected: MtlsOutcome
    mode: str
    decided_by: ObjectRef | None
    reason: str


UNPREDICTED = MtlsPrediction("unknown", "UNKNOWN", None, "The called side is not known to policy.")


def merged(predictions: list[MtlsPrediction], observed_share: float | None) -> Mtls:
    """One edge of a view from the predictions of all that it is made of, beside what was seen."""
    known = [one for one in predictions if one is not UNPREDICTED and one != UNPREDICTED] or [UNPREDICTED]
    outcomes = {one.expected for one in known}
    modes = {one.mode for one in known}
    deciding = {one.decided_by for one in known}
    reasons = list(dict.fromkeys(one.reason for one in known))
    expected: MtlsOutcome = next(iter(outcomes)) if len(outcomes) == 1 else "mixed"
    reason = " ".join(reasons[:3]) + (f" And {len(reasons) - 3} more." if len(reasons) > 3 else "")
    return Mtls(
        observed_share=observed_share,
        expected=expected,
        mode=next(iter(modes)) if len(modes) == 1 else "UNKNOWN",
        decided_by=next(iter(deciding)) if len(deciding) == 1 else None,
        reason=" ".join(filter(None, (reason, _compared(expected, observed_share)))),
    )


def disagrees(expected: MtlsOutcome, share: float) -> bool:
    """Whether what was seen contradicts what policy makes of an edge. A refused call leaves no share."""
    return (
        (expected == "mutual_tls" and share < 0.999)
        or (expected == "plain_text" and share > 0.001)
        or expected == "refused"
    )


def _compared(expected: MtlsOutcome, share: float | None) -> str:
    if share is None:
        return "No report from the called side says what was used."
    seen = f"{percent(share)} of the traffic arrives over mutual TLS"
    if not disagrees(expected, share):
        return f"{seen}."
    where = {"mutual_tls": "all of it should", "plain_text": "none was expected"}.get(expected, "none should arrive")
    return f"{seen}, where {where}."
