import { useLocalStorage } from "@mantine/hooks";
import { ChevronDown, ChevronUp } from "lucide-react";
import { useMemo } from "react";
import { HealthMark } from "../../components/HealthMark";
import { type LegendSample, legendOf } from "../../graph/legend";
import type { GraphView } from "../../graph/model";
import type { Overlay } from "../../graph/overlay";
import classes from "./graph.module.css";

function Sample({ sample }: { sample: LegendSample }) {
  if (sample.kind === "ring") return <HealthMark state={sample.state} size={15} />;
  if (sample.kind === "words") return <span className={classes.legendWords}>{sample.text}</span>;
  if (sample.kind === "glyph") {
    return (
      <svg width={15} height={15} viewBox="0 0 24 24" aria-hidden="true" className={classes.legendGlyph}>
        <path d={sample.path} stroke={sample.tone ? `var(--tone-${sample.tone})` : "currentcolor"} />
      </svg>
    );
  }
  if (sample.kind === "border") {
    return (
      <svg width={24} height={14} viewBox="0 0 24 14" aria-hidden="true">
        <rect x={1} y={1} width={22} height={12} rx={4} fill="none" stroke="var(--dim)" strokeDasharray="4 3" />
      </svg>
    );
  }
  const colour = `var(--tone-${sample.tone})`;
  return (
    <svg width={24} height={10} viewBox="0 0 24 10" aria-hidden="true" opacity={sample.faint ? 0.5 : 1}>
      <path d="M1 5h16" stroke={colour} strokeWidth={2.5} strokeDasharray={sample.dashed ? "5 3" : undefined} />
      <path d="M16 1l7 4-7 4z" fill={colour} />
    </svg>
  );
}

/** Explains what the picture shows now, and nothing that it doesn't. */
export function Legend({ view, overlay }: { view: GraphView; overlay: Overlay }) {
  const [open, setOpen] = useLocalStorage({
    key: "meshui-legend",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const groups = useMemo(() => (open ? legendOf(view, overlay) : []), [open, view, overlay]);
  return (
    <section className={`${classes.float} ${classes.legend}`} aria-label="Legend">
      <button type="button" className={classes.legendHead} aria-expanded={open} onClick={() => setOpen(!open)}>
        Legend {open ? <ChevronDown size={14} aria-hidden /> : <ChevronUp size={14} aria-hidden />}
      </button>
      {open && (
        <div className={classes.legendBody}>
          {groups.map((group) => (
            <div key={group.title}>
              <h2>{group.title}</h2>
              <ul>
                {group.items.map((item) => (
                  <li key={item.text}>
                    <span className={classes.legendSample}>
                      <Sample sample={item.sample} />
                    </span>
                    {item.text}
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </div>
      )}
    </section>
  );
}
