import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { CirclePause, CirclePlay, FastForward, Undo2 } from "lucide-react";
import { useState } from "react";
import { useParams } from "react-router";
import { type ShiftAction, useActOnShift } from "../../api/mutations";
import { shiftQuery } from "../../api/queries";
import type { ShiftDetail, VersionEvidence } from "../../api/types";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Columns, Facts, Page, PageLink } from "../../components/Page";
import { ProblemAlert } from "../../components/ProblemAlert";
import { formatMoment, formatMs, formatShare, formatSpan } from "../../lib/format";
import { PHASES, ShiftPhase } from "./phases";
import classes from "./shifts.module.css";

/** Where a guarded shift stands, live for everybody who looks, and what a person can do about it. */
export function ShiftPage() {
  const { id = "" } = useParams();
  const query = useQuery(shiftQuery(id));
  const shift = query.data?.shift;
  return (
    <Page
      title={shift ? `${shift.service_name}: ${shift.candidate} takes over` : `Shift #${id}`}
      crumbs={[
        { label: "Changes", to: "/changes" },
        { label: "Guarded shifts", to: "/changes?show=shifts" },
      ]}
      actions={shift?.can_act && <Actions detail={query.data as ShiftDetail} />}
    >
      <Answer query={query} what="the shift">
        {(detail) => <Standing detail={detail} />}
      </Answer>
    </Page>
  );
}

const WARNINGS: Partial<Record<ShiftAction, { title: string; text: (detail: ShiftDetail) => string; verb: string }>> = {
  promote: {
    title: "Promote without waiting?",
    text: ({ shift }) =>
      `${shift.candidate} gets ${shift.steps.at(-1)}% at once, and nothing watches it any more. The change can be undone.`,
    verb: "Promote now",
  },
  abort: {
    title: "Abort the shift?",
    text: ({ shift, original }) =>
      `The weights from before come back at once: ${shift.candidate} ${original[0]}%, ${shift.baseline} ${original[1]}%.`,
    verb: "Abort",
  },
};

function Actions({ detail }: { detail: ShiftDetail }) {
  const act = useActOnShift(detail.shift.id);
  const [asking, setAsking] = useState<ShiftAction | null>(null);
  const warning = asking ? WARNINGS[asking] : undefined;
  const running = detail.shift.phase === "running";
  return (
    <>
      {act.isError && <ProblemAlert title="That didn't work" error={act.error} />}
      <Button
        variant="default"
        leftSection={running ? <CirclePause size={14} /> : <CirclePlay size={14} />}
        loading={act.isPending}
        onClick={() => act.mutate(running ? "pause" : "resume")}
      >
        {running ? "Pause" : "Resume"}
      </Button>
      <Button variant="default" leftSection={<FastForward size={14} />} onClick={() => setAsking("promote")}>
        Promote
      </Button>
      <Button color="red" variant="light" leftSection={<Undo2 size={14} />} onClick={() => setAsking("abort")}>
        Abort
      </Button>
      <Modal opened={warning !== undefined} onClose={() => setAsking(null)} title={warning?.title} centered>
        <p style={{ marginTop: 0 }}>{warning?.text(detail)}</p>
        <Button
          color={asking === "abort" ? "red" : undefined}
          data-autofocus
          onClick={() => {
            if (asking) act.mutate(asking);
            setAsking(null);
          }}
        >
          {warning?.verb}
        </Button>
      </Modal>
    </>
  );
}

function stepState(detail: ShiftDetail, index: number): string {
  const { phase, step } = detail.shift;
  if (phase === "promoted" || index < step) return phase === "rolled_back" || phase === "aborted" ? "undone" : "passed";
  if (index > step) return "ahead";
  return phase === "rolled_back" || phase === "aborted" ? "undone" : "current";
}

function Standing({ detail }: { detail: ShiftDetail }) {
  const { shift, guard } = detail;
  const phase = PHASES[shift.phase];
  return (
    <>
      <Notice
        tone={phase.tone}
        title={phase.text[0]?.toUpperCase() + phase.text.slice(1)}
        role="status"
        testId="standing"
      >
        {shift.said}
      </Notice>
      <Card title="Steps">
        <ol className={classes.track} aria-label="Steps">
          {shift.steps.map((weight, index) => {
            const state = stepState(detail, index);
            return (
              <li key={weight} data-state={state} aria-current={state === "current" ? "step" : undefined}>
                <span>
                  {weight}%<span className="visually-hidden">{` (${state})`}</span>
                </span>
              </li>
            );
          })}
        </ol>
      </Card>
      <Columns>
        <Card title={shift.ended_at ? "What the last step showed" : "What this step shows so far"}>
          <table className={classes.evidence}>
            <thead>
              <tr>
                <th>Version</th>
                <th>Requests</th>
                <th>Failed</th>
                <th>Share</th>
                <th>p95</th>
              </tr>
            </thead>
            <tbody>
              <Evidence of={detail.candidate} which="new" />
              <Evidence of={detail.baseline} which="old" />
            </tbody>
          </table>
          <p className="dim" style={{ marginBottom: 0 }}>
            Both versions over the same stretches of time, since the step began. A difference counts only when it is too
            large for chance.
          </p>
        </Card>
        <Card title="The rules">
          <Facts
            rows={[
              ["A step lasts", `at least ${formatSpan(detail.pause_seconds)}`],
              ["It passes with", `${guard.minimum_requests} requests to ${shift.candidate} or more`],
              ["Errors", `at most ${formatShare(guard.error_increase)} above ${shift.baseline}'s`],
              ["Latency", `p95 at most ${guard.latency_times} times ${shift.baseline}'s`],
              [
                "Error budget",
                `${Math.round(detail.budget_spent)} of ${guard.error_budget} requests spent by the whole shift`,
              ],
              ["In doubt", `put to a person after another ${formatSpan(detail.patience_seconds)}`],
            ]}
          />
        </Card>
      </Columns>
      <Columns>
        <Card title="History">
          <dl className={classes.history}>
            {[...detail.history].reverse().map((line) => (
              <HistoryLine key={`${line.at}${line.text}`} at={line.at} text={line.text} />
            ))}
          </dl>
        </Card>
        <Card title="About">
          <Facts
            rows={[
              ["Phase", <ShiftPhase key="phase" phase={shift.phase} />],
              [
                "Service",
                <PageLink key="service" to={`/services/${shift.service_namespace}/${shift.service_name}`}>
                  {shift.service_namespace}/{shift.service_name}
                </PageLink>,
              ],
              ["Object", <ObjectLink key="object" object={shift.object} />],
              ["By", `${shift.author}, ${formatMoment(shift.created_at)}`],
              ["Reason", shift.reason],
              ["Ended", shift.ended_at && formatMoment(shift.ended_at)],
            ]}
          />
        </Card>
      </Columns>
    </>
  );
}

function Evidence({ of, which }: { of: VersionEvidence; which: string }) {
  return (
    <tr>
      <td>
        <b>{of.id}</b> <span className="dim">{which}</span>
      </td>
      <td>{Math.round(of.requests)}</td>
      <td>{Math.round(of.failed)}</td>
      <td>{of.requests > 0 ? formatShare(of.error_share) : "–"}</td>
      <td>{formatMs(of.p95_ms)}</td>
    </tr>
  );
}

function HistoryLine({ at, text }: { at: string; text: string }) {
  return (
    <>
      <dt>{formatMoment(at)}</dt>
      <dd>{text}</dd>
    </>
  );
}
