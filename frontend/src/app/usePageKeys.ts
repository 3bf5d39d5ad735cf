import { useEffect, useRef } from "react";
import type { Page } from "./pages";

const WITHIN_MS = 1000;

/** `g` and then a page's letter goes to the page, unless something is being typed in. */
export function usePageKeys(pages: readonly Page[], go: (path: string) => void): void {
  const pressed = useRef(0);
  const latest = useRef({ pages, go });
  latest.current = { pages, go };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof HTMLElement &&
        (event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName));
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const page = latest.current.pages.find((item) => item.letter === event.key);
      if (page && Date.now() - pressed.current < WITHIN_MS) {
        pressed.current = 0;
        event.preventDefault();
        latest.current.go(page.path);
      } else {
        pressed.current = event.key === "g" ? Date.now() : 0;
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
