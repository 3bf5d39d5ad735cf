import { type KeyboardEvent, memo, useMemo, useState } from "react";
import type { GraphEdge, GraphNode, GraphView } from "../../graph/model";
import { nodeLabel } from "../../graph/node-size";
import { formatMs, formatRate, formatShare } from "../../lib/format";

/** More edges than this are no list to read: then only those of the selected element are told. */
const MOST_EDGES = 1000;

interface GraphOutlineProps {
  view: GraphView;
  selected: string | null;
  onSelect: (id: string) => void;
}

/** The map in words, for who can't see it (and for programs): nodes and edges to choose from, with their numbers. */
export function GraphOutline({ view, selected, onSelect }: GraphOutlineProps) {
  const { nodes } = view;
  const labels = useMemo(() => new Map(nodes.map((node) => [node.id, nodeLabel(node)])), [nodes]);
  const tooMany = view.edges.length > MOST_EDGES;
  const edges = useMemo(
    () =>
      tooMany
        ? view.edges.filter(({ id, source, destination }) => [id, source, destination].includes(selected ?? ""))
        : view.edges,
    [view.edges, tooMany, selected],
  );
  return (
    <div className="visually-hidden">
      <Roving label="Nodes" count={nodes.length}>
        {(active) =>
          nodes.map((node, index) => (
            <NodeItem key={node.id} node={node} active={index === active} onSelect={onSelect} />
          ))
        }
      </Roving>
      {tooMany && (
        <p>
          {view.edges.length} edges: those of the selected node are listed. The find box and the table have all of them.
        </p>
      )}
      <Roving label="Edges" count={edges.length}>
        {(active) =>
          edges.map((edge, index) => (
            <EdgeItem
              key={edge.id}
              edge={edge}
              source={labels.get(edge.source) ?? edge.source}
              destination={labels.get(edge.destination) ?? edge.destination}
              active={index === active}
              onSelect={onSelect}
            />
          ))
        }
      </Roving>
    </div>
  );
}

/** A list that is one stop of the Tab key; the arrow keys go on within it. */
function Roving({
  label,
  count,
  children,
}: {
  label: string;
  count: number;
  children: (active: number) => React.ReactNode;
}) {
  const [active, setActive] = useState(0);
  const onKeyDown = (event: KeyboardEvent<HTMLUListElement>) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || count === 0) return;
    event.preventDefault();
    const next = (active + step + count) % count;
    setActive(next);
    event.currentTarget.querySelectorAll("button")[next]?.focus();
  };
  return (
    <ul aria-label={label} onKeyDown={onKeyDown}>
      {children(Math.min(active, count - 1))}
    </ul>
  );
}

interface ItemProps {
  active: boolean;
  onSelect: (id: string) => void;
}

const NodeItem = memo(function NodeItem({ node, active, onSelect }: ItemProps & { node: GraphNode }) {
  return (
    <li>
      <button
        type="button"
        tabIndex={active ? 0 : -1}
        onClick={() => onSelect(node.id)}
        data-testid="graph-node"
        data-id={node.id}
        data-kind={node.kind}
        data-health={node.health.state}
      >
        {nodeLabel(node)}, {node.kind.replace("_", " ")} in {node.namespace || "no namespace"}, {node.health.state},{" "}
        {formatRate(node.inbound.rate)} in
      </button>
    </li>
  );
});

const EdgeItem = memo(function EdgeItem({
  edge,
  source,
  destination,
  active,
  onSelect,
}: ItemProps & { edge: GraphEdge; source: string; destination: string }) {
  return (
    <li
      data-testid="graph-edge"
      data-id={edge.id}
      data-source={edge.source}
      data-destination={edge.destination}
      data-rate={edge.rate}
      data-health={edge.health.state}
      data-error-share={edge.error_share ?? ""}
      data-mtls-share={edge.mtls.observed_share ?? ""}
      data-verdict={edge.authz.verdict}
      data-difference={edge.differences?.[0]?.kind}
    >
      <button type="button" tabIndex={active ? 0 : -1} onClick={() => onSelect(edge.id)}>
        {source} to {destination}, {edge.protocol}: {formatRate(edge.rate)}, {formatShare(edge.error_share)} errors, p95{" "}
        {formatMs(edge.p95_ms)}, {edge.health.state}
      </button>
    </li>
  );
});
