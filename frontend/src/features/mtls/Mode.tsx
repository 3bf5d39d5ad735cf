import { CircleHelp, Lock, LockKeyholeOpen, ShieldOff, Split } from "lucide-react";
import type { ModeStep } from "../../api/types";
import { ObjectLink } from "../../components/ObjectLink";
import type { ObjectRef } from "../../graph/model";
import type { Tone } from "../../graph/overlay";
import { formatShare } from "../../lib/format";
import classes from "./mtls.module.css";

const LOOKS: Record<string, { icon: typeof Lock; tone: Tone; text: string }> = {
  STRICT: { icon: Lock, tone: "good", text: "STRICT" },
  PERMISSIVE: { icon: LockKeyholeOpen, tone: "warn", text: "PERMISSIVE" },
  DISABLE: { icon: ShieldOff, tone: "bad", text: "DISABLE" },
  MIXED: { icon: Split, tone: "warn", text: "differs by port" },
  NONE: { icon: CircleHelp, tone: "muted", text: "not enforced" },
};

/** A server mode: an icon of its own, its colour and its name. */
export function Mode({ mode }: { mode: string }) {
  const look = LOOKS[mode] ?? { icon: CircleHelp, tone: "muted", text: mode };
  return (
    <span className={classes.mode} style={{ color: `var(--tone-${look.tone})` }} data-testid="mode" data-mode={mode}>
      <look.icon size={13} aria-hidden />
      {look.text}
    </span>
  );
}

export function DecidedBy({ object, level }: { object: ObjectRef | null; level: string }) {
  return object ? (
    <>
      <ObjectLink object={object} /> <span className="dim">({level})</span>
    </>
  ) : (
    <span className="dim">Istio’s default</span>
  );
}

/** How much of the traffic arrives over mutual TLS. */
export function Observed({ share }: { share: number | null }) {
  if (share == null) return <span className="dim">not reported</span>;
  const tone = share >= 0.9995 ? "good" : "warn";
  return (
    <span className={classes.observed}>
      <span className={classes.bar} aria-hidden>
        <span style={{ width: `${share * 100}%`, background: `var(--tone-${tone})` }} />
      </span>
      <span className="num">{formatShare(share)}</span>
    </span>
  );
}

/** Levels without a policy say nothing, and the default only where nobody else does. */
function speaks(step: ModeStep): boolean {
  return step.mode !== null && (step.object !== null || step.decided);
}

/** Every level that was asked for a mode, the one that decided marked. */
export function Chain({ steps }: { steps: readonly ModeStep[] }) {
  return (
    <ol className={classes.chain} aria-label="How the mode was decided">
      {steps.filter(speaks).map((step) => (
        <li key={step.level} data-decided={step.decided || undefined}>
          <span className="dim">{step.level}</span>
          {step.object ? (
            <span>
              {step.decided && <b>{step.mode}</b>}
              {!step.decided && step.mode} <ObjectLink object={step.object} />
              {step.ignored.length > 0 && (
                <span className="dim">
                  {" "}
                  (the oldest; {step.ignored.map((one) => one.name).join(", ")}{" "}
                  {step.ignored.length === 1 ? "is" : "are"} ignored)
                </span>
              )}
            </span>
          ) : (
            <span>{step.decided ? <b>{step.mode}</b> : step.mode}</span>
          )}
        </li>
      ))}
    </ol>
  );
}
