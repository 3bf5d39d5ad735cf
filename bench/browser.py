"""The graph page with a large mesh, in headless Chromium without a GPU."""

from __future__ import annotations

import os
import time
from typing import Any, cast

from playwright.sync_api import Page, sync_playwright

from bench.stage import PASSWORD, USER, Stage

SIZE = {"width": 1600, "height": 1000}
GESTURE_SECONDS = 4.0
LAYOUT_SECONDS = 300
PATIENCE_MS = 60_000
DELTAS = 3
PAUSE_SECONDS = 6
ADDRESS = "/graph?view=workload"

_WATCH = """
(() => {
  const found = window.bench = { tasks: [], frames: null, deltas: [] };
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) found.tasks.push([one.startTime, one.duration]);
  }).observe({ type: 'longtask', buffered: true });
  const tick = (now) => { found.frames?.push(now); requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  let waiting = null;
  const after = new MessageChannel();
  after.port1.onmessage = () => {
    if (!waiting) return;
    found.deltas.push([waiting.at, performance.now() - waiting.at, waiting.size]);
    waiting = null;
  };
  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        if (typeof data !== 'string') waiting = { at: performance.now(), size: data.byteLength };
      });
    }
  };
  const stroke = CanvasRenderingContext2D.prototype.stroke;
  CanvasRenderingContext2D.prototype.stroke = function (...given) {
    if (waiting && !waiting.told) { waiting.told = true; after.port2.postMessage(0); }
    return stroke.apply(this, given);
  };
})();
"""
"""Notes long tasks, frames, and for each binary message when the task that first draws after it is over."""


def measured(at: Stage, url: str) -> dict[str, str]:
    """How smoothly it opens, moves and changes."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("MESHUI_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
        )
        page = chromium.new_context(viewport=SIZE).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(_WATCH)
        page.goto(url)
        page.get_by_label("User name").fill(USER)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/graph**")
        start = time.monotonic()
        page.goto(url + ADDRESS)
        page.locator("[data-testid=graph-map][data-placed]").wait_for(timeout=LAYOUT_SECONDS * 1000)
        opened = time.monotonic() - start
        page.wait_for_timeout(3000)
        opening = _tasks(page)
        shot = at.folder / "browser.png"
        page.screenshot(path=shot)
        found = {
            "until all is placed": f"{opened:.1f} s",
            "longest main-thread task while opening (target: 200 ms)": _longest(opening),
        }
        for name, gesture in (("pan, all in sight", _pan), ("zoom", _zoom), ("pan, zoomed in", _pan)):
            frames, tasks = _frames(page, gesture)
            found[f"{name} (target: 20 frames/s)"] = f"{frames:.0f} frames/s, longest task {_longest(tasks)}"
        page.keyboard.press("f")
        for name, share in (("1%", "0.01"), ("all", "1")):
            page.evaluate("bench.deltas.length = bench.tasks.length = 0")
            at.run("publish", str(DELTAS), str(PAUSE_SECONDS), share)
            deltas = cast(list[list[float]], page.evaluate("bench.deltas"))
            drawn = ", ".join(f"{taken:.0f} ms" for _, taken, _ in deltas)
            size = f"{max((size for *_, size in deltas), default=0) / 1000:.0f} kB received"
            target = " (target: 100 ms)" if share != "1" else ""
            found[f"delta of {name} of the edges drawn{target}"] = (
                f"{drawn}; {size}; longest task {_longest(_tasks(page))}"
            )
        chromium.close()
    return found


def _frames(page: Page, gesture: Any) -> tuple[float, list[list[float]]]:
    page.evaluate("bench.tasks.length = 0; bench.frames = []")
    gesture(page)
    frames = cast(list[float], page.evaluate("(() => { const all = bench.frames; bench.frames = null; return all })()"))
    tasks = _tasks(page)
    page.wait_for_timeout(1500)
    return (len(frames) - 1) / max(frames[-1] - frames[0], 1) * 1000, tasks


def _pan(page: Page) -> None:
    middle_x, middle_y = SIZE["width"] / 2, SIZE["height"] / 2
    empty = page.evaluate("document.querySelector('[data-testid=graph-map]').getBoundingClientRect().toJSON()")
    left, top = empty["left"] + 6, empty["top"] + 6
    page.mouse.move(left, top)
    page.mouse.down()
    end, number = time.monotonic() + GESTURE_SECONDS, 0
    while time.monotonic() < end:
        number += 1
        there = 1 if number // 40 % 2 == 0 else -1
        page.mouse.move(left + (number % 40) * 6 if there > 0 else left + (40 - number % 40) * 6, top + number % 40 * 3)
        page.wait_for_timeout(8)
    page.mouse.up()
    page.mouse.move(middle_x, middle_y)


def _zoom(page: Page) -> None:
    page.mouse.move(SIZE["width"] / 2, SIZE["height"] / 2)
    end, number = time.monotonic() + GESTURE_SECONDS, 0
    while time.monotonic() < end:
        number += 1
        page.mouse.wheel(0, -60 if number // 30 % 2 == 0 else 50)
        page.wait_for_timeout(8)


def _tasks(page: Page) -> list[list[float]]:
    return cast(list[list[float]], page.evaluate("bench.tasks"))


def _longest(tasks: list[list[float]]) -> str:
    return f"{max((duration for _, duration in tasks), default=0):.0f} ms"
