import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, Flame } from "lucide-react";
import { useFault } from "../../api/mutations";
import { faultsQuery } from "../../api/queries";
import { useCanEdit } from "../../api/session";
import type { Fault } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { Answer, Page, PageLink, TableCard } from "../../components/Page";
import { ProblemAlert } from "../../components/ProblemAlert";
import { formatMoment } from "../../lib/format";

/** Break a part of the demo on purpose, see it in the graph, and mend it. */
export function DemoPage() {
  const query = useQuery(faultsQuery);
  const fault = useFault();
  const canEdit = useCanEdit();
  const columns: Column<Fault>[] = [
    { key: "name", title: "Fault", cell: (row) => <span className="mono">{row.name}</span>, sort: (row) => row.name },
    { key: "description", title: "What happens", cell: (row) => row.description },
    {
      key: "active",
      title: "State",
      cell: (row) => (
        <span
          style={{
            display: "inline-flex",
            gap: 5,
            alignItems: "center",
            whiteSpace: "nowrap",
            color: row.active_since ? "var(--tone-bad)" : "var(--dim)",
          }}
        >
          {row.active_since ? <Flame size={14} aria-hidden /> : <CircleCheck size={14} aria-hidden />}
          {row.active_since ? `broken since ${formatMoment(row.active_since)}` : "whole"}
        </span>
      ),
      sort: (row) => (row.active_since !== null ? 0 : 1),
    },
    {
      key: "action",
      title: "Actions",
      cell: (row) =>
        canEdit && (
          <Button
            size="compact-xs"
            variant={row.active_since ? "filled" : "default"}
            loading={fault.isPending && fault.variables.name === row.name}
            onClick={() => fault.mutate({ name: row.name, active: row.active_since === null })}
            aria-label={`${row.active_since ? "Mend" : "Break"} ${row.name}`}
          >
            {row.active_since ? "Mend" : "Break"}
          </Button>
        ),
    },
  ];
  return (
    <Page title="Demo faults">
      <p className="dim" style={{ margin: 0 }}>
        The demo's mesh is real: break a part of it, and watch the <PageLink to="/graph">graph</PageLink> tell.
        {!canEdit && " Only operators may."}
      </p>
      {fault.isError && <ProblemAlert title="That didn't work" error={fault.error} />}
      <Answer query={query} what="the faults">
        {(rows) => (
          <TableCard>
            <DataTable label="Faults" rows={rows} columns={columns} rowKey={(row) => row.name} />
          </TableCard>
        )}
      </Answer>
    </Page>
  );
}
