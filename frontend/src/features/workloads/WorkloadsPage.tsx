import { useQuery } from "@tanstack/react-query";
import { workloadsQuery } from "../../api/queries";
import { ListFilter } from "../../components/ListFilter";
import { Answer, Page, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { matchesWords, useListFilter } from "../../components/useListFilter";
import { useCluster } from "../../state/cluster";
import { WorkloadTable } from "./WorkloadTable";

export function WorkloadsPage() {
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(workloadsQuery(cluster));
  const filter = useListFilter();
  return (
    <Page title="Workloads">
      <Answer query={query} what="workloads">
        {(all) => {
          const rows = all.filter(
            (row) =>
              (!filter.namespace || row.namespace === filter.namespace) &&
              matchesWords(
                `${row.name} ${row.namespace} ${row.kind} ${row.app ?? ""} ${row.version ?? ""}`,
                filter.search,
              ),
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
                  <WorkloadTable rows={rows} />
                ) : (
                  <EmptyScreen
                    title={all.length > 0 ? "No workload matches the filter" : "The cluster has no workloads"}
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
