import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { seriesQuery } from "../../api/queries";
import type { GraphEdge, GraphNode, GraphView, ViewSpec } from "../../graph/model";
import { appendPoint, EMPTY_SERIES, fromWire, type LiveSeries, mergeSeries } from "../../graph/series";

/** One element's past from the server, continued by the live graph; of a past view, up to its moment. */
export function useLiveSeries(
  cluster: string,
  window: number,
  spec: ViewSpec,
  view: GraphView,
  item: GraphNode | GraphEdge,
) {
  const past = useQuery({
    ...seriesQuery(cluster, window, spec, item.id, view.past ? view.published_at : null),
    placeholderData: (before) => (before?.id === item.id ? before : undefined),
  });
  const [fresh, setFresh] = useState<{ id: string; series: LiveSeries }>({ id: item.id, series: EMPTY_SERIES });
  useEffect(() => {
    setFresh((old) => ({
      id: item.id,
      series: appendPoint(old.id === item.id ? old.series : EMPTY_SERIES, view, item),
    }));
  }, [view, item]);
  const series = useMemo(
    () => mergeSeries(past.data ? fromWire(past.data) : EMPTY_SERIES, view.past ? EMPTY_SERIES : fresh.series),
    [past.data, fresh.series, view.past],
  );
  return { series, loading: past.isPending, error: past.error };
}
