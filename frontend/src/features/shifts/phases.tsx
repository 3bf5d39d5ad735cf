import { Ban, CircleCheck, CirclePause, CirclePlay, type LucideIcon, OctagonX, Undo2 } from "lucide-react";
import type { Shift } from "../../api/types";
import type { Tone } from "../../graph/overlay";

export const PHASES: Record<Shift["phase"], { icon: LucideIcon; tone: Tone; text: string }> = {
  running: { icon: CirclePlay, tone: "plain", text: "running" },
  paused: { icon: CirclePause, tone: "warn", text: "paused" },
  promoted: { icon: CircleCheck, tone: "good", text: "promoted" },
  rolled_back: { icon: Undo2, tone: "bad", text: "rolled back" },
  aborted: { icon: OctagonX, tone: "muted", text: "aborted" },
  stopped: { icon: Ban, tone: "warn", text: "stopped" },
};

export function ShiftPhase({ phase }: { phase: Shift["phase"] }) {
  const { icon: Icon, tone, text } = PHASES[phase];
  return (
    <span
      data-testid="phase"
      data-phase={phase}
      style={{
        display: "inline-flex",
        gap: 5,
        alignItems: "center",
        color: tone === "plain" ? "var(--accent)" : `var(--tone-${tone})`,
        fontWeight: 560,
      }}
    >
      <Icon size={14} aria-hidden />
      {text}
    </span>
  );
}
