import { expect, test } from "vitest";
import { nearest, stepped, stretchFor, stripPaths, ticks } from "./film";
import type { PastMoment } from "./model";

const BEGIN = Date.parse("2026-11-24T12:00:00Z");
const MINUTE = 60_000;

function moments(...minutes: number[]): PastMoment[] {
  return minutes.map((minute) => ({
    at: new Date(BEGIN + minute * MINUTE).toISOString(),
    origin: "ring",
    rate: 10 * (minute + 1),
    error_share: 0.25,
  }));
}

test("the bar ends now until a moment outside it is shown, which then is in its middle", () => {
  const now = BEGIN + 120 * MINUTE;
  const latest = { from: BEGIN + 60 * MINUTE, to: now };
  expect(stretchFor(null, 3600, now, null)).toEqual(latest);
  expect(stretchFor(BEGIN + 70 * MINUTE, 3600, now, null)).toEqual(latest);
  expect(stretchFor(BEGIN, 3600, now, null)).toEqual({ from: BEGIN - 30 * MINUTE, to: BEGIN + 30 * MINUTE });
  expect(stretchFor(BEGIN + 50 * MINUTE, 3600, now, latest)).toEqual({
    from: BEGIN + 20 * MINUTE,
    to: BEGIN + 80 * MINUTE,
  });
});

test("the bar stands still while the film runs in it, also as time goes by", () => {
  const shown = { from: BEGIN, to: BEGIN + 60 * MINUTE };
  expect(stretchFor(BEGIN + 10 * MINUTE, 3600, BEGIN + 90 * MINUTE, shown)).toBe(shown);
  expect(stretchFor(null, 3600, BEGIN + 90 * MINUTE, shown).to).toBe(BEGIN + 90 * MINUTE);
});

test("steps go from moment to moment, from now into the past, and past the last one to now", () => {
  const film = moments(0, 1, 2);
  const at = (minute: number) => BEGIN + minute * MINUTE;
  expect(stepped(film, at(0), 1)).toBe(film[1]);
  expect(stepped(film, at(1), -1)).toBe(film[0]);
  expect(stepped(film, at(0), -1)).toBe(film[0]);
  expect(stepped(film, at(2), 1)).toBeNull();
  expect(stepped(film, null, -1)).toBe(film[2]);
  expect(stepped(film, null, 1)).toBeNull();
  expect(stepped(film, at(1.4), -1)).toBe(film[1]);
  expect(stepped(film, at(1.4), 1)).toBe(film[2]);
  expect(stepped(film, at(-5), 1)).toBe(film[0]);
  expect(stepped([], at(0), 1)).toBeNull();
});

test("the nearest moment is found on either side", () => {
  const film = moments(0, 10);
  expect(nearest(film, BEGIN + 4 * MINUTE)).toBe(film[0]);
  expect(nearest(film, BEGIN + 6 * MINUTE)).toBe(film[1]);
  expect(nearest([], BEGIN)).toBeNull();
});

test("ticks are at round times of the reader's clock", () => {
  const hour = { from: BEGIN + MINUTE, to: BEGIN + 61 * MINUTE };
  expect(ticks(hour, 4, 0)).toEqual([15, 30, 45, 60].map((minute) => BEGIN + minute * MINUTE));
  expect(ticks({ from: BEGIN, to: BEGIN + 24 * 60 * MINUTE }, 2, -90)).toEqual([
    BEGIN + 10.5 * 60 * MINUTE,
    BEGIN + 22.5 * 60 * MINUTE,
  ]);
});

test("the strip draws the rate and the share of errors, and breaks where nothing is known", () => {
  const stretch = { from: BEGIN, to: BEGIN + 10 * MINUTE };
  const paths = stripPaths(moments(0, 1, 9), stretch, { width: 100, height: 20 }, 60);
  expect(paths.highest).toBe(100);
  expect(paths.rate.match(/M/g)).toHaveLength(2);
  expect(paths.rate).toBe("M0.0 20.0L0.0 18.0L10.0 16.0L10.0 20.0ZM90.0 20.0L90.0 0.0L90.0 20.0Z");
  expect(paths.failed).toBe("M0.0 20.0L0.0 10.0L10.0 10.0L10.0 20.0ZM90.0 20.0L90.0 10.0L90.0 20.0Z");
});
