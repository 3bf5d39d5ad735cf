"""Settings for tests: nothing outside the process is needed, and passwords are hashed fast."""

import os
from pathlib import Path
from unittest import mock

_ENVIRONMENT = {
    "MESHUI_SECRET_KEY": "a-key-for-tests-that-signs-nothing-real",
    "MESHUI_STATE": str(Path(__file__).resolve().parent.parent / ".meshui" / "test"),
    "MESHUI_CLUSTER": "demo",
    "MESHUI_WINDOWS": "15s,1m",
    "MESHUI_ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
}
_OTHERS = {name: value for name, value in os.environ.items() if not name.startswith(("MESHUI_", "PROMETHEUS_", "KUBE"))}
_OTHERS.pop("DATABASE_URL", None)

with mock.patch.dict(os.environ, _OTHERS | _ENVIRONMENT, clear=True):
    from meshui.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
