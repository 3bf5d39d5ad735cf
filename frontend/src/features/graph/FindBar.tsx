import { ActionIcon, Popover, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { CircleHelp, EyeOff, Search } from "lucide-react";
import type { ReactNode } from "react";
import { useLinkedText } from "../../components/useLinkedText";
import { many } from "../../graph/find-complete";
import type { GraphView } from "../../graph/model";
import type { GraphUrl } from "../../graph/view-url";
import { ExpressionInput } from "./ExpressionInput";
import { FindHelp } from "./FindHelp";
import classes from "./find.module.css";
import type { Finding } from "./useFind";
import { useSavedExpressions } from "./useSavedExpressions";

interface FindBarProps {
  view: GraphView | null;
  url: GraphUrl;
  finding: Finding;
  onChange: (part: Partial<GraphUrl>) => void;
  /** To the next (or previous) thing found. */
  onNext: (backward: boolean) => void;
  children?: ReactNode;
}

/** Find and hide, side by side; what is in the picture in numbers. */
export function FindBar({ view, url, finding, onChange, onNext, children }: FindBarProps) {
  const find = useLinkedText(url.find, (text) => onChange({ find: text }));
  const hide = useLinkedText(url.hide, (text) => onChange({ hide: text }));
  const saved = useSavedExpressions();
  useHotkeys([["/", () => find.field.current?.focus()]]);
  const found = finding.found;
  const foundLabel = found
    ? [found.nodes.size > 0 && many(found.nodes.size, "node"), found.edges.size > 0 && many(found.edges.size, "edge")]
        .filter(Boolean)
        .join(", ") || "none"
    : "";
  return (
    <search className={classes.bar} aria-label="Find and hide">
      <ExpressionInput
        label="Find"
        placeholder="Find: a name, or errors > 5%  ( / )"
        icon={<Search size={14} aria-hidden />}
        fieldRef={find.field}
        text={find.text}
        onText={find.change}
        wanted={finding.find}
        view={view}
        count={found ? found.nodes.size + found.edges.size : null}
        countLabel={foundLabel}
        saved={saved}
        onEnter={onNext}
      />
      <ExpressionInput
        label="Hide"
        placeholder="Hide: health = healthy"
        icon={<EyeOff size={14} aria-hidden />}
        fieldRef={hide.field}
        text={hide.text}
        onText={hide.change}
        wanted={finding.hide}
        view={view}
        count={finding.hidden}
        countLabel={`${finding.hidden ?? 0} hidden`}
        saved={saved}
        onEnter={() => {}}
      />
      <Popover position="bottom-start" width={760} trapFocus>
        <Popover.Target>
          <Tooltip label="How to write an expression">
            <ActionIcon size={28} aria-label="How to write an expression">
              <CircleHelp size={15} />
            </ActionIcon>
          </Tooltip>
        </Popover.Target>
        <Popover.Dropdown>
          <FindHelp onTry={(text) => find.change(text)} />
        </Popover.Dropdown>
      </Popover>
      <div className={`${classes.summary} num`}>{children}</div>
    </search>
  );
}
