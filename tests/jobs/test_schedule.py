import pytest

from meshui.env import read
from meshui.jobs.schedule import beat_schedule, inventory_budget, telemetry_period


@pytest.mark.parametrize(
    ("window", "poll", "period"),
    [(15, 2, 2), (60, 2, 7.5), (60, 5, 7.5), (300, 5, 37.5), (3600, 5, 60), (3600, 90, 90)],
)
def test_a_longer_window_is_asked_for_less_often_but_once_a_minute(window: int, poll: float, period: float) -> None:
    assert telemetry_period(window, poll) == period


def test_an_inventory_poll_leaves_a_second_before_the_next() -> None:
    assert inventory_budget(2) == 1
    assert inventory_budget(5) == 4
    assert inventory_budget(0.5) == 1


def test_every_window_has_its_poll_and_late_ones_are_dropped() -> None:
    schedule = beat_schedule(
        read({"MESHUI_DEMO": "1", "MESHUI_WINDOWS": "15s,1m", "MESHUI_POLL_TELEMETRY_SECONDS": "2"})
    )
    assert set(schedule) == {"inventory", "proxies", "shifts", "take back", "telemetry 15s", "telemetry 1m"}
    assert schedule["telemetry 15s"]["args"] == (15,)
    assert schedule["telemetry 15s"]["schedule"] == 2
    assert all(entry["options"]["expires"] <= max(entry["schedule"], 1) for entry in schedule.values())
