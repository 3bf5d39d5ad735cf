import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { Notice } from "./Notice";
import { problemText } from "./screens";

/** What went wrong with something that was tried, the next step, and each wrong field. */
export function ProblemAlert({ error, title, children }: { error: unknown; title: string; children?: ReactNode }) {
  const { message, nextStep } = problemText(error);
  const fields = error instanceof ApiError ? Object.entries(error.fields) : [];
  return (
    <Notice tone="bad" title={title} role="alert" testId="problem">
      <p style={{ margin: 0 }}>{message}</p>
      {fields.map(([field, text]) => (
        <p key={field} style={{ margin: 0 }}>
          <span className="mono">{field}</span>: {text}
        </p>
      ))}
      {nextStep && <p style={{ margin: "4px 0 0" }}>{nextStep}</p>}
      {children}
    </Notice>
  );
}
