"""Every address: the API, its docs, health, and the single-page application for the rest."""

from __future__ import annotations

from django.urls import include, path, re_path

from meshui.api import health
from meshui.api.static import single_page

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/", include("meshui.api.urls")),
    re_path(r"^(?!(?:api|ws|static|assets)(?:/|$)).*$", single_page),
]
handler400 = "meshui.api.errors.bad_request"
handler403 = "meshui.api.errors.forbidden"
handler404 = "meshui.api.errors.not_found"
handler500 = "meshui.api.errors.server_error"
