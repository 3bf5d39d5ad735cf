import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Route } from "lucide-react";
import { Link, useParams } from "react-router";
import type { WorkloadPosture } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { Answer, Page, PageLink, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { formatRate } from "../../lib/format";
import { useCluster, useClusterLink } from "../../state/cluster";
import { Chain, Mode, Observed } from "./Mode";
import { namespacePostureQuery } from "./queries";
import { useWindow, WindowSelect } from "./useWindow";

type Row = { workload: WorkloadPosture; port: WorkloadPosture["ports"][number] };
const PLANES: Record<WorkloadPosture["plane"], string> = {
  sidecar: "sidecar",
  ambient: "ambient",
  gateway: "gateway",
  none: "no proxy",
};

const COLUMNS: Column<Row>[] = [
  {
    key: "workload",
    title: "Workload",
    cell: ({ workload }) => (
      <PageLink to={`/workloads/${workload.namespace}/${workload.name}`}>{workload.name}</PageLink>
    ),
    sort: ({ workload }) => workload.name,
  },
  {
    key: "plane",
    title: "Proxy",
    cell: ({ workload }) => PLANES[workload.plane],
    sort: ({ workload }) => workload.plane,
  },
  {
    key: "port",
    title: "Port",
    cell: ({ port }) =>
      port.port === null ? (
        <span className="dim">any</span>
      ) : (
        <span className="num">
          {port.port} <span className="dim">{port.name}</span>
        </span>
      ),
    sort: ({ port }) => port.port,
  },
  {
    key: "mode",
    title: "Mode in force",
    cell: ({ workload, port }) => (
      <Mode mode={workload.plane === "none" || workload.plane === "gateway" ? "NONE" : port.mode} />
    ),
    sort: ({ port }) => port.mode,
  },
  {
    key: "chain",
    title: "Decided by",
    cell: ({ workload, port }) =>
      workload.plane === "gateway" ? (
        <span className="dim">The listeners of its Gateway say</span>
      ) : workload.plane === "none" ? (
        <span className="dim">Nothing enforces a mode without a proxy</span>
      ) : (
        <Chain steps={port.steps} />
      ),
  },
  {
    key: "observed",
    title: "Seen over mutual TLS",
    cell: ({ workload }) => <Observed share={workload.observed_share} />,
    sort: ({ workload }) => workload.observed_share,
  },
  {
    key: "rate",
    title: "Calls",
    numeric: true,
    cell: ({ workload }) => formatRate(workload.rate),
    sort: ({ workload }) => workload.rate,
  },
  {
    key: "plan",
    title: "STRICT",
    cell: ({ workload, port }) =>
      workload.plane !== "gateway" && workload.plane !== "none" && port.mode !== "STRICT" ? (
        <PageLink to={`/mtls/${workload.namespace}/strict`} params={{ workload: workload.name }}>
          Plan
        </PageLink>
      ) : (
        ""
      ),
  },
];

/** The mode at every workload port of a namespace, with the chain of objects behind it. */
export function NamespaceMtlsPage() {
  const { namespace = "" } = useParams();
  const cluster = useCluster()?.name ?? "";
  const window = useWindow();
  const link = useClusterLink();
  const query = useQuery({
    ...namespacePostureQuery(cluster, window, namespace),
    enabled: cluster !== "" && window > 0,
  });
  return (
    <Page
      title={namespace}
      crumbs={[{ label: "Mutual TLS", to: "/mtls" }]}
      actions={
        <>
          <WindowSelect />
          <Button component={Link} to={link(`/mtls/${namespace}/strict`)} leftSection={<Route size={14} />}>
            STRICT plan
          </Button>
        </>
      }
    >
      <Answer query={query} what="the workloads">
        {(workloads) => {
          const rows = workloads.flatMap((workload) => workload.ports.map((port) => ({ workload, port })));
          return (
            <TableCard>
              {rows.length > 0 ? (
                <DataTable
                  label="Workload ports"
                  rows={rows}
                  columns={COLUMNS}
                  rowKey={({ workload, port }) => `${workload.name}/${port.port ?? ""}`}
                  initialSort={{ key: "workload" }}
                />
              ) : (
                <EmptyScreen title={`${namespace} has no workloads`} />
              )}
            </TableCard>
          );
        }}
      </Answer>
    </Page>
  );
}
