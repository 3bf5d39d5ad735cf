import { CircleCheck, CircleDashed, CircleX, Undo2 } from "lucide-react";
import type { Change } from "../../api/types";
import { PageLink } from "../../components/Page";
import { formatMoment } from "../../lib/format";

const STATES = {
  applied: { icon: CircleCheck, tone: "good", text: "applied" },
  refused: { icon: CircleX, tone: "warn", text: "refused" },
  failed: { icon: CircleX, tone: "bad", text: "failed" },
  intended: { icon: CircleDashed, tone: "muted", text: "outcome unknown" },
} as const;

export function ChangeState({ change }: { change: Change }) {
  const state = change.undone ? { icon: Undo2, tone: "muted", text: "undone" } : STATES[change.state];
  const Icon = state.icon;
  return (
    <span
      style={{
        display: "inline-flex",
        gap: 5,
        alignItems: "center",
        color: `var(--tone-${state.tone})`,
        fontWeight: 560,
      }}
    >
      <Icon size={14} aria-hidden />
      {state.text}
    </span>
  );
}

export function changeTitle(change: Change): string {
  const service = change.service_name && ` of ${change.service_name}`;
  return change.kind === "undo"
    ? `Undo of #${change.undoes}`
    : `${change.kind.charAt(0).toUpperCase()}${change.kind.slice(1)}${service}`;
}

/** A change in one line. */
export function ChangeLine({ change }: { change: Change }) {
  return (
    <div style={{ display: "flex", gap: 10, alignItems: "baseline", padding: "2px 0" }}>
      <ChangeState change={change} />
      <PageLink to={`/changes/${change.id}`}>
        #{change.id} {changeTitle(change)}
      </PageLink>
      <span className="dim">
        {change.author}, {formatMoment(change.created_at)}
      </span>
    </div>
  );
}
