"""What counts as degraded and as failing."""

from __future__ import annotations

import msgspec


class Thresholds(msgspec.Struct, frozen=True):
    """Shares are fractions of 1; a share must be above its threshold. A state needs `minimum_failed` failed requests in
    the window and the lower Wilson bound of the share (95%, one-sided) above half of the threshold, so that one
    error in eight requests decides nothing. A state once reached is kept while the share is at least `keep` times its
    threshold. `client_*` are for 4xx and for gRPC statuses that are the caller's fault; None: these never count."""

    degraded: float = 0.01
    failing: float = 0.05
    client_degraded: float | None = 0.10
    client_failing: float | None = 0.20
    keep: float = 0.8
    minimum_failed: float = 2
    confidence: float = 1.645
    """Standard deviations of the Wilson bound."""


DEFAULT = Thresholds()
