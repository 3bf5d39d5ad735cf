import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert } from "lucide-react";
import { configQuery } from "../../api/queries";
import type { ConfigItem } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { ListFilter } from "../../components/ListFilter";
import { objectPath } from "../../components/ObjectLink";
import { Answer, Page, PageLink, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { matchesWords, useListFilter } from "../../components/useListFilter";
import { formatMoment } from "../../lib/format";
import { useCluster } from "../../state/cluster";

const COLUMNS: Column<ConfigItem>[] = [
  { key: "kind", title: "Kind", cell: (row) => row.kind, sort: (row) => row.kind },
  {
    key: "name",
    title: "Name",
    cell: (row) => <PageLink to={objectPath(row)}>{row.name}</PageLink>,
    sort: (row) => row.name,
  },
  {
    key: "namespace",
    title: "Namespace",
    cell: (row) => row.namespace || <span className="dim">cluster</span>,
    sort: (row) => row.namespace,
  },
  {
    key: "version",
    title: "API version",
    cell: (row) => <span className="mono dim">{row.api_version}</span>,
    sort: (row) => row.api_version,
  },
  {
    key: "state",
    title: "State",
    cell: (row) =>
      row.problem ? (
        <span style={{ display: "inline-flex", gap: 5, alignItems: "center", color: "var(--tone-bad)" }}>
          <TriangleAlert size={13} aria-hidden /> {row.problem}
        </span>
      ) : (
        <span style={{ display: "inline-flex", gap: 5, alignItems: "center" }}>
          <CircleCheck size={13} aria-hidden color="var(--tone-good)" /> well-formed
        </span>
      ),
    sort: (row) => (row.problem ? 0 : 1),
  },
  {
    key: "created",
    title: "Created",
    cell: (row) => (row.created_at ? <span className="num">{formatMoment(row.created_at)}</span> : "–"),
    sort: (row) => row.created_at,
  },
];

export function ConfigPage() {
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(configQuery(cluster));
  const filter = useListFilter();
  return (
    <Page title="Configuration">
      <Answer query={query} what="the configuration">
        {(all) => {
          const rows = all.filter(
            (row) =>
              (!filter.namespace || row.namespace === filter.namespace) &&
              (!filter.kind || row.kind === filter.kind) &&
              matchesWords(`${row.kind} ${row.namespace} ${row.name}`, filter.search),
          );
          return (
            <>
              <ListFilter
                filter={filter}
                namespaces={all.map((row) => row.namespace).filter(Boolean)}
                kinds={all.map((row) => row.kind)}
                shown={rows.length}
                total={all.length}
              />
              <TableCard>
                {rows.length > 0 ? (
                  <DataTable
                    label="Configuration objects"
                    rows={rows}
                    columns={COLUMNS}
                    rowKey={(row) => `${row.kind}/${row.namespace}/${row.name}`}
                    initialSort={{ key: "kind" }}
                  />
                ) : (
                  <EmptyScreen
                    title={all.length > 0 ? "No object matches the filter" : "The cluster has no mesh configuration"}
                  />
                )}
              </TableCard>
            </>
          );
        }}
      </Answer>
    </Page>
  );
}
