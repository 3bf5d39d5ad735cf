"""MeshUI's addresses and a view that does nothing."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from meshui import urls


def trivial(request: HttpRequest) -> HttpResponse:
    """The least that Django can do."""
    return HttpResponse(b"{}", content_type="application/json")


urlpatterns = [path("trivial", trivial), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
