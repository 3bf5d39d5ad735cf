import { Button, TextInput } from "@mantine/core";
import { CalendarClock } from "lucide-react";
import { useEffect, useState } from "react";

interface MomentFieldProps {
  label: string;
  /** ISO 8601; null: now. */
  value: string | null;
  onChange: (at: string) => void;
  /** What the button says that stands for the field as long as it is now. */
  open: string;
}

/** A time of the reader's clock, to be typed or picked. It counts once it is whole and left, or Enter is pressed. */
export function MomentField({ label, value, onChange, open }: MomentFieldProps) {
  const [text, setText] = useState<string | null>(() => local(value));
  useEffect(() => setText(local(value)), [value]);
  if (text === null) {
    return (
      <Button
        variant="default"
        leftSection={<CalendarClock size={13} />}
        onClick={() => setText(local(new Date().toISOString()))}
      >
        {open}
      </Button>
    );
  }
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
      w={214}
      max={local(new Date().toISOString()) ?? undefined}
      autoFocus={value === null}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") done();
        if (event.key === "Escape") setText(local(value));
      }}
    />
  );
}

/** As `datetime-local` writes a time: of the reader's clock, to the second. */
function local(at: string | null): string | null {
  if (at === null) return null;
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
