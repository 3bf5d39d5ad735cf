import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert, Waypoints } from "lucide-react";
import { Link, useParams } from "react-router";
import { workloadQuery } from "../../api/queries";
import type { WorkloadDetail } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Columns, Facts, Page, PageLink, TableCard } from "../../components/Page";
import { Pods } from "../../components/Pods";
import { useCluster, useClusterLink } from "../../state/cluster";

type Pod = WorkloadDetail["pods"][number];

const COLUMNS: Column<Pod>[] = [
  { key: "name", title: "Pod", cell: (row) => <span className="mono">{row.name}</span>, sort: (row) => row.name },
  {
    key: "ready",
    title: "Ready",
    cell: (row) => (
      <span
        style={{
          display: "inline-flex",
          gap: 5,
          alignItems: "center",
          color: `var(--tone-${row.ready ? "good" : "warn"})`,
        }}
      >
        {row.ready ? <CircleCheck size={13} aria-hidden /> : <TriangleAlert size={13} aria-hidden />}
        {row.ready ? "ready" : "not ready"}
      </span>
    ),
    sort: (row) => String(row.ready),
  },
  { key: "phase", title: "Phase", cell: (row) => row.phase, sort: (row) => row.phase },
  { key: "ip", title: "Address", cell: (row) => <span className="mono">{row.ip}</span>, sort: (row) => row.ip },
  { key: "node", title: "Node", cell: (row) => row.node, sort: (row) => row.node },
  { key: "containers", title: "Containers", cell: (row) => row.containers.join(", ") },
];

export function WorkloadPage() {
  const { namespace = "", name = "" } = useParams();
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(workloadQuery(cluster, namespace, name));
  const link = useClusterLink();
  return (
    <Page
      title={name}
      crumbs={[{ label: "Workloads", to: "/workloads" }]}
      actions={
        <Button
          component={Link}
          variant="default"
          leftSection={<Waypoints size={14} />}
          to={link("/graph", { idle: "1", selected: `workload:${cluster}/${namespace}/${name}` })}
        >
          Show in the graph
        </Button>
      }
    >
      <Answer query={query} what="the workload">
        {({ workload, labels, identity, pods, policies }) => (
          <>
            <Columns>
              <Card title={workload.kind}>
                <Facts
                  rows={[
                    ["Namespace", workload.namespace],
                    ["App", workload.app],
                    ["Version", workload.version],
                    ["Pods ready", <Pods key="pods" ready={workload.pods_ready} total={workload.pods_total} />],
                    [
                      "Proxy",
                      workload.is_gateway
                        ? "gateway"
                        : workload.has_proxy
                          ? "sidecar"
                          : workload.has_proxy === false
                            ? "none"
                            : null,
                    ],
                    [
                      "Labels",
                      <span key="labels" className="mono">
                        {Object.entries(labels)
                          .map(([key, value]) => `${key}=${value}`)
                          .join(", ")}
                      </span>,
                    ],
                  ]}
                />
              </Card>
              <Card title="Identity and services">
                <Facts
                  rows={[
                    [
                      "Service account",
                      <span key="account" className="mono">
                        {workload.service_account}
                      </span>,
                    ],
                    ["SPIFFE id", identity && <span className="mono">{identity}</span>],
                    [
                      "Services",
                      workload.services.length > 0
                        ? workload.services.map((service) => (
                            <div key={`${service.namespace}/${service.name}`}>
                              <PageLink to={`/services/${service.namespace}/${service.name}`}>{service.name}</PageLink>
                            </div>
                          ))
                        : "none selects it",
                    ],
                    [
                      "Policies that hold for it",
                      policies.length > 0
                        ? policies.slice(0, 30).map((object) => (
                            <div key={`${object.kind}/${object.namespace}/${object.name}`}>
                              <ObjectLink object={object} />
                            </div>
                          ))
                        : "none",
                    ],
                  ]}
                />
              </Card>
            </Columns>
            <TableCard>
              <DataTable
                label="Pods"
                rows={pods}
                columns={COLUMNS}
                rowKey={(row) => row.name}
                initialSort={{ key: "name" }}
              />
            </TableCard>
          </>
        )}
      </Answer>
    </Page>
  );
}
