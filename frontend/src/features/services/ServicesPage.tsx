import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { SlidersHorizontal } from "lucide-react";
import { Link } from "react-router";
import { servicesQuery } from "../../api/queries";
import { useCanEdit } from "../../api/session";
import type { Service } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { ListFilter } from "../../components/ListFilter";
import { Answer, Page, PageLink, TableCard } from "../../components/Page";
import { Pods } from "../../components/Pods";
import { EmptyScreen } from "../../components/screens";
import { Tag } from "../../components/Tag";
import { matchesWords, useListFilter } from "../../components/useListFilter";
import { useCluster, useClusterLink } from "../../state/cluster";

export function ServicesPage() {
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(servicesQuery(cluster));
  const filter = useListFilter();
  const canEdit = useCanEdit();
  const link = useClusterLink();
  const columns: Column<Service>[] = [
    {
      key: "name",
      title: "Service",
      cell: (row) => <PageLink to={`/services/${row.namespace}/${row.name}`}>{row.name}</PageLink>,
      sort: (row) => row.name,
    },
    { key: "namespace", title: "Namespace", cell: (row) => row.namespace, sort: (row) => row.namespace },
    {
      key: "ports",
      title: "Ports",
      cell: (row) => row.ports.map((port) => `${port.name || port.protocol} ${port.port}`).join(", "),
      sort: (row) => row.ports[0]?.port ?? null,
    },
    {
      key: "versions",
      title: "Versions",
      cell: (row) => (
        <span style={{ display: "flex", gap: 4 }}>
          {row.versions.map((version) => (
            <Tag key={version}>{version}</Tag>
          ))}
        </span>
      ),
      sort: (row) => row.versions.length,
    },
    {
      key: "workloads",
      title: "Workloads",
      cell: (row) => row.workloads.map((item) => item.name).join(", "),
      sort: (row) => row.workloads.length,
    },
    {
      key: "pods",
      title: "Pods ready",
      numeric: true,
      cell: (row) => <Pods ready={row.pods_ready} total={row.pods_total} />,
      sort: (row) => row.pods_ready - row.pods_total,
    },
    {
      key: "actions",
      title: "Actions",
      cell: (row) =>
        row.has_weights && (
          <Button
            component={Link}
            size="compact-xs"
            variant="default"
            leftSection={<SlidersHorizontal size={13} />}
            to={link(`/services/${row.namespace}/${row.name}/weights`)}
          >
            {canEdit ? "Edit weights" : "Weights"}
          </Button>
        ),
    },
  ];
  return (
    <Page title="Services">
      <Answer query={query} what="services">
        {(all) => {
          const rows = all.filter(
            (row) =>
              (!filter.namespace || row.namespace === filter.namespace) &&
              matchesWords(`${row.name} ${row.namespace} ${row.versions.join(" ")}`, filter.search),
          );
          return (
            <>
              <ListFilter
                filter={filter}
                namespaces={all.map((row) => row.namespace)}
                shown={rows.length}
                total={all.length}
              />
              <TableCard>
                {rows.length > 0 ? (
                  <DataTable
                    label="Services"
                    rows={rows}
                    columns={columns}
                    rowKey={(row) => `${row.namespace}/${row.name}`}
                    initialSort={{ key: "name" }}
                  />
                ) : (
                  <EmptyScreen
                    title={all.length > 0 ? "No service matches the filter" : "The cluster has no services"}
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
