import { Alert } from "@mantine/core";
import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { problemText } from "./screens";

/** What went wrong with something that was tried, the next step, and each wrong field. */
export function ProblemAlert({ error, title, children }: { error: unknown; title: string; children?: ReactNode }) {
  const { message, nextStep } = problemText(error);
  const fields = error instanceof ApiError ? Object.entries(error.fields) : [];
  return (
    <Alert
      color="red"
      variant="light"
      icon={<TriangleAlert size={16} />}
      title={title}
      role="alert"
      data-testid="problem"
    >
      <p style={{ margin: 0 }}>{message}</p>
      {fields.map(([field, text]) => (
        <p key={field} style={{ margin: 0 }}>
          <span className="mono">{field}</span>: {text}
        </p>
      ))}
      {nextStep && <p style={{ margin: "4px 0 0" }}>{nextStep}</p>}
      {children}
    </Alert>
  );
}
