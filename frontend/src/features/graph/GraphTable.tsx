import { UnstyledButton } from "@mantine/core";
import { useMemo } from "react";
import { type Column, DataTable } from "../../components/DataTable";
import { HealthMark } from "../../components/HealthMark";
import { DIFFERENCE_KINDS, differenceLook } from "../../graph/compare-look";
import type { GraphEdge, GraphView } from "../../graph/model";
import { nodeLabel } from "../../graph/node-size";
import { formatBytesRate, formatMs, formatRate, formatShare } from "../../lib/format";
import { DifferenceMark } from "./compare/DifferenceMark";

const BADNESS = { failing: 0, degraded: 1, healthy: 2, unknown: 3, idle: 4 } as const;

const DIFFERENCE: Column<GraphEdge> = {
  key: "difference",
  title: "Difference",
  cell: (edge) => {
    const first = edge.differences?.[0];
    return (
      first && (
        <span style={{ display: "inline-flex", alignItems: "center", gap: 6 }}>
          <DifferenceMark kind={first.kind} size={14} />
          {differenceLook(edge.differences ?? []).text}
        </span>
      )
    );
  },
  sort: (edge) => (edge.differences?.[0] ? DIFFERENCE_KINDS.indexOf(edge.differences[0].kind) : null),
};

/** The edges of the view as rows: the same live numbers, for reading and sorting. */
export function GraphTable({
  view,
  only,
  selected,
  onSelect,
}: {
  view: GraphView;
  /** The edges to show, when something is looked for. */
  only: ReadonlySet<string> | null;
  selected: string | null;
  onSelect: (id: string) => void;
}) {
  const columns = useMemo<Column<GraphEdge>[]>(() => {
    const labels = new Map(view.nodes.map((node) => [node.id, nodeLabel(node)]));
    const end = (id: string) => (
      <UnstyledButton fz={13} fw={540} onClick={() => onSelect(id)}>
        {labels.get(id) ?? id}
      </UnstyledButton>
    );
    return [
      ...(view.edges.some((edge) => edge.differences) ? [DIFFERENCE] : []),
      {
        key: "health",
        title: "Health",
        cell: (edge) => <HealthMark state={edge.health.state} named />,
        sort: (edge) => BADNESS[edge.health.state],
      },
      { key: "source", title: "From", cell: (edge) => end(edge.source), sort: (edge) => labels.get(edge.source) ?? "" },
      {
        key: "destination",
        title: "To",
        cell: (edge) => end(edge.destination),
        sort: (edge) => labels.get(edge.destination) ?? "",
      },
      {
        key: "protocol",
        title: "Protocol",
        cell: (edge) => edge.protocol.toUpperCase(),
        sort: (edge) => edge.protocol,
      },
      { key: "rate", title: "Rate", numeric: true, cell: (edge) => formatRate(edge.rate), sort: (edge) => edge.rate },
      {
        key: "errors",
        title: "Errors",
        numeric: true,
        cell: (edge) => formatShare(edge.error_share),
        sort: (edge) => edge.error_share,
      },
      { key: "p50", title: "p50", numeric: true, cell: (edge) => formatMs(edge.p50_ms), sort: (edge) => edge.p50_ms },
      { key: "p95", title: "p95", numeric: true, cell: (edge) => formatMs(edge.p95_ms), sort: (edge) => edge.p95_ms },
      {
        key: "sent",
        title: "Sent",
        numeric: true,
        cell: (edge) => formatBytesRate(edge.sent_bytes_rate),
        sort: (edge) => edge.sent_bytes_rate,
      },
      {
        key: "mtls",
        title: "mTLS",
        numeric: true,
        cell: (edge) => formatShare(edge.mtls.observed_share),
        sort: (edge) => edge.mtls.observed_share,
      },
      { key: "authz", title: "Policy", cell: (edge) => edge.authz.verdict, sort: (edge) => edge.authz.verdict },
    ];
  }, [view, onSelect]);
  const rows = useMemo(() => (only ? view.edges.filter((edge) => only.has(edge.id)) : view.edges), [view.edges, only]);
  return (
    <DataTable
      label="Edges of the graph"
      rows={rows}
      columns={columns}
      rowKey={(edge) => edge.id}
      initialSort={{ key: "rate", descending: true }}
      selected={selected}
      onRowClick={(edge) => onSelect(edge.id)}
      rowData={(edge) => ({
        "data-testid": "graph-edge",
        "data-id": edge.id,
        "data-source": edge.source,
        "data-destination": edge.destination,
        "data-rate": edge.rate,
        "data-health": edge.health.state,
      })}
    />
  );
}
