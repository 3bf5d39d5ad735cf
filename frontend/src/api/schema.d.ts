export interface components { schemas: {
  ObjectRef: { kind: string; namespace: string; name: string };
  Health: { state: "healthy" | "degraded" | "failing" | "idle" | "unknown"; reason: string };
  Mtls: { observed_share: number | null; expected: "mutual_tls" | "plain_text" | "refused" | "mixed" | "unknown"; mode: string; decided_by: components["schemas"]["ObjectRef"] | null; reason: string };
  Authz: { verdict: "allowed" | "denied" | "partly" | "open" | "unknown"; denied_rate: number; decided_by: components["schemas"]["ObjectRef"] | null; reason: string };
  Traffic: { rate: number; error_share: number | null; p95_ms: number | null };
  Badge: { name: string; reason: string; object?: components["schemas"]["ObjectRef"] | null };
  Box: { id: string; kind: "cluster" | "namespace" | "app"; label: string; parent?: string | null };
  Node: { id: string; kind: "workload" | "service" | "gateway" | "service_entry" | "passthrough" | "blackhole" | "unknown" | "namespace"; cluster: string; namespace: string; name: string; label: string; box: string | null;
    health: components["schemas"]["Health"]; inbound: components["schemas"]["Traffic"]; outbound: components["schemas"]["Traffic"]; app?: string | null; version?: string | null; workload_kind?: string | null; has_proxy?: boolean | null; pods_ready?: number | null; pods_total?: number | null; badges?: components["schemas"]["Badge"][]; outside?: boolean };
  Edge: { id: string; source: string; destination: string; protocol: "http" | "grpc" | "tcp"; reporter: "source" | "destination" | "waypoint"; rate: number; error_share: number | null; codes: Record<string, number>; grpc_codes: Record<string, number>; flags: Record<string, number>; p50_ms: number | null; p90_ms: number | null; p95_ms: number | null; p99_ms: number | null; sent_bytes_rate: number; received_bytes_rate: number; health: components["schemas"]["Health"]; mtls: components["schemas"]["Mtls"]; authz: components["schemas"]["Authz"]; source_principals?: string[]; destination_principals?: string[]; hosts?: string[] };
  SourceState: { name: "telemetry" | "inventory" | "proxies"; state: "loading" | "live" | "stale" | "failed"; as_of?: string | null; stale_since?: string | null; error?: string | null };
  GraphView: { cluster: string; version: number; published_at: string; evaluated_at: string | null; window_seconds: number; sources: components["schemas"]["SourceState"][]; boxes: components["schemas"]["Box"][]; nodes: components["schemas"]["Node"][]; edges: components["schemas"]["Edge"][] };
  GraphDelta: { cluster: string; base: number; version: number; published_at: string; evaluated_at: string | null; window_seconds: number; sources: components["schemas"]["SourceState"][]; boxes: components["schemas"]["Box"][]; nodes: components["schemas"]["Node"][]; edges: components["schemas"]["Edge"][]; removed_boxes: string[]; removed_nodes: string[]; removed_edges: string[] };
} }
