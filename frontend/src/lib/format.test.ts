import { expect, test } from "vitest";
import { formatAgo, formatBytesRate, formatMs, formatRate, formatShare, formatSpan } from "./format";

test("what is not known is a dash, never zero", () => {
  for (const format of [formatRate, formatShare, formatMs, formatBytesRate]) {
    expect(format(null)).toBe("–");
    expect(format(undefined)).toBe("–");
  }
});

test("a share that is not quite nothing or everything never reads as such", () => {
  expect(formatShare(0)).toBe("0%");
  expect(formatShare(0.0001)).toBe("<0.1%");
  expect(formatShare(0.042)).toBe("4.2%");
  expect(formatShare(0.31)).toBe("31%");
  expect(formatShare(0.9999)).toBe(">99.9%");
  expect(formatShare(1)).toBe("100%");
});

test("rates keep as many digits as matter", () => {
  expect(formatRate(0)).toBe("0/s");
  expect(formatRate(0.004)).toBe("<0.01/s");
  expect(formatRate(0.25)).toBe("0.25/s");
  expect(formatRate(3.14)).toBe("3.1/s");
  expect(formatRate(1234)).toBe("1,234/s");
  expect(formatRate(25_300)).toBe("25.3k/s");
});

test("latencies change unit at one second", () => {
  expect(formatMs(0.2)).toBe("<1 ms");
  expect(formatMs(4.24)).toBe("4.2 ms");
  expect(formatMs(999)).toBe("999 ms");
  expect(formatMs(1530)).toBe("1.53 s");
});

test("spans read in their largest whole unit", () => {
  expect(formatSpan(15)).toBe("15s");
  expect(formatSpan(300)).toBe("5m");
  expect(formatSpan(7200)).toBe("2h");
  expect(formatAgo("2026-01-01T00:00:00Z", new Date("2026-01-01T00:00:12Z"))).toBe("12s ago");
});
