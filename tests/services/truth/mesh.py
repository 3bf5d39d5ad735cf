"""A small mesh and its traffic, as it really is: what every dialect then tells its part of."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from hypothesis import strategies as st

BOUNDS: Final = (5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0)
"""Upper bounds of latency buckets in milliseconds; above is infinite."""


class Workload(NamedTuple):
    """`ambient`: its node's ztunnel speaks for it; else it has a sidecar."""

    namespace: str
    name: str
    service: str
    version: str
    ambient: bool = False


class Call(NamedTuple):
    """Per second: requests by answer (HTTP code, or gRPC status for grpc), or connections for tcp; how many of them
    took as long as each bucket holds; bytes. `source` None: somebody without a proxy."""

    source: Workload | None
    destination: Workload
    protocol: Literal["http", "grpc", "tcp"]
    answers: dict[str, int]
    buckets: tuple[int, ...]
    sent: int
    received: int

    @property
    def rate(self) -> int:
        return sum(self.answers.values())

    @property
    def cumulative(self) -> list[float]:
        """By bound, the last infinite."""
        return [float(sum(self.buckets[: place + 1])) for place in range(len(self.buckets))]


class Truth(NamedTuple):
    workloads: tuple[Workload, ...]
    calls: tuple[Call, ...]


SHOP_ANSWERS: Final = {"http": ("200", "404", "500", "503"), "grpc": ("0", "5", "14"), "tcp": ("-",)}


@st.composite
def truths(draw: st.DrawFn, mixed: bool = False) -> Truth:
    """Two to four services of one or two versions that call each other, and somebody outside who calls one."""
    workloads: list[Workload] = []
    protocols: dict[str, Literal["http", "grpc", "tcp"]] = {}
    for number in range(draw(st.integers(2, 4))):
        service, namespace = f"svc{number}", draw(st.sampled_from(("shop", "pay")))
        protocols[service] = draw(st.sampled_from(("http", "http", "grpc", "tcp")))
        for version in range(1, draw(st.integers(1, 2)) + 1):
            ambient = draw(st.booleans()) if mixed else False
            workloads.append(Workload(namespace, f"{service}-v{version}", service, f"v{version}", ambient))
    pairs = [(one, other) for one in workloads for other in workloads if one.service != other.service]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=6, unique=True))
    callers: list[tuple[Workload | None, Workload]] = [*chosen]
    http = [one for one in workloads if protocols[one.service] == "http" and not one.ambient]
    if http and draw(st.booleans()):
        callers.append((None, draw(st.sampled_from(http))))
    return Truth(tuple(workloads), tuple(draw(calls(*ends, protocols[ends[1].service])) for ends in callers))


@st.composite
def calls(
    draw: st.DrawFn, source: Workload | None, destination: Workload, protocol: Literal["http", "grpc", "tcp"]
) -> Call:
    kinds = SHOP_ANSWERS[protocol]
    answers = {kind: draw(st.integers(1, 40)) for kind in kinds if kind == kinds[0] or draw(st.booleans())}
    total = sum(answers.values())
    cuts = sorted(draw(st.lists(st.integers(0, total), min_size=len(BOUNDS), max_size=len(BOUNDS))))
    buckets = tuple(high - low for low, high in zip([0, *cuts], [*cuts, total], strict=True))
    return Call(source, destination, protocol, answers, buckets, draw(st.integers(1, 999)), draw(st.integers(1, 999)))
