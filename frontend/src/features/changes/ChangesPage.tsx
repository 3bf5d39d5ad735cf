import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useSearchParams } from "react-router";
import { auditQuery, changesQuery } from "../../api/queries";
import type { AuditPage, Change } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Page, PageLink, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { formatMoment } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import { ShiftList } from "../shifts/ShiftList";
import { ChangeState, changeTitle } from "./ChangeLine";

const CHANGES: Column<Change>[] = [
  { key: "id", title: "#", numeric: true, cell: (row) => row.id, sort: (row) => row.id },
  {
    key: "what",
    title: "Change",
    cell: (row) => <PageLink to={`/changes/${row.id}`}>{changeTitle(row)}</PageLink>,
    sort: changeTitle,
  },
  {
    key: "object",
    title: "Object",
    cell: (row) => (row.object ? <ObjectLink object={row.object} /> : "–"),
    sort: (row) => row.object?.name ?? null,
  },
  { key: "state", title: "Outcome", cell: (row) => <ChangeState change={row} />, sort: (row) => row.state },
  { key: "author", title: "By", cell: (row) => row.author, sort: (row) => row.author },
  {
    key: "at",
    title: "When",
    cell: (row) => <span className="num">{formatMoment(row.created_at)}</span>,
    sort: (row) => row.created_at,
  },
  { key: "reason", title: "Reason", cell: (row) => row.reason || row.failure || "", sort: (row) => row.reason },
];

type AuditLine = AuditPage["entries"][number];

const AUDIT: Column<AuditLine>[] = [
  {
    key: "at",
    title: "When",
    cell: (row) => <span className="num">{formatMoment(row.at)}</span>,
    sort: (row) => row.at,
  },
  { key: "actor", title: "Who", cell: (row) => row.actor, sort: (row) => row.actor },
  { key: "action", title: "Action", cell: (row) => row.action, sort: (row) => row.action },
  { key: "outcome", title: "Outcome", cell: (row) => row.outcome, sort: (row) => row.outcome },
  {
    key: "object",
    title: "Object",
    cell: (row) => (row.object ? <ObjectLink object={row.object} /> : "–"),
    sort: (row) => row.object?.name ?? null,
  },
  { key: "message", title: "Message", cell: (row) => row.message },
  {
    key: "address",
    title: "From",
    cell: (row) => <span className="mono dim">{row.address}</span>,
    sort: (row) => row.address,
  },
];

const SHOWS = [
  { value: "changes", label: "Changes" },
  { value: "shifts", label: "Guarded shifts" },
  { value: "audit", label: "Audit" },
] as const;

/** What was changed through MeshUI, and everything that was tried. */
export function ChangesPage() {
  const [params, setParams] = useSearchParams();
  const show = SHOWS.find((one) => one.value === params.get("show"))?.value ?? "changes";
  return (
    <Page
      title="Changes"
      actions={
        <>
          {show === "audit" && (
            <Button
              component="a"
              href="/api/v1/audit/export"
              download
              variant="default"
              leftSection={<Download size={14} />}
            >
              Export
            </Button>
          )}
          <SegmentedControl
            aria-label="Show"
            value={show}
            onChange={(chosen) =>
              setParams((current) => {
                const next = new URLSearchParams(current);
                if (chosen !== "changes") next.set("show", chosen);
                else next.delete("show");
                return next;
              })
            }
            data={[...SHOWS]}
          />
        </>
      }
    >
      {show === "audit" ? <Audit /> : show === "shifts" ? <ShiftList /> : <History />}
    </Page>
  );
}

function History() {
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(changesQuery(cluster));
  return (
    <Answer query={query} what="the changes">
      {(rows) => (
        <TableCard>
          {rows.length > 0 ? (
            <DataTable
              label="Changes"
              rows={rows}
              columns={CHANGES}
              rowKey={(row) => String(row.id)}
              initialSort={{ key: "id", descending: true }}
            />
          ) : (
            <EmptyScreen title="Nothing was changed yet">
              Each change made through MeshUI is kept here, with the object before and after, and can be undone.
            </EmptyScreen>
          )}
        </TableCard>
      )}
    </Answer>
  );
}

function Audit() {
  const query = useQuery(auditQuery);
  return (
    <Answer query={query} what="the audit">
      {(page) => (
        <TableCard>
          <DataTable
            label="Audit"
            rows={page.entries}
            columns={AUDIT}
            rowKey={(row) => String(row.id)}
            initialSort={{ key: "at", descending: true }}
          />
        </TableCard>
      )}
    </Answer>
  );
}
