/** Numbers as people read them. `null` (not known) is always an en dash, never 0. */

const UNKNOWN = "–";

function significant(value: number): string {
  if (value === 0) return "0";
  if (value < 0.01) return "<0.01";
  if (value < 1) return value.toFixed(2);
  if (value < 10) return value.toFixed(1);
  if (value < 10_000) return Math.round(value).toLocaleString("en");
  if (value < 1_000_000) return `${(value / 1000).toFixed(1)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}

/** Requests (or connections) per second: `12/s`. */
export function formatRate(perSecond: number | null | undefined): string {
  return perSecond == null ? UNKNOWN : `${significant(perSecond)}/s`;
}

/** A fraction of 1 as a percentage: `4.2%`. A share that is not quite 0 or 100% never reads as if it were. */
export function formatShare(share: number | null | undefined): string {
  if (share == null) return UNKNOWN;
  const percent = share * 100;
  if (percent === 0) return "0%";
  if (percent < 0.1) return "<0.1%";
  if (percent === 100) return "100%";
  if (percent > 99.9) return ">99.9%";
  return percent < 10 || percent > 99 ? `${percent.toFixed(1)}%` : `${Math.round(percent)}%`;
}

export function formatMs(ms: number | null | undefined): string {
  if (ms == null) return UNKNOWN;
  if (ms < 1) return "<1 ms";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

export function formatBytesRate(perSecond: number | null | undefined): string {
  if (perSecond == null) return UNKNOWN;
  if (perSecond < 1024) return `${Math.round(perSecond)} B/s`;
  if (perSecond < 1024 ** 2) return `${(perSecond / 1024).toFixed(1)} KiB/s`;
  return `${(perSecond / 1024 ** 2).toFixed(1)} MiB/s`;
}

/** A length of time in its largest whole unit: `15s`, `1m`, `2h`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h`;
  return `${Math.floor(whole / 86_400)}d`;
}

export function formatAgo(then: Date | string, now: Date): string {
  const seconds = (now.getTime() - new Date(then).getTime()) / 1000;
  return seconds < 1 ? "just now" : `${formatSpan(seconds)} ago`;
}

/** Time of day, and the date too when it was another day. */
export function formatMoment(when: Date | string, now: Date = new Date()): string {
  const date = new Date(when);
  const time = date.toLocaleTimeString("en-GB");
  return date.toDateString() === now.toDateString() ? time : `${date.toLocaleDateString("en-CA")} ${time}`;
}
