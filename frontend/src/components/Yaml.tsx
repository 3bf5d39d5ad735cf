import { Fragment, type ReactNode } from "react";
import type { Tone } from "../graph/overlay";
import { type DiffLine, diffLines } from "../lib/diff-lines";
import { type YamlToken, yamlTokens } from "../lib/yaml-tokens";
import classes from "./yaml.module.css";

const CLASSES: Record<YamlToken["kind"], string | undefined> = {
  key: classes.key,
  string: classes.string,
  number: classes.numeric,
  keyword: classes.keyword,
  comment: classes.comment,
  punctuation: classes.punctuation,
  text: undefined,
};

function Coloured({ line }: { line: string }) {
  return yamlTokens(line).map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: tokens of a line have no other identity and never move
    <span key={index} className={CLASSES[token.kind]}>
      {token.text}
    </span>
  ));
}

/** Something to say about a line, counted from 1. */
export interface YamlNote {
  line: number;
  tone: Tone;
  text: ReactNode;
}

interface YamlViewProps {
  text: string;
  label: string;
  maxHeight?: number | string;
  notes?: readonly YamlNote[];
}

/** YAML to read, with notes below their lines. */
export function YamlView({ text, label, maxHeight, notes = [] }: YamlViewProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <section className={classes.code} style={{ maxHeight }} aria-label={label} tabIndex={0}>
      {text
        .replace(/\n$/, "")
        .split("\n")
        .map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are their position
          <Fragment key={index}>
            <div className={classes.line} data-plain>
              <span className={classes.number}>{index + 1}</span>
              <span>
                <Coloured line={line} />
              </span>
            </div>
            {notes
              .filter((note) => note.line === index + 1)
              .map((note, number) => (
                <div
                  // biome-ignore lint/suspicious/noArrayIndexKey: notes of a line are their position
                  key={number}
                  className={classes.note}
                  data-testid="yaml-note"
                  data-line={note.line}
                  style={{ background: `var(--soft-${note.tone})`, borderLeftColor: `var(--tone-${note.tone})` }}
                >
                  {note.text}
                </div>
              ))}
          </Fragment>
        ))}
    </section>
  );
}

const SIGNS: Record<DiffLine["kind"], string> = { added: "+", removed: "−", same: "", hunk: "" };
const SPOKEN: Record<DiffLine["kind"], string> = { added: "added: ", removed: "removed: ", same: "", hunk: "" };

/** A unified diff of YAML: colour, and a sign too. */
export function YamlDiff({ diff, label, maxHeight }: { diff: string; label: string; maxHeight?: number | string }) {
  const lines = diffLines(diff);
  if (lines.length === 0) return <p className="dim">Nothing differs.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <section className={classes.code} style={{ maxHeight }} aria-label={label} tabIndex={0} data-testid="yaml-diff">
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are their position
        <div key={index} className={classes.line} data-kind={line.kind}>
          <span className={classes.number}>{line.after ?? line.before ?? ""}</span>
          <span className={classes.sign} aria-hidden="true">
            {SIGNS[line.kind]}
          </span>
          <span>
            <span className="visually-hidden">{SPOKEN[line.kind]}</span>
            {line.kind === "hunk" ? line.text : <Coloured line={line.text} />}
          </span>
        </div>
      ))}
    </section>
  );
}
