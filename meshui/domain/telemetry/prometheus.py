"""Prometheus answers with their label sets in a dialect's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec
import numpy as np

from meshui.domain.telemetry.rows import FloatColumn, IntColumn
from meshui.domain.telemetry.samples import Samples, read_samples, unusable

L = TypeVar("L", bound=msgspec.Struct)
M = TypeVar("M", bound=msgspec.Struct)
Answer = bytes | Samples
"""The answer to a query: its body, or what was read of it while it arrived."""


class Vector(msgspec.Struct, Generic[L], frozen=True):
    """The samples of one query: `labels` holds each different label set once (without `le`), `label_set` says which
    one a sample has, `bound` its `le` (nan when it has none). Only finite values above 0 are kept: a rate of 0 is no
    traffic."""

    labels: tuple[L, ...]
    label_set: IntColumn
    bound: FloatColumn
    value: FloatColumn

    def __len__(self) -> int:
        return len(self.value)


def read_vector(answer: Answer, query: str, labels: type[L]) -> Vector[L]:
    """The vector in the answer, its label sets as `labels`: a struct of strings that all have a default, for any label
    may be missing; others are passed over. Raises Failure(SOURCE_UNAVAILABLE) naming `query` when the answer is an
    error or not a vector."""
    samples = answer if isinstance(answer, Samples) else read_samples((answer,), query)
    decode = _labels(labels).decode
    try:
        its = tuple(decode(text) for text in samples.texts)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unusable(query, f"a sample in its answer can't be read ({error})") from None
    return Vector(its, samples.label_set, samples.bound, samples.value)


def answered(answers: Mapping[str, Answer], query: str, labels: type[L]) -> Vector[L]:
    """The vector in the answer to that query; without samples when it was not asked. Raises as `read_vector`."""
    answer = answers.get(query)
    return no_samples() if answer is None else read_vector(answer, query, labels)


def no_samples() -> Vector[L]:
    """The vector of a query that nothing answers."""
    return Vector((), np.zeros(0, np.int32), np.zeros(0), np.zeros(0))


def translated(vector: Vector[L], to: Callable[[L], M | None]) -> Vector[M]:
    """The vector in another vocabulary: `to` gives each label set's new labels, or None for samples to leave out."""
    labels: list[M] = []
    places = np.full(len(vector.labels), -1, dtype=np.int32)
    for number, its in enumerate(vector.labels):
        said = to(its)
        if said is not None:
            places[number] = len(labels)
            labels.append(said)
    label_set = places[vector.label_set]
    kept = label_set >= 0
    return Vector(tuple(labels), label_set[kept], vector.bound[kept], vector.value[kept])


def joined(*vectors: Vector[L]) -> Vector[L]:
    """One after the other; a label set that is in two of them is there twice."""
    starts = np.cumsum([0, *(len(vector.labels) for vector in vectors)]).astype(np.int32)
    sets = [vector.label_set + start for vector, start in zip(vectors, starts, strict=False)]
    return Vector(
        tuple(its for vector in vectors for its in vector.labels),
        np.concatenate(sets),
        np.concatenate([vector.bound for vector in vectors]),
        np.concatenate([vector.value for vector in vectors]),
    )


@lru_cache(32)
def _labels(labels: type[L]) -> msgspec.json.Decoder[L]:
    return msgspec.json.Decoder(labels)
