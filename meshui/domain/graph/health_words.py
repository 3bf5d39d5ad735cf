"""The health of a view's edges and nodes, with the sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import isnan

from meshui.domain.graph.judge import Judged, ViewNumbers
from meshui.domain.graph.model import Health
from meshui.domain.graph.responses import Breakdown, in_words
from meshui.domain.health.levels import HEALTHY
from meshui.domain.health.reasons import no_errors, per_second, pods_health, traffic_health, worse
from meshui.domain.telemetry.rows import TCP, IntColumn


class HealthWords:
    """Puts the judgement of a view in words."""

    def __init__(self, numbers: ViewNumbers, found: Sequence[Breakdown], window_seconds: int) -> None:
        self._numbers = numbers
        self._found = found
        self._window = window_seconds
        self._words = [in_words(kind) for kind in numbers.answers.kinds]

    def edge(self, number: int) -> Health:
        """As the called side is judged; worse, if the caller is to be judged by what it asks for."""
        numbers, judgement = self._numbers, self._numbers.judgement
        since = float(numbers.edges.idle_since[number])
        if not isnan(since):
            return Health("idle", f"nothing since {datetime.fromtimestamp(since, UTC):%H:%M:%S} UTC")
        answered = float(numbers.edges.totals.answered[number])
        if numbers.grouping.protocol[number] == TCP:
            if answered == 0:
                return self._open()
            fine = no_errors(answered, "conn/s")
        else:
            fine = no_errors(answered)
        health = self._judged(judgement.edges, judgement.edge_row, number, [number]) or fine
        if judgement.edges_asked.level[number] > HEALTHY:
            return worse(health, self._judged(judgement.edges_asked, judgement.edge_asked_row, number, [number]))
        return health

    def node(self, number: int, arriving: list[int], leaving: list[int]) -> Health:
        """By what it answers to the edges arriving, what it asks for on those leaving, and its pods."""
        numbers, judgement = self._numbers, self._numbers.judgement
        nodes, node = numbers.nodes, numbers.grouping.nodes[number]
        by_pods = pods_health(node.pods_ready, node.pods_total)
        passing = bool(nodes.by_outbound[number])
        requests = float((nodes.outbound if passing else nodes.inbound).answered[number])
        streams = float(nodes.streams.answered[number])
        health = self._judged(judgement.nodes, judgement.node_row, number, arriving)
        if passing or judgement.nodes_asked.level[number] > HEALTHY:
            asked = self._judged(judgement.nodes_asked, judgement.node_asked_row, number, leaving)
            if asked and not passing:
                asked = Health(asked.state, f"of its own calls {asked.reason}")
            health = worse(asked, health) if asked else health
        if health is None or health.state == "healthy":
            health = self._fine(health, requests, streams)
        if health is not None:
            return worse(health, by_pods)
        if by_pods is not None:
            return by_pods
        if node.kind == "unknown":
            return Health("unknown", "outside the mesh: nothing tells of its health")
        if any(numbers.grouping.protocol[edge] == TCP for edge in arriving):
            return self._open()
        if nodes.outbound_rate[number] > 0:
            return Health("healthy", f"nobody calls it; it sends {per_second(float(nodes.outbound_rate[number]))}")
        return Health("idle", f"no traffic in the last {self._window} s")

    def _fine(self, health: Health | None, requests: float, streams: float) -> Health | None:
        """What a healthy node has to tell, of its requests and of its connections."""
        told = health.reason if health else ""
        if requests > 0 and "req/s" not in told:
            health = worse(health, no_errors(requests)) if health else no_errors(requests)
        if streams > 0 and "conn/s" not in told:
            of_streams = no_errors(streams, "conn/s")
            health = worse(of_streams, health)
        return health

    def _judged(self, judged: Judged, row: IntColumn, number: int, edges: Iterable[int]) -> Health | None:
        """None when nothing failed that any limit is about."""
        table, its_row, place = self._numbers.judgement.table, int(row[number]), int(judged.limit[number])
        limit = table.limit(its_row, place)
        if limit is None:
            return None
        words: dict[str, float] = {}
        for edge in edges:
            for kind, rate in self._found[edge].kinds.items():
                if table.covers[its_row, kind] == place:
                    words[self._words[kind]] = words.get(self._words[kind], 0.0) + rate
        return traffic_health(
            level=int(judged.level[number]),
            limit=limit,
            failed=float(judged.failed[number]),
            total=float(judged.total[number]),
            words=words,
            window_seconds=self._window,
        )

    def _open(self) -> Health:
        return Health("healthy", f"connections are open; none opened or closed in the last {self._window} s")
