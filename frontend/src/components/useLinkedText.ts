import { useEffect, useRef, useState } from "react";

/** A text field whose value is also in the link. Navigation lags behind typing, so the field keeps its own text while
 * somebody types, and follows the link (back button, another link) when nobody does. */
export function useLinkedText(linked: string, write: (text: string) => void) {
  const [text, setText] = useState(linked);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (document.activeElement !== field.current) setText(linked);
  }, [linked]);
  const change = (next: string) => {
    setText(next);
    write(next);
  };
  return { text, setText, change, field };
}
