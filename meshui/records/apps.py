"""The application `records`: what must survive a restart."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecordsConfig(AppConfig):
    name = "meshui.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_keep_cluster_of_environment, sender=self)


def _keep_cluster_of_environment(**_: Any) -> None:
    """Every `migrate` (each start runs one) brings the cluster's record in line with the environment."""
    from django.conf import settings

    from meshui.records.clusters import keep_cluster_of

    keep_cluster_of(settings.MESHUI)
