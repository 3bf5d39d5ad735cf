from meshui.demo.shop import trace

INCOMING = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "x-request-id": "abc"}


def test_a_call_stays_in_its_trace_with_a_span_of_its_own() -> None:
    headers = trace.forward(INCOMING)

    version, trace_id, span, sampled = headers["traceparent"].split("-")
    assert (version, trace_id, sampled) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
    assert span != "00f067aa0ba902b7"
    assert len(span) == 16
    assert headers["b3"] == f"{trace_id}-{span}-1-00f067aa0ba902b7"


def test_the_request_id_is_handed_on() -> None:
    assert trace.forward(INCOMING)["x-request-id"] == "abc"


def test_a_request_without_a_trace_starts_one() -> None:
    first, second = trace.start()["traceparent"], trace.start()["traceparent"]

    assert first.split("-")[1] != second.split("-")[1]


def test_a_broken_traceparent_starts_a_new_trace() -> None:
    headers = trace.forward({"traceparent": "00-short-1-01"})

    assert len(headers["traceparent"].split("-")[1]) == 32


def test_nothing_else_is_handed_on() -> None:
    assert set(trace.forward(INCOMING | {"authorization": "secret"})) == {"traceparent", "b3", "x-request-id"}
