"""Django's settings, made from the environment (`meshui.env`); nothing is configured anywhere else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url

from meshui import env
from meshui.adapters import health_file
from meshui.domain.health.rules import HealthRules

MESHUI = env.read(os.environ)
"""The environment, typed."""
HEALTH_RULES = HealthRules()
"""What counts as degraded and as failing; read at start, so that a mistake in the file shows then."""
if MESHUI.health_file:
    try:
        HEALTH_RULES = health_file.read(MESHUI.health_file)
    except health_file.BadHealthFile as problem:
        expected = f"a health file as docs/health.md describes it ({problem})"
        raise env.BadEnvironmentError("MESHUI_HEALTH_FILE", expected, str(MESHUI.health_file)) from None
MESHUI.state.mkdir(parents=True, exist_ok=True)

BASE_DIR = Path(__file__).resolve().parent.parent
FRONTEND = BASE_DIR / "frontend" / "dist"
"""The built single-page application."""

SECRET_KEY = MESHUI.secret_key
DEBUG = MESHUI.debug
ALLOWED_HOSTS = list(MESHUI.allowed_hosts)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "meshui.records",
    "meshui.contract",
    "meshui.api",
]
MIDDLEWARE = [
    "meshui.api.headers.SecurityHeaders",
    "meshui.api.static.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "meshui.urls"
ASGI_APPLICATION = "meshui.asgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"


def _database() -> dict[str, Any]:
    config: dict[str, Any] = dict(dj_database_url.parse(MESHUI.database_url))
    if config["ENGINE"].endswith("sqlite3"):
        # WAL lets readers and one writer work together; IMMEDIATE makes a second writer wait instead of failing.
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
    return config


DATABASES = {"default": _database()}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": MESHUI.redis_url,
        "KEY_PREFIX": "meshui",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [MESHUI.redis_url], "capacity": 1000, "expiry": 30},
    }
}

AUTH_USER_MODEL = "records.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Sessions stay in the database, so that nobody is signed out when the cache is lost.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "meshui_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "meshui_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "meshui.api.errors.csrf_failure"

SIGN_IN_FAILURES = 10
"""Failed sign-ins of one name from one address within SIGN_IN_SECONDS before it must wait."""
SIGN_IN_FAILURES_OF_ADDRESS = 60
SIGN_IN_SECONDS = 300

BODY_LIMIT_BYTES = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

STATIC_URL = "/static/"
WHITENOISE_ROOT = FRONTEND if FRONTEND.is_dir() else None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 60
# Vite puts the hash of the content in these names.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "meshui.api.authentication.TokenAuthentication",
        "meshui.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["meshui.api.permissions.ReadOrEdit"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["meshui.api.body.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "meshui.api.errors.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MeshUI",
    "DESCRIPTION": "A service mesh as it is now, explained, and changed safely. The live graph is also a WebSocket at "
    "`/ws/v1/mesh` (docs/asyncapi.yaml).",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["meshui.contract.openapi.add_shapes"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "tryItOutEnabled": True},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"hide tokens": {"()": "meshui.live.log.HideTokens"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
        "uvicorn.error": {"filters": ["hide tokens"]},
    },
}
