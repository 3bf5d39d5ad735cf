from typing import Any

import pytest
from django.http import QueryDict
from rest_framework import serializers

from meshui.contract.fields import QueryInput, Text, Whole, WholeInput, YesNo


class Example(WholeInput):
    name = Text(max_length=5)
    number = Whole(min_value=0, max_value=10)


class Query(QueryInput):
    name = Text(required=False)
    switch = YesNo(default=False)


def errors(data: Any, kind: type[serializers.Serializer[Any]] = Example) -> set[str]:
    given = kind(data=data)
    given.is_valid()
    return set(given.errors)


def test_every_wrong_field_is_named_at_once() -> None:
    assert errors({"name": 7, "number": "7", "nombre": 1}) == {"name", "number", "nombre"}
    assert errors({}) == {"name", "number"}


@pytest.mark.parametrize("number", ["7", 7.0, True, None, [], {}, 11, -1, 10**40], ids=repr)
def test_only_a_whole_number_is_one(number: Any) -> None:
    assert errors({"name": "a", "number": number}) == {"number"}


@pytest.mark.parametrize("name", [7, True, None, "", "too long", "a\0b", ["a"]], ids=repr)
def test_only_a_text_is_one(name: Any) -> None:
    assert errors({"name": name, "number": 1}) == {"name"}


@pytest.mark.parametrize("whole", [[], "text", 7, None])
def test_only_an_object_is_one(whole: Any) -> None:
    assert errors(whole)


def test_a_query_takes_each_parameter_once_and_none_that_it_does_not_know() -> None:
    assert errors(QueryDict("name=a&switch=true"), Query) == set()
    assert errors(QueryDict("name=a&name=b"), Query) == {"name"}
    assert errors(QueryDict("switch=1"), Query) == {"switch"}
    assert errors(QueryDict("other=1"), Query) == {"other"}
