import { useQuery } from "@tanstack/react-query";
import { shiftsQuery } from "../../api/queries";
import type { Shift } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { Answer, PageLink, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { formatMoment } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import { ShiftPhase } from "./phases";

const COLUMNS: Column<Shift>[] = [
  { key: "id", title: "#", numeric: true, cell: (row) => row.id, sort: (row) => row.id },
  {
    key: "what",
    title: "Shift",
    cell: (row) => (
      <PageLink to={`/changes/shifts/${row.id}`}>
        {row.service_namespace}/{row.service_name} to {row.candidate}
      </PageLink>
    ),
    sort: (row) => `${row.service_namespace}/${row.service_name}`,
  },
  { key: "phase", title: "Phase", cell: (row) => <ShiftPhase phase={row.phase} />, sort: (row) => row.phase },
  {
    key: "weight",
    title: "Weight",
    numeric: true,
    cell: (row) => `${row.weight}%`,
    sort: (row) => row.weight,
  },
  { key: "said", title: "Why", cell: (row) => row.said },
  { key: "author", title: "By", cell: (row) => row.author, sort: (row) => row.author },
  {
    key: "at",
    title: "Started",
    cell: (row) => <span className="num">{formatMoment(row.created_at)}</span>,
    sort: (row) => row.created_at,
  },
];

/** The guarded shifts of the cluster, newest first. */
export function ShiftList() {
  const query = useQuery(shiftsQuery(useCluster()?.name ?? ""));
  return (
    <Answer query={query} what="the shifts">
      {(rows) => (
        <TableCard>
          {rows.length > 0 ? (
            <DataTable
              label="Guarded shifts"
              rows={rows}
              columns={COLUMNS}
              rowKey={(row) => String(row.id)}
              initialSort={{ key: "id", descending: true }}
            />
          ) : (
            <EmptyScreen title="Nothing was shifted yet">
              A guarded shift moves a service's traffic to another version in steps, and takes it back by itself when
              that version does worse. Start one at a service's weights.
            </EmptyScreen>
          )}
        </TableCard>
      )}
    </Answer>
  );
}
