"""The embedded mesh as Prometheus sees it: who calls whom, what faults look like, and what comes back by itself."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest
import requests

from .conftest import Demo, wait_until

EDGES = {
    ("source", "ingressgateway", "web.shop.svc.cluster.local", "http"),
    ("source", "web", "catalog.shop.svc.cluster.local", "http"),
    ("source", "web", "cart.shop.svc.cluster.local", "http"),
    ("source", "web", "recommendations.shop.svc.cluster.local", "grpc"),
    ("source", "catalog-v1", "inventory.warehouse.svc.cluster.local", "http"),
    ("source", "catalog-v2", "inventory.warehouse.svc.cluster.local", "http"),
    ("source", "cart", "checkout.payments.svc.cluster.local", "http"),
    ("source", "checkout", "payments.payments.svc.cluster.local", "http"),
    ("source", "payments", "fraud.payments.svc.cluster.local", "http"),
    ("source", "payments", "egressgateway.edge.svc.cluster.local", "http"),
    ("source", "egressgateway", "api.bank.example", "http"),
    ("destination", "ingressgateway", "web.shop.svc.cluster.local", "http"),
    ("destination", "web", "catalog.shop.svc.cluster.local", "http"),
    ("destination", "web", "cart.shop.svc.cluster.local", "http"),
    ("destination", "web", "recommendations.shop.svc.cluster.local", "grpc"),
    ("destination", "catalog-v1", "inventory.warehouse.svc.cluster.local", "http"),
    ("destination", "catalog-v2", "inventory.warehouse.svc.cluster.local", "http"),
    ("destination", "cart", "checkout.payments.svc.cluster.local", "http"),
    ("destination", "checkout", "payments.payments.svc.cluster.local", "http"),
    ("destination", "payments", "fraud.payments.svc.cluster.local", "http"),
    ("destination", "unknown", "inventory.warehouse.svc.cluster.local", "http"),
}
TCP_EDGE = 'source_workload="inventory",destination_service="stockdb.warehouse.svc.cluster.local"'
LABELS = {
    *("reporter", "request_protocol", "response_code", "response_flags", "connection_security_policy"),
    *("source_workload", "source_workload_namespace", "source_principal", "source_app", "source_version"),
    *("source_canonical_service", "source_canonical_revision", "source_cluster", "destination_cluster"),
    *("destination_workload", "destination_workload_namespace", "destination_principal", "destination_app"),
    *("destination_version", "destination_service", "destination_service_name", "destination_service_namespace"),
    *("destination_canonical_service", "destination_canonical_revision"),
}


def now(demo: Demo, promql: str) -> list[dict[str, Any]]:
    return demo.prometheus(promql, str(time.time()))


def flags(demo: Demo, selector: str) -> set[tuple[str, str]]:
    """(response code, flags) that are counted now."""
    found = now(demo, f"sum by (response_code, response_flags) (rate(istio_requests_total{{{selector}}}[6s])) > 0")
    return {(one["metric"]["response_code"], one["metric"]["response_flags"]) for one in found}


def test_every_call_of_the_shop_is_measured_from_both_sides(demo: Demo) -> None:
    def edges() -> set[tuple[str, ...]]:
        names = ("reporter", "source_workload", "destination_service", "request_protocol")
        found = now(demo, f"sum by ({', '.join(names)}) (rate(istio_requests_total[15s])) > 0")
        return {tuple(one["metric"][name] for name in names) for one in found}

    wait_until(lambda: edges() == EDGES, seconds=30, what="the edges of the shop and no others")
    for reporter in ("source", "destination"):
        assert now(demo, f'rate(istio_tcp_connections_opened_total{{reporter="{reporter}",{TCP_EDGE}}}[15s]) > 0')


def test_series_carry_istios_labels(demo: Demo) -> None:
    for one in now(demo, "istio_requests_total"):
        assert set(one["metric"]) >= LABELS


def test_catalog_gets_enough_traffic_to_judge_a_split(demo: Demo) -> None:
    catalog = 'reporter="source",destination_service="catalog.shop.svc.cluster.local"'
    enough = f"sum(rate(istio_requests_total{{{catalog}}}[15s])) >= 12"

    assert wait_until(lambda: now(demo, enough), seconds=25, what="12 requests a second")


@pytest.mark.parametrize(
    ("fault", "selector", "seen"),
    [
        ("overflow-inventory", 'reporter="source",source_workload=~"catalog.+"', ("503", "UO")),
        ("break-cart-certificate", 'reporter="source",source_workload="cart"', ("503", "UC")),
        ("errors-payments", 'reporter="destination",destination_workload="payments"', ("503", "-")),
    ],
)
def test_a_fault_shows_its_flag_and_leaves_no_trace_when_it_is_cleared(
    demo: Demo, fault: str, selector: str, seen: tuple[str, str]
) -> None:
    demo.fault(fault)
    try:
        wait_until(lambda: seen in flags(demo, selector), seconds=25, what=f"{seen} while {fault}")
    finally:
        demo.fault(fault, clear=True)
    wait_until(lambda: seen not in flags(demo, selector), seconds=25, what=f"no {seen} after {fault}")


def test_a_worker_that_is_killed_comes_back(demo: Demo) -> None:
    def worker() -> dict[str, Any]:
        processes = requests.get(f"{demo.control_url}/status", timeout=10).json()["processes"]
        return next(one for one in processes if one["name"] == "worker")

    before = worker()
    os.kill(before["pid"], signal.SIGKILL)

    wait_until(lambda: worker()["restarts"] > before["restarts"], seconds=20, what="a restart")
    version = demo.graph()["version"]
    wait_until(lambda: demo.graph()["version"] > version + 1, seconds=20, what="new snapshots")


def test_the_demo_stays_within_its_memory_and_its_core(demo: Demo) -> None:
    def usage() -> tuple[float, float]:
        status = requests.get(f"{demo.control_url}/status", timeout=10).json()
        return status["memory_mib"], sum(one["cpu_seconds"] or 0.0 for one in status["processes"])

    _, before = usage()
    time.sleep(5)
    memory, after = usage()

    assert memory < 2048
    assert (after - before) / 5 < 1.0
