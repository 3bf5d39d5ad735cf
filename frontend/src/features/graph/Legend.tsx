import { useLocalStorage } from "@mantine/hooks";
import { ChevronDown, ChevronUp } from "lucide-react";
import { BADGE_GLYPHS, KIND_GLYPHS, MARK_GLYPHS } from "../../graph/glyphs";
import type { Mark, Overlay, Tone } from "../../graph/overlay";
import classes from "./graph.module.css";

function Glyph({ path, tone }: { path: string; tone?: Tone }) {
  return (
    <svg
      width={15}
      height={15}
      viewBox="0 0 24 24"
      fill="none"
      stroke={tone ? `var(--tone-${tone})` : "currentcolor"}
      strokeWidth={2}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

function Line({ tone, dashed }: { tone: Tone; dashed?: boolean }) {
  return (
    <svg width={26} height={10} viewBox="0 0 26 10" aria-hidden="true">
      <path d="M1 5h18" stroke={`var(--tone-${tone})`} strokeWidth={2.5} strokeDasharray={dashed ? "5 3" : undefined} />
      <path d="M18 1l7 4-7 4z" fill={`var(--tone-${tone})`} />
    </svg>
  );
}

const MARKS: Record<Overlay, { mark: Mark | null; tone: Tone; text: string }[]> = {
  health: [
    { mark: null, tone: "good", text: "Healthy" },
    { mark: "warning", tone: "warn", text: "Degraded" },
    { mark: "failing", tone: "bad", text: "Failing" },
    { mark: null, tone: "muted", text: "Idle or unknown" },
  ],
  mtls: [
    { mark: "lock", tone: "good", text: "Mutual TLS" },
    { mark: "lock-mixed", tone: "warn", text: "Some of it plain text" },
    { mark: "lock-open", tone: "warn", text: "Plain text" },
    { mark: "refused", tone: "bad", text: "Refused, or ≠ policy" },
    { mark: "unknown", tone: "muted", text: "Not reported" },
  ],
  authz: [
    { mark: "shield", tone: "good", text: "Allowed by policy" },
    { mark: "shield-partly", tone: "warn", text: "Partly allowed" },
    { mark: "refused", tone: "bad", text: "Denied" },
    { mark: "shield-off", tone: "plain", text: "Open: no policy" },
    { mark: "unknown", tone: "muted", text: "Unknown" },
  ],
};

const KINDS = [
  ["workload", "Workload"],
  ["service", "Service"],
  ["gateway", "Gateway"],
  ["service_entry", "External service"],
  ["unknown", "Unknown caller"],
] as const;

const BADGES = [
  ["missing_proxy", "No proxy"],
  ["traffic_split", "Traffic split"],
  ["fault_injection", "Fault injection"],
  ["circuit_breaker", "Circuit breaker"],
  ["virtual_service", "Virtual service"],
] as const;

export function Legend({ overlay }: { overlay: Overlay }) {
  const [open, setOpen] = useLocalStorage({
    key: "meshui-legend",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  return (
    <section className={`${classes.float} ${classes.legend}`} aria-label="Legend">
      <button type="button" className={classes.legendHead} aria-expanded={open} onClick={() => setOpen(!open)}>
        Legend {open ? <ChevronDown size={14} aria-hidden /> : <ChevronUp size={14} aria-hidden />}
      </button>
      {open && (
        <div className={classes.legendBody}>
          {MARKS[overlay].map((item) => (
            <span key={item.text} className={classes.legendItem}>
              {item.mark ? <Glyph path={MARK_GLYPHS[item.mark]} tone={item.tone} /> : <Line tone={item.tone} />}
              {item.text}
            </span>
          ))}
          <span className={classes.legendItem}>
            <Line tone="muted" dashed /> TCP
          </span>
          {KINDS.map(([kind, text]) => (
            <span key={kind} className={classes.legendItem}>
              <Glyph path={KIND_GLYPHS[kind]} />
              {text}
            </span>
          ))}
          {BADGES.map(([name, text]) => (
            <span key={name} className={classes.legendItem}>
              <Glyph path={BADGE_GLYPHS[name] ?? ""} tone="plain" />
              {text}
            </span>
          ))}
          <span className={`${classes.legendItem} dim`}>Wider line: more requests</span>
        </div>
      )}
    </section>
  );
}
