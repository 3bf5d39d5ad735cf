import { useMemo, useRef } from "react";
import { find, type Matched, understand, type Wanted, without } from "../../graph/find";
import type { GraphView } from "../../graph/model";
import type { GraphUrl } from "../../graph/view-url";

export interface Finding {
  /** The view without what is hidden. */
  shown: GraphView | null;
  find: Wanted;
  hide: Wanted;
  /** What the find expression is true of; null when nothing is looked for. */
  found: Matched | null;
  /** How many nodes and edges are hidden; null when nothing is to be. */
  hidden: number | null;
}

/** Find and hide, held against each view that arrives. */
export function useFind(view: GraphView | null, url: Pick<GraphUrl, "find" | "hide">): Finding {
  const finding = useMemo(() => understand(url.find), [url.find]);
  const hiding = useMemo(() => understand(url.hide), [url.hide]);
  const toFind = useLastGood(finding);
  const toHide = useLastGood(hiding);
  const shown = useMemo(() => (view && toHide ? without(view, find(view, toHide)) : view), [view, toHide]);
  const found = useMemo(() => (shown && toFind ? find(shown, toFind) : null), [shown, toFind]);
  const gone =
    view && shown && toHide ? view.nodes.length - shown.nodes.length + view.edges.length - shown.edges.length : null;
  return { shown, find: finding, hide: hiding, found, hidden: gone };
}

/** While an expression is being written on, what it said before holds. */
function useLastGood({ expression, error }: Wanted): Wanted["expression"] {
  const last = useRef<Wanted["expression"]>(null);
  if (!error) last.current = expression;
  return last.current;
}
