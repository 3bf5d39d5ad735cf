"""The application `contract`: the shapes that clients see."""

from django.apps import AppConfig


class ContractConfig(AppConfig):
    name = "meshui.contract"
    label = "contract"

    def ready(self) -> None:
        from meshui.contract import openapi  # noqa: F401 - registers the authentication schemes
