"""A cache in the process whose values are computed once, however many ask at the same time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from meshui.services.ports import SnapshotStore

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Keeps the `entries` values that were used last. A computation that raises is not kept: the next tries again."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._values: OrderedDict[K, V] = OrderedDict()
        self._computing: dict[K, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: K, compute: Callable[[], V]) -> V:
        """The value under the key, computed if it is not there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            flight = self._computing.setdefault(key, threading.Lock())
        with flight:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            try:
                value = compute()
                with self._lock:
                    self._values[key] = value
                    while len(self._values) > self._entries:
                        self._values.popitem(last=False)
                return value
            finally:
                with self._lock:
                    self._computing.pop(key, None)

    def peek(self, key: K) -> V | None:
        """The value if it is there."""
        with self._lock:
            return self._values.get(key)


class PerStore(Generic[V]):
    """One value for each store, gone with it: two stores (as in tests) never share what was read from one."""

    def __init__(self, make: Callable[[], V]) -> None:
        self._make = make
        self._values: WeakKeyDictionary[SnapshotStore, V] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, store: SnapshotStore) -> V:
        """The store's value, made the first time."""
        with self._lock:
            found = self._values.get(store)
            if found is None:
                found = self._values[store] = self._make()
            return found
