"""Prometheus answers, read as they arrive."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator

import msgspec
import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.failures import Failure
from meshui.domain.telemetry import samples
from meshui.domain.telemetry.samples import LARGEST_WHOLE, Samples, read_samples
from meshui.domain.telemetry.scan import scan

_LABELS = msgspec.json.Decoder(dict[str, str])
HEAD = '{"status":"success","data":{"resultType":"vector","result":['


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def decoded(body: bytes) -> Samples | None:
    """What the JSON decoder makes of the whole body; None when it can't be read."""
    try:
        table = samples._Table()
        table.add(samples._decoded(samples._whole(body, "q")))
        return table.samples()
    except (Failure, ValueError):
        return None


def read(body: bytes, size: int) -> Samples | None:
    try:
        return read_samples(pieces(body, size), "q")
    except Failure:
        return None


def as_lists(found: Samples | None) -> object:
    if found is None:
        return None
    try:
        labels = [_LABELS.decode(text) for text in found.texts]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return (
        labels,
        found.label_set.tolist(),
        np.nan_to_num(found.bound, nan=-1).tolist(),
        found.value.tolist(),
    )


names = st.sampled_from(["reporter", "le", "source_workload", "destination_service", "response_code", "é"])
texts = st.one_of(st.sampled_from(["a", "web-v1", "5", "+Inf", "0.5", ""]), st.text(max_size=12))
numbers = st.one_of(
    st.floats(0, 1e9).map(repr),
    st.sampled_from(["0", "NaN", "+Inf", "1e-05", "5", "1,2", "", "0x1", "-1", " 1", "1_0"]),
)
plain_numbers = st.floats(0, 1e9, allow_subnormal=False).map(repr)


@st.composite
def vectors(draw: st.DrawFn, plain: bool) -> bytes:
    """An answer; a plain one as Prometheus writes it: one shape of label set, one time, finite numbers."""
    if plain:
        words = st.text(st.characters(codec="utf-8", exclude_characters='"\\[]{}', min_codepoint=32), max_size=30)
        bounds = st.sampled_from(["0.5", "1", "2500", "3.6e+06", "+Inf"])
        kept = draw(st.lists(names, unique=True, max_size=5))
        label_sets = st.fixed_dictionaries({name: bounds if name == "le" else words for name in kept})
        result = [
            {"metric": labels, "value": [1793536200.5, number]}
            for labels, number in draw(st.lists(st.tuples(label_sets, plain_numbers), min_size=1, max_size=40))
        ]
    else:
        times = st.sampled_from([1793536200, 1793536200.123])
        result = draw(
            st.lists(
                st.one_of(
                    st.fixed_dictionaries(
                        {"metric": st.dictionaries(names, texts, max_size=5), "value": st.tuples(times, numbers)}
                    ),
                    st.just({"metric": {"a": "b"}, "histogram": [1, {"count": "1", "buckets": [[0, "1", "2", "3"]]}]}),
                ),
                max_size=30,
            )
        )
    separators = (",", ":") if plain else draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    answer = {"status": "success", "data": {"resultType": "vector", "result": result}}
    return json.dumps(answer, separators=separators, ensure_ascii=draw(st.booleans()) and not plain).encode()


@pytest.fixture(autouse=True)
def _scan_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_WORTH_SCANNING", 0)


@settings(max_examples=150, deadline=None)
@given(vectors(plain=True), st.integers(130, 2000))
def test_a_plain_answer_is_scanned_and_says_what_the_decoder_says(body: bytes, size: int) -> None:
    result = body.removeprefix(HEAD.encode()).removesuffix(b"]}}")
    found = scan(result)
    assert found is not None or b"\\" in body or len(result) < 120
    assert as_lists(read(body, size)) == as_lists(decoded(body))


@settings(max_examples=150, deadline=None)
@given(vectors(plain=False), st.integers(1, 2000))
def test_any_answer_says_what_the_decoder_says(body: bytes, size: int) -> None:
    assert as_lists(read(body, size)) == as_lists(decoded(body))


@settings(max_examples=200, deadline=None)
@given(vectors(plain=True), st.integers(0, 2**32), st.integers(130, 2000))
def test_a_damaged_answer_is_never_read_as_something_else(body: bytes, seed: int, size: int) -> None:
    chance = random.Random(seed)
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(damaged))
        if chance.random() < 0.3:
            del damaged[place : place + chance.randint(1, 30)]
        else:
            damaged[place] = chance.choice(b'"{}[],:\\ 0aNe.\n\xff')
        if not damaged:
            break
    assert as_lists(read(bytes(damaged), size)) == as_lists(decoded(bytes(damaged)))


def many(count: int, number: int = 1) -> bytes:
    """A body of a mesh's size: `count` samples of 40 callers and 20 bounds."""
    made = (
        f'{{"metric":{{"destination_service":"service-{n % 40:04}.shop.svc.cluster.local","le":"{n // 40 % 20}",'
        f'"source_workload":"web"}},"value":[1793536200,"{number + n}"]}}'
        for n in range(count)
    )
    return (HEAD + ",".join(made) + "]}}").encode()


def test_a_large_answer_is_read_in_a_part_of_its_own_size() -> None:
    import tracemalloc

    body = many(100_000)
    tracemalloc.start()
    found = read_samples(pieces(body, 1 << 20), "q")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 100_000
    assert len(found.texts) == 40
    assert peak < len(body)


def test_reading_costs_no_more_than_twice_a_bare_parse() -> None:
    body = many(20_000)

    def seconds(read: Callable[[], object]) -> float:
        start = time.process_time()
        read()
        return time.process_time() - start

    bare = min(seconds(lambda: orjson.loads(body)) for _ in range(5))
    own = min(seconds(lambda: read_samples(pieces(body, 1 << 20), "q")) for _ in range(5))
    assert own < 2 * bare, f"{own:.3f} s against {bare:.3f} s"


def test_texts_of_one_length_that_differ_anywhere_are_different() -> None:
    base = "x" * 40
    values = [base[:n] + "y" + base[n + 1 :] for n in range(40)] * 2
    result = ",".join(f'{{"metric":{{"a":"{value}"}},"value":[1,"2"]}}' for value in values)
    found = scan(result.encode())
    assert found is not None
    assert len(found.texts) == 40
    assert found.label_set.tolist() == [*range(40), *range(40)]


def test_an_unusual_answer_is_read_whole_up_to_a_limit() -> None:
    unusual = b'{ "status": "success"' + b" " * LARGEST_WHOLE
    with pytest.raises(Failure, match="unusual and larger than 64 MB"):
        read_samples(pieces(unusual, 8 << 20), "q")
