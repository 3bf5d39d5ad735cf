import { queryOptions } from "@tanstack/react-query";
import type { Comparison, GraphView, Moments, ViewSpec } from "../graph/model";
import { call, path } from "./client";
import type {
  AuditPage,
  Change,
  ChangeDetail,
  Cluster,
  ConfigDetail,
  ConfigItem,
  Fault,
  Namespace,
  Series,
  Service,
  ServiceDetail,
  ServiceRoutes,
  ServiceWeights,
  Shift,
  ShiftDetail,
  Workload,
  WorkloadDetail,
} from "./types";

/** What is read from the server. Keys that begin with `cluster` are asked for again after any change of the mesh. */

export const clustersQuery = queryOptions({
  queryKey: ["clusters"],
  queryFn: ({ signal }) => call<Cluster[]>("GET", "/clusters", undefined, signal),
  staleTime: 60_000,
});

export function inCluster<T>(
  cluster: string,
  parts: string[],
  options: { refetchMs?: number; params?: Record<string, string> } = {},
) {
  return queryOptions({
    queryKey: ["cluster", cluster, ...parts, options.params ?? {}],
    queryFn: ({ signal }) => call<T>("GET", path(["clusters", cluster, ...parts], options.params), undefined, signal),
    refetchInterval: options.refetchMs,
    enabled: cluster !== "",
  });
}

const LIST_MS = 15_000;

export const namespacesQuery = (cluster: string) => inCluster<Namespace[]>(cluster, ["namespaces"]);
export const servicesQuery = (cluster: string) => inCluster<Service[]>(cluster, ["services"], { refetchMs: LIST_MS });
export const serviceQuery = (cluster: string, namespace: string, name: string) =>
  inCluster<ServiceDetail>(cluster, ["services", namespace, name], { refetchMs: LIST_MS });
export const workloadsQuery = (cluster: string) =>
  inCluster<Workload[]>(cluster, ["workloads"], { refetchMs: LIST_MS });
export const workloadQuery = (cluster: string, namespace: string, name: string) =>
  inCluster<WorkloadDetail>(cluster, ["workloads", namespace, name], { refetchMs: LIST_MS });
export const configQuery = (cluster: string) => inCluster<ConfigItem[]>(cluster, ["config"], { refetchMs: LIST_MS });
export const configObjectQuery = (cluster: string, kind: string, namespace: string, name: string) =>
  inCluster<ConfigDetail>(cluster, ["config", kind, namespace, name]);
export const weightsQuery = (cluster: string, namespace: string, name: string) =>
  inCluster<ServiceWeights>(cluster, ["services", namespace, name, "weights"], { refetchMs: 5_000 });
export const changesQuery = (cluster: string, object?: string) =>
  inCluster<Change[]>(cluster, ["changes"], object ? { params: { object } } : {});

export const routesQuery = (cluster: string, namespace: string, name: string) =>
  inCluster<ServiceRoutes>(cluster, ["services", namespace, name, "routes"], { refetchMs: 5_000 });

export const shiftsQuery = (cluster: string, service?: string) =>
  inCluster<Shift[]>(cluster, ["shifts"], { refetchMs: 5_000, ...(service ? { params: { service } } : {}) });

export const shiftQuery = (id: string | number) =>
  queryOptions({
    queryKey: ["cluster", "shifts", String(id)],
    queryFn: ({ signal }) => call<ShiftDetail>("GET", path(["shifts", String(id)]), undefined, signal),
    refetchInterval: (query) => (query.state.data?.shift.ended_at ? false : 2_000),
  });

export const changeQuery = (id: string | number) =>
  queryOptions({
    queryKey: ["cluster", "changes", String(id)],
    queryFn: ({ signal }) => call<ChangeDetail>("GET", path(["changes", String(id)]), undefined, signal),
  });

export const auditQuery = queryOptions({
  queryKey: ["cluster", "audit"],
  queryFn: ({ signal }) => call<AuditPage>("GET", "/audit", undefined, signal),
});

export const faultsQuery = queryOptions({
  queryKey: ["faults"],
  queryFn: ({ signal }) => call<Fault[]>("GET", "/demo/faults", undefined, signal),
  refetchInterval: 5_000,
});

export function viewParams(window: number, spec: ViewSpec) {
  return {
    window,
    view: spec.kind,
    service_nodes: spec.service_nodes,
    namespaces: spec.namespaces.join(","),
    workloads: spec.workloads.join(","),
    idle: spec.idle,
    idle_edges: spec.idle_edges,
    // A comma alone: no boxes. Nothing at all would be the default.
    box_by: spec.box_by.join(",") || ",",
    expanded: spec.expanded.join(","),
  };
}

/** Where a view of the graph is downloaded for another program. */
export function exportUrl(
  cluster: string,
  window: number,
  spec: ViewSpec,
  hide: string,
  to: "graphml" | "dot" | "json",
  at: string | null,
): string {
  const params = { to, at, ...viewParams(window, spec), ...(hide ? { hide } : {}) };
  return `/api/v1${path(["clusters", cluster, "graph", "export"], params)}`;
}

/** The past of one node or edge, up to a moment or up to now; its future comes with the live graph. */
export function seriesQuery(cluster: string, window: number, spec: ViewSpec, id: string, at: string | null = null) {
  return queryOptions({
    queryKey: ["series", cluster, window, spec, id, at],
    queryFn: ({ signal }) =>
      call<Series>(
        "GET",
        path(["clusters", cluster, "series"], {
          id,
          last: 120,
          at,
          ...viewParams(window, spec),
        }),
        undefined,
        signal,
      ),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

/** The graph as it was at a moment. It stays so: what was loaded isn't asked for again. */
export function pastQuery(cluster: string, window: number, spec: ViewSpec, at: string) {
  return queryOptions({
    queryKey: ["past", cluster, window, spec, at],
    queryFn: ({ signal }) =>
      call<GraphView>(
        "GET",
        path(["clusters", cluster, "graph"], { at, ...viewParams(window, spec) }),
        undefined,
        signal,
      ),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 120_000,
    retry: false,
  });
}

/** The moments that a film over a stretch of time (ms since epoch) has. */
export function momentsQuery(cluster: string, window: number, from: number, to: number) {
  const stretch = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return queryOptions({
    queryKey: ["moments", cluster, window, stretch],
    queryFn: ({ signal }) =>
      call<Moments>("GET", path(["clusters", cluster, "graph", "moments"], { ...stretch, window }), undefined, signal),
    staleTime: 60_000,
    gcTime: 120_000,
    retry: false,
  });
}

function compareParams(window: number, spec: ViewSpec, from: string, to: string | null) {
  return { from, to, ...viewParams(window, spec) };
}

/** What differs between a moment and another, or now. */
export function compareQuery(cluster: string, window: number, spec: ViewSpec, from: string, to: string | null) {
  return queryOptions({
    queryKey: ["compare", cluster, window, spec, from, to],
    queryFn: ({ signal }) =>
      call<Comparison>(
        "GET",
        path(["clusters", cluster, "graph", "compare"], compareParams(window, spec, from, to)),
        undefined,
        signal,
      ),
    // The present goes on; the past doesn't.
    refetchInterval: to ? false : 10_000,
    staleTime: to ? Number.POSITIVE_INFINITY : 5_000,
    retry: false,
  });
}

/** Where a comparison is saved as JSON. */
export function compareUrl(cluster: string, window: number, spec: ViewSpec, from: string, to: string | null): string {
  const params = { ...compareParams(window, spec, from, to), download: true };
  return `/api/v1${path(["clusters", cluster, "graph", "compare"], params)}`;
}
