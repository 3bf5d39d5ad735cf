import { Tooltip, UnstyledButton } from "@mantine/core";
import { Loader2, Pause, RefreshCw, TriangleAlert, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { formatMoment, formatSpan } from "../../lib/format";
import { useNow } from "../../state/clock";
import type { LiveState } from "../../state/live";
import { useLiveGraph, useLiveState } from "../../state/live-context";
import classes from "./graph.module.css";

export interface Status {
  name: "live" | "paused" | "connecting" | "reconnecting" | "stale" | "waiting";
  text: string;
  detail: string;
}

/** The one line that says how far the picture can be trusted. */
export function statusOf(state: LiveState, refresh: string, now: Date): Status {
  const { shown, connection } = state;
  if (connection === "connecting")
    return { name: "connecting", text: "Connecting", detail: "Opening the live connection" };
  if (connection !== "open") {
    const since = state.heardAt ? `Nothing was heard since ${formatMoment(new Date(state.heardAt), now)}. ` : "";
    const lasting = state.heardAt ? ` · ${formatSpan((now.getTime() - state.heardAt) / 1000)}` : "";
    return {
      name: "reconnecting",
      text: `Reconnecting${lasting}`,
      detail: `${since}It is tried again by itself; press to try now.`,
    };
  }
  const stale = shown?.sources.find(
    (source) => (source.state === "stale" || source.state === "failed") && source.name === "telemetry",
  );
  if (stale) {
    const since = stale.stale_since ?? stale.as_of;
    return {
      name: "stale",
      text: since ? `Stale since ${formatMoment(since, now)}` : "No telemetry",
      detail: stale.error ?? "Prometheus doesn't answer",
    };
  }
  const behind = state.pending > 0 ? ` · ${state.pending} behind` : "";
  if (state.paused)
    return { name: "paused", text: `Paused${behind}`, detail: "The picture is kept as it is. Press to resume." };
  if (!shown) return { name: "waiting", text: "Waiting", detail: "No picture has arrived yet" };
  const seconds = state.heardAt ? Math.max(0, (now.getTime() - state.heardAt) / 1000) : 0;
  const ago = seconds < 1 ? "now" : `${formatSpan(seconds)} ago`;
  const evaluated = shown.evaluated_at ? `Rates as of ${formatMoment(shown.evaluated_at, now)}` : "No rates yet";
  if (refresh === "manual" && state.pending > 0)
    return { name: "live", text: `New data${behind}`, detail: `${evaluated}. Press to draw it.` };
  const dialects = shown.sources.find((source) => source.name === "telemetry")?.dialects ?? [];
  const told = dialects.length > 0 ? ` from the metrics of ${dialects.join(", ")}` : "";
  return { name: "live", text: `Live · ${ago}`, detail: `${evaluated}${told}, version ${shown.version}` };
}

const TONES = {
  live: "good",
  paused: "warn",
  connecting: "",
  reconnecting: "bad",
  stale: "warn",
  waiting: "",
} as const;
const ICONS: Record<Status["name"], ReactNode> = {
  live: <span className={classes.dot} />,
  paused: <Pause size={13} aria-hidden />,
  connecting: <Loader2 size={13} aria-hidden />,
  reconnecting: <Unplug size={13} aria-hidden />,
  stale: <TriangleAlert size={13} aria-hidden />,
  waiting: <RefreshCw size={13} aria-hidden />,
};

export function StatusChip({ refresh }: { refresh: string }) {
  const live = useLiveGraph();
  const state = useLiveState();
  const status = statusOf(state, refresh, useNow());
  const press = () => {
    if (status.name === "reconnecting") live.reconnect();
    else if (state.paused) live.resume();
    else live.draw();
  };
  return (
    <Tooltip label={status.detail}>
      <UnstyledButton
        className={classes.chip}
        data-tone={TONES[status.name]}
        data-testid="connection-state"
        data-state={status.name}
        onClick={press}
        aria-label={`${status.text}. ${status.detail}`}
      >
        {ICONS[status.name]}
        <span className="num">{status.text}</span>
      </UnstyledButton>
    </Tooltip>
  );
}
