import type { ReactNode } from "react";
import type { Tone } from "../graph/overlay";
import classes from "./page.module.css";

/** A short word set apart: a version, a verdict. */
export function Tag({ children, tone }: { children: ReactNode; tone?: Tone }) {
  return (
    <span
      className={classes.tag}
      style={
        tone && {
          color: `var(--tone-${tone})`,
          background: `var(--soft-${tone})`,
          borderColor: "transparent",
          fontWeight: 600,
        }
      }
    >
      {children}
    </span>
  );
}
