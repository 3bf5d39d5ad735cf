import { Button, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCanEdit } from "../../api/session";
import { type Column, DataTable } from "../../components/DataTable";
import { Notice } from "../../components/Notice";
import { Answer, Card, TableCard } from "../../components/Page";
import { ProblemAlert } from "../../components/ProblemAlert";
import { loggingQuery, type ProxyName, useSetLogLevel } from "./queries";

const LEVELS = ["trace", "debug", "info", "warning", "error", "critical", "off"];
const COLUMNS: Column<[string, string]>[] = [
  {
    key: "logger",
    title: "Logger",
    cell: ([logger]) => <span className="mono">{logger}</span>,
    sort: ([logger]) => logger,
  },
  { key: "level", title: "Level", cell: ([, level]) => level, sort: ([, level]) => LEVELS.indexOf(level) },
];

/** The proxy's log levels, and changing one: an edit like others, with a reason, in the audit. */
export function LogLevels({ name }: { name: ProxyName }) {
  const query = useQuery(loggingQuery(name));
  const canEdit = useCanEdit();
  const change = useSetLogLevel(name);
  const [logger, setLogger] = useState("");
  const [level, setLevel] = useState("debug");
  const [reason, setReason] = useState("");
  return (
    <Answer query={query} what="the log levels">
      {({ levels }) => (
        <div style={{ display: "flex", flexDirection: "column", gap: 14 }}>
          {canEdit ? (
            <Card title="Change a level">
              <div style={{ display: "flex", gap: 10, alignItems: "end", flexWrap: "wrap" }}>
                <Select
                  label="Logger"
                  searchable
                  w={220}
                  allowDeselect={false}
                  data={[
                    { value: "", label: "all loggers" },
                    ...Object.keys(levels).map((one) => ({ value: one, label: one })),
                  ]}
                  value={logger}
                  onChange={(value) => setLogger(value ?? "")}
                />
                <Select
                  label="Level"
                  w={130}
                  allowDeselect={false}
                  data={LEVELS}
                  value={level}
                  onChange={(value) => setLevel(value ?? "debug")}
                />
                <TextInput
                  label="Reason"
                  w={260}
                  maxLength={2000}
                  value={reason}
                  onChange={(event) => setReason(event.currentTarget.value)}
                />
                <Button loading={change.isPending} onClick={() => change.mutate({ logger, level, reason })}>
                  Change
                </Button>
              </div>
              {change.isSuccess && (
                <div style={{ marginTop: 10 }}>
                  <Notice tone="good" role="status">
                    Changed, and noted in the audit. It lasts until the proxy restarts.
                  </Notice>
                </div>
              )}
              {change.isError && <ProblemAlert error={change.error} title="It was not changed" />}
            </Card>
          ) : (
            <Notice tone="muted" title="You may look, not edit">
              Changing log levels needs the operator role.
            </Notice>
          )}
          <TableCard>
            <DataTable
              label="Log levels"
              rows={Object.entries(levels)}
              columns={COLUMNS}
              rowKey={([one]) => one}
              initialSort={{ key: "logger" }}
            />
          </TableCard>
        </div>
      )}
    </Answer>
  );
}
