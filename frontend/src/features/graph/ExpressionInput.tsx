import { ActionIcon, CloseButton, Tooltip } from "@mantine/core";
import { Star } from "lucide-react";
import { type KeyboardEvent, type ReactNode, type Ref, useId, useMemo, useRef, useState } from "react";
import type { Wanted } from "../../graph/find";
import { accept, type Completion, complete, EXAMPLES, type Option } from "../../graph/find-complete";
import type { GraphView } from "../../graph/model";
import classes from "./find.module.css";
import type { SavedExpressions } from "./useSavedExpressions";

interface ExpressionInputProps {
  label: string;
  placeholder: string;
  icon: ReactNode;
  fieldRef: React.RefObject<HTMLInputElement | null>;
  text: string;
  onText: (text: string) => void;
  wanted: Wanted;
  view: GraphView | null;
  /** How many elements it concerns now; null: it says nothing. */
  count: number | null;
  countLabel: string;
  saved: SavedExpressions;
  /** Enter without a chosen option; backward with Shift. */
  onEnter: (backward: boolean) => void;
}

/** A field for an expression: completes it, says what is wrong with it and where, and remembers those that are kept. */
export function ExpressionInput(props: ExpressionInputProps) {
  const { text, onText, wanted, view, count, saved, fieldRef } = props;
  const id = useId();
  const [focused, setFocused] = useState(false);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const [caret, setCaret] = useState(text.length);
  const mirror = useRef<HTMLDivElement>(null);

  const completion = useMemo<Completion>(() => {
    if (!open) return { from: 0, to: 0, options: [] };
    if (text.trim() !== "") return complete(text, caret, view);
    const kept = saved.all.map((kept) => ({ text: kept, hint: "saved" }));
    return { from: 0, to: text.length, options: [...kept, ...EXAMPLES] };
  }, [open, text, caret, view, saved.all]);
  const { options } = completion;
  const error = wanted.error;
  const unfinished = !!error && focused && error.position >= text.trimEnd().length;
  const state = error && !unfinished ? "wrong" : count !== null ? "on" : "";

  const write = (next: string, at: number) => {
    setActive(-1);
    setOpen(true);
    setCaret(at);
    onText(next);
  };
  const take = (option: Option) => {
    const whole = text.trim() === "";
    const next = whole ? { text: option.text, caret: option.text.length } : accept(text, completion, option);
    write(next.text, next.caret);
    setOpen(!whole);
    requestAnimationFrame(() => fieldRef.current?.setSelectionRange(next.caret, next.caret));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const chosen = options[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive((now) => Math.max(-1, Math.min(options.length - 1, now + step)));
    } else if ((event.key === "Enter" || event.key === "Tab") && chosen) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Enter") {
      setOpen(false);
      props.onEnter(event.shiftKey);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (open && (options.length > 0 || error)) setOpen(false);
      else if (text !== "") write("", 0);
      else fieldRef.current?.blur();
      setActive(-1);
    }
  };
  const listed = focused && open && (options.length > 0 || !!error);
  const canKeep = text.trim() !== "" && !error;
  return (
    <div className={classes.box} data-state={state}>
      {props.icon}
      <div className={classes.field}>
        {error && !unfinished && (
          <div ref={mirror} className={classes.mirror} aria-hidden="true">
            {text.slice(0, error.position)}
            <mark>{text.slice(error.position, error.position + Math.max(1, error.length)) || " "}</mark>
            {text.slice(error.position + Math.max(1, error.length))}
          </div>
        )}
        <input
          ref={fieldRef as Ref<HTMLInputElement>}
          role="combobox"
          aria-label={props.label}
          aria-expanded={listed}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
          aria-invalid={state === "wrong" || undefined}
          aria-describedby={error ? `${id}-error` : undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder={props.placeholder}
          value={text}
          onChange={(event) => write(event.currentTarget.value, event.currentTarget.selectionStart ?? 0)}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
          onScroll={(event) => {
            if (mirror.current) mirror.current.style.transform = `translateX(${-event.currentTarget.scrollLeft}px)`;
          }}
          onFocus={() => {
            setFocused(true);
            setOpen(true);
          }}
          onBlur={() => {
            setFocused(false);
            setOpen(false);
            setActive(-1);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      {count !== null && (
        <span className={`${classes.count} num`} data-none={count === 0 || undefined} aria-live="polite">
          {props.countLabel}
        </span>
      )}
      {canKeep && (
        <Tooltip label={saved.has(text) ? "Forget this expression" : "Keep this expression for later"}>
          <ActionIcon
            size={22}
            aria-label={saved.has(text) ? "Forget this expression" : "Keep this expression"}
            aria-pressed={saved.has(text)}
            onClick={() => saved.toggle(text)}
          >
            <Star size={13} fill={saved.has(text) ? "currentcolor" : "none"} />
          </ActionIcon>
        </Tooltip>
      )}
      {text && <CloseButton size="xs" aria-label={`Clear: ${props.label}`} onClick={() => write("", 0)} />}
      {listed && (
        // Pressing in the list must not take the focus from the field.
        // biome-ignore lint/a11y/noStaticElementInteractions: only keeps the focus where it is
        <div className={classes.list} onMouseDown={(event) => event.preventDefault()}>
          {error && (
            <p className={classes.message} id={`${id}-error`} data-wrong={!unfinished || undefined} role="status">
              {error.message}
            </p>
          )}
          <div role="listbox" tabIndex={-1} id={`${id}-list`} aria-label={`Completions: ${props.label}`}>
            {options.map((option, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
              // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active option
              <div
                key={`${option.hint}|${option.text}`}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === active}
                className={classes.option}
                onMouseMove={() => setActive(index)}
                onClick={() => take(option)}
                ref={index === active ? (item) => item?.scrollIntoView({ block: "nearest" }) : undefined}
              >
                <code>{option.text}</code>
                <span>{option.hint}</span>
              </div>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
