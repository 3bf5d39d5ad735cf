import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleHelp, Clock, OctagonX, TriangleAlert } from "lucide-react";
import { inCluster } from "../../api/queries";
import type { CertificatesAnswer } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { ListFilter } from "../../components/ListFilter";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Page, PageLink, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { Tag } from "../../components/Tag";
import { matchesWords, useListFilter } from "../../components/useListFilter";
import type { Tone } from "../../graph/overlay";
import { formatMoment, formatSpan } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import { SeverityMark } from "../policies/Severity";
import classes from "./certificates.module.css";

type Leaf = CertificatesAnswer["leaves"][number];
type Root = CertificatesAnswer["roots"][number];
type Shown = CertificatesAnswer["gateways"][number];
type Life = Leaf["life"];

const certificatesQuery = (cluster: string) =>
  inCluster<CertificatesAnswer>(cluster, ["certificates"], { refetchMs: 15_000 });

const STATES: Record<Life["state"], { icon: typeof Clock; tone: Tone; text: string }> = {
  good: { icon: CircleCheck, tone: "good", text: "good" },
  late: { icon: Clock, tone: "warn", text: "late" },
  expiring: { icon: TriangleAlert, tone: "bad", text: "expires soon" },
  expired: { icon: OctagonX, tone: "bad", text: "expired" },
  not_yet_valid: { icon: OctagonX, tone: "bad", text: "not valid yet" },
  unknown: { icon: CircleHelp, tone: "muted", text: "unknown" },
};
const GRAVITY = { expired: 0, not_yet_valid: 1, expiring: 2, late: 3, unknown: 4, good: 5 };

function State({ life }: { life: Life }) {
  const look = STATES[life.state];
  return (
    <span className={classes.state} style={{ color: `var(--tone-${look.tone})` }} title={life.reason}>
      <look.icon size={13} aria-hidden />
      {look.text}
    </span>
  );
}

/** A certificate's life as a bar: how much is over, with marks where it should rotate and where that is late. */
function LifeBar({ life }: { life: Life }) {
  if (life.used === null) return <span className="dim">not known</span>;
  const used = Math.min(1, Math.max(0, life.used));
  return (
    <span
      className={classes.life}
      role="img"
      aria-label={`${Math.round(used * 100)}% of its life is over. ${life.reason}`}
      title={life.reason}
    >
      <span style={{ width: `${used * 100}%`, background: `var(--tone-${STATES[life.state].tone})` }} />
      <i style={{ left: "50%" }} />
      <i style={{ left: "75%" }} data-late />
    </span>
  );
}

const left = (life: Life) =>
  life.left_seconds === null
    ? "–"
    : life.left_seconds < 0
      ? `${formatSpan(-life.left_seconds)} ago`
      : `in ${formatSpan(life.left_seconds)}`;

const lifeColumns = <T extends { life: Life; expires_at: string | null; valid_from: string | null }>(): Column<T>[] => [
  { key: "state", title: "State", cell: (row) => <State life={row.life} />, sort: (row) => GRAVITY[row.life.state] },
  {
    key: "life",
    title: "Life (rotates at ½, late at ¾)",
    cell: (row) => <LifeBar life={row.life} />,
    sort: (row) => row.life.used,
  },
  {
    key: "rotated",
    title: "Issued",
    cell: (row) =>
      row.life.rotated_ago_seconds === null ? (
        "–"
      ) : (
        <span className="num" title={row.valid_from ? formatMoment(row.valid_from) : undefined}>
          {formatSpan(row.life.rotated_ago_seconds)} ago
        </span>
      ),
    sort: (row) => row.life.rotated_ago_seconds,
  },
  {
    key: "expires",
    title: "Expires",
    cell: (row) => (
      <span className="num" title={row.expires_at ? formatMoment(row.expires_at) : undefined}>
        {left(row.life)}
      </span>
    ),
    sort: (row) => row.life.left_seconds,
  },
];

const LEAVES: Column<Leaf>[] = [
  {
    key: "workload",
    title: "Workload",
    cell: (row) => (
      <>
        <PageLink to={`/workloads/${row.namespace}/${row.workload}`}>{row.workload}</PageLink>{" "}
        <span className="dim">{row.namespace}</span>
      </>
    ),
    sort: (row) => `${row.namespace}/${row.workload}/${row.pod}`,
  },
  {
    key: "identity",
    title: "Identity",
    cell: (row) => (
      <>
        <span className="mono">{row.identity.replace("spiffe://", "") || "none"}</span>
        {row.matches === false && (
          <>
            {" "}
            <Tag tone="bad">not its service account’s</Tag>
          </>
        )}
      </>
    ),
    sort: (row) => row.identity,
  },
  ...lifeColumns<Leaf>(),
  {
    key: "issuer",
    title: "Issuer",
    cell: (row) =>
      row.issuer ? (
        <span className="mono" title={[row.issuer, ...row.chain].join(" ← ")}>
          {row.issuer}
        </span>
      ) : (
        <span className="dim">not told</span>
      ),
    sort: (row) => row.issuer,
  },
  {
    key: "serial",
    title: "Serial",
    cell: (row) => (
      <span className="mono dim" title={row.serial_number}>
        {row.serial_number.slice(0, 10)}
      </span>
    ),
  },
];

const ROOTS: Column<Root>[] = [
  {
    key: "serial",
    title: "Serial",
    cell: (row) => (
      <span className="mono" title={row.serial_number}>
        {row.serial_number.slice(0, 20)}
      </span>
    ),
  },
  ...lifeColumns<Root>().filter((column) => column.key !== "life"),
  {
    key: "trusted",
    title: "Trusted by",
    numeric: true,
    cell: (row) => `${row.trusted_by} ${row.trusted_by === 1 ? "proxy" : "proxies"}`,
    sort: (row) => row.trusted_by,
  },
  { key: "reason", title: "", cell: (row) => <span className="dim">{row.life.reason}</span> },
];

const SHOWN: Column<Shown>[] = [
  {
    key: "secret",
    title: "Secret",
    cell: (row) => (
      <span className="mono">
        {row.namespace}/{row.name}
      </span>
    ),
    sort: (row) => `${row.namespace}/${row.name}`,
  },
  { key: "gateway", title: "Shown by", cell: (row) => <ObjectLink object={row.gateway} /> },
  { key: "hosts", title: "For hosts", cell: (row) => row.hosts.join(", ") },
  {
    key: "names",
    title: "Valid for",
    cell: (row) => (row.error ? <span className="dim">{row.error}</span> : row.names.join(", ")),
  },
  ...lifeColumns<Shown>(),
  { key: "issuer", title: "Issuer", cell: (row) => <span className="mono">{row.issuer}</span> },
];

const HOUR = 3_600_000;

/** When each workload's certificates were issued and end, on one axis of time. */
function Timeline({ leaves }: { leaves: readonly Leaf[] }) {
  const dated = leaves.filter((leaf) => leaf.valid_from && leaf.expires_at);
  if (dated.length === 0) return null;
  const now = Date.now();
  const begins = dated.map((leaf) => Date.parse(leaf.valid_from ?? ""));
  const ends = dated.map((leaf) => Date.parse(leaf.expires_at ?? ""));
  const [from, to] = [Math.min(...begins, now), Math.max(...ends, now)];
  const place = (time: number) => `${((time - from) / Math.max(1, to - from)) * 100}%`;
  const rows = new Map<string, Leaf[]>();
  for (const leaf of dated) {
    const key = `${leaf.namespace}/${leaf.workload}`;
    rows.set(key, [...(rows.get(key) ?? []), leaf]);
  }
  const shown = [...rows.entries()].sort(([a], [b]) => a.localeCompare(b)).slice(0, 60);
  return (
    <Card title="Timeline">
      <div className={classes.timeline} data-testid="timeline">
        <span />
        <div className={classes.axis}>
          <span>{formatMoment(new Date(from))}</span>
          <span className={classes.now} style={{ left: place(now) }}>
            now
          </span>
          <span>{to - from > 48 * HOUR ? new Date(to).toLocaleDateString("en-CA") : formatMoment(new Date(to))}</span>
        </div>
        {shown.map(([name, its]) => (
          <div key={name} className={classes.row} data-testid="timeline-row" data-workload={name}>
            <span className={classes.name}>{name}</span>
            <div className={classes.track}>
              {its.map((leaf) => {
                const [begin, end] = [Date.parse(leaf.valid_from ?? ""), Date.parse(leaf.expires_at ?? "")];
                return (
                  <span
                    key={`${leaf.pod}${leaf.serial_number}`}
                    className={classes.span}
                    role="img"
                    aria-label={`${leaf.pod}: ${leaf.life.reason}`}
                    title={`${leaf.pod}: ${leaf.life.reason}`}
                    style={{
                      left: place(begin),
                      width: `${((end - begin) / Math.max(1, to - from)) * 100}%`,
                      background: `var(--soft-${STATES[leaf.life.state].tone})`,
                      borderColor: `var(--tone-${STATES[leaf.life.state].tone})`,
                    }}
                  />
                );
              })}
              <i className={classes.nowLine} style={{ left: place(now) }} />
            </div>
          </div>
        ))}
      </div>
      {rows.size > shown.length && (
        <p className="dim">
          The first {shown.length} of {rows.size} workloads; all are in the table.
        </p>
      )}
    </Card>
  );
}

/** Who shows which certificate, until when, and what is late or odd among them. */
export function CertificatesPage() {
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(certificatesQuery(cluster));
  const filter = useListFilter();
  return (
    <Page title="Certificates">
      <Answer query={query} what="the certificates">
        {(found) => {
          const rows = found.leaves.filter(
            (row) =>
              (!filter.namespace || row.namespace === filter.namespace) &&
              matchesWords(`${row.namespace} ${row.workload} ${row.pod} ${row.identity} ${row.issuer}`, filter.search),
          );
          return (
            <>
              {found.findings.length > 0 && (
                <Card title={`Found (${found.findings.length})`}>
                  <ul className={classes.findings}>
                    {found.findings.slice(0, 50).map((one) => (
                      <li
                        key={`${one.code}${one.object.namespace}${one.object.name}${one.message}`}
                        data-code={one.code}
                      >
                        <SeverityMark severity={one.severity} /> {one.message}{" "}
                        <span className="dim">{one.next_step}</span>
                      </li>
                    ))}
                  </ul>
                </Card>
              )}
              {found.proxies_unread > 0 && (
                <Notice tone="warn" title={`${found.proxies_unread} proxies could not be read`}>
                  {found.unread_reason}
                </Notice>
              )}
              <Timeline leaves={rows} />
              <ListFilter
                filter={filter}
                namespaces={found.leaves.map((row) => row.namespace)}
                shown={rows.length}
                total={found.leaves.length}
              />
              <TableCard>
                {rows.length > 0 ? (
                  <DataTable
                    label="Certificates of proxies"
                    rows={rows}
                    columns={LEAVES}
                    rowKey={(row) => `${row.namespace}/${row.pod}/${row.serial_number}`}
                    rowData={(row) => ({ "data-pod": row.pod, "data-state": row.life.state })}
                    initialSort={{ key: "state" }}
                  />
                ) : (
                  <EmptyScreen
                    title={found.leaves.length > 0 ? "No certificate matches the filter" : "No proxy has been read yet"}
                  >
                    {found.leaves.length === 0 &&
                      "MeshUI reads a few proxies at each poll, where MESHUI_ENVOY_ADMIN lets it."}
                  </EmptyScreen>
                )}
              </TableCard>
              {found.roots.length > 0 && (
                <Card title="Roots that proxies trust">
                  <DataTable
                    label="Roots that proxies trust"
                    rows={found.roots}
                    columns={ROOTS}
                    rowKey={(row) => row.serial_number}
                  />
                </Card>
              )}
              <Card title="Certificates that gateways show">
                {found.gateways.length > 0 ? (
                  <DataTable
                    label="Certificates that gateways show"
                    rows={found.gateways}
                    columns={SHOWN}
                    rowKey={(row) => `${row.namespace}/${row.name}/${row.gateway.namespace}/${row.gateway.name}`}
                  />
                ) : (
                  <span className="dim">No Gateway names a Secret.</span>
                )}
              </Card>
            </>
          );
        }}
      </Answer>
    </Page>
  );
}
