import { useQuery } from "@tanstack/react-query";
import { createContext, useContext, useMemo } from "react";
import { useSearchParams } from "react-router";
import { clustersQuery } from "../api/queries";
import type { Cluster } from "../api/types";

/** Stands where a cluster's name would, for all of them in one graph. */
export const ALL_CLUSTERS = "*";

/** The cluster that the link names, else the first one; null while the list is loading (or empty). */
export function useCluster(): Cluster | null {
  const [params] = useSearchParams();
  const { data } = useQuery(clustersQuery);
  const wanted = params.get("cluster");
  return data?.find((cluster) => cluster.name === wanted) ?? data?.[0] ?? null;
}

/** The same for what can show all clusters at once. */
export function useClusterOrAll(): Cluster | null {
  const [params] = useSearchParams();
  const one = useCluster();
  const all = params.get("cluster") === ALL_CLUSTERS;
  return useMemo(() => one && (all ? { ...one, name: ALL_CLUSTERS, label: "All clusters" } : one), [one, all]);
}

/** The names of the clusters that a cluster or all of them stand for. */
export function useMembers(cluster: string): string[] {
  const { data } = useQuery(clustersQuery);
  return useMemo(() => (cluster === ALL_CLUSTERS ? (data ?? []).map((one) => one.name) : [cluster]), [cluster, data]);
}

/** Set around what belongs to one cluster on a page that shows several. */
export const ClusterScope = createContext<string | null>(null);

/** A page's link that stays in the same cluster. */
export function useClusterLink(): (to: string, params?: Record<string, string>) => string {
  const [current] = useSearchParams();
  const scope = useContext(ClusterScope);
  const cluster = scope ?? current.get("cluster");
  return (to, params = {}) => {
    const query = new URLSearchParams({ ...(cluster ? { cluster } : {}), ...params }).toString();
    return query ? `${to}?${query}` : to;
  };
}
