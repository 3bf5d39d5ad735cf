import type { ReactNode } from "react";
import classes from "./page.module.css";

/** A short word set apart: a version, a role. */
export function Tag({ children }: { children: ReactNode }) {
  return <span className={classes.tag}>{children}</span>;
}
