"""What is counted apart from the responses or connections that it happened to (denials, failed connects), put onto them
as a flag."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Final

import msgspec
import numpy as np

from meshui.domain.telemetry.prometheus import Vector, joined
from meshui.domain.telemetry.reader import Labels

DENY: Final = "DENY"
Pair = tuple[str, str, str, str]
"""Namespace and name of the caller, namespace and name of the called workload."""
_ALL: Final = 0.95
"""Two proxies' counters are scraped at different moments: so large a share is meant to be all."""


def pair_of(labels: Labels) -> Pair:
    """The workloads that the labels are about."""
    return (
        labels.source_workload_namespace,
        labels.source_workload,
        labels.destination_workload_namespace,
        labels.destination_workload,
    )


def rates_of(vector: Vector[Labels], key: Callable[[Labels], Hashable]) -> dict[Hashable, float]:
    """The sum of the samples by key."""
    rates: dict[Hashable, float] = {}
    values = np.bincount(vector.label_set, vector.value, len(vector.labels)).tolist()
    for its, value in zip(vector.labels, values, strict=True):
        rates[key(its)] = rates.get(key(its), 0.0) + value
    return rates


def flagged(
    vector: Vector[Labels], flag: str, rates: Mapping[Hashable, float], key: Callable[[Labels], Hashable | None]
) -> Vector[Labels]:
    """The vector with the flag on as much of what has a key in `rates` as they say; the sum stays. A key of None is
    never flagged."""
    if not rates:
        return vector
    keys = [key(its) for its in vector.labels]
    its_rate = np.bincount(vector.label_set, vector.value, len(vector.labels)).tolist()
    total: dict[Hashable, float] = {}
    for one, rate in zip(keys, its_rate, strict=True):
        if one is not None:
            total[one] = total.get(one, 0.0) + rate
    parts = [rates[one] / total[one] if one is not None and one in rates and total[one] > 0 else 0.0 for one in keys]
    share = np.array([1.0 if part > _ALL else part for part in parts])
    named = tuple(
        msgspec.structs.replace(its, response_flags=flag) if part > 0 else its
        for its, part in zip(vector.labels, share.tolist(), strict=True)
    )
    taken = vector.value * share[vector.label_set]
    return joined(
        _positive(msgspec.structs.replace(vector, value=vector.value - taken)),
        _positive(msgspec.structs.replace(vector, labels=named, value=taken)),
    )


def _positive(vector: Vector[Labels]) -> Vector[Labels]:
    kept = vector.value > 0
    return Vector(vector.labels, vector.label_set[kept], vector.bound[kept], vector.value[kept])
