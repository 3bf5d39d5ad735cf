import { Circle, CircleCheck, CircleDashed, OctagonX, TriangleAlert } from "lucide-react";
import { HEALTH_TONES } from "../graph/looks";
import type { HealthState } from "../graph/model";

const ICONS = {
  healthy: CircleCheck,
  degraded: TriangleAlert,
  failing: OctagonX,
  idle: Circle,
  unknown: CircleDashed,
} as const;
export const HEALTH_NAMES: Record<HealthState, string> = {
  healthy: "Healthy",
  degraded: "Degraded",
  failing: "Failing",
  idle: "Idle",
  unknown: "Unknown",
};

/** A state as an icon of its own shape, in its colour, with or without its name. */
export function HealthMark({
  state,
  named = false,
  size = 15,
}: {
  state: HealthState;
  named?: boolean;
  size?: number;
}) {
  const Icon = ICONS[state];
  return (
    <span
      style={{
        display: "inline-flex",
        alignItems: "center",
        gap: 5,
        color: `var(--tone-${HEALTH_TONES[state]})`,
        fontWeight: 560,
      }}
    >
      <Icon
        size={size}
        aria-hidden={named}
        aria-label={named ? undefined : HEALTH_NAMES[state]}
        role={named ? undefined : "img"}
      />
      {named && HEALTH_NAMES[state]}
    </span>
  );
}
