import { ShieldOff } from "lucide-react";
import type { Workload } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { PageLink } from "../../components/Page";
import { Pods } from "../../components/Pods";

function ProxyKind({ workload }: { workload: Workload }) {
  if (workload.has_proxy === null) return <span className="dim">–</span>;
  if (workload.is_gateway) return "gateway";
  return workload.has_proxy ? (
    "sidecar"
  ) : (
    <span style={{ display: "inline-flex", gap: 5, alignItems: "center", color: "var(--tone-warn)" }}>
      <ShieldOff size={13} aria-hidden /> none
    </span>
  );
}

const COLUMNS: Column<Workload>[] = [
  {
    key: "name",
    title: "Workload",
    cell: (row) => <PageLink to={`/workloads/${row.namespace}/${row.name}`}>{row.name}</PageLink>,
    sort: (row) => row.name,
  },
  { key: "namespace", title: "Namespace", cell: (row) => row.namespace, sort: (row) => row.namespace },
  { key: "kind", title: "Kind", cell: (row) => row.kind, sort: (row) => row.kind },
  { key: "app", title: "App", cell: (row) => row.app ?? "–", sort: (row) => row.app },
  { key: "version", title: "Version", cell: (row) => row.version ?? "–", sort: (row) => row.version },
  {
    key: "account",
    title: "Service account",
    cell: (row) => <span className="mono">{row.service_account}</span>,
    sort: (row) => row.service_account,
  },
  { key: "proxy", title: "Proxy", cell: (row) => <ProxyKind workload={row} />, sort: (row) => String(row.has_proxy) },
  {
    key: "pods",
    title: "Pods ready",
    numeric: true,
    cell: (row) => <Pods ready={row.pods_ready} total={row.pods_total} />,
    sort: (row) => row.pods_ready - row.pods_total,
  },
];

export function WorkloadTable({ rows }: { rows: readonly Workload[] }) {
  return (
    <DataTable
      label="Workloads"
      rows={rows}
      columns={COLUMNS}
      rowKey={(row) => `${row.namespace}/${row.name}`}
      initialSort={{ key: "name" }}
    />
  );
}
