import { useQuery } from "@tanstack/react-query";
import { CircleCheck, Download, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";
import type { ClusterTable, EndpointTable, ListenerTable, RouteTable, SecretTable } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, PageLink, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { Tag } from "../../components/Tag";
import { matchesWords } from "../../components/useListFilter";
import { formatMoment, formatShare } from "../../lib/format";
import { Mark, proxyPath } from "./marks";
import classes from "./proxies.module.css";
import {
  clustersTableQuery,
  endpointsQuery,
  listenersQuery,
  type ProxyName,
  rawUrl,
  routesQuery,
  secretsQuery,
} from "./queries";
import { TableFilter } from "./TableFilter";

type ListenerRow = ListenerTable["rows"][number];
type RouteRow = RouteTable["rows"][number];
type ClusterRow = ClusterTable["rows"][number];
type EndpointRow = EndpointTable["rows"][number];
type SecretRow = SecretTable["rows"][number];

/** A table with its filter, and its raw JSON beside it. */
function Filtered<T>({
  name,
  section,
  rows,
  columns,
  text,
  rowKey,
  sort,
}: {
  name: ProxyName;
  section: string;
  rows: readonly T[];
  columns: Column<T>[];
  text: (row: T) => string;
  rowKey: (row: T) => string;
  sort?: { key: string; descending?: boolean };
}) {
  const [params] = useSearchParams();
  const search = params.get("search") ?? "";
  const shown = rows.filter((row) => matchesWords(text(row), search));
  return (
    <>
      <div className={classes.bar}>
        <TableFilter shown={shown.length} total={rows.length} />
        <PageLink to={`${proxyPath(name.namespace, name.pod)}?tab=raw&section=${section}`}>Raw JSON</PageLink>
        <a className={classes.download} href={rawUrl(name, section)} download>
          <Download size={13} aria-hidden /> Download
        </a>
      </div>
      <TableCard>
        {shown.length > 0 ? (
          <DataTable label={section} rows={shown} columns={columns} rowKey={rowKey} initialSort={sort} />
        ) : (
          <EmptyScreen title={rows.length > 0 ? "Nothing matches the filter" : `The proxy has no ${section}`} />
        )}
      </TableCard>
    </>
  );
}

function Lines({ children }: { children: ReactNode[] }) {
  return children.map((line, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines are their position
    <div key={index}>{line}</div>
  ));
}

function State({ row }: { row: { state: string; error: string | null } }) {
  if (row.error) {
    return (
      <Mark icon={TriangleAlert} tone="bad" title={row.error}>
        update rejected
      </Mark>
    );
  }
  const fine = row.state === "active" || row.state === "static";
  return (
    <Mark icon={fine ? CircleCheck : TriangleAlert} tone={fine ? "good" : "warn"}>
      {row.state}
    </Mark>
  );
}

function Version({ row }: { row: { version: string; updated_at: string | null } }) {
  return (
    <span className="mono dim" title={row.version} style={{ fontSize: 12 }}>
      {row.updated_at ? formatMoment(row.updated_at) : row.version || "static"}
    </span>
  );
}

const rowState = <T extends { state: string; error: string | null }>(): Column<T> => ({
  key: "state",
  title: "State",
  cell: (row) => <State row={row} />,
  sort: (row) => (row.error ? "0" : row.state),
});
const rowVersion = <T extends { version: string; updated_at: string | null }>(): Column<T> => ({
  key: "version",
  title: "Since",
  cell: (row) => <Version row={row} />,
  sort: (row) => row.updated_at,
});

export function ListenersTable({ name }: { name: ProxyName }) {
  const query = useQuery(listenersQuery(name));
  const base = proxyPath(name.namespace, name.pod);
  const columns: Column<ListenerRow>[] = [
    {
      key: "name",
      title: "Listener",
      cell: (row) => (
        <>
          <b className="mono">{row.name}</b>
          <div className="mono dim">{row.address}</div>
        </>
      ),
      sort: (row) => row.name,
    },
    {
      key: "direction",
      title: "Direction",
      cell: (row) => row.direction.toLowerCase(),
      sort: (row) => row.direction,
    },
    {
      key: "chains",
      title: "Filter chains, their filters in order, and where they lead",
      cell: (row) =>
        row.filter_chains.map((chain, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: chains are their position
          <div key={index} className={classes.chain}>
            <div>
              {chain.name && <b>{chain.name} </b>}
              <span className="dim">takes</span> {chain.match}{" "}
              {chain.tls ? <Tag tone="good">TLS, client certificate {chain.tls.client}</Tag> : <Tag>plain text</Tag>}
            </div>
            <div className="mono dim" style={{ fontSize: 12 }}>
              {(chain.http_filters.length > 0 ? chain.http_filters : chain.filters)
                .map((one) => one.name.replace(/^envoy\.filters\.(http|network)\./, ""))
                .join(" → ")}
            </div>
            {chain.routes && (
              <PageLink to={`${base}?tab=routes&search=${encodeURIComponent(chain.routes)}`}>
                routes {chain.routes}
              </PageLink>
            )}
            {chain.clusters.map((one) => (
              <div key={one}>
                <PageLink to={`${base}?tab=clusters&search=${encodeURIComponent(one)}`}>{one}</PageLink>
              </div>
            ))}
          </div>
        )),
    },
    rowState(),
    rowVersion(),
  ];
  return (
    <Answer query={query} what="the listeners">
      {({ rows }) => (
        <Filtered
          name={name}
          section="listeners"
          rows={rows}
          columns={columns}
          text={(row) =>
            `${row.name} ${row.address} ${row.direction} ${row.filter_chains.map((one) => `${one.routes} ${one.match}`).join(" ")}`
          }
          rowKey={(row) => `${row.name} ${row.state}`}
        />
      )}
    </Answer>
  );
}

export function RoutesTable({ name }: { name: ProxyName }) {
  const query = useQuery(routesQuery(name));
  const base = proxyPath(name.namespace, name.pod);
  const columns: Column<RouteRow>[] = [
    {
      key: "config",
      title: "Routes",
      cell: (row) => <span className="mono">{row.config}</span>,
      sort: (row) => row.config,
    },
    {
      key: "host",
      title: "Virtual host",
      cell: (row) => (
        <>
          <span className="mono" title={row.domains.join("\n")}>
            {row.virtual_host}
          </span>
          <div className="dim">
            {row.domains.length} {row.domains.length === 1 ? "domain" : "domains"}
          </div>
        </>
      ),
      sort: (row) => row.virtual_host,
    },
    {
      key: "match",
      title: "Route",
      cell: (row) => (
        <>
          <b>{row.name || `route ${row.position + 1}`}</b>
          <div className="dim">{row.match}</div>
        </>
      ),
      sort: (row) => row.position,
    },
    {
      key: "targets",
      title: "Goes to",
      cell: (row) =>
        row.targets.length === 0 ? (
          row.does
        ) : (
          <>
            {row.targets.map((one) => (
              <div key={one.cluster}>
                {row.targets.length > 1 && <b className="num">{formatShare(one.share)} </b>}
                <PageLink to={`${base}?tab=clusters&search=${encodeURIComponent(one.cluster)}`}>
                  {one.cluster || one.how}
                </PageLink>
              </div>
            ))}
            {row.mirrors.map((one) => (
              <div key={`mirror ${one.cluster}`} className="dim">
                copies of {formatShare(one.share)} to {one.cluster}
              </div>
            ))}
          </>
        ),
      sort: (row) => row.does,
    },
    {
      key: "more",
      title: "Timeout, retries, changes",
      cell: (row) => (
        <Lines>
          {[
            row.action === "forward" &&
              (row.timeout_ms === 0
                ? "no timeout"
                : row.timeout_ms === null
                  ? "15 s (default)"
                  : `${row.timeout_ms} ms`),
            row.retries,
            row.rewrite,
            row.fault && (
              <Tag key="fault" tone="warn">
                fault: {row.fault}
              </Tag>
            ),
          ].filter(Boolean)}
        </Lines>
      ),
      sort: (row) => row.timeout_ms,
    },
    { key: "object", title: "Made by", cell: (row) => row.object && <ObjectLink object={row.object} /> },
  ];
  return (
    <Answer query={query} what="the routes">
      {({ rows }) => (
        <Filtered
          name={name}
          section="routes"
          rows={rows.map((row, index) => ({ ...row, index }))}
          columns={columns}
          text={(row) =>
            `${row.config} ${row.virtual_host} ${row.name} ${row.domains.join(" ")} ${row.does} ${row.object?.name ?? ""}`
          }
          rowKey={(row) => String(row.index)}
        />
      )}
    </Answer>
  );
}

export function ClustersTable({ name }: { name: ProxyName }) {
  const query = useQuery(clustersTableQuery(name));
  const base = proxyPath(name.namespace, name.pod);
  const columns: Column<ClusterRow>[] = [
    {
      key: "name",
      title: "Cluster",
      cell: (row) => <span className="mono">{row.name}</span>,
      sort: (row) => row.name,
    },
    {
      key: "endpoints",
      title: "Endpoints",
      numeric: true,
      cell: (row) => (
        <PageLink to={`${base}?tab=endpoints&search=${encodeURIComponent(row.name)}`}>
          {row.endpoints === null ? "–" : `${row.healthy} of ${row.endpoints}`}
        </PageLink>
      ),
      sort: (row) => (row.endpoints ? (row.healthy ?? 0) / row.endpoints : 2),
    },
    { key: "type", title: "Found by", cell: (row) => row.type, sort: (row) => row.type },
    {
      key: "tls",
      title: "TLS",
      cell: (row) => (
        <Lines>
          {row.tls.map((one) => (
            <span key={one.name} title={[one.sni && `SNI ${one.sni}`, ...one.identities].filter(Boolean).join("\n")}>
              {one.mode === "mutual" ? "mutual" : one.mode}
              {row.tls.length > 1 && (
                <span className="dim">
                  {" "}
                  for {Object.keys(one.match).length ? Object.values(one.match).join() : "others"}
                </span>
              )}
            </span>
          ))}
        </Lines>
      ),
      sort: (row) => row.tls[0]?.mode ?? "",
    },
    {
      key: "breakers",
      title: "Circuit breakers",
      cell: (row) => (
        <Lines>
          {row.breakers
            .filter((one) => one.priority === "DEFAULT" && (one.limit !== null || one.used))
            .map((one) => {
              const full = one.limit !== null && one.used !== null && one.used >= one.limit;
              return (
                <span
                  key={one.what}
                  className="num"
                  style={full ? { color: "var(--tone-bad)", fontWeight: 650 } : undefined}
                >
                  {one.used ?? "?"} of {one.limit ?? "∞"} {one.what}
                  {full && " – full"}
                </span>
              );
            })}
        </Lines>
      ),
    },
    {
      key: "outlier",
      title: "Ejects after",
      cell: (row) => row.outlier_detection || <span className="dim">never</span>,
      sort: (row) => row.outlier_detection,
    },
    rowState(),
    { key: "object", title: "Made by", cell: (row) => row.object && <ObjectLink object={row.object} /> },
  ];
  return (
    <Answer query={query} what="the clusters">
      {({ rows }) => (
        <Filtered
          name={name}
          section="clusters"
          rows={rows}
          columns={columns}
          text={(row) => `${row.name} ${row.service} ${row.subset} ${row.type}`}
          rowKey={(row) => `${row.name} ${row.state}`}
          sort={{ key: "name" }}
        />
      )}
    </Answer>
  );
}

export function EndpointsTable({ name }: { name: ProxyName }) {
  const query = useQuery(endpointsQuery(name));
  const columns: Column<EndpointRow>[] = [
    {
      key: "address",
      title: "Endpoint",
      cell: ({ row }) => (
        <>
          <span className="mono">{row.address}</span> <span className="dim">{row.zone}</span>
        </>
      ),
      sort: ({ row }) => row.address,
    },
    {
      key: "cluster",
      title: "Cluster",
      cell: ({ row }) => <span className="mono">{row.cluster}</span>,
      sort: ({ row }) => row.cluster,
    },
    {
      key: "pod",
      title: "Pod",
      cell: ({ pod }) =>
        pod ? (
          <>
            <PageLink to={proxyPath(pod.namespace, pod.name)}>{pod.name}</PageLink>
            <div className="dim">
              of <PageLink to={`/workloads/${pod.namespace}/${pod.workload}`}>{pod.workload}</PageLink>
            </div>
          </>
        ) : (
          <span className="dim">none of this cluster</span>
        ),
      sort: ({ pod }) => pod?.name ?? null,
    },
    {
      key: "health",
      title: "Health",
      cell: ({ row, since }) => (
        <Mark
          icon={row.healthy ? CircleCheck : TriangleAlert}
          tone={row.healthy ? "good" : "bad"}
          title={row.flags.join(", ")}
        >
          {row.healthy ? "healthy" : row.unhealthy.join(", ").replaceAll("_", " ")}
          {since && !row.healthy && ` since ${formatMoment(since)}`}
        </Mark>
      ),
      sort: ({ row }) => (row.healthy ? 1 : 0),
    },
    { key: "weight", title: "Weight", numeric: true, cell: ({ row }) => row.weight, sort: ({ row }) => row.weight },
    {
      key: "success",
      title: "Success rate",
      numeric: true,
      cell: ({ row }) => formatShare(row.success_rate),
      sort: ({ row }) => row.success_rate,
    },
    {
      key: "active",
      title: "Requests now",
      numeric: true,
      cell: ({ row }) => row.active_requests,
      sort: ({ row }) => row.active_requests,
    },
    {
      key: "requests",
      title: "In all",
      numeric: true,
      cell: ({ row }) => row.requests,
      sort: ({ row }) => row.requests,
    },
    { key: "errors", title: "Errors", numeric: true, cell: ({ row }) => row.errors, sort: ({ row }) => row.errors },
  ];
  return (
    <Answer query={query} what="the endpoints">
      {({ rows }) => (
        <Filtered
          name={name}
          section="endpoints"
          rows={rows}
          columns={columns}
          text={({ row, pod }) =>
            `${row.address} ${row.cluster} ${row.hostname} ${pod?.name ?? ""} ${row.unhealthy.join(" ")}`
          }
          rowKey={({ row }) => `${row.cluster} ${row.address}`}
          sort={{ key: "cluster" }}
        />
      )}
    </Answer>
  );
}

export function SecretsTable({ name }: { name: ProxyName }) {
  const query = useQuery(secretsQuery(name));
  const columns: Column<SecretRow>[] = [
    { key: "name", title: "Secret", cell: (row) => <b className="mono">{row.name}</b>, sort: (row) => row.name },
    { key: "kind", title: "Kind", cell: (row) => row.kind.replaceAll("_", " "), sort: (row) => row.kind },
    {
      key: "identity",
      title: "Identity",
      cell: (row) => (
        <Lines>
          {row.identities.map((one) => (
            <span key={one} className="mono">
              {one}
            </span>
          ))}
        </Lines>
      ),
      sort: (row) => row.identities[0] ?? null,
    },
    { key: "serial", title: "Serial number", cell: (row) => <span className="mono dim">{row.serial_number}</span> },
    {
      key: "from",
      title: "Valid from",
      cell: (row) => (row.valid_from ? formatMoment(row.valid_from) : "–"),
      sort: (row) => row.valid_from,
    },
    {
      key: "expires",
      title: "Expires",
      cell: (row) => (row.expires_at ? formatMoment(row.expires_at) : "–"),
      sort: (row) => row.expires_at,
    },
    rowState(),
    rowVersion(),
  ];
  return (
    <Answer query={query} what="the secrets">
      {({ rows }) => (
        <Filtered
          name={name}
          section="secrets"
          rows={rows}
          columns={columns}
          text={(row) => `${row.name} ${row.kind} ${row.identities.join(" ")}`}
          rowKey={(row) => `${row.name} ${row.state}`}
        />
      )}
    </Answer>
  );
}
