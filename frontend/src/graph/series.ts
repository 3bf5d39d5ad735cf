import type { GraphEdge, GraphNode, GraphView } from "./model";

/** Columns over time (seconds since epoch, ascending) of one element, ready to draw. */
export interface LiveSeries {
  times: number[];
  rate: (number | null)[];
  errors: (number | null)[];
  p95: (number | null)[];
}

export const EMPTY_SERIES: LiveSeries = { times: [], rate: [], errors: [], p95: [] };
const KEPT = 240;

export function fromWire(wire: {
  times: string[];
  rate: (number | null)[];
  error_share: (number | null)[];
  p95_ms: (number | null)[];
}): LiveSeries {
  return {
    times: wire.times.map((time) => Date.parse(time) / 1000),
    rate: wire.rate,
    errors: wire.error_share,
    p95: wire.p95_ms,
  };
}

/** With the element's numbers of this view at its end, unless that moment is there already. */
export function appendPoint(series: LiveSeries, view: GraphView, item: GraphNode | GraphEdge): LiveSeries {
  const time = Date.parse(view.evaluated_at ?? view.published_at) / 1000;
  if (time <= (series.times.at(-1) ?? Number.NEGATIVE_INFINITY)) return series;
  const red = "inbound" in item ? (item.inbound.rate > 0 ? item.inbound : item.outbound) : item;
  const keep = <T>(values: T[], value: T) => [...values.slice(-KEPT + 1), value];
  return {
    times: keep(series.times, time),
    rate: keep(series.rate, red.rate),
    errors: keep(series.errors, red.error_share),
    p95: keep(series.p95, red.p95_ms),
  };
}

/** The past, then what came later than its end. */
export function mergeSeries(past: LiveSeries, later: LiveSeries): LiveSeries {
  const end = past.times.at(-1) ?? Number.NEGATIVE_INFINITY;
  const start = later.times.findIndex((time) => time > end + 0.001);
  if (start < 0) return past;
  return {
    times: [...past.times, ...later.times.slice(start)],
    rate: [...past.rate, ...later.rate.slice(start)],
    errors: [...past.errors, ...later.errors.slice(start)],
    p95: [...past.p95, ...later.p95.slice(start)],
  };
}
