"""A Prometheus configuration that scrapes the proxies and shows their metrics under Istio's names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from meshui.demo.layout import ADMIN_PORT

JOB = "envoy-stats"
_ISTIO = "envoy_(istio_.+)"


def targets(pods: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Scrape targets of (namespace, pod, ip): the content of a static configuration, or of a `file_sd` file as JSON."""
    return [
        {"targets": [f"{ip}:{ADMIN_PORT}"], "labels": {"namespace": namespace, "pod": pod}}
        for namespace, pod, ip in pods
    ]


def scrape_config(
    pods: Iterable[tuple[str, str, str]], scrape_interval: str = "2s", file_sd: Path | None = None
) -> dict[str, Any]:
    """The proxies' job; with `file_sd` its targets are read from that file and may change while Prometheus runs."""
    discovery: dict[str, Any] = (
        {"file_sd_configs": [{"files": [str(file_sd)], "refresh_interval": "2s"}]}
        if file_sd
        else {"static_configs": targets(pods)}
    )
    return {
        "job_name": JOB,
        "scrape_interval": scrape_interval,
        "scrape_timeout": scrape_interval,
        "metrics_path": "/stats/prometheus",
        "params": {"filter": [r"^istio\."]},
        **discovery,
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": _ISTIO, "target_label": "__name__", "replacement": "$1"},
            {"source_labels": ["__name__"], "regex": "istio_.+", "action": "keep"},
        ],
    }


def prometheus_config(
    pods: Iterable[tuple[str, str, str]] = (), scrape_interval: str = "2s", file_sd: Path | None = None
) -> dict[str, Any]:
    """A whole configuration file (dump it as YAML) with the proxies as its one job."""
    return {
        "global": {"scrape_interval": scrape_interval, "evaluation_interval": scrape_interval},
        "scrape_configs": [scrape_config(pods, scrape_interval, file_sd)],
    }
