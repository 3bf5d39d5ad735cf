"""The application `api`: REST."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "meshui.api"
    label = "api"
