import { type KeyboardEvent, useState } from "react";
import type { GraphView } from "../../graph/model";
import { nodeLabel } from "../../graph/node-size";
import { formatMs, formatRate, formatShare } from "../../lib/format";

/** The map in words, for who can't see it (and for programs): nodes to choose from, and edges with their numbers. */
export function GraphOutline({ view, onSelect }: { view: GraphView; onSelect: (id: string) => void }) {
  const [active, setActive] = useState(0);
  const nodes = view.nodes;
  const labels = new Map(nodes.map((node) => [node.id, nodeLabel(node)]));
  const onKeyDown = (event: KeyboardEvent<HTMLUListElement>) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const next = (active + step + nodes.length) % Math.max(1, nodes.length);
    setActive(next);
    event.currentTarget.querySelectorAll("button")[next]?.focus();
  };
  return (
    <div className="visually-hidden">
      <ul aria-label="Nodes" onKeyDown={onKeyDown}>
        {nodes.map((node, index) => (
          <li key={node.id}>
            <button
              type="button"
              tabIndex={index === Math.min(active, nodes.length - 1) ? 0 : -1}
              onClick={() => onSelect(node.id)}
              data-testid="graph-node"
              data-id={node.id}
              data-kind={node.kind}
              data-health={node.health.state}
            >
              {labels.get(node.id)}, {node.kind} in {node.namespace || "no namespace"}, {node.health.state},{" "}
              {formatRate(node.inbound.rate)} in
            </button>
          </li>
        ))}
      </ul>
      <ul aria-label="Edges">
        {view.edges.map((edge) => (
          <li
            key={edge.id}
            data-testid="graph-edge"
            data-id={edge.id}
            data-source={edge.source}
            data-destination={edge.destination}
            data-rate={edge.rate}
            data-health={edge.health.state}
            data-error-share={edge.error_share ?? ""}
            data-mtls-share={edge.mtls.observed_share ?? ""}
            data-verdict={edge.authz.verdict}
          >
            {labels.get(edge.source)} to {labels.get(edge.destination)}, {edge.protocol}: {formatRate(edge.rate)},{" "}
            {formatShare(edge.error_share)} errors, p95 {formatMs(edge.p95_ms)}, {edge.health.state}
          </li>
        ))}
      </ul>
    </div>
  );
}
