"""Input fields that take what they say and nothing that merely looks like it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class Text(serializers.CharField):
    """A text: numbers and booleans are not taken for one."""

    default_error_messages = {"invalid": "This must be a text."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number: not "50", 50.0 or true."""

    default_error_messages = {"invalid": "This must be a whole number."}

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.FloatField):
    """A number: not "0.5" or true."""

    default_error_messages = {"invalid": "This must be a number."}

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeInput(serializers.Serializer[Any]):
    """Input in which a name that means nothing is an error: a misspelt option must not pass in silence."""

    default_error_messages = {"invalid": "This must be a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        value: Any = None
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as problem:
            if not isinstance(problem.detail, dict):
                raise
            errors.update(problem.detail)
        if isinstance(data, Mapping):
            for name in list(data)[:100]:
                if name not in self.fields:
                    errors[str(name)[:100]] = ["There is no such field."]
        if errors:
            raise serializers.ValidationError(errors)
        return value


class YesNo(serializers.BooleanField):
    """A switch in a query: true or false."""

    default_error_messages = {"invalid": "This must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        match str(data).lower():
            case "true":
                return True
            case "false":
                return False
        self.fail("invalid")


class QueryInput(WholeInput):
    """Query parameters; each may be given once."""

    def to_internal_value(self, data: Any) -> Any:
        repeated = [name for name, values in (data.lists() if hasattr(data, "lists") else ()) if len(values) > 1]
        if repeated:
            raise serializers.ValidationError({str(name)[:100]: ["This is given more than once."] for name in repeated})
        return super().to_internal_value(data)
