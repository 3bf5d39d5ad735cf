"""How much must be seen before a threshold counts as crossed, and when a state is left again."""

from __future__ import annotations

import msgspec


class Thresholds(msgspec.Struct, frozen=True):
    """A share must be above its threshold. A state needs `minimum_failed` failed requests in the window and the lower
    Wilson bound of the share (95%, one-sided) above half of the threshold, so that one error in eight requests
    decides nothing. A state once reached is kept while the share is at least `keep` times its threshold."""

    keep: float = 0.8
    minimum_failed: float = 2
    confidence: float = 1.645
    """Standard deviations of the Wilson bound."""


DEFAULT = Thresholds()
