import type { GraphDelta, GraphView } from "./model";

interface Identified {
  id: string;
}

function merge<T extends Identified>(old: readonly T[], changed: readonly T[], removed: readonly string[]): T[] {
  if (changed.length === 0 && removed.length === 0) return old as T[];
  const byId = new Map(changed.map((item) => [item.id, item]));
  const gone = new Set(removed);
  const kept: T[] = [];
  for (const item of old) {
    const next = byId.get(item.id);
    if (next) {
      kept.push(next);
      byId.delete(item.id);
    } else if (!gone.has(item.id)) {
      kept.push(item);
    }
  }
  return [...kept, ...byId.values()];
}

/** The view after a delta, or null when the delta doesn't follow this view: a gap, so a snapshot must be asked for. */
export function applyDelta(view: GraphView, delta: GraphDelta): GraphView | null {
  if (delta.cluster !== view.cluster || delta.window_seconds !== view.window_seconds || delta.base !== view.version) {
    return null;
  }
  return {
    ...view,
    version: delta.version,
    published_at: delta.published_at,
    evaluated_at: delta.evaluated_at,
    sources: delta.sources,
    boxes: merge(view.boxes, delta.boxes, delta.removed_boxes),
    nodes: merge(view.nodes, delta.nodes, delta.removed_nodes),
    edges: merge(view.edges, delta.edges, delta.removed_edges),
  };
}

/** Changes only when elements appear or disappear, so that numbers alone never move a layout. */
export function topologyKey(view: GraphView): string {
  const ids = [...view.boxes, ...view.nodes, ...view.edges].map((item) => item.id);
  return ids.sort().join("\n");
}
