"""When a certificate is late is relative to its life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meshui.domain.certificates.life import life_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "whole", "state"),
    [
        (timedelta(hours=11), timedelta(hours=24), "good"),
        (timedelta(hours=17, minutes=59), timedelta(hours=24), "good"),
        (timedelta(hours=18), timedelta(hours=24), "late"),
        (timedelta(hours=22), timedelta(hours=24), "expiring"),
        (timedelta(hours=25), timedelta(hours=24), "expired"),
        (timedelta(minutes=-5), timedelta(hours=24), "not_yet_valid"),
        (timedelta(minutes=12), timedelta(minutes=15), "late"),
        (timedelta(days=68), timedelta(days=90), "late"),
        (timedelta(days=3500), timedelta(days=3650), "good"),
        (timedelta(days=3600), timedelta(days=3650), "late"),
        (timedelta(days=3640), timedelta(days=3650), "expiring"),
    ],
)
def test_states(old: timedelta, whole: timedelta, state: str) -> None:
    life = life_of(NOW - old, NOW - old + whole, NOW)
    assert life.state == state, life.reason
    assert life.reason


def test_shares_and_ages_are_told() -> None:
    life = life_of(NOW - timedelta(hours=6), NOW + timedelta(hours=18), NOW)
    assert (life.used, life.rotated_ago_seconds, life.left_seconds) == (0.25, 6 * 3600, 18 * 3600)


def test_what_does_not_say_its_life_is_unknown() -> None:
    assert life_of(None, NOW, NOW).state == "unknown"
    assert life_of(NOW, NOW, NOW).state == "unknown"
