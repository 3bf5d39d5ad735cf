"""The committed API documents are what the code does."""

import io
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
import yaml
from django.core.management import call_command
from openapi_spec_validator import validate

from meshui.contract import failures
from meshui.contract.messages import ClientMessage, ServerMessage
from meshui.domain.failures import Code

ROOT = Path(__file__).resolve().parents[2]
OPENAPI = ROOT / "meshui" / "contract" / "openapi.yaml"
ASYNCAPI = ROOT / "docs" / "asyncapi.yaml"


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return yaml.safe_load(OPENAPI.read_text())


def generated(command: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(command, stdout=out, **options)
    return out.getvalue()


def test_the_committed_openapi_document_is_current() -> None:
    assert generated("spectacular", fail_on_warn=True).strip() == OPENAPI.read_text().strip(), "run `make schema`"


def test_the_committed_asyncapi_document_is_current() -> None:
    assert generated("asyncapi").strip() == ASYNCAPI.read_text().strip(), "run `make schema`"


def test_the_openapi_document_is_valid(openapi: dict[str, Any]) -> None:
    validate(openapi)


def operations(openapi: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, methods in openapi["paths"].items() for method, one in methods.items()]


def test_every_operation_has_a_name_a_tag_and_says_that_it_needs_a_user(openapi: dict[str, Any]) -> None:
    found = operations(openapi)
    assert len(found) > 20
    assert len({one["operationId"] for _, _, one in found}) == len(found)
    for path, method, one in found:
        assert one["summary"], (method, path)
        assert one["tags"], (method, path)
        assert "401" in one["responses"], (method, path)


def test_every_error_has_the_one_shape(openapi: dict[str, Any]) -> None:
    for path, method, one in operations(openapi):
        for status, response in one["responses"].items():
            if int(status) >= 400:
                reference = response["content"]["application/json"]["schema"]["$ref"]
                assert reference.rsplit("/", 1)[1] in ("Problem", "ConflictProblem"), (method, path, status)


def test_answers_always_carry_every_field_and_times_say_so(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    assert set(schemas["Node"]["required"]) == set(schemas["Node"]["properties"])
    assert schemas["GraphView"]["properties"]["published_at"]["format"] == "date-time"
    assert "Requests per second" in schemas["Edge"]["properties"]["rate"]["description"]


def test_every_code_has_a_status_and_is_in_the_document(openapi: dict[str, Any]) -> None:
    assert failures.STATUS.keys() == set(Code)
    assert set(openapi["components"]["schemas"]["Code"]["enum"]) == {code.value for code in Code}


def test_every_message_of_the_socket_is_described_and_fits_its_description() -> None:
    asyncapi = yaml.safe_load(ASYNCAPI.read_text())
    kinds = get_args(ClientMessage) + get_args(ServerMessage)
    assert set(asyncapi["components"]["messages"]) == {kind.__struct_config__.tag for kind in kinds}
    samples: list[dict[str, Any]] = [
        {"type": "subscribe", "id": "s1", "cluster": "demo"},
        {"type": "unsubscribe", "id": "s1"},
        {"type": "resync", "id": "s1"},
        {"type": "ping"},
    ]
    for sample in samples:
        schema = asyncapi["components"]["messages"][sample["type"]]["payload"]
        jsonschema.validate(sample, {**schema, "components": asyncapi["components"]})
        msgspec.convert(sample, ClientMessage)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**sample, "typo": 1}, {**schema, "components": asyncapi["components"]})
