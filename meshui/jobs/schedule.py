"""When which poll is due, from the environment. Pure."""

from __future__ import annotations

from typing import Any

from meshui.env import Environment

SLOWEST_WINDOW_SECONDS = 60.0
SHIFTS_SECONDS = 2.0
"""How often guarded shifts are looked at."""
TAKE_BACK_SECONDS = 2.0
"""How often changes whose time is over are looked for."""


def telemetry_period(window_seconds: int, poll_seconds: float) -> float:
    """How often a window is asked for: an eighth of it, for a longer window moves more slowly; never more often than
    the poll, nor less than once a minute."""
    return min(max(poll_seconds, window_seconds / 8), max(poll_seconds, SLOWEST_WINDOW_SECONDS))


def inventory_budget(poll_seconds: float) -> float:
    """How long one inventory poll may watch: all of its period but a second."""
    return max(1.0, poll_seconds - 1.0)


def beat_schedule(environment: Environment) -> dict[str, dict[str, Any]]:
    """Celery's beat schedule. A task that could not start before the next one is due is dropped."""
    schedule = {
        "inventory": _entry("meshui.inventory", environment.poll_inventory_seconds),
        "proxies": _entry("meshui.proxies", environment.poll_proxies_seconds),
        "shifts": _entry("meshui.shifts", SHIFTS_SECONDS),
        "take back": _entry("meshui.take_back", TAKE_BACK_SECONDS),
    }
    for window in environment.windows:
        period = telemetry_period(window.seconds, environment.poll_telemetry_seconds)
        schedule[f"telemetry {window.label}"] = _entry("meshui.telemetry", period, window.seconds)
    return schedule


def _entry(task: str, period: float, *arguments: Any) -> dict[str, Any]:
    return {"task": task, "schedule": period, "args": arguments, "options": {"expires": max(period, 1.0)}}
