import { CircleAlert, Info, OctagonX } from "lucide-react";
import type { Tone } from "../../graph/overlay";

export type Severity = "error" | "warning" | "info";

const LOOKS: Record<Severity, { icon: typeof Info; tone: Tone; one: string; many: string }> = {
  error: { icon: OctagonX, tone: "bad", one: "error", many: "errors" },
  warning: { icon: CircleAlert, tone: "warn", one: "warning", many: "warnings" },
  info: { icon: Info, tone: "plain", one: "note", many: "notes" },
};

export const SEVERITIES = ["error", "warning", "info"] as const;
export const severityTone = (severity: Severity): Tone => LOOKS[severity].tone;

/** A severity by an icon of its own and its name, with how many when that is given. */
export function SeverityMark({ severity, count }: { severity: Severity; count?: number }) {
  const look = LOOKS[severity];
  return (
    <span
      style={{
        display: "inline-flex",
        gap: 4,
        alignItems: "center",
        color: `var(--tone-${look.tone})`,
        fontWeight: 560,
        whiteSpace: "nowrap",
      }}
    >
      <look.icon size={13} aria-hidden />
      {count === undefined ? look.one : `${count} ${count === 1 ? look.one : look.many}`}
    </span>
  );
}
