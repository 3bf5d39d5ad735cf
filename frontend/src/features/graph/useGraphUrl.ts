import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { type GraphUrl, readGraphUrl, writeGraphUrl } from "../../graph/view-url";

/** The page's state, which is the link's; `change` writes a part of it. Selecting adds to the history, choosing doesn't. */
export function useGraphUrl(): [GraphUrl, (part: Partial<GraphUrl>) => void] {
  const [params, setParams] = useSearchParams();
  const state = useMemo(() => readGraphUrl(params), [params]);
  const change = useCallback(
    (part: Partial<GraphUrl>) => {
      const push = part.selected !== undefined;
      setParams((current) => writeGraphUrl({ ...readGraphUrl(current), ...part }, current), { replace: !push });
    },
    [setParams],
  );
  return [state, change];
}
