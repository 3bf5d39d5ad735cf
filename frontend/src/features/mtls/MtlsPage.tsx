import { useQuery } from "@tanstack/react-query";
import type { MeshPosture, NamespacePosture } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { Notice } from "../../components/Notice";
import { Answer, Card, Facts, Page, PageLink, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { formatAgo, formatRate, formatShare } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import { DecidedBy, Mode, Observed } from "./Mode";
import classes from "./mtls.module.css";
import { postureQuery } from "./queries";
import { useWindow, WindowSelect } from "./useWindow";

const COUNTS = [
  ["strict", "strict"],
  ["permissive", "permissive"],
  ["disabled", "disabled"],
  ["mixed", "differing by port"],
  ["without_proxy", "without a proxy"],
  ["gateways", "gateways"],
] as const;

const COLUMNS: Column<NamespacePosture>[] = [
  {
    key: "namespace",
    title: "Namespace",
    cell: (row) => <PageLink to={`/mtls/${row.namespace}`}>{row.namespace}</PageLink>,
    sort: (row) => row.namespace,
  },
  { key: "mode", title: "Mode", cell: (row) => <Mode mode={row.mode} />, sort: (row) => row.mode },
  {
    key: "decided",
    title: "Decided by",
    cell: (row) => <DecidedBy object={row.decided_by} level={row.level} />,
    sort: (row) => row.level,
  },
  {
    key: "workloads",
    title: "Workloads",
    cell: (row) => (
      <span className={classes.counts}>
        {COUNTS.filter(([key]) => row[key] > 0).map(([key, label]) => (
          <span key={key}>
            <b className="num">{row[key]}</b> {label}
          </span>
        ))}
      </span>
    ),
    sort: (row) => row.strict + row.permissive + row.disabled + row.mixed + row.without_proxy,
  },
  {
    key: "observed",
    title: "Seen over mutual TLS",
    cell: (row) => <Observed share={row.observed_share} />,
    sort: (row) => row.observed_share,
  },
  { key: "rate", title: "Calls", numeric: true, cell: (row) => formatRate(row.rate), sort: (row) => row.rate },
  {
    key: "plain",
    title: "Plain-text callers",
    numeric: true,
    cell: (row) => row.plain_callers,
    sort: (row) => row.plain_callers,
  },
  {
    key: "since",
    title: "Lets plain text in since",
    cell: (row) =>
      row.permissive_since ? <span className="num">{formatAgo(row.permissive_since, new Date())}</span> : "–",
    sort: (row) => row.permissive_since,
  },
  {
    key: "plan",
    title: "STRICT",
    cell: (row) =>
      row.permissive + row.disabled + row.mixed > 0 ? (
        <PageLink to={`/mtls/${row.namespace}/strict`}>Plan</PageLink>
      ) : (
        ""
      ),
  },
];

type Disagreement = MeshPosture["disagreements"][number];
const short = (node: string) => node.replace(/^[a-z_]+:[^/]*\//, "");
const EXPECTED: Record<string, string> = {
  mutual_tls: "mutual TLS",
  plain_text: "plain text",
  refused: "refused",
};

const DISAGREEMENTS: Column<Disagreement>[] = [
  { key: "source", title: "From", cell: (row) => short(row.source), sort: (row) => short(row.source) },
  { key: "to", title: "To", cell: (row) => short(row.destination), sort: (row) => short(row.destination) },
  {
    key: "expected",
    title: "Policy says",
    cell: (row) => EXPECTED[row.expected] ?? row.expected,
    sort: (row) => row.expected,
  },
  {
    key: "seen",
    title: "Seen over mutual TLS",
    numeric: true,
    cell: (row) => formatShare(row.observed_share),
    sort: (row) => row.observed_share,
  },
  { key: "rate", title: "Calls", numeric: true, cell: (row) => formatRate(row.rate), sort: (row) => row.rate },
  { key: "reason", title: "Why policy says so", cell: (row) => row.reason },
];

/** What is encrypted, by namespace, and which object decided. */
export function MtlsPage() {
  const cluster = useCluster()?.name ?? "";
  const window = useWindow();
  const query = useQuery({ ...postureQuery(cluster, window), enabled: cluster !== "" && window > 0 });
  return (
    <Page title="Mutual TLS" actions={<WindowSelect />}>
      <Answer query={query} what="the posture">
        {(posture) => (
          <>
            <Card title="The whole mesh">
              <Facts
                rows={[
                  ["Mode without a policy of its own", <Mode key="mode" mode={posture.mode} />],
                  ["Decided by", <DecidedBy key="by" object={posture.decided_by} level={posture.level} />],
                  [
                    "Auto mTLS",
                    posture.auto_mtls
                      ? "on: sidecars use mutual TLS wherever the called side takes it"
                      : "off: callers need a DestinationRule to use mutual TLS",
                  ],
                ]}
              />
            </Card>
            {posture.disagreements.length > 0 && (
              <>
                <Notice tone="bad" title="Policy and traffic differ" testId="disagreements">
                  {posture.disagreements.length === 1 ? "On one edge" : `On ${posture.disagreements.length} edges`} what
                  arrives is not what policy makes of it: calls that go past a proxy, a certificate that the mesh did
                  not sign, or a policy that has not reached the proxies yet.
                </Notice>
                <TableCard>
                  <DataTable
                    label="Edges on which policy and traffic differ"
                    rows={posture.disagreements}
                    columns={DISAGREEMENTS}
                    rowKey={(row) => `${row.source}>${row.destination}|${row.protocol}`}
                    initialSort={{ key: "rate", descending: true }}
                  />
                </TableCard>
              </>
            )}
            <TableCard>
              {posture.namespaces.length > 0 ? (
                <DataTable
                  label="Namespaces"
                  rows={posture.namespaces}
                  columns={COLUMNS}
                  rowKey={(row) => row.namespace}
                  rowData={(row) => ({ "data-namespace": row.namespace })}
                  initialSort={{ key: "namespace" }}
                />
              ) : (
                <EmptyScreen title="The cluster has no workloads" />
              )}
            </TableCard>
          </>
        )}
      </Answer>
    </Page>
  );
}
