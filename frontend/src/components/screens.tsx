import { Button, Loader } from "@mantine/core";
import { CircleSlash, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import classes from "./screens.module.css";

/** Nothing is here yet: being asked for. */
export function LoadingScreen({ what }: { what: string }) {
  return (
    <div className={classes.screen} role="status" data-testid="screen-loading">
      <Loader size="sm" type="dots" aria-hidden />
      <p className={classes.text}>Loading {what}…</p>
    </div>
  );
}

/** The answer is here, and it is: nothing. */
export function EmptyScreen({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.screen} data-testid="screen-empty">
      <span className={classes.icon}>
        <CircleSlash size={20} aria-hidden />
      </span>
      <h2 className={classes.title}>{title}</h2>
      {children && <p className={classes.text}>{children}</p>}
      {action}
    </div>
  );
}

export function problemText(error: unknown): { message: string; nextStep: string } {
  if (error instanceof ApiError) return { message: error.message, nextStep: error.nextStep };
  return { message: error instanceof Error ? error.message : String(error), nextStep: "" };
}

/** It could not be got: why, and what to do. */
export function FailedScreen({
  error,
  title = "This couldn't be loaded",
  onRetry,
}: {
  error: unknown;
  title?: string;
  onRetry?: () => void;
}) {
  const { message, nextStep } = problemText(error);
  return (
    <div className={classes.screen} role="alert" data-testid="screen-failed">
      <span className={classes.icon} data-tone="bad">
        <TriangleAlert size={20} aria-hidden />
      </span>
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.text}>{message}</p>
      {nextStep && <p className={classes.text}>{nextStep}</p>}
      {onRetry && (
        <Button variant="default" mt={6} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
