import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { call, path } from "../../api/client";
import type {
  ClusterTable,
  EndpointTable,
  ListenerTable,
  LogLevels,
  ProxyComparison,
  ProxyDetail,
  ProxyRow,
  RawPage,
  Rollout,
  RouteTable,
  SecretTable,
  StatTable,
  SyncTable,
} from "../../api/types";

export interface ProxyName {
  cluster: string;
  namespace: string;
  pod: string;
}

function get<T>(cluster: string, parts: string[], params: Record<string, string> = {}, refetchInterval?: number) {
  return queryOptions({
    queryKey: ["cluster", cluster, ...parts, params],
    queryFn: ({ signal }) => call<T>("GET", path(["clusters", cluster, ...parts], params), undefined, signal),
    enabled: cluster !== "",
    refetchInterval,
  });
}

const parts = ({ namespace, pod }: ProxyName, ...more: string[]) => ["proxies", namespace, pod, ...more];

export const proxiesQuery = (cluster: string) => get<ProxyRow[]>(cluster, ["proxies"], {}, 10_000);
export const syncQuery = (cluster: string) => get<SyncTable>(cluster, ["sync"], {}, 5_000);
export const proxyQuery = (name: ProxyName) => get<ProxyDetail>(name.cluster, parts(name), {}, 10_000);
export const listenersQuery = (name: ProxyName) => get<ListenerTable>(name.cluster, parts(name, "listeners"));
export const routesQuery = (name: ProxyName) => get<RouteTable>(name.cluster, parts(name, "routes"), {}, 10_000);
export const clustersTableQuery = (name: ProxyName) =>
  get<ClusterTable>(name.cluster, parts(name, "clusters"), {}, 10_000);
export const endpointsQuery = (name: ProxyName) =>
  get<EndpointTable>(name.cluster, parts(name, "endpoints"), {}, 5_000);
export const secretsQuery = (name: ProxyName) => get<SecretTable>(name.cluster, parts(name, "secrets"));
export const statsQuery = (name: ProxyName, filter: string) =>
  get<StatTable>(name.cluster, parts(name, "stats"), filter ? { filter } : {}, 5_000);
export const loggingQuery = (name: ProxyName) => get<LogLevels>(name.cluster, parts(name, "logging"));
export const rawQuery = (name: ProxyName, section: string, resource: string) =>
  get<RawPage>(name.cluster, parts(name, "raw"), { section, ...(resource ? { name: resource } : {}) });
export const compareQuery = (name: ProxyName, other: string, earlier: string) =>
  get<ProxyComparison>(name.cluster, parts(name, "compare"), earlier ? { earlier } : { other });
export const rolloutQuery = (cluster: string, object: { kind: string; namespace: string; name: string }) =>
  get<Rollout>(cluster, ["sync", "rollout"], { ...object }, 2_000);

export function rawUrl(name: ProxyName, section: string, resource = ""): string {
  return `/api/v1${path(["clusters", name.cluster, ...parts(name, "raw")], { section, name: resource, download: true })}`;
}

export function useSetLogLevel(name: ProxyName) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { logger: string; level: string; reason: string }) =>
      call<LogLevels>("POST", path(["clusters", name.cluster, ...parts(name, "logging")]), input),
    onSuccess: (levels) => client.setQueryData(loggingQuery(name).queryKey, levels),
  });
}
