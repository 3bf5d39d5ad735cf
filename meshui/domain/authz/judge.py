"""May A call B? Every point that the request passes must let it through."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meshui.domain.authz.decide import Decision
from meshui.domain.authz.match import Truth
from meshui.domain.authz.policies import Point
from meshui.domain.authz.request import Request


class Judged(msgspec.Struct, frozen=True):
    """What one point decided."""

    point: Point
    request: Request
    """The request as it arrives there."""
    decision: Decision


UNENFORCED = Decision(
    Truth.YES, None, None, "No proxy stands in front of it, so no policy is enforced there.", open=True
)


def judge(points: Sequence[Point], request: Request) -> list[Judged]:
    """What each point decides, up to the first that refuses."""
    found = []
    for point in points:
        judged = Judged(point, request, point.policies.decide(request))
        found.append(judged)
        if judged.decision.allowed == Truth.NO:
            break
        if point.passes_as is not None:
            request = msgspec.structs.replace(request, identity=point.passes_as)
    return found


def verdict(judged: Sequence[Judged]) -> Decision:
    """The one decision that tells the whole: the refusal, else the first that is not sure, else what allows it."""
    if not judged:
        return UNENFORCED
    decisions = [one.decision for one in judged]
    for wanted in (Truth.NO, Truth.MAYBE):
        if (first := next((one for one in decisions if one.allowed == wanted), None)) is not None:
            return first
    return next((one for one in decisions if not one.open), decisions[0])
