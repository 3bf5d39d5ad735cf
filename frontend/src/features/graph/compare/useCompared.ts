import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { compareQuery } from "../../../api/queries";
import { comparedView } from "../../../graph/compare";
import type { Comparison, GraphView } from "../../../graph/model";
import type { GraphUrl } from "../../../graph/view-url";
import { usePast } from "../replay/usePast";

export interface Compared {
  /** Both moments in one view, with their differences; before they are known, the view as it is. */
  view: GraphView | null;
  comparison: Comparison | undefined;
  loading: boolean;
  error: Error | null;
  retry: () => void;
}

/** The view shown, compared with the earlier moment that the link names. */
export function useCompared(cluster: string, window: number, url: GraphUrl, shown: GraphView | null): Compared {
  const before = usePast(cluster, window, url.spec, url.compare);
  const query = useQuery({
    ...compareQuery(cluster, window, url.spec, url.compare ?? "", url.at),
    enabled: url.compare !== null,
  });
  const view = useMemo(
    () => (shown && before.view && query.data ? comparedView(before.view, shown, query.data) : shown),
    [shown, before.view, query.data],
  );
  return {
    view: url.compare === null ? shown : view,
    comparison: query.data,
    loading: url.compare !== null && (query.isPending || before.loading),
    error: url.compare === null ? null : (query.error ?? before.error),
    retry: () => {
      before.retry();
      void query.refetch();
    },
  };
}
