import { queryOptions } from "@tanstack/react-query";
import { call, path } from "../../api/client";
import type { ExplainedRequest, SuggestedRequest } from "../../api/types";
import type { GraphView } from "../../graph/model";

/** A request as the form has it; `headers` one a line, as people write them. */
export interface Asked {
  namespace: string;
  workload: string;
  host: string;
  port: number;
  method: string;
  path: string;
  headers: string;
  protocol: "http" | "tcp";
}

export interface WeightsChange {
  namespace: string;
  name: string;
  weights: Record<string, number>;
}

/** `Name: value` lines as an object; a line without a colon counts for nothing. */
export function parseHeaders(text: string): Record<string, string> {
  const pairs = text
    .split("\n")
    .map((line) => line.split(/:(.*)/s))
    .filter(([name, value]) => name?.trim() && value !== undefined)
    .map(([name, value]) => [name?.trim().toLowerCase() ?? "", value?.trim() ?? ""]);
  return Object.fromEntries(pairs);
}

export const suggestionQuery = (cluster: string, edge: string) =>
  queryOptions({
    queryKey: ["cluster", cluster, "explain", "edge", edge],
    queryFn: ({ signal }) =>
      call<SuggestedRequest>("GET", path(["clusters", cluster, "explain", "edge"], { edge }), undefined, signal),
    enabled: cluster !== "" && edge !== "",
    staleTime: 60_000,
  });

export const explanationQuery = (cluster: string, asked: Asked | null, change: WeightsChange | null) =>
  queryOptions({
    queryKey: ["cluster", cluster, "explain", asked, change],
    queryFn: ({ signal }) =>
      call<ExplainedRequest>(
        "POST",
        path(["clusters", cluster, "explain"]),
        { ...asked, headers: parseHeaders(asked?.headers ?? ""), ...(change ? { weights: change } : {}) },
        signal,
      ),
    enabled: cluster !== "" && asked !== null,
    refetchInterval: 10_000,
  });

interface Caller {
  namespace: string;
  workload: string;
}

/** The workloads that call a service now, the busiest first. */
export const callersQuery = (cluster: string, namespace: string, name: string) =>
  queryOptions({
    queryKey: ["cluster", cluster, "explain", "callers", namespace, name],
    queryFn: async ({ signal }): Promise<Caller[]> => {
      const view = await call<GraphView>("GET", path(["clusters", cluster, "graph"]), undefined, signal);
      const nodes = new Map(view.nodes.map((node) => [node.id, node]));
      return view.edges
        .filter((edge) => edge.destination === `service:${cluster}/${namespace}/${name}`)
        .sort((a, b) => b.rate - a.rate)
        .map((edge) => nodes.get(edge.source))
        .filter((node) => node?.kind === "workload")
        .map((node) => ({ namespace: node?.namespace ?? "", workload: node?.name ?? "" }));
    },
    enabled: cluster !== "",
    staleTime: 30_000,
  });
