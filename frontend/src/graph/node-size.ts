import type { Size } from "./geometry";
import type { GraphNode } from "./model";

export const NODE_HEIGHT = 34;
const LABEL_LIMIT = 26;

export function nodeLabel(node: Pick<GraphNode, "label">): string {
  const { label } = node;
  return label.length > LABEL_LIMIT ? `${label.slice(0, LABEL_LIMIT - 1)}…` : label;
}

/** Width from the label's length, so that layout needs no canvas to measure on. */
export function nodeSize(node: Pick<GraphNode, "label">): Size {
  return { width: Math.round(Math.max(84, 48 + nodeLabel(node).length * 7.1)), height: NODE_HEIGHT };
}
