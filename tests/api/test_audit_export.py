import json
from typing import Any

from django.test import Client

from meshui.records import audit


def lines(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer: Any = client.get("/api/v1/audit/export", query)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


def test_the_audit_is_exported_oldest_first_a_line_an_entry(as_operator: Client) -> None:
    for number in range(3):
        audit.record("ann", f"act {number}", audit.Outcome.DONE, message="line\nbreak")
    found = lines(as_operator)
    assert [entry["action"] for entry in found] == ["act 0", "act 1", "act 2"]
    assert found[0]["message"] == "line\nbreak"


def test_an_export_goes_on_where_the_last_one_ended(as_operator: Client) -> None:
    first = audit.record("ann", "sign in", audit.Outcome.DONE)
    audit.record("bob", "sign in", audit.Outcome.REFUSED)
    assert [entry["actor"] for entry in lines(as_operator, after=first.pk)] == ["bob"]
    assert [entry["outcome"] for entry in lines(as_operator, actor="bob")] == ["refused"]


def test_a_viewer_can_not_export_the_audit(as_viewer: Client) -> None:
    assert as_viewer.get("/api/v1/audit/export").status_code == 403


def test_a_word_that_means_nothing_is_refused(as_operator: Client) -> None:
    assert as_operator.get("/api/v1/audit/export?before=3").json()["fields"] == {"before": "There is no such field."}
