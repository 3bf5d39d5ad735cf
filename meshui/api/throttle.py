"""Slows down whoever guesses passwords: failures are counted by name and address, and by address."""

from __future__ import annotations

import hashlib
import logging

from django.conf import settings
from django.core.cache import cache
from rest_framework import exceptions

log = logging.getLogger(__name__)


def _limits(username: str, address: str) -> list[tuple[str, int]]:
    who = hashlib.sha256(f"{username.lower()}\0{address}".encode("utf-8", "replace")).hexdigest()
    where = hashlib.sha256(address.encode()).hexdigest()
    return [
        (f"sign-in:{who}", settings.SIGN_IN_FAILURES),
        (f"sign-in-address:{where}", settings.SIGN_IN_FAILURES_OF_ADDRESS),
    ]


def check(username: str, address: str) -> None:
    """Raises Throttled when there were too many failures. Without a cache nothing is counted and people can sign in."""
    for key, limit in _limits(username, address):
        try:
            failures = cache.get(key, 0)
        except Exception:
            log.warning("sign-ins are not throttled: the cache does not answer")
            return
        if failures >= limit:
            raise exceptions.Throttled(wait=settings.SIGN_IN_SECONDS)


def failed(username: str, address: str) -> None:
    """Counts a failure."""
    for key, _ in _limits(username, address):
        try:
            if not cache.add(key, 1, timeout=settings.SIGN_IN_SECONDS):
                cache.incr(key)
        except Exception:
            log.warning("a failed sign-in is not counted: the cache does not answer")
            return


def succeeded(username: str, address: str) -> None:
    """Forgets the failures of that name from that address."""
    try:
        cache.delete(_limits(username, address)[0][0])
    except Exception:
        log.warning("failed sign-ins are not forgotten: the cache does not answer")
