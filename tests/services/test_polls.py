import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from meshui.adapters.kubernetes.inventory import KindObjects
from meshui.adapters.store.redis import RedisStore, StoreOptions
from meshui.domain.failures import Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import ProxyReading
from meshui.domain.telemetry import istio
from meshui.domain.telemetry.dialects import DIALECTS, Dialect
from meshui.domain.telemetry.prometheus import Answer
from meshui.domain.telemetry.rows import TelemetryRows, no_rows
from meshui.services import parts
from meshui.services.ask_telemetry import AT_ONCE, SLOW, ask_telemetry
from meshui.services.poll_inventory import poll_inventory
from meshui.services.poll_proxies import poll_proxies
from meshui.services.poll_telemetry import BEHIND, poll_telemetry
from meshui.services.read_inventory import inventory, inventory_or_none
from meshui.services.read_proxies import proxies
from tests.services.conftest import NOON, Inventory, Metrics, down, pod, service


def test_all_queries_of_a_poll_are_evaluated_at_one_instant(store: RedisStore, cluster: str) -> None:
    metrics = Metrics()
    assert poll_telemetry(metrics, store, cluster, 15, NOON) is None
    assert {at for _, at in metrics.asked} == {NOON - BEHIND}
    assert all("[15s]" in promql or "count" in promql for promql, _ in metrics.asked)
    part = parts.get(store, cluster, "telemetry/15", parts.TelemetryPart)
    assert part is not None
    assert part.evaluated_at == NOON - BEHIND
    assert part.rows.requests.rate.tolist() == [10.0]
    assert parts.status(store, cluster, "telemetry/15") == parts.SourceStatus(as_of=NOON, dialects=("istio",))


class Spoken(Metrics):
    """Answers which dialects are spoken; nobody calls anybody."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def query(self, promql: str, at: datetime) -> bytes:
        self.asked.append((promql, at))
        names = self.names if "label_replace" in promql else ()
        result = [{"metric": {"dialect": name}, "value": [at.timestamp(), "3"]} for name in names]
        return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()


def test_a_mesh_that_appears_is_found_and_asked_about_now_and_then(store: RedisStore, cluster: str) -> None:
    metrics = Spoken()

    def poll(seconds: float) -> list[str]:
        metrics.asked.clear()
        assert poll_telemetry(metrics, store, cluster, 15, NOON + timedelta(seconds=seconds)) is None
        return [promql for promql, _ in metrics.asked]

    assert len(poll(0)) == 1
    status = parts.status(store, cluster, "telemetry/15")
    assert status is not None
    assert (status.dialects, status.partial) == ((), parts_without_a_mesh())
    assert len(poll(5)) == 0
    metrics.names = ("istio",)
    first = poll(11)
    assert "label_replace" in first[0]
    assert len(first) == 1 + len(istio.QUERIES)
    quick = [query for query in istio.QUERIES.values() if "{window}" in query]
    assert len(poll(16)) == len(quick) < len(istio.QUERIES)
    metrics.names = ()
    assert len(poll(60)) == len(quick)
    assert len(poll(72)) == 1


def parts_without_a_mesh() -> str:
    return "no metrics of a mesh were found; looked for: " + ", ".join(dialect.name for dialect in DIALECTS)


def test_bucket_bounds_are_asked_for_now_and_then_whatever_the_window(store: RedisStore, cluster: str) -> None:
    metrics = Metrics()

    def bounds_asked(seconds: float, window: int) -> int:
        metrics.asked.clear()
        poll_telemetry(metrics, store, cluster, window, NOON + timedelta(seconds=seconds))
        return sum("count by (le)" in promql for promql, _ in metrics.asked)

    assert [bounds_asked(1, 15), bounds_asked(3, 60), bounds_asked(250, 15)] == [1, 0, 0]
    assert bounds_asked(1 + SLOW.total_seconds(), 15) == 1


def test_few_answers_are_in_memory_at_once() -> None:
    class Counting(Metrics):
        unread, most = 0, 0

        def query(self, promql: str, at: datetime) -> bytes:
            Counting.unread += 1
            Counting.most = max(Counting.most, Counting.unread)
            return super().query(promql, at)

    def rows(bodies: Mapping[str, Answer], cluster: str) -> TelemetryRows:
        for number in range(20):
            assert len(bodies[str(number)]) == 0
            Counting.unread -= 1
        assert bodies.get("0") is None
        return no_rows(cluster)

    dialect = Dialect("many", "up", {str(number): "rate(up[{window}])" for number in range(20)}, rows)
    ask_telemetry(Counting(), "c", 15, NOON, [dialect])
    assert Counting.unread == 0
    assert Counting.most <= AT_ONCE + 1


def test_a_failing_source_leaves_its_last_good_part_and_says_since_when(store: RedisStore, cluster: str) -> None:
    metrics = Metrics()
    poll_telemetry(metrics, store, cluster, 15, NOON)
    metrics.failure = down()
    for seconds in (2, 4):
        poll_telemetry(metrics, store, cluster, 15, NOON + timedelta(seconds=seconds))
    status = parts.status(store, cluster, "telemetry/15")
    since = NOON + timedelta(seconds=2)
    assert status == parts.SourceStatus(as_of=NOON, error=down().message, error_since=since, dialects=("istio",))
    state = parts.source_state("telemetry", status, have_part=True)
    assert (state.state, state.as_of, state.stale_since, state.error) == ("stale", NOON, since, down().message)
    metrics.failure = None
    later = NOON + timedelta(seconds=6)
    poll_telemetry(metrics, store, cluster, 15, later)
    assert parts.status(store, cluster, "telemetry/15") == parts.SourceStatus(as_of=later, dialects=("istio",))


def test_an_answer_that_can_not_be_read_does_not_replace_a_good_one(store: RedisStore, cluster: str) -> None:
    poll_telemetry(Metrics(), store, cluster, 15, NOON)

    class Broken(Metrics):
        def query(self, promql: str, at: object) -> bytes:
            return b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[]}]}}'

    failure = poll_telemetry(Broken(), store, cluster, 15, NOON + timedelta(seconds=2))
    assert isinstance(failure, Failure)
    part = parts.get(store, cluster, "telemetry/15", parts.TelemetryPart)
    assert part is not None
    assert part.evaluated_at == NOON - BEHIND


def test_a_source_that_never_answered_has_failed_and_one_not_asked_is_loading() -> None:
    assert parts.source_state("telemetry", None, have_part=False).state == "loading"
    status = parts.SourceStatus(error="no", error_since=NOON)
    assert parts.source_state("telemetry", status, have_part=False).state == "failed"


def test_only_kinds_that_changed_are_written_and_read_again(store: RedisStore, cluster: str, valkey: str) -> None:
    source = Inventory(services=(service("web"),), pods=(pod("web"),))
    assert poll_inventory(source, store, cluster, NOON, 1).changed
    assert not poll_inventory(source, store, cluster, NOON, 1).changed
    first = inventory(store, cluster)
    assert inventory(store, cluster) is first
    index = parts.get(store, cluster, parts.INVENTORY, parts.InventoryIndex)
    source.states["v1/services"] = KindObjects("2", (service("web"), service("catalog")))
    assert poll_inventory(source, store, cluster, NOON, 1).changed
    again = parts.get(store, cluster, parts.INVENTORY, parts.InventoryIndex)
    assert index is not None
    assert again is not None
    assert again.kinds["v1/pods"] == index.kinds["v1/pods"]
    assert again.kinds["v1/services"].stamp > index.kinds["v1/services"].stamp
    assert set(inventory(store, cluster).services) == {("shop", "web"), ("shop", "catalog")}
    elsewhere = RedisStore(StoreOptions(url=valkey))
    assert set(inventory(elsewhere, cluster).services) == {("shop", "web"), ("shop", "catalog")}
    poll_inventory(source, elsewhere, cluster, NOON, 1)
    assert source.known["v1/services"].resource_version == "2"
    elsewhere.close()


def test_a_cluster_that_is_away_keeps_its_inventory_and_news_is_told_once(store: RedisStore, cluster: str) -> None:
    source = Inventory(services=(service("web"),))
    poll_inventory(source, store, cluster, NOON, 1)
    source.failure = down("The Kubernetes API refused the connection")
    assert poll_inventory(source, store, cluster, NOON, 1).changed
    assert not poll_inventory(source, store, cluster, NOON, 1).changed
    assert ("shop", "web") in inventory(store, cluster).services
    source.failure = None
    assert poll_inventory(source, store, cluster, NOON, 1).changed


def test_a_kind_that_is_forbidden_makes_the_inventory_partial(store: RedisStore, cluster: str) -> None:
    source = Inventory(services=(service("web"),))
    source.states["v1/pods"] = KindObjects("", (), "pods is forbidden")
    poll_inventory(source, store, cluster, NOON, 1)
    state = parts.source_state("inventory", parts.status(store, cluster, parts.INVENTORY), have_part=True)
    assert (state.state, state.error) == ("live", "1 kind can't be read (pods): pods is forbidden")


def test_before_the_first_poll_there_is_no_inventory(store: RedisStore, cluster: str) -> None:
    assert inventory_or_none(store, cluster) is None


class Proxies:
    def __init__(self) -> None:
        self.read_pods: list[str] = []
        self.broken: set[str] = set()

        self.fixed: tuple[ObjectRef, ...] = ()

    def get(self, pod: ObjectRef, path: str) -> bytes:
        return b""

    def syncz(self, pod: ObjectRef) -> bytes:
        return b"[]"

    def log_levels(self, pod: ObjectRef) -> dict[str, str]:
        return {}

    def set_log_level(self, pod: ObjectRef, logger: str, level: str) -> dict[str, str]:
        return {logger: level}

    def read(self, pod: ObjectRef) -> ProxyReading:
        self.read_pods.append(pod.name)
        if pod.name in self.broken:
            raise down(f"The proxy of {pod.namespace}/{pod.name} refused the connection")
        return ProxyReading(pod=pod, read_at=NOON)


def test_proxies_are_read_a_few_at_a_time_in_turn(store: RedisStore, cluster: str) -> None:
    source = Proxies()
    assert poll_proxies(source, store, cluster, NOON) is None
    assert source.read_pods == []
    poll_inventory(Inventory(pods=tuple(pod(name) for name in "abcde")), store, cluster, NOON, 1)
    for _ in range(3):
        poll_proxies(source, store, cluster, NOON, sample=2)
    assert sorted(source.read_pods) == ["a", "a", "b", "c", "d", "e"]
    assert [reading.pod.name for reading in proxies(store, cluster)] == ["a", "b", "c", "d", "e"]
    assert proxies(store, cluster)[0].workload == "a"


def test_a_proxy_that_can_not_be_read_says_why_and_a_pod_that_is_gone_is_forgotten(
    store: RedisStore, cluster: str
) -> None:
    source = Proxies()
    source.broken = {"a"}
    objects = Inventory(pods=(pod("a"), pod("b")))
    poll_inventory(objects, store, cluster, NOON, 1)
    assert poll_proxies(source, store, cluster, NOON) is None
    assert proxies(store, cluster)[0].error == "The proxy of shop/a refused the connection"
    objects.states["v1/pods"] = KindObjects("2", (pod("a"),))
    poll_inventory(objects, store, cluster, NOON, 1)
    failure = poll_proxies(source, store, cluster, NOON)
    assert failure is not None
    assert failure.message == "No proxy can be read: The proxy of shop/a refused the connection"
    assert [reading.pod.name for reading in proxies(store, cluster)] == ["a"]
