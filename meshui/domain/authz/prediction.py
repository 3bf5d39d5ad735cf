"""What policy says of an edge's callers, before telemetry is looked at."""

from __future__ import annotations

import msgspec

from meshui.domain.graph.model import Authz, Verdict
from meshui.domain.health.reasons import per_second
from meshui.domain.mesh.names import ObjectRef


class AuthzPrediction(msgspec.Struct, frozen=True):
    """`decided_by` is None where no policy applies or where several together decide."""

    verdict: Verdict
    decided_by: ObjectRef | None
    reason: str

    @property
    def may_deny(self) -> bool:
        """Whether a 403 on this edge can be the proxy's."""
        return self.verdict in ("denied", "partly")


UNPREDICTED = AuthzPrediction("unknown", None, "The called workload is not known to policy.")


def merged(predictions: list[AuthzPrediction], denied_rate: float, rate: float) -> Authz:
    """One edge of a view from the predictions of all that it is made of, beside the refusals that were seen."""
    known = [one for one in predictions if one != UNPREDICTED] or [UNPREDICTED]
    verdicts = {one.verdict for one in known}
    deciding = {one.decided_by for one in known}
    reasons = list(dict.fromkeys(one.reason for one in known))
    reason = " ".join(reasons[:3]) + (f" And {len(reasons) - 3} more." if len(reasons) > 3 else "")
    verdict = _together(verdicts)
    return Authz(
        verdict=verdict,
        denied_rate=denied_rate,
        decided_by=next(iter(deciding)) if len(deciding) == 1 else None,
        reason=" ".join(filter(None, (reason, _compared(verdict, denied_rate, rate)))),
        disagrees=disagrees(verdict, denied_rate, rate),
    )


def disagrees(verdict: Verdict, denied_rate: float, rate: float) -> bool:
    """Whether traffic contradicts the verdict: refused though allowed, or none of it refused though denied. While a
    new policy comes into force, some is refused and some is not: that is no contradiction."""
    if verdict in ("allowed", "open"):
        return denied_rate > 0
    return verdict == "denied" and rate > 0 and denied_rate == 0


def _together(verdicts: set[Verdict]) -> Verdict:
    if len(verdicts) == 1:
        return next(iter(verdicts))
    if verdicts & {"denied", "partly"}:
        return "partly"
    return "allowed" if "allowed" in verdicts else "open"


def _compared(verdict: Verdict, denied_rate: float, rate: float) -> str:
    if denied_rate > 0:
        seen = f"{per_second(denied_rate)} of {per_second(rate)} were refused (403)."
        return f"{seen} No policy explains it." if verdict in ("allowed", "open") else seen
    if verdict == "denied" and rate > 0:
        return f"Yet none of {per_second(rate)} was refused."
    return ""
