import { Button, SegmentedControl, Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { type FormEvent, useState } from "react";
import { workloadsQuery } from "../../api/queries";
import { Card } from "../../components/Page";
import { useCluster } from "../../state/cluster";
import classes from "./explain.module.css";
import type { Asked } from "./queries";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const EMPTY: Asked = {
  namespace: "",
  workload: "",
  host: "",
  port: 80,
  method: "GET",
  path: "/",
  headers: "",
  protocol: "http",
};

interface ExplainFormProps {
  asked: Asked | null;
  onAsk: (asked: Asked) => void;
  problems: Record<string, string>;
}

/** Who asks for what. It is asked when the form is sent, not while one types. */
export function ExplainForm({ asked, onAsk, problems }: ExplainFormProps) {
  const cluster = useCluster()?.name ?? "";
  const workloads = useQuery(workloadsQuery(cluster));
  const [draft, setDraft] = useState<Asked>(asked ?? EMPTY);
  const [port, setPort] = useState(String(draft.port));
  const put = (change: Partial<Asked>) => setDraft({ ...draft, ...change });
  const names = (workloads.data ?? [])
    .map((one) => ({
      value: `${one.namespace}/${one.name}`,
      label: `${one.name}${one.is_gateway ? " (gateway)" : ""}`,
      group: one.namespace,
    }))
    .sort((a, b) => a.value.localeCompare(b.value));
  const groups = [...new Set(names.map((one) => one.group))].map((group) => ({
    group,
    items: names.filter((one) => one.group === group).map(({ value, label }) => ({ value, label })),
  }));
  const whole = Number(port);
  const portWrong = Number.isInteger(whole) && whole > 0 && whole < 65_536 ? null : "A number from 1 to 65535";
  const complete = draft.workload !== "" && draft.host.trim() !== "" && !portWrong;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (complete) onAsk({ ...draft, host: draft.host.trim(), port: whole, path: draft.path || "/" });
  };
  const http = draft.protocol === "http";
  return (
    <Card title="The request">
      <form className={classes.form} onSubmit={send}>
        <Select
          label="Source"
          description="The workload, or gateway, that sends it"
          placeholder="Choose a workload"
          searchable
          data={groups}
          value={draft.workload ? `${draft.namespace}/${draft.workload}` : null}
          error={problems.workload}
          onChange={(value) => {
            const [namespace = "", workload = ""] = (value ?? "").split("/");
            put({ namespace, workload });
          }}
        />
        <SegmentedControl
          aria-label="Protocol"
          value={draft.protocol}
          onChange={(value) => put({ protocol: value as Asked["protocol"] })}
          data={[
            { value: "http", label: "HTTP, gRPC" },
            { value: "tcp", label: "TCP" },
          ]}
        />
        <div className={classes.pair}>
          <TextInput
            label="Host"
            placeholder="catalog.shop.svc.cluster.local"
            value={draft.host}
            maxLength={253}
            error={problems.host}
            onChange={(event) => put({ host: event.currentTarget.value })}
          />
          <TextInput
            label="Port"
            inputMode="numeric"
            value={port}
            error={portWrong ?? problems.port}
            onChange={(event) => setPort(event.currentTarget.value)}
          />
        </div>
        {http && (
          <>
            <Select
              label="Method"
              data={METHODS}
              value={draft.method}
              allowDeselect={false}
              error={problems.method}
              onChange={(value) => put({ method: value ?? "GET" })}
            />
            <TextInput
              label="Path"
              description="With its query"
              value={draft.path}
              maxLength={2000}
              error={problems.path}
              onChange={(event) => put({ path: event.currentTarget.value })}
            />
            <Textarea
              label="Headers"
              description="One a line, Name: value"
              autosize
              minRows={2}
              maxRows={8}
              value={draft.headers}
              error={problems.headers}
              onChange={(event) => put({ headers: event.currentTarget.value })}
            />
          </>
        )}
        <Button type="submit" leftSection={<Play size={14} />} disabled={!complete}>
          Explain
        </Button>
      </form>
    </Card>
  );
}
