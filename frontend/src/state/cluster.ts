import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { clustersQuery } from "../api/queries";
import type { Cluster } from "../api/types";

/** The cluster that the link names, else the first one; null while the list is loading (or empty). */
export function useCluster(): Cluster | null {
  const [params] = useSearchParams();
  const { data } = useQuery(clustersQuery);
  const wanted = params.get("cluster");
  return data?.find((cluster) => cluster.name === wanted) ?? data?.[0] ?? null;
}

/** A page's link that stays in the same cluster. */
export function useClusterLink(): (to: string, params?: Record<string, string>) => string {
  const [current] = useSearchParams();
  const cluster = current.get("cluster");
  return (to, params = {}) => {
    const query = new URLSearchParams({ ...(cluster ? { cluster } : {}), ...params }).toString();
    return query ? `${to}?${query}` : to;
  };
}
