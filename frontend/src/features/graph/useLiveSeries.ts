import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { seriesQuery } from "../../api/queries";
import type { GraphEdge, GraphNode, GraphView, ViewSpec } from "../../graph/model";
import { appendPoint, EMPTY_SERIES, fromWire, type LiveSeries, mergeSeries } from "../../graph/series";

/** One element's past from the server, continued by the live graph. */
export function useLiveSeries(
  cluster: string,
  window: number,
  spec: ViewSpec,
  view: GraphView,
  item: GraphNode | GraphEdge,
) {
  const past = useQuery(seriesQuery(cluster, window, spec, item.id));
  const [fresh, setFresh] = useState<{ id: string; series: LiveSeries }>({ id: item.id, series: EMPTY_SERIES });
  useEffect(() => {
    setFresh((old) => ({
      id: item.id,
      series: appendPoint(old.id === item.id ? old.series : EMPTY_SERIES, view, item),
    }));
  }, [view, item]);
  const series = useMemo(
    () => mergeSeries(past.data ? fromWire(past.data) : EMPTY_SERIES, fresh.series),
    [past.data, fresh.series],
  );
  return { series, loading: past.isPending, error: past.error };
}
