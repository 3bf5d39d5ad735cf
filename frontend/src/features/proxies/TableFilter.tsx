import { TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { Search } from "lucide-react";
import { useSearchParams } from "react-router";
import { useLinkedText } from "../../components/useLinkedText";

/** The filter of a proxy's table, kept in the link. */
export function TableFilter({ shown, total }: { shown: number; total: number }) {
  const [params, setParams] = useSearchParams();
  const search = useLinkedText(params.get("search") ?? "", (text) =>
    setParams(
      (current) => {
        const next = new URLSearchParams(current);
        if (text) next.set("search", text);
        else next.delete("search");
        return next;
      },
      { replace: true },
    ),
  );
  useHotkeys([["/", () => search.field.current?.focus()]]);
  return (
    <>
      <TextInput
        ref={search.field}
        w={360}
        placeholder="Filter  ( / )"
        aria-label="Filter"
        leftSection={<Search size={14} aria-hidden />}
        value={search.text}
        onChange={(event) => search.change(event.currentTarget.value)}
      />
      <span className="dim num">{shown === total ? total : `${shown} of ${total}`}</span>
    </>
  );
}
