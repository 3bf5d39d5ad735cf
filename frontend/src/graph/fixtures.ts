/** Small views for tests: every field has a plain value, so that a test says only what it is about. */
import type { GraphDelta, GraphEdge, GraphNode, GraphView } from "./model";

export function aNode(id: string, over: Partial<GraphNode> = {}): GraphNode {
  return {
    id,
    kind: "workload",
    cluster: "demo",
    namespace: "shop",
    name: id,
    label: id,
    box: "namespace:demo/shop",
    health: { state: "healthy", reason: "No errors" },
    inbound: { rate: 1, error_share: 0, p95_ms: 5 },
    outbound: { rate: 1, error_share: 0, p95_ms: 5 },
    app: null,
    version: null,
    workload_kind: "Deployment",
    has_proxy: true,
    pods_ready: 1,
    pods_total: 1,
    badges: [],
    outside: false,
    ...over,
  };
}

export function anEdge(source: string, destination: string, over: Partial<GraphEdge> = {}): GraphEdge {
  return {
    id: `${source}>${destination}|http`,
    source,
    destination,
    protocol: "http",
    reporter: "destination",
    rate: 10,
    error_share: 0,
    codes: { "200": 10 },
    grpc_codes: {},
    flags: {},
    p50_ms: 2,
    p90_ms: 4,
    p95_ms: 5,
    p99_ms: 9,
    sent_bytes_rate: 100,
    received_bytes_rate: 1000,
    health: { state: "healthy", reason: "No errors" },
    mtls: { observed_share: 1, expected: "mutual_tls", mode: "STRICT", decided_by: null, reason: "" },
    authz: { verdict: "open", denied_rate: 0, decided_by: null, reason: "", disagrees: false },
    source_principals: [],
    destination_principals: [],
    hosts: [],
    code_flags: {},
    dialects: ["istio"],
    caveats: [],
    idle_since: null,
    ...over,
  };
}

export function aView(over: Partial<GraphView> = {}): GraphView {
  return {
    cluster: "demo",
    version: 1,
    published_at: "2026-01-01T00:00:00Z",
    evaluated_at: "2026-01-01T00:00:00Z",
    window_seconds: 15,
    sources: [
      {
        name: "telemetry",
        state: "live",
        as_of: "2026-01-01T00:00:00Z",
        stale_since: null,
        error: null,
        cluster: null,
        dialects: ["istio"],
      },
    ],
    boxes: [{ id: "namespace:demo/shop", kind: "namespace", label: "shop", parent: null }],
    nodes: [aNode("web"), aNode("cart")],
    edges: [anEdge("web", "cart")],
    past: null,
    ...over,
  };
}

export function aDelta(over: Partial<GraphDelta> = {}): GraphDelta {
  return {
    cluster: "demo",
    base: 1,
    version: 2,
    published_at: "2026-01-01T00:00:02Z",
    evaluated_at: "2026-01-01T00:00:02Z",
    window_seconds: 15,
    sources: [],
    boxes: [],
    nodes: [],
    edges: [],
    removed_boxes: [],
    removed_nodes: [],
    removed_edges: [],
    ...over,
  };
}
