import { TextInput } from "@mantine/core";
import { useEffect, useState } from "react";

interface MomentFieldProps {
  label: string;
  /** ISO 8601; null: now. */
  value: string | null;
  onChange: (at: string) => void;
}

/** A time of the reader's clock, to be typed or picked. It counts once it is whole and left, or Enter is pressed. */
export function MomentField({ label, value, onChange }: MomentFieldProps) {
  const [text, setText] = useState(() => local(value));
  useEffect(() => setText(local(value)), [value]);
  const time = Date.parse(text);
  const late = time > Date.now();
  const done = () => {
    if (!Number.isNaN(time) && !late && text !== local(value)) onChange(new Date(time).toISOString());
  };
  return (
    <TextInput
      type="datetime-local"
      step={1}
      aria-label={label}
      error={late ? "This is in the future" : undefined}
      className="num"
      w={196}
      max={local(new Date().toISOString())}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") done();
      }}
    />
  );
}

/** As `datetime-local` writes a time: of the reader's clock, to the second. */
function local(at: string | null): string {
  if (at === null) return "";
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
