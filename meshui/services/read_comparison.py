"""What differs between two views, found once for all who compare them."""

from __future__ import annotations

from meshui.domain.graph.compare import Comparison, compare
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.services.cache import PerStore, SingleFlight
from meshui.services.ports import SnapshotStore

_Side = tuple[int, str]
"""Version and origin of a view."""
_Key = tuple[str, int, ViewSpec, _Side, _Side]

_kept: PerStore[SingleFlight[_Key, Comparison]] = PerStore(lambda: SingleFlight(16))


def comparison(store: SnapshotStore, spec: ViewSpec, before: GraphView, after: GraphView) -> Comparison:
    """The differences from `before` to `after`, two views that `spec` asked for."""
    key = (after.cluster, after.window_seconds, spec, _side(before), _side(after))
    return _kept.of(store).get(key, lambda: compare(before, after))


def _side(view: GraphView) -> _Side:
    return view.version, view.past.origin if view.past else "live"
