import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import type { StatTable } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { Answer, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import classes from "./proxies.module.css";
import { type ProxyName, statsQuery } from "./queries";
import { TableFilter } from "./TableFilter";

const COLUMNS: Column<StatTable["rows"][number]>[] = [
  { key: "name", title: "Statistic", cell: (row) => <span className="mono">{row.name}</span>, sort: (row) => row.name },
  {
    key: "value",
    title: "Value",
    numeric: true,
    cell: (row) => <span className="num">{row.value.toLocaleString("en")}</span>,
    sort: (row) => row.value,
  },
];

/** The proxy's own counters and gauges; the filter is the server's, for there may be many. */
export function Stats({ name }: { name: ProxyName }) {
  const [params] = useSearchParams();
  const query = useQuery(statsQuery(name, params.get("search") ?? ""));
  return (
    <>
      <div className={classes.bar}>
        <TableFilter shown={query.data?.rows.length ?? 0} total={query.data?.total ?? 0} />
      </div>
      <Answer query={query} what="the statistics">
        {({ rows }) => (
          <TableCard>
            {rows.length > 0 ? (
              <DataTable label="Statistics" rows={rows} columns={COLUMNS} rowKey={(row) => row.name} />
            ) : (
              <EmptyScreen title="No statistic matches the filter" />
            )}
          </TableCard>
        )}
      </Answer>
    </>
  );
}
