import { SegmentedControl } from "@mantine/core";
import { CircleCheck, CircleX, Info, OctagonX, TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { ChangePreview, Finding } from "../api/types";
import { Card } from "./Page";
import classes from "./preview.module.css";
import { YamlDiff, YamlView } from "./Yaml";

const SEVERITIES = {
  error: { icon: OctagonX, tone: "bad", text: "Error" },
  warning: { icon: TriangleAlert, tone: "warn", text: "Warning" },
  info: { icon: Info, tone: "plain", text: "Note" },
} as const;

function FindingLine({ finding }: { finding: Finding }) {
  const severity = SEVERITIES[finding.severity];
  const Icon = severity.icon;
  return (
    <div className={classes.finding} data-testid="finding" data-severity={finding.severity}>
      <Icon size={15} color={`var(--tone-${severity.tone})`} aria-hidden />
      <span>
        <b>{severity.text}:</b> {finding.message} {finding.path && <span className="mono dim">{finding.path}</span>}
      </span>
    </div>
  );
}

/** Whether a preview allows applying. */
export function mayApply(preview: ChangePreview): boolean {
  return preview.dry_run.ok && !preview.findings.some((finding) => finding.severity === "error");
}

/** Everything there is to know before applying: in words, checked, and as YAML. */
export function PreviewPanel({ preview }: { preview: ChangePreview }) {
  const [show, setShow] = useState<"diff" | "yaml">("diff");
  const order = { error: 0, warning: 1, info: 2 };
  const findings = [...preview.findings].sort((a, b) => order[a.severity] - order[b.severity]);
  return (
    <div className={classes.steps} data-testid="preview">
      <Card title="What it changes">
        <ul className={classes.sentences}>
          {preview.sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
          {preview.sentences.length === 0 && <li>Nothing: it is like that already.</li>}
        </ul>
        {preview.effect.length > 0 && (
          <>
            <h2 style={{ margin: "14px 0 6px", fontSize: 13.5 }}>Effect on live traffic</h2>
            <ul className={classes.sentences}>
              {preview.effect.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          </>
        )}
      </Card>
      <Card title="Checks">
        <div className={classes.finding} data-testid="dry-run" data-ok={preview.dry_run.ok}>
          {preview.dry_run.ok ? (
            <CircleCheck size={15} color="var(--tone-good)" aria-hidden />
          ) : (
            <CircleX size={15} color="var(--tone-bad)" aria-hidden />
          )}
          <span>
            <b>Server-side dry run:</b>{" "}
            {preview.dry_run.message || (preview.dry_run.ok ? "the cluster would take it" : "the cluster refuses it")}
          </span>
        </div>
        {findings.map((finding) => (
          <FindingLine key={`${finding.code}${finding.path}${finding.message}`} finding={finding} />
        ))}
        {findings.length === 0 && (
          <div className={classes.finding}>
            <CircleCheck size={15} color="var(--tone-good)" aria-hidden />
            <span>
              <b>Validation:</b> nothing to say against it
            </span>
          </div>
        )}
      </Card>
      <Card>
        <SegmentedControl
          aria-label="Show"
          mb={10}
          value={show}
          onChange={(value) => setShow(value as typeof show)}
          data={[
            { value: "diff", label: "Difference" },
            { value: "yaml", label: "Whole YAML" },
          ]}
        />
        {show === "diff" ? (
          <YamlDiff diff={preview.diff_yaml} label="Difference of the YAML" maxHeight={420} />
        ) : (
          <YamlView text={preview.after_yaml} label="YAML after the change" maxHeight={520} />
        )}
      </Card>
    </div>
  );
}
