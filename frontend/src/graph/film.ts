import type { PastMoment } from "./model";

/** Milliseconds since epoch, from and to. */
export interface Stretch {
  from: number;
  to: number;
}

/** The stretch of time that a bar of so many seconds shows: up to now, or where it is when `at` lies in it, else with
 * `at` in its middle. */
export function stretchFor(at: number | null, spanSeconds: number, now: number, shown: Stretch | null): Stretch {
  const span = spanSeconds * 1000;
  const latest = { from: now - span, to: now };
  if (at === null || (at >= latest.from && !shown)) return latest;
  if (shown && shown.to - shown.from === span && at >= shown.from && at <= shown.to) return shown;
  const to = Math.min(now, at + span / 2);
  return { from: to - span, to };
}

/** The moment that comes `steps` after (or, negative, before) a time; null beyond the last one, which is now. Before
 * the first it stays at the first. */
export function stepped(moments: readonly PastMoment[], at: number | null, steps: number): PastMoment | null {
  if (moments.length === 0) return null;
  const times = moments.map((moment) => Date.parse(moment.at));
  const last = times.length - 1;
  let index: number;
  if (at === null) index = last + 1 + steps;
  else {
    const before = times.findLastIndex((time) => time <= at);
    // Between two moments, a step back goes to the nearer one.
    const between = before >= 0 && times[before] !== at;
    index = before + steps + (between && steps < 0 ? 1 : 0);
  }
  if (index > last) return null;
  return moments[Math.max(0, index)] ?? null;
}

/** The moment nearest to a time. */
export function nearest(moments: readonly PastMoment[], at: number): PastMoment | null {
  let best: PastMoment | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const moment of moments) {
    const distance = Math.abs(Date.parse(moment.at) - at);
    if (distance < least) {
      best = moment;
      least = distance;
    }
  }
  return best;
}

const STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

/** Round times of the clock within the stretch, at most `most` of them. */
export function ticks({ from, to }: Stretch, most: number, offsetMinutes: number): number[] {
  const wanted = (to - from) / 1000 / Math.max(1, most);
  const step = (STEPS.find((seconds) => seconds >= wanted) ?? 86400) * 1000;
  const shift = offsetMinutes * 60_000;
  const found: number[] = [];
  for (let time = Math.ceil((from - shift) / step) * step + shift; time <= to; time += step) found.push(time);
  return found;
}

/** The strip as SVG paths in a box of some size: an area of the rate, and one of the share of errors (its square root,
 * so that 1% is seen). */
export interface StripPaths {
  rate: string;
  failed: string;
  highest: number;
}

/** Where the moments lie close together they are one area; a gap breaks it. */
export function stripPaths(
  moments: readonly PastMoment[],
  stretch: Stretch,
  size: { width: number; height: number },
  stepSeconds: number,
): StripPaths {
  const known = moments.filter((moment) => moment.rate != null);
  const highest = Math.max(1e-9, ...known.map((moment) => moment.rate ?? 0));
  const x = (moment: PastMoment) =>
    ((Date.parse(moment.at) - stretch.from) / Math.max(1, stretch.to - stretch.from)) * size.width;
  const pieces: PastMoment[][] = [];
  for (const moment of known) {
    const piece = pieces.at(-1);
    const last = piece?.at(-1);
    if (piece && last && Date.parse(moment.at) - Date.parse(last.at) <= stepSeconds * 2500) piece.push(moment);
    else pieces.push([moment]);
  }
  const area = (value: (moment: PastMoment) => number) =>
    pieces
      .map((piece) => {
        const points = piece.map(
          (moment) => `${x(moment).toFixed(1)} ${(size.height * (1 - value(moment) / highest)).toFixed(1)}`,
        );
        const [first, last] = [piece[0], piece.at(-1)];
        if (!first || !last) return "";
        const ground = size.height.toFixed(1);
        return `M${x(first).toFixed(1)} ${ground}L${points.join("L")}L${x(last).toFixed(1)} ${ground}Z`;
      })
      .join("");
  return {
    rate: area((moment) => moment.rate ?? 0),
    failed: area((moment) => highest * Math.sqrt(moment.error_share ?? 0)),
    highest,
  };
}
