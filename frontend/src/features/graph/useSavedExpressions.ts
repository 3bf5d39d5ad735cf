import { useLocalStorage } from "@mantine/hooks";
import { useMemo } from "react";

export interface SavedExpressions {
  all: string[];
  has: (text: string) => boolean;
  toggle: (text: string) => void;
}

const MOST_SAVED = 20;

/** Expressions that this browser keeps, the newest first. */
export function useSavedExpressions(): SavedExpressions {
  const [all, setAll] = useLocalStorage<string[]>({
    key: "meshui-expressions",
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  return useMemo(
    () => ({
      all,
      has: (text) => all.includes(text.trim()),
      toggle: (text) => {
        const trimmed = text.trim();
        const others = all.filter((other) => other !== trimmed);
        setAll(all.includes(trimmed) ? others : [trimmed, ...others].slice(0, MOST_SAVED));
      },
    }),
    [all, setAll],
  );
}
