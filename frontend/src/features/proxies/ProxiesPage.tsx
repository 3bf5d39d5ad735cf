import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert } from "lucide-react";
import type { ProxyRow, TypeSync } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { ListFilter } from "../../components/ListFilter";
import { Notice } from "../../components/Notice";
import { Answer, Page, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { matchesWords, useListFilter } from "../../components/useListFilter";
import { formatAgo, formatMoment, formatSpan } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import { formatBytes, Mark, ProxyLink, SyncMark, syncRank } from "./marks";
import { proxiesQuery, syncQuery } from "./queries";

interface Row extends ProxyRow {
  sync: Record<string, TypeSync>;
}

const TYPES = [
  ["listener", "Listeners"],
  ["route", "Routes"],
  ["cluster", "Clusters"],
  ["endpoint", "Endpoints"],
  ["secret", "Secrets"],
] as const;

function newest(row: Row): string | null {
  const times = Object.values(row.sync)
    .filter((one) => one.type !== "secret" && one.since)
    .map((one) => one.since ?? "");
  return times.sort().at(-1) ?? null;
}

const COLUMNS: Column<Row>[] = [
  {
    key: "pod",
    title: "Proxy",
    cell: (row) => <ProxyLink namespace={row.namespace} pod={row.pod} />,
    sort: (row) => row.pod,
  },
  { key: "namespace", title: "Namespace", cell: (row) => row.namespace || "–", sort: (row) => row.namespace },
  {
    key: "state",
    title: "State",
    cell: (row) =>
      row.error ? (
        <Mark icon={TriangleAlert} tone="bad" title={row.error}>
          unreachable{row.error_since && ` since ${formatMoment(row.error_since)}`}
        </Mark>
      ) : (
        <Mark icon={row.state === "LIVE" ? CircleCheck : TriangleAlert} tone={row.state === "LIVE" ? "good" : "warn"}>
          {row.state.toLowerCase()}
        </Mark>
      ),
    sort: (row) => (row.error ? "0" : row.state),
  },
  ...TYPES.map(
    ([type, title]): Column<Row> => ({
      key: type,
      title,
      cell: (row) => <SyncMark sync={row.sync[type]} />,
      sort: (row) => syncRank(row.sync[type]),
    }),
  ),
  {
    key: "age",
    title: "Config age",
    numeric: true,
    cell: (row) => {
      const at = newest(row);
      return at ? <span title={formatMoment(at)}>{formatAgo(at, new Date())}</span> : "–";
    },
    sort: newest,
  },
  {
    key: "unhealthy",
    title: "Clusters",
    numeric: true,
    cell: (row) =>
      row.unhealthy_clusters.length > 0 ? (
        <Mark icon={TriangleAlert} tone="warn" title={row.unhealthy_clusters.join("\n")}>
          {row.unhealthy_clusters.length} of {row.clusters} unwell
        </Mark>
      ) : (
        row.clusters
      ),
    sort: (row) => row.unhealthy_clusters.length,
  },
  {
    key: "certificate",
    title: "Certificate",
    cell: (row) => {
      const expires = row.certificates[0]?.expires_at;
      if (!expires) return <span className="dim">none</span>;
      const left = (new Date(expires).getTime() - Date.now()) / 1000;
      return (
        <Mark icon={left > 0 ? CircleCheck : TriangleAlert} tone={left > 0 ? "good" : "bad"} title={expires}>
          {left > 0 ? `${formatSpan(left)} left` : "expired"}
        </Mark>
      );
    },
    sort: (row) => row.certificates[0]?.expires_at ?? null,
  },
  {
    key: "memory",
    title: "Memory",
    numeric: true,
    cell: (row) => formatBytes(row.memory_bytes),
    sort: (row) => row.memory_bytes,
  },
  {
    key: "version",
    title: "Envoy",
    cell: (row) => <span className="mono">{row.version}</span>,
    sort: (row) => row.version,
  },
];

export function ProxiesPage() {
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(proxiesQuery(cluster));
  const sync = useQuery(syncQuery(cluster));
  const filter = useListFilter();
  const known = new Map((sync.data?.proxies ?? []).map((one) => [`${one.namespace}/${one.pod}`, one]));
  return (
    <Page title="Proxies">
      <Answer query={query} what="the proxies">
        {(all) => {
          const rows: Row[] = all
            .filter(
              (row) =>
                (!filter.namespace || row.namespace === filter.namespace) &&
                matchesWords(`${row.pod} ${row.namespace} ${row.workload} ${row.version}`, filter.search),
            )
            .map((row) => ({
              ...row,
              sync: Object.fromEntries(
                (known.get(`${row.namespace}/${row.pod}`)?.types ?? []).map((one) => [one.type, one]),
              ),
            }));
          const rejected = rows.flatMap((row) =>
            Object.values(row.sync)
              .filter((one) => one.state === "rejected")
              .map((one) => ({ row, one })),
          );
          return (
            <>
              {sync.data?.control_plane_error && (
                <Notice tone="plain" title="The control plane was not asked">
                  {sync.data.control_plane_error}. What proxies have is told by the proxies alone.
                </Notice>
              )}
              {rejected.map(({ row, one }) => (
                <Notice key={`${row.pod}${one.type}`} tone="bad" title={`${row.pod} rejects its ${one.type}s`}>
                  <span className="mono">{one.reason}</span>
                </Notice>
              ))}
              <ListFilter
                filter={filter}
                namespaces={all.map((row) => row.namespace).filter(Boolean)}
                shown={rows.length}
                total={all.length}
              />
              <TableCard>
                {rows.length > 0 ? (
                  <DataTable
                    label="Proxies"
                    rows={rows}
                    columns={COLUMNS}
                    rowKey={(row) => `${row.namespace}/${row.pod}`}
                    initialSort={{ key: "pod" }}
                  />
                ) : (
                  <EmptyScreen title={all.length > 0 ? "No proxy matches the filter" : "No proxy has been read"}>
                    {all.length === 0 &&
                      "Proxies are read a few at a time. If none comes, MESHUI_ENVOY_ADMIN says how they are reached."}
                  </EmptyScreen>
                )}
              </TableCard>
            </>
          );
        }}
      </Answer>
    </Page>
  );
}
