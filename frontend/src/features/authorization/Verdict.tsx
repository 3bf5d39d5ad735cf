import { Ban, Check, CircleHelp, LockOpen, ShieldAlert } from "lucide-react";
import type { Tone } from "../../graph/overlay";
import classes from "./authorization.module.css";
import type { VerdictName } from "./queries";

export const VERDICTS: Record<VerdictName, { text: string; tone: Tone; icon: typeof Check }> = {
  allowed: { text: "Allowed", tone: "good", icon: Check },
  denied: { text: "Denied", tone: "bad", icon: Ban },
  partly: { text: "Partly", tone: "warn", icon: ShieldAlert },
  open: { text: "Open", tone: "plain", icon: LockOpen },
  unknown: { text: "Unknown", tone: "muted", icon: CircleHelp },
};

/** A verdict in colour, shape and word. */
export function Verdict({ verdict }: { verdict: VerdictName }) {
  const { text, tone, icon: Icon } = VERDICTS[verdict];
  return (
    <span
      className={classes.verdict}
      data-verdict={verdict}
      style={{ color: `var(--tone-${tone})`, background: `var(--soft-${tone})` }}
    >
      <Icon size={13} aria-hidden />
      {text}
    </span>
  );
}
