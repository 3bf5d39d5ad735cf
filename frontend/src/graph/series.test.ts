import { expect, test } from "vitest";
import { aNode, anEdge, aView } from "./fixtures";
import { appendPoint, EMPTY_SERIES, fromWire, mergeSeries } from "./series";

const at = (second: number) => aView({ evaluated_at: new Date(second * 1000).toISOString() });

test("the same moment is written once, however often it is shown", () => {
  let series = appendPoint(EMPTY_SERIES, at(10), anEdge("a", "b", { rate: 3 }));
  series = appendPoint(series, at(10), anEdge("a", "b", { rate: 3 }));
  series = appendPoint(series, at(12), anEdge("a", "b", { rate: 4 }));
  expect(series.times).toEqual([10, 12]);
  expect(series.rate).toEqual([3, 4]);
});

test("what came live continues the past without overlap", () => {
  const past = fromWire({
    times: ["1970-01-01T00:00:08Z", "1970-01-01T00:00:10Z"],
    rate: [1, 2],
    error_share: [null, 0],
    p95_ms: [5, 6],
  });
  const later = [10, 12].reduce(
    (series, second) => appendPoint(series, at(second), anEdge("a", "b", { rate: second })),
    EMPTY_SERIES,
  );
  const merged = mergeSeries(past, later);
  expect(merged.times).toEqual([8, 10, 12]);
  expect(merged.rate).toEqual([1, 2, 12]);
  expect(merged.errors).toEqual([null, 0, 0]);
});

test("a node that nobody calls is drawn by what it sends", () => {
  const node = aNode("n", {
    inbound: { rate: 0, error_share: null, p95_ms: null },
    outbound: { rate: 7, error_share: 0.5, p95_ms: 1 },
  });
  expect(appendPoint(EMPTY_SERIES, at(1), node).rate).toEqual([7]);
});

test("a long watch stays bounded", () => {
  let series = EMPTY_SERIES;
  for (let second = 0; second < 1000; second++) series = appendPoint(series, at(second), anEdge("a", "b"));
  expect(series.times.length).toBe(240);
  expect(series.p95.length).toBe(240);
});
