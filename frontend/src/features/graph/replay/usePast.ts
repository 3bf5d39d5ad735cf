import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { pastQuery } from "../../../api/queries";
import type { GraphView, ViewSpec } from "../../../graph/model";

export interface PastGraph {
  view: GraphView | null;
  /** Another moment is being asked for; `view` is still the one before. */
  loading: boolean;
  error: Error | null;
  retry: () => void;
}

/** The graph at a moment; null: nothing is asked for. While the next moment loads, the one before stays. */
export function usePast(cluster: string, window: number, spec: ViewSpec, at: string | null): PastGraph {
  const query = useQuery({
    ...pastQuery(cluster, window, spec, at ?? ""),
    enabled: at !== null,
    placeholderData: keepPreviousData,
  });
  const wanted = at !== null;
  return {
    view: wanted ? (query.data ?? null) : null,
    loading: wanted && (query.isPlaceholderData || query.isPending),
    error: wanted ? query.error : null,
    retry: () => void query.refetch(),
  };
}
