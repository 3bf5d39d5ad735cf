/** The wire's graph shapes under their short names (meshui/domain/graph/model.py is their source). */
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type GraphView = Omit<Schemas["GraphView"], "nodes" | "edges"> & { nodes: GraphNode[]; edges: GraphEdge[] };
export type GraphDelta = Schemas["GraphDelta"];
export type Past = Schemas["Past"];
export type Moments = Schemas["Moments"];
export type PastMoment = Schemas["PastMoment"];
export type Comparison = Schemas["Comparison"];
export type Difference = Schemas["Difference"];
export type DifferenceKind = Difference["kind"];
/** In a comparison: what is different about the element; empty for one that is as it was. */
interface Compared {
  differences?: readonly Difference[];
}
export type GraphNode = Schemas["Node"] & Compared;
export type GraphEdge = Schemas["Edge"] & Compared;
export type GraphBox = Schemas["Box"];
export type SourceState = Schemas["SourceState"];
export type Badge = Schemas["Badge"];
export type ObjectRef = Schemas["ObjectRef"];
export type HealthState = Schemas["Health"]["state"];
export type NodeKind = GraphNode["kind"];

/** Which projection of the mesh to watch. */
export type ViewSpec = Required<Schemas["ViewSpec"]>;
export type ViewKind = ViewSpec["kind"];
export type Boxing = ViewSpec["box_by"][number];

/** Each kind of view of each cluster, filtered and boxed alike, has a key of its own. */
export function specKey(cluster: string, windowSeconds: number, spec: ViewSpec): string {
  const sorted = (names: readonly string[]) => [...names].sort();
  return JSON.stringify([
    cluster,
    windowSeconds,
    spec.kind,
    spec.service_nodes,
    sorted(spec.namespaces),
    sorted(spec.workloads),
    spec.idle,
    spec.idle_edges,
    spec.box_by,
    sorted(spec.expanded),
  ]);
}
