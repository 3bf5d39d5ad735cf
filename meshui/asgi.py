"""The web process: REST and pages through Django, the live graph through Channels."""

from __future__ import annotations

import os
from typing import cast

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meshui.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402 - Django must be set up first

from meshui.api.body import App, LimitBody  # noqa: E402
from meshui.live.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": LimitBody(cast(App, django_application), settings.BODY_LIMIT_BYTES),
        "websocket": URLRouter(websocket_urlpatterns),
    }
)
