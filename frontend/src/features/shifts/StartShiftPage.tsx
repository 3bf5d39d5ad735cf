import { Button, NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { CirclePlay } from "lucide-react";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { ApiError } from "../../api/client";
import { useStartShift } from "../../api/mutations";
import { weightsQuery } from "../../api/queries";
import { useCanEdit } from "../../api/session";
import type { ServiceWeights } from "../../api/types";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Page } from "../../components/Page";
import { ProblemAlert } from "../../components/ProblemAlert";
import { EmptyScreen } from "../../components/screens";
import { formatSpan } from "../../lib/format";
import { useCluster, useClusterLink } from "../../state/cluster";
import { ActiveShift } from "./ActiveShift";
import classes from "./shifts.module.css";
import { readSteps, shortestSeconds, usualSteps } from "./steps";

export function StartShiftPage() {
  const { namespace = "", name = "" } = useParams();
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(weightsQuery(cluster, namespace, name));
  const unsplit = query.error instanceof ApiError && query.error.status === 404;
  return (
    <Page
      title={`Shift ${name} gradually`}
      crumbs={[
        { label: "Services", to: "/services" },
        { label: name, to: `/services/${namespace}/${name}` },
        { label: "Weights", to: `/services/${namespace}/${name}/weights` },
      ]}
    >
      <ActiveShift namespace={namespace} name={name} />
      {unsplit ? (
        <EmptyScreen title="Nothing divides this service's traffic">{(query.error as ApiError).message}</EmptyScreen>
      ) : (
        <Answer query={query} what="the weights">
          {(current) => <StartForm cluster={cluster} namespace={namespace} name={name} current={current} />}
        </Answer>
      )}
    </Page>
  );
}

interface FormProps {
  cluster: string;
  namespace: string;
  name: string;
  current: ServiceWeights;
}

function StartForm({ cluster, namespace, name, current }: FormProps) {
  const canEdit = useCanEdit();
  const navigate = useNavigate();
  const link = useClusterLink();
  const start = useStartShift(cluster, namespace, name);
  const route = current.routes.find((one) => one.destinations.length > 1);
  const byWeight = [...(route?.destinations ?? [])].sort((a, b) => a.weight - b.weight);
  const [candidate, setCandidate] = useState(byWeight[0]?.id ?? "");
  const [baseline, setBaseline] = useState(byWeight.at(-1)?.id ?? "");
  const weights = new Map(byWeight.map((one) => [one.id, one.weight]));
  const now = weights.get(candidate) ?? 0;
  const most = now + (weights.get(baseline) ?? 0);
  const [text, setText] = useState<string | null>(null);
  const [pause, setPause] = useState<number | string>(120);
  const [patience, setPatience] = useState<number | string>(600);
  const [errors, setErrors] = useState<number | string>(1);
  const [latency, setLatency] = useState<number | string>(1.5);
  const [minimum, setMinimum] = useState<number | string>(50);
  const [budget, setBudget] = useState<number | string>(100);
  const [reason, setReason] = useState("");

  if (!route) {
    return <EmptyScreen title="There is only one version">A shift needs two versions that share a route.</EmptyScreen>;
  }
  if (!canEdit || !current.editable) {
    return (
      <Notice
        tone="muted"
        title={canEdit ? `Owned by ${current.managed_by ?? "another controller"}` : "You may look, not edit"}
      >
        {canEdit
          ? "That controller moves these weights by its own rules. Shift the traffic where it is told to."
          : "Shifting traffic needs the operator role."}
      </Notice>
    );
  }
  const shown = text ?? usualSteps(now, most).join(", ");
  const { steps, problem } = readSteps(shown, now, most);
  const numbers = [pause, patience, errors, latency, minimum, budget];
  const whole = numbers.every((one) => typeof one === "number");
  const fields = start.error instanceof ApiError ? start.error.fields : {};
  const data = byWeight.map((one) => ({ value: one.id, label: `${one.label} (${one.weight}% now)` }));
  const begin = () =>
    start.mutate(
      {
        resource_version: current.resource_version,
        candidate,
        baseline,
        steps,
        pause_seconds: Number(pause),
        patience_seconds: Number(patience),
        guard: {
          error_increase: Number(errors) / 100,
          latency_times: Number(latency),
          minimum_requests: Number(minimum),
          error_budget: Number(budget),
        },
        reason,
      },
      { onSuccess: ({ shift }) => navigate(link(`/changes/shifts/${shift.id}`)) },
    );

  return (
    <>
      <Card>
        <div style={{ marginBottom: 14 }}>
          <ObjectLink object={current.object} />
          <div className="dim">{current.reason}</div>
        </div>
        <div className={classes.form}>
          <Select
            label="New version"
            description="Is given the traffic"
            data={data}
            value={candidate}
            allowDeselect={false}
            error={fields.candidate}
            onChange={(value) => {
              setCandidate(value ?? "");
              setText(null);
            }}
          />
          <Select
            label="Old version"
            description="Gives it up, and is what the new one is compared with"
            data={data}
            value={baseline}
            allowDeselect={false}
            error={fields.baseline ?? (candidate === baseline ? "Choose another one than the new version." : undefined)}
            onChange={(value) => {
              setBaseline(value ?? "");
              setText(null);
            }}
          />
          <TextInput
            className={classes.wide}
            label="Steps"
            description={`Percent for ${candidate}, from ${now} up to ${most}`}
            value={shown}
            error={problem ?? fields.steps}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <NumberInput
            label="Watch each step"
            description="Seconds, at least"
            value={pause}
            min={5}
            max={86_400}
            allowDecimal={false}
            error={fields.pause_seconds}
            onChange={setPause}
          />
          <NumberInput
            label="Patience"
            description="Seconds more to wait for enough requests; then a person decides"
            value={patience}
            min={0}
            max={86_400}
            allowDecimal={false}
            error={fields.patience_seconds}
            onChange={setPatience}
          />
          <NumberInput
            label="More errors than the old version"
            description="Percentage points at most"
            value={errors}
            min={0}
            max={100}
            decimalScale={2}
            suffix=" %"
            error={fields["guard.error_increase"]}
            onChange={setErrors}
          />
          <NumberInput
            label="p95 against the old version"
            description="Times at most"
            value={latency}
            min={1}
            max={100}
            decimalScale={2}
            suffix=" ×"
            error={fields["guard.latency_times"]}
            onChange={setLatency}
          />
          <NumberInput
            label="Requests that a step needs"
            description="To the new version, before the step can pass"
            value={minimum}
            min={1}
            allowDecimal={false}
            error={fields["guard.minimum_requests"]}
            onChange={setMinimum}
          />
          <NumberInput
            label="Error budget"
            description="Failed requests that the whole shift may cost"
            value={budget}
            min={0}
            allowDecimal={false}
            error={fields["guard.error_budget"]}
            onChange={setBudget}
          />
          <TextInput
            className={classes.wide}
            label="Reason"
            description="Kept in the history; optional"
            value={reason}
            maxLength={2000}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </div>
        <div style={{ display: "flex", gap: 14, alignItems: "center", marginTop: 16 }}>
          <Button
            leftSection={<CirclePlay size={14} />}
            disabled={problem !== null || !whole || candidate === baseline}
            loading={start.isPending}
            onClick={begin}
          >
            Start the shift
          </Button>
          <span className="dim">
            {problem === null && whole
              ? `${candidate} gets ${steps[0]}% at once, and ${steps.at(-1)}% after ${formatSpan(shortestSeconds(steps, Number(pause)))} at the earliest.`
              : "Correct what is marked first."}
          </span>
        </div>
      </Card>
      {start.isError && <ProblemAlert title="It was not started" error={start.error} />}
      <Notice tone="plain" title="How it is guarded">
        Each step is an ordinary change: validated, tried in the cluster, written in your name, and recorded. After it,
        both versions are compared over the same time. When the new one surely does worse, or the error budget is spent,
        the weights from before come back by themselves. When somebody else edits the object, the shift stops and leaves
        it alone.
      </Notice>
    </>
  );
}
