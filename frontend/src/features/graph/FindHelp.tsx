import { UnstyledButton } from "@mantine/core";
import { FLAGS, KINDS, OPERATORS } from "../../graph/find-attributes";
import { EXAMPLES, MEANINGS, OPERATOR_MEANINGS } from "../../graph/find-complete";
import classes from "./find.module.css";

function Words({ title, words, meanings }: { title: string; words: readonly string[]; meanings: typeof MEANINGS }) {
  return (
    <>
      <h3>{title}</h3>
      <dl>
        {words.map((word) => (
          <div key={word} style={{ display: "contents" }}>
            <dt>{word}</dt>
            <dd>{meanings[word]}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** The whole language on one card. */
export function FindHelp({ onTry }: { onTry: (text: string) => void }) {
  const texts = [...KINDS].filter(([, kind]) => kind === "text").map(([name]) => name);
  const numbers = [...KINDS].filter(([, kind]) => kind !== "text").map(([name]) => name);
  return (
    <>
      <p className={classes.message} style={{ paddingInline: 0 }}>
        A word finds nodes by name. An expression compares attributes, joined by <code>and</code>, <code>or</code>,{" "}
        <code>not</code> and parentheses; it is true of nodes and of edges. Values with spaces stand in quotes, shares
        are written as <code>5%</code>, durations as <code>200ms</code> or <code>1.5s</code>.
      </p>
      <div className={classes.help}>
        <div>
          <h3>Try</h3>
          <dl style={{ gridTemplateColumns: "1fr" }}>
            {EXAMPLES.map(({ text, hint }) => (
              <div key={text}>
                <UnstyledButton className="mono" fz={12} c="var(--accent)" onClick={() => onTry(text)}>
                  {text}
                </UnstyledButton>
                <dd>{hint}</dd>
              </div>
            ))}
          </dl>
          <Words title="Operators" words={OPERATORS} meanings={OPERATOR_MEANINGS} />
        </div>
        <div>
          <Words title="Texts" words={texts} meanings={MEANINGS} />
        </div>
        <div>
          <Words title="Numbers" words={numbers} meanings={MEANINGS} />
          <Words title="Stand alone" words={FLAGS} meanings={MEANINGS} />
        </div>
      </div>
    </>
  );
}
