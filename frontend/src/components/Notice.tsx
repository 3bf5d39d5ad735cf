import { CircleCheck, Info, Lock, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { Tone } from "../graph/overlay";
import classes from "./page.module.css";

const ICONS: Record<Tone, typeof Info> = {
  good: CircleCheck,
  warn: TriangleAlert,
  bad: TriangleAlert,
  plain: Info,
  muted: Lock,
};

interface NoticeProps {
  tone: Tone;
  title?: ReactNode;
  /** `alert` interrupts a screen reader, `status` waits. */
  role?: "alert" | "status";
  testId?: string;
  children?: ReactNode;
}

/** A message set apart, with an icon of its kind. */
export function Notice({ tone, title, role, testId, children }: NoticeProps) {
  const Icon = ICONS[tone];
  return (
    <div
      className={classes.notice}
      role={role}
      data-tone={tone}
      data-testid={testId}
      style={{ background: `var(--soft-${tone})` }}
    >
      <Icon size={16} aria-hidden color={`var(--tone-${tone})`} />
      <div>
        {title && <b style={{ color: `var(--tone-${tone})` }}>{title}</b>}
        <div>{children}</div>
      </div>
    </div>
  );
}
