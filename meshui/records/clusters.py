"""The clusters that MeshUI looks at, and where to reach them. Secrets stay in the environment."""

from __future__ import annotations

from django.db import models

from meshui.env import Environment


class Cluster(models.Model):
    """A Kubernetes cluster with its Prometheus."""

    name = models.CharField(max_length=63, unique=True)
    """As Istio's `source_cluster` label knows it."""
    label = models.CharField(max_length=100)
    """What people call it."""
    kubeconfig = models.CharField(max_length=4096, blank=True, default="")
    """Empty: the service account of the pod."""
    kube_context = models.CharField(max_length=253, blank=True, default="")
    prometheus_url = models.CharField(max_length=2048)
    envoy_admin = models.CharField(max_length=16, default="none")
    from_environment = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def keep_cluster_of(environment: Environment) -> Cluster:
    """The cluster that the environment describes: made when missing, brought in line when the environment changed.
    One of another name that an earlier environment described is removed (its history keeps the name)."""
    Cluster.objects.filter(from_environment=True).exclude(name=environment.cluster).delete()
    connection = {
        "kubeconfig": environment.kubeconfig or "",
        "kube_context": environment.kube_context or "",
        "prometheus_url": environment.prometheus_url,
        "envoy_admin": environment.envoy_admin,
        "from_environment": True,
    }
    cluster, _ = Cluster.objects.update_or_create(
        name=environment.cluster,
        defaults=connection,
        create_defaults={**connection, "label": environment.cluster},
    )
    return cluster
