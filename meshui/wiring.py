"""The composition root: from settings and cluster records to the adapters that the use cases work with.

What is made here is kept for the process; a forked child starts afresh, since connections don't survive a fork.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import msgspec
from channels.layers import get_channel_layer
from django.conf import settings

from meshui.adapters.envoy.certificate import read_certificates as _read_certificates
from meshui.adapters.envoy.client import AddressListAdmin, Admin, PodAddressAdmin
from meshui.adapters.envoy.forward import PortForwardAdmin
from meshui.adapters.events.channels import ChannelEvents
from meshui.adapters.kubernetes.client import KubernetesClient, KubernetesOptions
from meshui.adapters.kubernetes.config import KubernetesConfig
from meshui.adapters.kubernetes.discover import Discovery
from meshui.adapters.kubernetes.inventory import KubernetesInventory
from meshui.adapters.prometheus.client import PrometheusClient, PrometheusOptions
from meshui.adapters.store.redis import MEGABYTE, RedisStore, StoreOptions
from meshui.domain.failures import Code, Failure
from meshui.domain.health.rules import HealthRules
from meshui.domain.join import ALL
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import Certificate
from meshui.env import Environment
from meshui.records.clusters import Cluster
from meshui.services import read_inventory
from meshui.services.ports import ConfigSource, Events, InventorySource, MetricsSource, ProxySource, SnapshotStore


class ClusterRuntime(msgspec.Struct, frozen=True):
    """The sources of one cluster. `proxies` is None where the proxies' admin is not to be read."""

    name: str
    metrics: MetricsSource
    inventory: InventorySource
    config: ConfigSource
    proxies: ProxySource | None


class _Connection(msgspec.Struct, frozen=True):
    """What a runtime is made from: another one means another runtime."""

    name: str
    kubernetes: KubernetesOptions
    prometheus_url: str
    prometheus_token: str | None
    prometheus_headers: tuple[tuple[str, str], ...]
    envoy_admin: str
    envoy_admin_urls: tuple[tuple[str, str], ...]


def environment() -> Environment:
    """The environment as settings read it."""
    found: Environment = settings.MESHUI
    return found


def health_rules() -> HealthRules:
    """The health file's rules, as settings read them."""
    found: HealthRules = settings.HEALTH_RULES
    return found


def clusters() -> tuple[str, ...]:
    """The names of all clusters."""
    return tuple(Cluster.objects.values_list("name", flat=True))


def members(cluster: str) -> tuple[str, ...]:
    """The clusters that a name stands for, where it stands for several."""
    return clusters() if cluster == ALL else ()


def cluster_runtime(name: str) -> ClusterRuntime:
    """A cluster's sources. Raises Failure(NOT_FOUND); whether they answer shows when they are used."""
    cluster = Cluster.objects.filter(name=name).first()
    if cluster is None:
        raise Failure(Code.NOT_FOUND, f"There is no cluster {name!r}", context={"cluster": name[:100]})
    # Secrets are never in the database: only the cluster that the environment describes has them.
    ours = environment()
    secrets = ours if cluster.from_environment else None
    return _runtime(
        _Connection(
            name=cluster.name,
            kubernetes=KubernetesOptions(cluster.kubeconfig or None, cluster.kube_context or None),
            prometheus_url=cluster.prometheus_url,
            prometheus_token=secrets.prometheus_token if secrets else None,
            prometheus_headers=tuple(secrets.prometheus_headers.items()) if secrets else (),
            envoy_admin=cluster.envoy_admin,
            envoy_admin_urls=tuple(ours.envoy_admin_urls.items()) if cluster.from_environment else (),
        )
    )


def read_certificates(pem: bytes) -> tuple[Certificate, ...]:
    """The certificates of a PEM text; none when it can't be read."""
    return _read_certificates(pem)


@cache
def store() -> SnapshotStore:
    """The snapshot store."""
    ours = environment()
    return RedisStore(
        StoreOptions(
            url=ours.redis_url,
            ring_dense=ours.ring_dense_minutes * 60,
            ring_reach=ours.ring_hours * 3600,
            ring_bytes=int(ours.ring_megabytes * MEGABYTE),
        )
    )


@cache
def events() -> Events:
    """The way to tell all web processes of news."""
    return ChannelEvents(_channel_layer)


def _channel_layer() -> Any:
    return get_channel_layer()


@cache
def _runtime(connection: _Connection) -> ClusterRuntime:
    kubernetes = KubernetesClient(connection.kubernetes)
    discovery = Discovery(kubernetes)
    metrics = PrometheusOptions(
        url=connection.prometheus_url,
        token=connection.prometheus_token,
        headers=dict(connection.prometheus_headers),
    )
    return ClusterRuntime(
        name=connection.name,
        metrics=PrometheusClient(metrics),
        inventory=KubernetesInventory(kubernetes, discovery),
        config=KubernetesConfig(kubernetes, discovery),
        proxies=_proxies(connection, kubernetes),
    )


def _proxies(connection: _Connection, kubernetes: KubernetesClient) -> ProxySource | None:
    pods = _pods_proxies(connection, kubernetes)
    return AddressListAdmin(dict(connection.envoy_admin_urls), pods) if connection.envoy_admin_urls else pods


def _pods_proxies(connection: _Connection, kubernetes: KubernetesClient) -> Admin | None:
    match connection.envoy_admin:
        case "pod-ip":
            return PodAddressAdmin(lambda pod: _pod_address(connection.name, pod))
        case "port-forward":
            return PortForwardAdmin(lambda: kubernetes.configuration, kubernetes.authorization)
    return None


def _pod_address(cluster: str, pod: ObjectRef) -> str | None:
    pods = read_inventory.inventory(store(), cluster).pods
    return next((one.ip for one in pods if (one.namespace, one.name) == (pod.namespace, pod.name)), None)


def _forget() -> None:
    for made in (store, events, _runtime):
        made.cache_clear()


os.register_at_fork(after_in_child=_forget)
